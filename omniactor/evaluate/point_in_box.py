"""ScreenSpot's rule: the point that is clicked lies in the box of the thing that was meant, its edges included.

njucckevin/SeeClick, `agent_tasks/screenspot_test.py`; likeaixi/ScreenSpot-Pro's is the same. Whatever the action does there,
only its place counts; an answer in boxes is its middle already when it becomes an action.
"""

from __future__ import annotations

import math

from omniactor.evaluate.judgement import Rule, Size, Verdict
from omniactor.gui.episodes import Box, RecordedStep
from omniactor.types import GuiAction

_POINTS = ("click", "double_click", "triple_click", "right_click", "middle_click", "long_press", "move", "select")


def _kind(action: GuiAction) -> str:
    return "point" if action.kind in _POINTS and action.point is not None else action.kind


def _judge(step: RecordedStep, predicted: GuiAction, size: Size) -> Verdict:
    if _kind(predicted) != "point":
        return Verdict(False, False, f"{predicted.kind}, which points at nothing")
    away = min((_outside(predicted.point, box, size) for box in step.boxes), default=math.inf)
    if away == 0:
        return Verdict(True, True, "in the box", True, {"distance": 0.0, "limit": 0.0})
    if math.isinf(away):
        return Verdict(True, False, "there is no box", False)
    return Verdict(True, False, f"{away:.0f} pixels outside of the box", False, {"distance": away, "limit": 0.0})


def _outside(point: tuple[float, float], box: Box, size: Size) -> float:
    """Return how many pixels a point is from a box; 0 inside."""
    x, y = point
    across = max(box[0] - x, x - box[2], 0) * size[0]
    down = max(box[1] - y, y - box[3], 0) * size[1]
    return math.hypot(across, down)


RULES = {"point-in-box": Rule(_kind, _judge, frozenset({"point"}), frozenset({"point"}))}
