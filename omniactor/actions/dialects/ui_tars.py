r"""UI-TARS 1.0, 1.5 and the Doubao models: `Thought: ...` and `Action: click(start_box='(x,y)')`.

Seen in bytedance/UI-TARS (`data/training_example.json`, `README_coordinates.md`, `codes/ui_tars/prompt.py`,
`codes/ui_tars/action_parser.py`, `codes/tests`) and bytedance/UI-TARS-desktop (`packages/ui-tars/action-parser`).
1.0 and Doubao count to 1000, 1.5 speaks of pixels of the resized picture. `scroll` names the side of which
more is shown. With `end_box`, a scroll is a finger's movement; `drag` is the mouse's. A line break at the
end of `content` is the enter key. `call_user()` ends an episode without success, as in OSWorld's agent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from omniactor.actions.calls import Call, excerpt, quote, read_call, unescape
from omniactor.actions.dialects.coordinates import THOUSANDTHS, Extent, from_point, resized, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown
from omniactor.actions.dialects.keys import read_keys
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.actions.gui import one_line
from omniactor.errors import ActionError
from omniactor.types import GuiAction

_CLICKS = {
    "click": "click", "left_single": "click", "left_double": "double_click", "double_click": "double_click",
    "right_single": "right_click", "right_click": "right_click", "middle_single": "middle_click",
    "long_press": "long_press", "hover": "move", "move": "move", "mouse_move": "move",
}  # fmt: skip
_NAMES = {"click": "click", "double_click": "left_double", "right_click": "right_single", "long_press": "long_press"}
_KINDS = frozenset({
    "click", "double_click", "right_click", "long_press", "drag", "swipe", "scroll", "write", "press", "hotkey",
    "open_app", "home", "back", "wait", "terminate",
})  # fmt: skip
_START = ("start_box", "point", "start_point", "box")
_END = ("end_box", "end_point")
_ACTION = re.compile(r"^[ \t]*Action[:：][ \t]*", re.MULTILINE)
_SAID = re.compile(r"^[ \t]*(?:Thought|Action_Summary)[:：][ \t]*", re.MULTILINE)
_THINKING = re.compile(r"<(think\w{0,80})>")
_LOOSE = re.compile(r"\s*(type|finished|open_app)\s*\(\s*(\w+)\s*=\s*(['\"])")
# Doubao Seed, as the tests of UI-TARS' own parser have it: "click>point>point>112 56".
_COMPACT = re.compile(r"\s*(\w{1,40})>point>point>(\d{1,6} \d{1,6})")


def _thousand(size: Size) -> Extent:
    return THOUSANDTHS


def _pixels(size: Size) -> Extent:
    return resized(size, 28, 100 * 28 * 28, 16384 * 28 * 28)


def _reads(answer: str | Mapping, size: Size, extent: Callable[[Size], Extent]) -> GuiAction:
    if not isinstance(answer, str):
        raise unknown("UI-TARS", answer)
    thought, text = _without_thinking(answer)
    action = _ACTION.search(text)
    if action:
        said = _SAID.search(text[: action.start()])
        description, rest = (text[said.end() : action.start()] if said else thought), text[action.end() :]
    else:  # "Thought: ... Action: ..." on one line, or an action alone
        before, found, rest = text.rpartition("Action:")
        description, rest = (before.removeprefix("Thought:"), rest) if found else (thought, text)
    compact = _COMPACT.match(rest)
    call = Call(compact[1], [], {"point": compact[2]}, 0) if compact else _call(rest)
    return _action(call, extent(size), " ".join(description.split()))


def _without_thinking(answer: str) -> tuple[str, str]:
    """Return what stands in a `<think...>` block at the start, and the rest."""
    text = answer.strip()
    opening = _THINKING.match(text)
    if not opening:
        return "", text
    thought, found, rest = text[opening.end() :].partition(f"</{opening[1]}>")
    return (thought, rest) if found else ("", text)


def _call(text: str) -> Call:
    """Read the first call; a lost bracket at the end and unescaped quotes in typed text are forgiven."""
    text = text.strip().removesuffix("<|im_end|>").rstrip().removesuffix("[EOS]").rstrip()
    try:
        return read_call(text)
    except ActionError as error:
        loose = _LOOSE.match(text)
        first = text.split("\n\n", 1)[0].rstrip() if loose else text
        if not loose and not first.endswith(")"):
            return read_call(first + ")")
        body = first.removesuffix(")").rstrip()
        if not loose or len(body) <= loose.end() or not body.endswith(loose[3]):
            raise error
        return Call(loose[1], [], {loose[2]: unescape(body[loose.end() : -1])}, len(first))


def _action(call: Call, extent: Extent, description: str) -> GuiAction:
    given = {name: value for name, value in call.named.items() if value not in ("", None)}

    def place(names: Sequence[str]) -> tuple[float, float] | None:
        return next((to_point(given[name], extent) for name in names if name in given), None)

    said = partial(GuiAction, description=description)
    match call.name:
        case name if name in _CLICKS:
            return said(_CLICKS[name], point=place((*_START, *_END)))
        case "drag" | "select":
            return said("drag", point=place(_START), end=place(_END))
        case "scroll" if place(_END) is not None:
            return said("swipe", point=place(_START), end=place(_END))
        case "scroll":
            return scroll(given.get("direction"), point=place(_START), description=description)
        case "swipe":
            return said("swipe", point=place(_START), end=place(_END))
        case "type":
            return said("write", text=call.named.get("content", call.named.get("text")))
        case "hotkey" | "press" | "keydown":
            keys = given.get("key", given.get("hotkey", given.get("press")))
            keys = read_keys(keys.split() if isinstance(keys, str) else keys)
            return said("hotkey" if len(keys) > 1 else "press", keys=keys)
        case "open_app":
            return said("open_app", text=given.get("app_name"))
        case "press_home" | "press_back":
            return said(call.name.removeprefix("press_"))
        case "wait":
            return said("wait")
        case "finished":
            return said("terminate", status="success", text=given.get("content"))
        case "call_user":
            return said("terminate", status="failure")
    raise ActionError(f"expected an action of UI-TARS such as click(start_box='(x,y)'), got {excerpt(call.name)}")


def _writes(action: GuiAction, size: Size, extent: Callable[[Size], Extent], style: str) -> str:
    start, end = ("start_point", "end_point") if style == "point" else ("start_box", "end_box")

    def place(point: tuple[float, float]) -> str:
        x, y = from_point(point, extent(size))
        shapes = {"point": f"<point>{x} {y}</point>", "box": f"<|box_start|>({x},{y})<|box_end|>", "plain": f"({x},{y})"}
        return quote(shapes[style])

    alone = "point" if style == "point" else "start_box"
    match action.kind:
        case "click" | "double_click" | "right_click" | "long_press":
            if action.point is None:
                raise unknown("UI-TARS", f"{action.kind} without a place")
            operation = f"{_NAMES[action.kind]}({alone}={place(action.point)})"
        case "drag" | "swipe":
            if action.point is None:
                raise unknown("UI-TARS", "drag without a start")
            name = "drag" if action.kind == "drag" else "scroll"
            operation = f"{name}({start}={place(action.point)}, {end}={place(action.end)})"
        case "scroll":
            over = "" if action.point is None else f"{alone}={place(action.point)}, "
            operation = f"scroll({over}direction='{direction(action)}')"
        case "write":
            operation = f"type(content={quote(action.text)})"
        case "press" | "hotkey":
            if any(" " in key[1:] for key in action.keys) or (action.kind == "press") == (len(action.keys) > 1):
                raise unknown("UI-TARS", "keys one after the other")
            operation = f"hotkey(key={quote(' '.join('space' if key == ' ' else key for key in action.keys))})"
        case "open_app":
            operation = f"open_app(app_name={quote(action.text)})"
        case "home" | "back":
            operation = f"press_{action.kind}()"
        case "wait":
            operation = "wait()"
        case _ if action.status == "success":
            operation = f"finished(content={quote(action.text or '')})"
        case _:
            operation = "call_user()"
    return f"Thought: {action.description}\nAction: {operation}"


def _asks(instruction: str, history: Sequence[str], size: Size, style: str, space: str) -> list[Message]:
    """Return the published prompt (`codes/ui_tars/prompt.py`), shortened; past thoughts stand before the instruction."""
    place = {"point": "<point>x1 y1</point>", "box": "<|box_start|>(x1, y1)<|box_end|>", "plain": "(x1, y1)"}[style]
    alone, start, end = ("point", "start_point", "end_point") if style == "point" else ("start_box", "start_box", "end_box")
    done = "".join(f"\nThought: {one_line(text)}" for text in history)
    user = (
        "You are a GUI agent. You are given a task and your action history, with screenshots. "
        "You need to perform the next action to complete the task.\n\n"
        "## Output Format\n```\nThought: ...\nAction: ...\n```\n\n## Action Space\n"
        + space.format(alone=alone, start=start, end=end, place=place)
        + "\n\n## Note\n- Use English in `Thought` part.\n- Write a small plan and finally summarize your next action "
        f"(with its target element) in one sentence in `Thought` part.\n\n## User Instruction\n{one_line(instruction)}\n"
    )
    return [{"role": "user", "content": user + (f"\n## Done so far{done}\n" if done else "") + "<image>"}]


_MOBILE = (
    "click({alone}='{place}')\nlong_press({alone}='{place}')\ntype(content='')\n"
    "scroll({alone}='{place}', direction='down or up or right or left')\nopen_app(app_name='')\n"
    "drag({start}='{place}', {end}='{place}')\npress_home()\npress_back()\nfinished(content='xxx')"
)
_DESKTOP = (
    "click({alone}='{place}')\nleft_double({alone}='{place}')\nright_single({alone}='{place}')\n"
    "drag({start}='{place}', {end}='{place}')\nhotkey(key='ctrl c')\ntype(content='xxx')\n"
    "scroll({alone}='{place}', direction='down or up or right or left')\nwait()\nfinished(content='xxx')"
)


def _dialect(name: str, about: str, extent: Callable[[Size], Extent], style: str, space: str) -> Dialect:
    return Dialect(
        name, about, _KINDS, partial(_reads, extent=extent), partial(_writes, extent=extent, style=style),
        partial(_asks, style=style, space=space),
    )  # fmt: skip


_TO_1000 = "0 to 1000; scroll names the side of which more is shown"
_IN_PIXELS = "pixels of the picture resized to multiples of 28; scroll names the side of which more is shown"
UI_TARS = _dialect("ui-tars", _TO_1000, _thousand, "box", _MOBILE)
UI_TARS_15 = _dialect("ui-tars-1.5", _IN_PIXELS, _pixels, "plain", _DESKTOP)
DOUBAO = _dialect("doubao", _TO_1000, _thousand, "point", _MOBILE)
