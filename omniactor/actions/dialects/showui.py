"""ShowUI: `{'action': 'CLICK', 'value': None, 'position': [0.49, 0.42]}`, fractions of the screen.

Seen in showlab/ShowUI (`QUICK_START.md`; the prompts and `pred2json_post` of its evaluation). Of several
dictionaries the first counts; a bare `[0.73, 0.21]`, its grounding answer, is a click. "SCROLL DOWN" stands there
for a finger that moves up: the words name the side of which more is shown. The place of INPUT is dropped, the
text goes where the focus is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omniactor.actions.calls import quote
from omniactor.actions.dialects.coordinates import FRACTIONS, from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown, word
from omniactor.actions.dialects.objects import first_object
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.actions.gui import one_line
from omniactor.types import GuiAction

_PLAIN = {
    "ENTER": ("press", {"keys": ["enter"]}), "PRESS ENTER": ("press", {"keys": ["enter"]}), "ESC": ("press", {"keys": ["esc"]}),
    "PRESS BACK": ("back", {}), "PRESS HOME": ("home", {}), "COPY": ("hotkey", {"keys": ["ctrl", "c"]}),
    "STATUS TASK COMPLETE": ("terminate", {"status": "success"}), "STATUS TASK IMPOSSIBLE": ("terminate", {"status": "failure"}),
}  # fmt: skip
_ENDS = {"task complete": "success", "task impossible": "failure"}
_ONLY_PLACE, _ONLY_VALUE = "value is not applicable and the position [x,y] is required", "and the position is not applicable"
_NOTHING = "value and position are not applicable"
_TEXT = "Type a string into an element, value is a string to type and the position [x,y] is required"
_TWO = "value is not applicable and position [[x1,y1], [x2,y2]] is the start and end position"
_WEB = {
    "CLICK": f"Click on an element, {_ONLY_PLACE}", "INPUT": _TEXT, "SELECT": f"Select a value for an element, {_ONLY_PLACE}",
    "HOVER": f"Hover on an element, {_ONLY_PLACE}", "ANSWER": f"Answer the question, value is the answer {_ONLY_VALUE}",
    "ENTER": f"Enter operation, {_NOTHING}", "SCROLL": f"Scroll the screen, value is the direction to scroll {_ONLY_VALUE}",
    "SELECT_TEXT": f"Select some text content, {_TWO} of the select operation",
    "COPY": f"Copy the text, value is the text to copy {_ONLY_VALUE}",
}  # fmt: skip
_PHONE = {
    "INPUT": _TEXT, "SWIPE": f"Swipe the screen, {_TWO} of the swipe operation", "TAP": f"Tap on an element, {_ONLY_PLACE}",
    "ANSWER": f"Answer the question, value is the status (e.g., 'task complete') {_ONLY_VALUE}",
    "ENTER": f"Enter operation, {_NOTHING}",
}  # fmt: skip
_PLACES = {"CLICK": "click", "TAP": "click", "HOVER": "move", "PRESS": "long_press"}
_NAMES = {"click": "CLICK", "move": "HOVER", "long_press": "PRESS"}


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    if isinstance(answer, str) and "{" not in answer:
        return GuiAction("click", point=to_point(answer.strip(), FRACTIONS))
    given = first_object(answer)
    action, value, position = given.get("action"), given.get("value"), given.get("position")
    if not isinstance(action, str):
        raise unknown("ShowUI", answer)
    action = action.strip().upper()
    if action in _PLAIN:
        kind, fields = _PLAIN[action]
        return GuiAction(kind, **fields)
    if action in _PLACES or (action == "SELECT" and not isinstance(value, str)):
        return GuiAction(_PLACES.get(action, "click"), point=to_point(position, FRACTIONS))
    if action in ("INPUT", "TYPE"):
        return GuiAction("write", text=value)
    if action == "SELECT":
        return GuiAction("select", point=to_point(position, FRACTIONS), text=value)
    if action in ("SWIPE", "SELECT_TEXT"):
        if not isinstance(position, list) or len(position) != 2:
            raise unknown("ShowUI", f"{action} without two places")
        start, end = (to_point(place, FRACTIONS) for place in position)
        return GuiAction("swipe" if action == "SWIPE" else "drag", point=start, end=end)
    if action == "ANSWER" and word(value) in _ENDS:
        return GuiAction("terminate", status=_ENDS[word(value)])
    if action == "ANSWER":
        return GuiAction("answer", text=value)
    if action.startswith("SCROLL"):
        return scroll(action.removeprefix("SCROLL").strip() or value)
    raise unknown("ShowUI", action)


def _writes(action: GuiAction, size: Size) -> str:
    def entry(name: str, value: str | None = None, position: object = None) -> str:
        spelled = None if value is None else quote(value)
        return f"{{'action': '{name}', 'value': {spelled}, 'position': {position}}}"

    place = None if action.point is None else from_point(action.point, FRACTIONS)
    match action.kind:
        case kind if kind in _NAMES:
            return entry(_NAMES[kind], position=place)
        case "write":
            return entry("INPUT", action.text)
        case "select":
            return entry("SELECT", action.text, place)
        case "swipe" | "drag":
            if place is None:
                raise unknown("ShowUI", "drag without a start")
            return entry(
                "SWIPE" if action.kind == "swipe" else "SELECT_TEXT", position=[place, from_point(action.end, FRACTIONS)]
            )
        case "answer":
            return entry("ANSWER", action.text)
        case "scroll":
            return entry(f"SCROLL {direction(action).upper()}")
        case "home" | "back":
            return entry(f"PRESS {action.kind.upper()}")
        case "terminate":
            return entry("STATUS TASK COMPLETE" if action.status == "success" else "STATUS TASK IMPOSSIBLE")
        case "press" if action.keys in (("enter",), ("esc",)):
            return entry(action.keys[0].upper())
        case "hotkey" if action.keys == ("ctrl", "c"):
            return entry("COPY")
    raise unknown("ShowUI", f"{action.kind} {' '.join(action.keys or ())}")


def _asks(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    """Return QUICK_START's prompt: its phone actions for an upright screen, its web actions for a wide one."""
    device, actions = ("phone", _PHONE) if size[1] > size[0] else ("web", _WEB)
    space = "\n".join(f"{number}. `{name}`: {about}." for number, (name, about) in enumerate(actions.items(), 1))
    system = (
        f"You are an assistant trained to navigate the {device} screen. \nGiven a task instruction, a screen observation, "
        "and an action history sequence, \noutput the next action and wait for the next observation. \n"
        f"Here is the action space:\n{space}\n\n"
        "Format the action as a dictionary with the following keys:\n"
        "{'action': 'ACTION_TYPE', 'value': 'element', 'position': [x,y]}\n\n"
        "If value or position is not applicable, set it as `None`.\n"
        "Position might be [[x1,y1], [x2,y2]] if the action requires a start and end position.\n"
        "Position represents the relative coordinates on the screenshot and should be scaled to a range of 0-1.\n"
    )
    done = f"\nAction History: {'; '.join(one_line(text) for text in history)}" if history else ""
    return [{"role": "user", "content": f"{system}Task: {one_line(instruction)}{done}<image>"}]


_KINDS = frozenset({
    "click", "move", "long_press", "write", "select", "swipe", "drag", "answer", "scroll", "home", "back", "terminate",
    "press", "hotkey",
})  # fmt: skip
SHOWUI = Dialect(
    "showui", "fractions; scroll words name the side of which more is shown",
    _KINDS,
    _reads, _writes, _asks,
)  # fmt: skip
