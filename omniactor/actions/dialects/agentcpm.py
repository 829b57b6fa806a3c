"""AgentCPM-GUI: one JSON object such as `{"thought":"...","POINT":[729,69]}`, thousandths of the screen.

Seen in OpenBMB/AgentCPM-GUI (README, `eval/utils/schema/schema.json`, `eval/utils/convert_output.py`). `to` is where
the finger goes: a place, or a direction, whose opposite is the side of which more is shown. `duration` counts
milliseconds; on a point, more than 200 is a long press; alone, it is a wait. The model is shown one
screenshot with its longer side scaled to 1120, and no history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

from omniactor.actions.dialects.coordinates import THOUSANDTHS, from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, quantity, unknown, word
from omniactor.actions.dialects.objects import first_object
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.actions.gui import one_line
from omniactor.types import GuiAction

TAP = 200
"""Milliseconds that a finger stays at most for a tap."""
LONG_PRESS = 1000
"""Milliseconds of a long press where nothing else is said."""
_LONGEST_SIDE = 1120
_LOCATION = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1000}, "minItems": 2, "maxItems": 2}
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["thought"],
    "properties": {
        "thought": {"type": "string"},
        "POINT": _LOCATION,
        "to": {"oneOf": [{"enum": ["up", "down", "left", "right"]}, _LOCATION]},
        "duration": {"type": "integer", "minimum": 0, "default": TAP},
        "PRESS": {"type": "string", "enum": ["HOME", "BACK", "ENTER"]},
        "TYPE": {"type": "string"},
        "STATUS": {
            "type": "string",
            "enum": ["continue", "start", "finish", "satisfied", "impossible", "interrupt", "need_feedback"],
        },
    },
}

_PRESSES = {"home": ("home", {}), "back": ("back", {}), "appselect": ("recent", {}), "enter": ("press", {"keys": ["enter"]})}
_STATUS = {
    "finish": "success",
    "satisfied": "success",
    "impossible": "failure",
    "interrupt": "failure",
    "need_feedback": "failure",
}


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    given = first_object(answer)
    thought = given.get("thought")
    said = partial(GuiAction, description=thought if isinstance(thought, str) else "")
    duration = quantity("duration", given["duration"]) if "duration" in given else None
    if "POINT" in given:
        point = to_point(given["POINT"], THOUSANDTHS)
        if isinstance(given.get("to"), str):
            return scroll(given["to"], point=point, finger=True, description=said("home").description)
        if "to" in given:
            return said("swipe", point=point, end=to_point(given["to"], THOUSANDTHS))
        if duration is not None and duration > TAP:
            return said("long_press", point=point, seconds=duration / 1000)
        return said("click", point=point)
    if "TYPE" in given:
        return said("write", text=given["TYPE"])
    if "PRESS" in given:
        kind, fields = _PRESSES.get(word(given["PRESS"]), ("", {}))
        if kind:
            return said(kind, **fields)
    if word(given.get("STATUS")) in _STATUS:
        return said("terminate", status=_STATUS[word(given["STATUS"])])
    if duration is not None:
        return said("wait", seconds=duration / 1000)
    raise unknown("AgentCPM-GUI", answer)


def _writes(action: GuiAction, size: Size) -> str:
    place = {"POINT": from_point(action.point or (0.5, 0.5), THOUSANDTHS)}
    match action.kind:
        case "click":
            given = place
        case "long_press":
            milliseconds = LONG_PRESS if action.seconds is None else max(round(action.seconds * 1000), TAP + 1)
            given = place | {"duration": milliseconds}
        case "swipe":
            given = place | {"to": from_point(action.end, THOUSANDTHS)}
        case "scroll":
            given = place | {"to": direction(action, finger=True)}
        case "write":
            given = {"TYPE": action.text}
        case "home" | "back" | "recent":
            given = {"PRESS": "APPSELECT" if action.kind == "recent" else action.kind.upper()}
        case "press" if action.keys == ("enter",):
            given = {"PRESS": "ENTER"}
        case "wait":
            given = {"duration": LONG_PRESS if action.seconds is None else round(action.seconds * 1000)}
        case "terminate":
            given = {"STATUS": "finish" if action.status == "success" else "impossible"}
        case _:
            raise unknown("AgentCPM-GUI", f"{action.kind} {' '.join(action.keys or ())}")
    spoken = {"thought": action.description} if action.description else {}
    return json.dumps(spoken | given, ensure_ascii=False, separators=(",", ":"))


_KINDS = frozenset({
    "click", "long_press", "swipe", "scroll", "write", "home", "back", "recent", "press", "wait", "terminate",
})  # fmt: skip


def _asks(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    """Return the README's prompt, with the schema's names and types but none of its descriptions."""
    system = (
        "# Role\n你是一名熟悉安卓系统触屏GUI操作的智能体，将根据用户的问题，分析当前界面的GUI元素和布局，生成相应的操作。\n\n"
        "# Task\n针对用户问题，根据输入的当前屏幕截图，输出下一步的操作。\n\n"
        "# Rule\n- 以紧凑JSON格式输出\n- 输出操作必须遵循Schema约束\n\n"
        f"# Schema\n{json.dumps(_SCHEMA, ensure_ascii=False, separators=(',', ':'))}"
    )
    user = f"<Question>{one_line(instruction)}</Question>\n当前屏幕截图：<image>"
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _shows(size: Size) -> Size:
    longest = max(size)
    if longest <= _LONGEST_SIDE:
        return size
    return max(1, size[0] * _LONGEST_SIDE // longest), max(1, size[1] * _LONGEST_SIDE // longest)


AGENTCPM = Dialect(
    "agentcpm-gui", "0 to 1000; `to` is where the finger goes",
    _KINDS, _reads, _writes, _asks, _shows,
)  # fmt: skip
