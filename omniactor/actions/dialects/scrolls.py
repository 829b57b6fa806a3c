"""Scrolling in words. "Down" means two opposite things: further down in the content, or the finger moves down."""

from __future__ import annotations

from omniactor.actions.dialects.dialect import word
from omniactor.errors import ActionError
from omniactor.types import GuiAction

PAGES = 0.5
"""What a scroll is taken for when a model says only where to."""

_SIGNS = {"up": ("vertical", 1), "down": ("vertical", -1), "left": ("horizontal", -1), "right": ("horizontal", 1)}
_OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}


def scroll(
    direction: object, pages: float = PAGES, point: tuple[float, float] | None = None, finger: bool = False, description: str = ""
) -> GuiAction:
    """Return the scroll that shows what lies in a direction.

    Args:
        direction: "up", "down", "left" or "right", in any case.
        pages: how far, positive.
        point: over which place.
        finger: the word says where the finger moves; the content shown lies on the other side.
        description: the action in words.

    Raises:
        ActionError: no such direction.
    """
    side = word(direction)
    if side not in _SIGNS:
        raise ActionError(f"expected a direction (up, down, left or right), got {side[:40]!r}")
    axis, sign = _SIGNS[_OPPOSITE[side] if finger else side]
    return GuiAction("scroll", pages=sign * pages, axis=axis, point=point, description=description)


def direction(action: GuiAction, finger: bool = False) -> str:
    """Return the word for a scroll: where the content lies that it shows, or where the finger moves."""
    side = next(name for name, (axis, sign) in _SIGNS.items() if axis == action.axis and sign * action.pages > 0)
    return _OPPOSITE[side] if finger else side
