"""Claude's computer tool: `{"action": "left_click", "coordinate": [x, y]}` in pixels of the scaled display.

Seen in anthropics/anthropic-quickstarts, `computer-use-demo/computer_use_demo/tools/computer.py` (both
versions of the tool), and in the schema of `computer_20250124`. Keys have xdotool's names. A scroll names the side of
which more is shown and counts wheel clicks. `screenshot` and `cursor_position` do nothing: a wait of
0 seconds. Holding and releasing a button or key on its own has no counterpart here and is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

from omniactor.actions.dialects.coordinates import display, from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Size, quantity, unknown
from omniactor.actions.dialects.keys import read_keys, xdotool_name
from omniactor.actions.dialects.objects import first_object
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.actions.gui import WHEEL_PAGES
from omniactor.types import GuiAction

_CLICKS = {
    "left_click": "click", "double_click": "double_click", "triple_click": "triple_click", "right_click": "right_click",
    "middle_click": "middle_click", "mouse_move": "move",
}  # fmt: skip
_NAMES = {kind: name for name, kind in _CLICKS.items()}
_USUAL_CLICKS = 5


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    given = first_object(answer)
    given = given["input"] if isinstance(given.get("input"), Mapping) else given
    action, extent = given.get("action"), display(size)

    def place(name: str = "coordinate") -> tuple[float, float] | None:
        return None if given.get(name) is None else to_point(given[name], extent)

    match action:
        case str() if action in _CLICKS:
            return GuiAction(_CLICKS[action], point=place())
        case "left_click_drag":
            return GuiAction("drag", point=place("start_coordinate"), end=place() or place("end_coordinate"))
        case "scroll":
            clicks = quantity("scroll_amount", given.get("scroll_amount", _USUAL_CLICKS))
            return scroll(given.get("scroll_direction"), round(clicks * WHEEL_PAGES, 6), place())
        case "type":
            return GuiAction("write", text=given.get("text"))
        case "key" | "hold_key":
            return _keys(given.get("text"))
        case "wait":
            return GuiAction("wait", seconds=quantity("duration", given["duration"]) if "duration" in given else None)
        case "screenshot" | "cursor_position":
            return GuiAction("wait", seconds=0)
    raise unknown("Claude's computer tool", action if isinstance(action, str) else answer)


def _keys(text: object) -> GuiAction:
    """Read "ctrl+s", or "Down Down" for one key after the other."""
    if not isinstance(text, str):
        raise unknown("Claude's computer tool", "key without text")
    chords = text.split()
    if len(chords) == 1 and "+" in text.strip()[1:-1]:
        return GuiAction("hotkey", keys=read_keys([key for key in chords[0].split("+") if key]))
    return GuiAction("press", keys=read_keys(chords))


def _writes(action: GuiAction, size: Size) -> str:
    place = partial(from_point, extent=display(size))
    over = {} if action.point is None else {"coordinate": place(action.point)}
    match action.kind:
        case kind if kind in _NAMES:
            given = {"action": _NAMES[kind]} | over
        case "drag":
            start = {} if action.point is None else {"start_coordinate": place(action.point)}
            given = {"action": "left_click_drag"} | start | {"coordinate": place(action.end)}
        case "scroll":
            clicks = max(1, round(abs(action.pages) / WHEEL_PAGES))
            over = over or {"coordinate": place((0.5, 0.5))}
            given = {"action": "scroll"} | over | {"scroll_direction": direction(action), "scroll_amount": clicks}
        case "write":
            given = {"action": "type", "text": action.text}
        case "press":
            given = {"action": "key", "text": " ".join(xdotool_name(key) for key in action.keys)}
        case "hotkey":
            if len(action.keys) == 1:
                raise unknown("Claude's computer tool", "hotkey of one key")
            given = {"action": "key", "text": "+".join(xdotool_name(key) for key in action.keys)}
        case _:
            given = {"action": "wait"} | ({} if action.seconds is None else {"duration": action.seconds})
    return json.dumps(given, ensure_ascii=False)


_KINDS = frozenset({
    "click", "double_click", "triple_click", "right_click", "middle_click", "move", "drag", "scroll", "write", "press",
    "hotkey", "wait",
})  # fmt: skip
CLAUDE = Dialect(
    "claude", "pixels of the display scaled to XGA, WXGA or FWXGA; scroll names the side of which more is shown",
    _KINDS,
    _reads, _writes, shows=display,
)  # fmt: skip
