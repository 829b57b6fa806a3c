"""Qwen2.5-VL's rule for AndroidControl, which Infi and others repeat.

QwenLM/Qwen2.5-VL, issues 904 and 1155 (a gist of its authors); InfiXAI/InfiGUI-R1, `eval/android_control`. A click is right in a
candidate box made 1.2 times as large about its middle, or within 0.04 of the longer side of the picture as the model
gets it. The candidate boxes came with a processed test file that is not AndroidControl's; here they are the boxes of the
step, where it has any. A swipe's direction is the finger's.
"""

from __future__ import annotations

import math

from omniactor.actions.dialects.coordinates import resized
from omniactor.actions.dialects.scrolls import direction
from omniactor.evaluate.judgement import Rule, Size, Verdict
from omniactor.evaluate.os_atlas import close
from omniactor.evaluate.texts import within_each_other
from omniactor.gui.episodes import Box, RecordedStep
from omniactor.types import GuiAction

ENLARGED, LIMIT = 1.2, 0.04
MAX_PIXELS = 6400 * 28 * 28
"""To which the evaluation lets pictures be resized."""
_KINDS = {
    "scroll": "swipe", "write": "type", "open_app": "open", "home": "system_button", "back": "system_button",
    "recent": "system_button",
}  # fmt: skip
_PLACES = frozenset({"click", "long_press"})


def kind(action: GuiAction) -> str:
    """Return the action of Qwen2.5-VL's `mobile_use` that an action is, or its own kind."""
    if action.kind == "press" and action.keys == ("enter",):
        return "system_button"
    return _KINDS.get(action.kind, action.kind)


def _judge(step: RecordedStep, predicted: GuiAction, size: Size) -> Verdict:
    recorded, said = step.action, kind(predicted)
    meant = kind(recorded)
    if meant == "open" and said == "click" and step.boxes:
        # An app may also be opened by its icon.
        box = step.boxes[0]
        return _place(predicted.point, step.boxes, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), size)
    if meant != said:
        return Verdict(False, False, f"{said}, recorded {meant}")
    if meant in _PLACES:
        return _place(predicted.point, step.boxes, recorded.point, size)
    if meant in ("type", "open"):
        texts = predicted.text.lower().strip(), recorded.text.lower().strip()
        right = within_each_other(*texts)
        return Verdict(True, right, f"one text is {'part' if right else 'no part'} of the other")
    if meant == "swipe" and recorded.kind == "scroll" and predicted.kind == "scroll":
        ways = direction(predicted, finger=True), direction(recorded, finger=True)
        return Verdict(True, ways[0] == ways[1], f"finger {ways[0]}, recorded {ways[1]}")
    if meant == "system_button":
        buttons = _button(predicted), _button(recorded)
        return Verdict(True, buttons[0] == buttons[1], f"{buttons[0]} button, recorded {buttons[1]}")
    if meant == "wait":
        return Verdict(True, True, "waiting is all that counts")
    # The published rule knows no more kinds and stops; what else is recorded must be the same.
    fields = ("point", "end", "text", "keys", "status")
    same = all(getattr(predicted, name) == getattr(recorded, name) for name in fields)
    return Verdict(True, same, "the same" if same else "another one")


def _place(point: tuple[float, float], boxes: tuple[Box, ...], meant: tuple[float, float], size: Size) -> Verdict:
    width, height = resized(size, largest=MAX_PIXELS)
    far, limit = math.hypot((point[0] - meant[0]) * width, (point[1] - meant[1]) * height), LIMIT * max(width, height)
    measures = {"distance": far, "limit": limit, "boxes": len(boxes)}
    if any(_inside(point, box) for box in boxes):
        return Verdict(True, True, f"in a box made {ENLARGED} times as large", True, measures)
    outside = "in no box, " if boxes else ""
    return Verdict(True, close(far, limit), f"{outside}{far:.1f} pixels away, at most {limit:.1f}", close(far, limit), measures)


def _inside(point: tuple[float, float], box: Box) -> bool:
    return all(
        close(abs(value - (low + high) / 2), (high - low) * ENLARGED / 2)
        for value, low, high in zip(point, box[:2], box[2:], strict=True)
    )


def _button(action: GuiAction) -> str:
    return {"recent": "menu", "press": "enter"}.get(action.kind, action.kind)


RULES = {"qwen2.5-vl": Rule(kind, _judge, _PLACES, _PLACES)}
