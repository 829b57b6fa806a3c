"""Whether an action is the recorded one, by a published rule, and why; the rules by name.

Every rule is a function of the recorded step, the predicted action and the size of the screenshot. Actions that mean the same
in other words are brought to one form before (`canonical`), since agents of every kind are judged by rules that were
written for one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from omniactor.actions.dialects.scrolls import scroll
from omniactor.errors import InputError
from omniactor.gui.episodes import RecordedStep
from omniactor.types import GuiAction

PROTOCOLS = {
    "os-atlas": "OS-Atlas' rule, its mistakes corrected: within 14 % of the screen, texts by shared words",
    "os-atlas-published": "OS-Atlas' script for AndroidControl as it is: of a text only the first word counts",
    "os-atlas-odyssey-published": "OS-Atlas' script for GUI-Odyssey as it is: other actions than a few count by their kind",
    "qwen2.5-vl": "Qwen2.5-VL's rule for AndroidControl: in a box or within 4 % of the longer side, texts in each other",
    "odyssey": "GUI-Odyssey's own rule, its mistakes corrected: in the box or within 14 %, similar texts",
    "odyssey-published": "GUI-Odyssey's script as it is: texts end at a colon, an empty one fits, a step without a box fails",
    "point-in-box": "ScreenSpot's rule: the point is in the box",
}
"""Name -> what it says."""
_MODULES = {
    "os-atlas": "os_atlas", "os-atlas-published": "os_atlas", "os-atlas-odyssey-published": "os_atlas", "qwen2.5-vl": "qwen_rule",
    "odyssey": "odyssey", "odyssey-published": "odyssey", "point-in-box": "point_in_box",
}  # fmt: skip
Size = tuple[int, int]


@dataclass(frozen=True)
class Judgement:
    """What a rule says of one predicted action.

    Attributes:
        protocol: name of the rule.
        type_ok: the kind of action is the recorded one, in the rule's own kinds.
        success: everything is.
        recorded: kind of the recorded action, in the rule's words.
        predicted: kind of the predicted one; "" where the answer was no action.
        place_ok: the place is right; None where the kinds differ or have no place.
        grounding: the step counts for the grounding accuracy if the kind is right: its recorded action has a place.
        why: the reason in one line, with numbers.
        measures: what was measured: "distance" and "limit" (in the rule's own unit), "score", and so on.
        unparsed: the answer was no action at all.
    """

    protocol: str
    type_ok: bool
    success: bool
    recorded: str
    predicted: str
    place_ok: bool | None
    grounding: bool
    why: str
    measures: Mapping[str, float] = field(default_factory=dict)
    unparsed: bool = False

    def as_json(self) -> dict:
        """Return it as plain JSON."""
        return asdict(self) | {"measures": {name: round(float(value), 6) for name, value in self.measures.items()}}


@dataclass(frozen=True)
class Verdict:
    """What a rule's own function says: a `Judgement` without what is the same for all rules."""

    type_ok: bool
    success: bool
    why: str
    place_ok: bool | None = None
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A published way to judge.

    Attributes:
        kind: an action -> its kind in the rule's words.
        judge: recorded step, predicted action, size -> verdict; both actions are canonical.
        grounded: kinds whose steps count for the grounding accuracy, see `Judgement.grounding`.
        right: kinds of which a right place counts as right there; a published script leaves one of them out.
    """

    kind: Callable[[GuiAction], str]
    judge: Callable[[RecordedStep, GuiAction, Size], Verdict]
    grounded: frozenset[str]
    right: frozenset[str]


def judge(protocol: str, step: RecordedStep, predicted: GuiAction | None, size: Size, reason: str = "") -> Judgement:
    """Judge one predicted action.

    Args:
        protocol: of `PROTOCOLS`.
        step: what was recorded; its action must be known.
        predicted: None for an answer that is no action, which is wrong.
        size: (width, height) of the screenshot in pixels.
        reason: why the answer is no action.

    Raises:
        InputError: no such protocol, or a step of which the action is not known.
    """
    rule = find_rule(protocol)
    if step.action is None:
        raise InputError(f"expected a step whose action is known, got one without: {step.problem}")
    step = replace(step, action=canonical(step.action))
    recorded = rule.kind(step.action)
    grounding = recorded in rule.grounded
    if predicted is None:
        why = f"no action: {reason}" if reason else "no action"
        return Judgement(protocol, False, False, recorded, "", None, grounding, why, unparsed=True)
    predicted = canonical(predicted)
    verdict = rule.judge(step, predicted, size)
    return Judgement(
        protocol, verdict.type_ok, verdict.success, recorded, rule.kind(predicted), verdict.place_ok, grounding, verdict.why,
        verdict.measures,
    )  # fmt: skip


def find_rule(protocol: str) -> Rule:
    """Return a rule by its name.

    Raises:
        InputError: there is none.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"expected a protocol ({', '.join(PROTOCOLS)}), got {str(protocol)[:60]!r}; choose one of them")
    return importlib.import_module(f"omniactor.evaluate.{_MODULES[protocol]}").RULES[protocol]


def canonical(action: GuiAction) -> GuiAction:
    """Return an action in the form that rules compare: a finger's swipe is the scroll it makes."""
    if action.kind != "swipe" or action.point == action.end:
        return action
    across, down = (end - begin for begin, end in zip(action.point, action.end, strict=True))
    finger = ("right" if across > 0 else "left") if abs(across) > abs(down) else ("down" if down > 0 else "up")
    return scroll(finger, finger=True, point=action.point, description=action.description)
