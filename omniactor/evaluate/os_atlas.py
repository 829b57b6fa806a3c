"""OS-Atlas' rule for steps of phones, which UI-TARS, UItron and most tables follow.

OS-Copilot/OS-Atlas, `eval/eval_scripts/android_control/evaluation_unify.py` and `odyssey/evaluation_unify.py`. Both sides are
texts such as `CLICK <point>[[634,927]]</point>`; the kind is the first word. A place is right within 140 thousandths of
the screen, width and height counted alike, so an ellipse in pixels. `os-atlas` compares actions as they are
meant; the two others print them in OS-Atlas' words and do what the scripts do, with their mistakes (`docs/gui.md`).
"""

from __future__ import annotations

import math

from omniactor.actions.dialects.os_atlas import write_verb
from omniactor.actions.dialects.scrolls import direction
from omniactor.actions.gui import print_operation
from omniactor.errors import ActionError
from omniactor.evaluate.judgement import Rule, Size, Verdict
from omniactor.evaluate.texts import shared_words
from omniactor.gui.episodes import RecordedStep
from omniactor.types import GuiAction

LIMIT = 140
"""Thousandths of the screen."""
ALIKE = 0.5
"""Two texts are the same above this share of words."""
_PLACES = frozenset({"CLICK", "LONG_PRESS"})
_EVERY_PLACE = _PLACES | {"DOUBLECLICK", "TRIPLECLICK", "RIGHTCLICK", "MIDDLECLICK", "MOVETO", "SELECT"}
_OTHERS = {"double_click": "DOUBLECLICK", "triple_click": "TRIPLECLICK", "right_click": "RIGHTCLICK",
           "middle_click": "MIDDLECLICK", "move": "MOVETO", "write": "TYPE"}  # fmt: skip


def verb(action: GuiAction) -> str:
    """Return OS-Atlas' word for an action; for those it has no word for, one made in the same way."""
    if action.kind == "terminate":
        return "COMPLETE" if action.status == "success" else "IMPOSSIBLE"
    if action.kind == "press":
        return "ENTER" if action.keys == ("enter",) else "PRESS"
    if action.kind in ("home", "back", "recent"):
        return f"PRESS_{action.kind.upper()}"
    return _OTHERS.get(action.kind, action.kind.upper())


def distance(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return how far two places are from each other, in thousandths of the screen."""
    return 1000 * math.hypot(first[0] - second[0], first[1] - second[1])


def close(far: float, limit: float = LIMIT) -> bool:
    """Say whether a distance is within a limit, the limit itself included: fractions of thousandths are not exact in binary."""
    return far <= limit * (1 + 1e-9)


def _corrected(step: RecordedStep, predicted: GuiAction, size: Size) -> Verdict:
    recorded = step.action
    if verb(recorded) != verb(predicted):
        return _other_kind(recorded, predicted)
    if recorded.kind == "scroll":
        meant, said = direction(recorded), direction(predicted)
        return Verdict(True, meant == said, f"scroll {said}, recorded {meant}")
    if recorded.kind in ("drag", "swipe"):
        begin, end = _far(recorded.point, predicted.point), _far(recorded.end, predicted.end)
        worst = max(begin, end)
        if math.isinf(worst):
            return Verdict(True, False, "no place where it begins", False)
        why = f"begins {begin:.0f} and ends {end:.0f} thousandths away, at most {LIMIT}"
        return Verdict(True, close(worst), why, close(worst), {"distance": worst, "limit": LIMIT})
    if recorded.kind in ("press", "hotkey"):
        same = recorded.keys == predicted.keys
        return Verdict(True, same, f"keys {' '.join(predicted.keys)}, recorded {' '.join(recorded.keys)}")
    right, place_ok, reasons, measures = True, None, [], {}
    if recorded.point is not None and recorded.kind != "scroll":
        far = _far(recorded.point, predicted.point)
        right = place_ok = close(far)
        measures |= {"distance": far, "limit": LIMIT}
        reasons.append(f"{far:.0f} thousandths away, at most {LIMIT}" if math.isfinite(far) else "no place")
    if recorded.kind in ("write", "open_app", "select", "answer"):
        same = recorded.text == predicted.text
        score = 1.0 if same else shared_words(predicted.text, recorded.text)
        right = right and score > ALIKE
        measures |= {"score": score, "above": ALIKE}
        reasons.append(f"{score:.2f} of the words in common, more than {ALIKE} wanted")
    measures = {name: value for name, value in measures.items() if math.isfinite(value)}
    return Verdict(True, right, "; ".join(reasons) or "nothing more to compare", place_ok, measures)


def _published(step: RecordedStep, predicted: GuiAction, size: Size) -> Verdict:
    meant, said = _text(step.action), _text(predicted)
    kind = meant.split()[0]
    if kind != said.split()[0]:
        return _other_kind(step.action, predicted)
    if kind in _PLACES:
        return _printed_distance(step.action, predicted)
    if kind in ("OPEN_APP", "TYPE"):
        if meant == said:
            return Verdict(True, True, "the same text", measures={"score": 1.0, "above": ALIKE})
        # Of `TYPE [bread buns]` the script compares "[bread".
        first, other = (text.split()[1] if len(text.split()) > 1 else "" for text in (said, meant))
        score = shared_words(first, other)
        why = f"first words {first[:40]} and {other[:40]}: {score:.2f}, more than {ALIKE} wanted"
        return Verdict(True, score > ALIKE, why, measures={"score": score, "above": ALIKE})
    return Verdict(True, meant == said, f"{said[:60]}, recorded {meant[:60]}")


def _odyssey_published(step: RecordedStep, predicted: GuiAction, size: Size) -> Verdict:
    meant, said = _text(step.action), _text(predicted)
    kind = meant.split()[0]
    if kind != said.split()[0]:
        return _other_kind(step.action, predicted)
    if kind in _PLACES:
        return _printed_distance(step.action, predicted)
    if kind == "TYPE":
        # The word TYPE itself is in both texts, which makes a short text right by half.
        score = shared_words(said, meant)
        why = f"{score:.2f} of the words in common, TYPE among them, more than {ALIKE} wanted"
        return Verdict(True, score > ALIKE, why, measures={"score": score, "above": ALIKE})
    if kind == "SCROLL":
        return Verdict(True, meant == said, f"{said}, recorded {meant}")
    return Verdict(True, True, "the kind is all that counts")


def _printed_distance(recorded: GuiAction, predicted: GuiAction) -> Verdict:
    """Compare places as whole thousandths, which is how OS-Atlas prints them."""
    points = [tuple(round(1000 * value) for value in action.point) for action in (recorded, predicted)]
    far = math.dist(*points)
    right = close(far)
    why = f"{far:.1f} thousandths away, at most {LIMIT}"
    return Verdict(True, right, why, right, {"distance": far, "limit": LIMIT})


def _text(action: GuiAction) -> str:
    try:
        return write_verb(action)
    except ActionError:  # no word of OS-Atlas, and nothing of its own data
        return f"{verb(action)} {print_operation(action, decimals=None)}"


def _far(recorded: tuple[float, float] | None, predicted: tuple[float, float] | None) -> float:
    """Return how far a place is from the recorded one; nothing where none was recorded, any distance where none is given."""
    if recorded is None:
        return 0.0
    return math.inf if predicted is None else distance(recorded, predicted)


def _other_kind(recorded: GuiAction, predicted: GuiAction) -> Verdict:
    return Verdict(False, False, f"{verb(predicted)}, recorded {verb(recorded)}")


RULES = {
    "os-atlas": Rule(verb, _corrected, _EVERY_PLACE, _EVERY_PLACE),
    "os-atlas-published": Rule(verb, _published, frozenset({"CLICK"}), frozenset({"CLICK"})),
    "os-atlas-odyssey-published": Rule(verb, _odyssey_published, _PLACES, frozenset({"CLICK"})),
}
