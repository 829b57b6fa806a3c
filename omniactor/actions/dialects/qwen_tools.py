"""Qwen2.5-VL, Qwen3-VL, UItron: tool calls `mobile_use` and `computer_use`.

Seen in QwenLM/Qwen2.5-VL and QwenLM/Qwen3-VL, `cookbooks/mobile_agent.ipynb` and `computer_use.ipynb`
(names, arguments, the user's turn), and in UItron's report, Table 11. Qwen2.5-VL and UItron speak of
the pixels of the resized picture, Qwen3-VL of a screen of 999x999. `swipe` is a finger's movement,
`scroll` counts upwards as positive. How long a scroll is has been read both ways: as wheel clicks
(OSWorld's agents hand it to pyautogui) and as pixels; up to 20 are taken for clicks here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from omniactor.actions.dialects.coordinates import Extent, from_point, resized, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, quantity, unknown, word
from omniactor.actions.dialects.keys import read_keys
from omniactor.actions.dialects.objects import first_object
from omniactor.actions.dialects.scrolls import scroll
from omniactor.actions.gui import WHEEL_PAGES, one_line
from omniactor.types import GuiAction

_CLICKS = {
    "click": "click", "left_click": "click", "double_click": "double_click", "triple_click": "triple_click",
    "right_click": "right_click", "middle_click": "middle_click", "long_press": "long_press", "mouse_move": "move",
}  # fmt: skip
_BUTTONS = {"back": "back", "home": "home", "menu": "recent"}
_STATUS = {"success": "success", "failure": "failure", "fail": "failure"}
_MOST_CLICKS = 20
_MOBILE = frozenset({
    "click", "long_press", "swipe", "write", "back", "home", "recent", "press", "open_app", "wait", "answer", "terminate",
})  # fmt: skip
_COMPUTER = frozenset({
    "click", "double_click", "triple_click", "right_click", "middle_click", "move", "drag", "scroll", "write", "press",
    "hotkey", "wait", "answer", "terminate",
})  # fmt: skip
_ARGUMENTS = {
    "coordinate": ("array", "[x, y] of the place, or of where a swipe begins or a drag ends"),
    "coordinate2": ("array", "[x, y] of where a swipe ends"),
    "text": ("string", "what is typed, opened or answered; the name of a key"),
    "keys": ("array", "names of the keys that are pressed together"),
    "pixels": ("number", "how far to scroll; positive is up"),
    "time": ("number", "seconds"),
    "button": ("string", "Back, Home, Menu or Enter"),
    "status": ("string", "success or failure"),
}


def _qwen3(size: Size) -> Extent:
    return 999, 999


def _reads(answer: str | Mapping, size: Size, extent: Callable[[Size], Extent]) -> GuiAction:
    call = first_object(answer)
    arguments = call.get("arguments", call)
    if isinstance(arguments, str):
        arguments = first_object(arguments)
    action = arguments.get("action") if isinstance(arguments, Mapping) else None
    if not isinstance(action, str):
        raise unknown("mobile_use or computer_use", answer)
    description = _spoken(answer) if isinstance(answer, str) else ""
    given = {name: value for name, value in arguments.items() if value is not None}
    return _action(action, given, extent(size), description)


def _action(action: str, given: Mapping, extent: Extent, description: str) -> GuiAction:
    def place(name: str = "coordinate") -> tuple[float, float] | None:
        return to_point(given[name], extent) if name in given else None

    said = partial(GuiAction, description=description)
    seconds = quantity("time", given["time"]) if "time" in given else None
    match action:
        case "long_press":
            return said("long_press", point=place(), seconds=seconds)
        case _ if action in _CLICKS:
            return said(_CLICKS[action], point=place())
        case "swipe" if "direction" in given:
            return scroll(given["direction"], point=place(), finger=True, description=description)
        case "swipe":
            return said("swipe", point=place() or place("coordinate1"), end=place("coordinate2"))
        case "left_click_drag":
            return said("drag", end=place())
        case "scroll" | "hscroll":
            amount = quantity("pixels", given.get("pixels"))
            pages = amount * WHEEL_PAGES if abs(amount) <= _MOST_CLICKS else amount / extent[1]
            return said("scroll", pages=pages, axis="vertical" if action == "scroll" else "horizontal", point=place())
        case "type":
            return said("write", text=given.get("text"))
        case "key" if "keys" in given:
            keys = read_keys([given["keys"]] if isinstance(given["keys"], str) else given["keys"])
            return said("press" if len(keys) == 1 else "hotkey", keys=keys)
        case "key":
            return said("press", keys=read_keys([given.get("text")]))
        case "system_button":
            button = word(given.get("button"))
            return said("press", keys=["enter"]) if button == "enter" else said(_BUTTONS.get(button, f"button {button[:20]}"))
        case "open":
            return said("open_app", text=given.get("text"))
        case "wait":
            return said("wait", seconds=seconds)
        case "answer":
            return said("answer", text=given.get("text"))
        case "terminate":
            return said("terminate", status=_STATUS.get(word(given.get("status")), given.get("status")))
    raise unknown("mobile_use or computer_use", action)


def _spoken(answer: str) -> str:
    """Return the sentence after "Action:" that Qwen3-VL puts before its tool call."""
    before = answer[: answer.find("{")].removesuffix("<tool_call>").rstrip().removesuffix("<tool_call>")
    _, found, sentence = before.rpartition("Action:")
    return sentence.strip().strip('"') if found else ""


def _writes(action: GuiAction, size: Size, extent: Callable[[Size], Extent], tool: str, speaks: bool) -> str:
    call = json.dumps({"name": tool, "arguments": _arguments(action, extent(size), tool)}, ensure_ascii=False)
    spoken = f'Action: "{action.description}"\n' if speaks and action.description else ""
    return f"{spoken}<tool_call>\n{call}\n</tool_call>"


def _arguments(action: GuiAction, extent: Extent, tool: str) -> dict:
    place = {} if action.point is None else {"coordinate": from_point(action.point, extent)}
    seconds = {} if action.seconds is None else {"time": action.seconds}
    match action.kind:
        case "click":
            return {"action": "click" if tool == "mobile_use" else "left_click"} | place
        case "move":
            return {"action": "mouse_move"} | place
        case "double_click" | "triple_click" | "right_click" | "middle_click" | "long_press":
            return {"action": action.kind} | place | seconds
        case "swipe":
            return {"action": "swipe"} | place | {"coordinate2": from_point(action.end, extent)}
        case "drag":
            return {"action": "left_click_drag", "coordinate": from_point(action.end, extent)}
        case "scroll":
            length = max(round(abs(action.pages) * extent[1]), _MOST_CLICKS + 1)
            name = "scroll" if action.axis == "vertical" else "hscroll"
            return {"action": name, "pixels": length if action.pages > 0 else -length} | place
        case "write":
            return {"action": "type", "text": action.text}
        case "press" if tool == "mobile_use" and action.keys == ("enter",):
            return {"action": "system_button", "button": "Enter"}
        case "press" if tool == "mobile_use":
            return {"action": "key", "text": _only(action)}
        case "press":
            return {"action": "key", "keys": [_only(action)]}
        case "hotkey":
            return {"action": "key", "keys": list(action.keys)}
        case "back" | "home" | "recent":
            return {"action": "system_button", "button": "Menu" if action.kind == "recent" else action.kind.capitalize()}
        case "open_app":
            return {"action": "open", "text": action.text}
        case "wait":
            return {"action": "wait"} | seconds
        case "answer":
            return {"action": "answer", "text": action.text}
        case _:
            return {"action": "terminate", "status": action.status}


def _only(action: GuiAction) -> str:
    if len(action.keys) != 1:
        raise unknown("mobile_use or computer_use", f"{len(action.keys)} keys pressed one after the other")
    return action.keys[0]


def _asks(
    instruction: str, history: Sequence[str], size: Size, extent: Callable[[Size], Extent], tool: str, names: Sequence[str]
) -> list[Message]:
    """Return the tools block of Qwen's chat template, with descriptions of our own, and the cookbooks' user turn."""
    width, height = extent(size)
    properties: dict[str, dict] = {"action": {"type": "string", "enum": list(names)}}
    for name, (kind, about) in _ARGUMENTS.items():
        properties[name] = {"type": kind, "description": about}
    device = "a phone with a touchscreen" if tool == "mobile_use" else "a computer with mouse and keyboard"
    function = {
        "name": tool,
        "description": f"Operate {device}. The screen's resolution is {width}x{height}.",
        "parameters": {"type": "object", "properties": properties, "required": ["action"]},
    }
    system = (
        "You are a helpful assistant.\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
        "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
        f"{json.dumps({'type': 'function', 'function': function})}\n</tools>\n\n"
        "For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n"
        '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
    )
    steps = "".join(f"Step {number}: {one_line(text)}; " for number, text in enumerate(history, 1))
    user = (
        f"The user query:  {one_line(instruction)}\n"
        f"Task progress (You have done the following operation on the current device): {steps}<image>"
    )
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


_MOBILE_25 = ["key", "click", "long_press", "swipe", "type", "system_button", "open", "wait", "terminate"]
_MOBILE_3 = ["click", "long_press", "swipe", "type", "answer", "system_button", "wait", "terminate"]
_COMPUTER_25 = [
    "key", "type", "mouse_move", "left_click", "left_click_drag", "right_click", "middle_click", "double_click",
    "scroll", "wait", "terminate",
]  # fmt: skip
_COMPUTER_3 = [*_COMPUTER_25, "triple_click", "hscroll", "answer"]


def _dialect(name: str, about: str, extent: Callable[[Size], Extent], tool: str, names: Sequence[str]) -> Dialect:
    kinds = _MOBILE if tool == "mobile_use" else _COMPUTER
    return Dialect(
        name, about, kinds, partial(_reads, extent=extent),
        partial(_writes, extent=extent, tool=tool, speaks=extent is _qwen3),
        partial(_asks, extent=extent, tool=tool, names=names),
    )  # fmt: skip


_PIXELS = "pixels of the picture resized to multiples of 28; a swipe is the finger's way, a positive scroll goes up"
_THOUSAND = "0 to 999; a swipe is the finger's way, a positive scroll goes up"
QWEN25 = _dialect("qwen2.5-vl", _PIXELS, resized, "mobile_use", _MOBILE_25)
QWEN25_COMPUTER = _dialect("qwen2.5-vl-computer", _PIXELS, resized, "computer_use", _COMPUTER_25)
QWEN3 = _dialect("qwen3-vl", _THOUSAND, _qwen3, "mobile_use", _MOBILE_3)
QWEN3_COMPUTER = _dialect("qwen3-vl-computer", _THOUSAND, _qwen3, "computer_use", _COMPUTER_3)
UITRON = _dialect("uitron", _PIXELS, resized, "mobile_use", _MOBILE_25)
