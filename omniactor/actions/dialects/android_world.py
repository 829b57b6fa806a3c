"""AndroidWorld's and AndroidControl's JSON actions: `{"action_type": "click", "x": 540, "y": 1200}`, pixels.

Seen in google-research/android_world (`env/json_action.py`, `agents/m3a.py`) and google-research's
`android_control/README.md`. `scroll` names the side of which more is shown. `swipe` is carried out in
`env/actuation.py`: up and down are the finger's way there, left and right the side that is shown, as for `scroll`. An
`index` needs the list of elements, which an action does not hold: it is refused where a place is needed. The
enter key that AndroidWorld presses after `input_text` is its environment's doing and no part of the action.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial

from omniactor.actions.dialects.coordinates import from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Size, unknown, word
from omniactor.actions.dialects.objects import first_object
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.errors import ActionError
from omniactor.types import GuiAction

_PLACES = {"click": "click", "double_tap": "double_click", "long_press": "long_press"}
_NAMES = {kind: name for name, kind in _PLACES.items()}
_PLAIN = {
    "navigate_home": ("home", {}),
    "navigate_back": ("back", {}),
    "wait": ("wait", {}),
    "keyboard_enter": ("press", {"keys": ["enter"]}),
}
_STATUS = {"complete": "success", "successful": "success", "success": "success", "infeasible": "failure"}
_REASON = re.compile(r"^[ \t]*Reason:", re.MULTILINE)


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    given = first_object(answer)
    reason = _REASON.search(answer) if isinstance(answer, str) else None
    description = answer[reason.end() :].partition("Action:")[0] if reason else ""
    said = partial(GuiAction, description=description)
    name = given.get("action_type")
    if not isinstance(name, str):
        raise unknown("AndroidWorld", answer)
    if name in _PLACES:
        return said(_PLACES[name], point=_point(given, size))
    if name in _PLAIN:
        kind, fields = _PLAIN[name]
        return said(kind, **fields)
    match name:
        case "scroll" | "swipe":
            at = _point(given, size) if given.get("x") is not None else None
            finger = name == "swipe" and word(given.get("direction")) in ("up", "down")
            return scroll(given.get("direction"), point=at, finger=finger, description=description)
        case "input_text" | "type":
            return said("write", text=given.get("text"))
        case "open_app":
            return said("open_app", text=given.get("app_name"))
        case "answer":
            return said("answer", text=given.get("text"))
        case "status":
            return said("terminate", status=_STATUS.get(word(given.get("goal_status")), given.get("goal_status")))
    raise unknown("AndroidWorld", name)


def _point(given: Mapping, size: Size) -> tuple[float, float]:
    if given.get("x") is None or given.get("y") is None:
        raise ActionError("expected x and y, got the index of an element or nothing; an index needs the list of elements")
    return to_point((given["x"], given["y"]), size)


def _writes(action: GuiAction, size: Size) -> str:
    over = {} if action.point is None else dict(zip("xy", from_point(action.point, size), strict=True))
    match action.kind:
        case kind if kind in _NAMES:
            given = {"action_type": _NAMES[kind]} | over
        case "scroll":
            given = {"action_type": "scroll", "direction": direction(action)} | over
        case "write":
            given = {"action_type": "input_text", "text": action.text}
        case "open_app":
            given = {"action_type": "open_app", "app_name": action.text}
        case "answer":
            given = {"action_type": "answer", "text": action.text}
        case "terminate":
            given = {"action_type": "status", "goal_status": "complete" if action.status == "success" else "infeasible"}
        case "home" | "back":
            given = {"action_type": f"navigate_{action.kind}"}
        case "press" if action.keys == ("enter",):
            given = {"action_type": "keyboard_enter"}
        case "wait":
            given = {"action_type": "wait"}
        case _:
            raise unknown("AndroidWorld", f"{action.kind} {' '.join(action.keys or ())}")
    line = json.dumps(given, ensure_ascii=False)
    return f"Reason: {action.description}\nAction: {line}" if action.description else line


_KINDS = frozenset({
    "click", "double_click", "long_press", "scroll", "write", "open_app", "answer", "terminate", "home", "back", "press",
    "wait",
})  # fmt: skip
ANDROID_WORLD = Dialect(
    "android-world", "pixels; scroll names the side of which more is shown, a swipe up or down the finger's way",
    _KINDS,
    _reads, _writes,
)  # fmt: skip
