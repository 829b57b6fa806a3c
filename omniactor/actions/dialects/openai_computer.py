"""OpenAI's computer tool: `{"type": "click", "x": 100, "y": 200, "button": "left"}` in pixels of the screenshot.

Seen in openai/openai-cua-sample-app and the `computer_call` items of OpenAI's Responses API. `scroll_y` above 0 goes
down, `scroll_x` above 0 right, both in pixels. Keys have names in capitals. `screenshot` does nothing: a wait of 0 seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from omniactor.actions.dialects.coordinates import from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Size, quantity, unknown, word
from omniactor.actions.dialects.keys import read_keys, web_name
from omniactor.actions.dialects.objects import first_object
from omniactor.types import GuiAction

_BUTTONS = {"left": "click", "right": "right_click", "wheel": "middle_click", "middle": "middle_click"}
_NAMES = {"click": "left", "right_click": "right", "middle_click": "wheel"}
_FAMILY = "OpenAI's computer tool"


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    given = first_object(answer)
    if given.get("type") == "computer_call" or "actions" in given:
        actions = given.get("actions", [given.get("action")])
        given = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], Mapping) else {}
    place = (given["x"], given["y"]) if given.get("x") is not None and given.get("y") is not None else None
    point = None if place is None else to_point(place, size)
    match given.get("type"):
        case "click":
            kind = _BUTTONS.get(word(given.get("button", "left")))
            if kind is None:
                raise unknown(_FAMILY, f"button {word(given['button'])}")
            return GuiAction(kind, point=point)
        case "double_click":
            return GuiAction("double_click", point=point)
        case "move":
            return GuiAction("move", point=point)
        case "drag":
            path = [
                to_point([at.get("x"), at.get("y")] if isinstance(at, Mapping) else at, size) for at in _ends(given.get("path"))
            ]
            return GuiAction("drag", point=path[0], end=path[-1])
        case "scroll":
            right, down = (quantity(name, given.get(name) or 0) for name in ("scroll_x", "scroll_y"))
            if abs(right) > abs(down):
                return GuiAction("scroll", pages=right / size[0], axis="horizontal", point=point)
            return GuiAction("scroll", pages=-down / size[1], point=point)
        case "type":
            return GuiAction("write", text=given.get("text"))
        case "keypress":
            keys = read_keys(given.get("keys"))
            return GuiAction("press" if len(keys) == 1 else "hotkey", keys=keys)
        case "wait":
            return GuiAction("wait", seconds=quantity("ms", given["ms"]) / 1000 if "ms" in given else None)
        case "screenshot":
            return GuiAction("wait", seconds=0)
    raise unknown(_FAMILY, answer if isinstance(answer, str) else word(given.get("type")))


def _ends(path: object) -> list:
    if not isinstance(path, list) or len(path) < 2:
        raise unknown(_FAMILY, "drag without a path of two places")
    return [path[0], path[-1]]


def _writes(action: GuiAction, size: Size) -> str:
    def at(point: tuple[float, float]) -> dict:
        return dict(zip("xy", from_point(point, size), strict=True))

    over = {} if action.point is None else at(action.point)
    match action.kind:
        case kind if kind in _NAMES:
            given = {"type": "click"} | over | {"button": _NAMES[kind]}
        case "double_click" | "move":
            given = {"type": action.kind} | over
        case "drag":
            if action.point is None:
                raise unknown(_FAMILY, "drag without a start")
            given = {"type": "drag", "path": [over, at(action.end)]}
        case "scroll":
            down = 0 if action.axis == "horizontal" else round(-action.pages * size[1]) or (1 if action.pages < 0 else -1)
            right = round(action.pages * size[0]) or (1 if action.pages > 0 else -1) if action.axis == "horizontal" else 0
            given = {"type": "scroll"} | (over or at((0.5, 0.5))) | {"scroll_x": right, "scroll_y": down}
        case "write":
            given = {"type": "type", "text": action.text}
        case "press" | "hotkey":
            if (action.kind == "press") == (len(action.keys) > 1):
                raise unknown(_FAMILY, "keys one after the other")
            given = {"type": "keypress", "keys": [web_name(key) for key in action.keys]}
        case _:
            given = {"type": "wait"} | ({} if action.seconds is None else {"ms": round(action.seconds * 1000)})
    return json.dumps(given, ensure_ascii=False)


_KINDS = frozenset({
    "click", "double_click", "right_click", "middle_click", "move", "drag", "scroll", "write", "press", "hotkey", "wait",
})  # fmt: skip
OPENAI = Dialect(
    "openai-computer", "pixels of the screenshot; a positive scroll_y goes down",
    _KINDS,
    _reads, _writes,
)  # fmt: skip
