"""SeeClick: `{"action_type": 4, "click_point": (0.49,0.40)}`, fractions with two decimals, numbers for kinds.

Seen in njucckevin/SeeClick (`agent_tasks/aitw_test.py`, `mind2web_test.py`, `action_matching.py`). Type 0, "scroll
down", stands there for a finger that moves from 0.8 to 0.2 of the height, and 8, "scroll left", for one that
moves right: the words name the side of which more is shown. A bare `(0.17,0.06)`, its grounding answer, is a click.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from omniactor.actions.dialects.coordinates import FRACTIONS, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown
from omniactor.actions.dialects.objects import first_object
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.actions.gui import one_line
from omniactor.types import GuiAction

_SCROLLS = {0: "down", 1: "up", 8: "left", 9: "right"}
_PLAIN = {
    5: ("back", {}), 6: ("home", {}), 7: ("press", {"keys": ["enter"]}),
    10: ("terminate", {"status": "success"}), 11: ("terminate", {"status": "failure"}),
}  # fmt: skip
_REMEMBERED = 4


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    if isinstance(answer, str) and "{" not in answer:
        return GuiAction("click", point=to_point(answer.strip(), FRACTIONS))
    given = first_object(answer)
    number = given.get("action_type")
    if isinstance(number, str) and number.isdecimal() and len(number) < 3:
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise unknown("SeeClick", answer)
    if number == 4:
        return GuiAction("click", point=to_point(given.get("click_point"), FRACTIONS))
    if number == 3:
        return GuiAction("write", text=given.get("typed_text", given.get("value")))
    if number == 2:  # Mind2Web
        return GuiAction("select", point=to_point(given.get("click_point"), FRACTIONS), text=given.get("value"))
    if number in _SCROLLS:
        return scroll(_SCROLLS[number])
    if number in _PLAIN:
        kind, fields = _PLAIN[number]
        return GuiAction(kind, **fields)
    raise unknown("SeeClick", f"action_type {number if abs(number) < 1e9 else 'too large'}")


def _writes(action: GuiAction, size: Size) -> str:
    place = "" if action.point is None else f"({action.point[0]:.2f},{action.point[1]:.2f})"
    match action.kind:
        case "click":
            return f'{{"action_type": 4, "click_point": {place}}}'
        case "select":
            return f'{{"action_type": 2, "click_point": {place}, "value": {json.dumps(action.text, ensure_ascii=False)}}}'
        case "write":
            return f'{{"action_type": 3, "typed_text": {json.dumps(action.text, ensure_ascii=False)}}}'
        case "scroll":
            number = next(number for number, word in _SCROLLS.items() if word == direction(action))
        case "press":
            if action.keys != ("enter",):
                raise unknown("SeeClick", f"press {' '.join(action.keys)}")
            number = 7
        case _:
            number = {"back": 5, "home": 6}.get(action.kind) or (10 if action.status == "success" else 11)
    return f'{{"action_type": {number}}}'


def _asks(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    steps = "".join(f"Step{number}: {one_line(text)}. " for number, text in enumerate(history[-_REMEMBERED:]))
    user = (
        "<image>Please generate the next move according to the ui screenshot, instruction and previous actions. "
        f"Instruction: {one_line(instruction)}. Previous actions: {steps}"
    )
    return [{"role": "user", "content": user}]


_KINDS = frozenset({
    "click", "write", "select", "scroll", "press", "home", "back", "terminate",
})  # fmt: skip
SEECLICK = Dialect(
    "seeclick", "fractions with two decimals; scroll types name the side of which more is shown",
    _KINDS, _reads, _writes, _asks,
)  # fmt: skip
