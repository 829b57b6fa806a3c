"""GUI-Odyssey's own rule: `src/eval_mm/GUIOdyssey_action_matching.py` and `evaluate_GUIOdyssey.py` of OpenGVLab/GUI-Odyssey.

A place is right in the box of the thing, or within 0.14 of the screen, width and height counted alike; a text if it is part
of the other or at most half of its letters differ. `odyssey-published` also repeats the script's mistakes (`docs/gui.md`).
"""

from __future__ import annotations

from omniactor.actions.dialects.scrolls import direction
from omniactor.evaluate.judgement import Rule, Size, Verdict
from omniactor.evaluate.os_atlas import close, distance
from omniactor.evaluate.texts import similarity, within_each_other
from omniactor.gui.episodes import RecordedStep
from omniactor.types import GuiAction

LIMIT = 140
"""Thousandths of the screen."""
ALIKE = 0.5
_PLACES = frozenset({"CLICK", "LONG_PRESS"})
_KINDS = {"write": "TYPE", "home": "PRESS_HOME", "back": "PRESS_BACK", "recent": "PRESS_RECENT"}


def kind(action: GuiAction) -> str:
    """Return GUI-Odyssey's word for an action; others in capitals."""
    if action.kind == "terminate":
        return "COMPLETE" if action.status == "success" else "IMPOSSIBLE"
    return _KINDS.get(action.kind, action.kind.upper())


def _corrected(step: RecordedStep, predicted: GuiAction, size: Size) -> Verdict:
    return _judge(step, predicted, published=False)


def _published(step: RecordedStep, predicted: GuiAction, size: Size) -> Verdict:
    return _judge(step, predicted, published=True)


def _judge(step: RecordedStep, predicted: GuiAction, published: bool) -> Verdict:
    recorded, said = step.action, kind(predicted)
    meant = kind(recorded)
    if meant != said:
        return Verdict(False, False, f"{said}, recorded {meant}")
    if meant in _PLACES:
        if published and not step.boxes:
            # Its empty list cannot be taken apart into four sides; the step is "invalid", and wrong.
            return Verdict(True, False, "no box, with which the published script fails", False)
        return _place(step, recorded, predicted, published)
    if meant == "SCROLL":
        ways = direction(predicted, finger=True), direction(recorded, finger=True)
        return Verdict(True, ways[0] == ways[1], f"finger {ways[0]}, recorded {ways[1]}")
    if meant == "TYPE":
        texts = [action.text.split(":")[0] if published else action.text for action in (predicted, recorded)]
        texts = [text.strip() for text in texts]
        if not texts[0] and not published:
            return Verdict(True, not texts[1], "an empty text", measures={"score": float(not texts[1])})
        score = 1.0 if within_each_other(*texts) else similarity(*texts)
        return Verdict(True, score >= ALIKE, f"{score:.2f} alike, at least {ALIKE}", measures={"score": score, "limit": ALIKE})
    return Verdict(True, True, "the kind is all that counts")


def _place(step: RecordedStep, recorded: GuiAction, predicted: GuiAction, published: bool) -> Verdict:
    point = predicted.point
    if published:  # whole thousandths, as its model prints them
        point = tuple(round(1000 * value) / 1000 for value in point)
    far = distance(recorded.point, point)
    measures = {"distance": far, "limit": LIMIT}
    if any(box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3] for box in step.boxes):
        return Verdict(True, True, "in the box", True, measures)
    outside = "outside of the box, " if step.boxes else ""
    return Verdict(True, close(far), f"{outside}{far:.0f} thousandths away, at most {LIMIT}", close(far), measures)


RULES = {
    "odyssey": Rule(kind, _corrected, _PLACES, _PLACES),
    "odyssey-published": Rule(kind, _published, _PLACES, _PLACES),
}
