"""Frames for whoever watches an episode on a screen: the screenshot, what was done, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from omniactor.actions.gui import print_operation
from omniactor.sim.video import compose_frame
from omniactor.types import GuiAction

FPS = 2
"""Of a video: an action takes half a second of the page's clock."""
MARK = (220, 30, 90)
_RADIUS = 9


def screen_frame(screen: np.ndarray, action: GuiAction | None, goals: Mapping[str, bool], footer: str) -> np.ndarray:
    """Draw one frame: above the action that led here, on the screenshot where it was done, below the goal.

    Args:
        screen: uint8 (height, width, 3).
        action: what was done last; None at the start.
        goals: predicate -> holds now.
        footer: right of the goal.

    Returns:
        uint8 (height, width, 3), both even.
    """
    words = "" if action is None else action.description or print_operation(action)
    return compose_frame({"screen": mark_action(screen, action)}, words, goals, footer)


def mark_action(screen: np.ndarray, action: GuiAction | None) -> np.ndarray:
    """Return the screenshot with a ring at the action's point and, of a drag or swipe, a line to its end."""
    if action is None or (action.point is None and action.end is None):
        return screen
    picture = Image.fromarray(screen)
    draw, size = ImageDraw.Draw(picture), picture.size
    places = [(x * size[0], y * size[1]) for x, y in filter(None, (action.point, action.end))]
    if len(places) == 2:
        draw.line(places, fill=MARK, width=3)
    x, y = places[-1]
    draw.ellipse((x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS), outline=MARK, width=3)
    return np.array(picture)
