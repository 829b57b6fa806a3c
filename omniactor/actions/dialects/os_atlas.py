"""OS-Atlas: `actions:` and a verb such as `CLICK <point>[[493,544]]</point>`, thousandths of the screen.

Seen in OS-Copilot/OS-Atlas (README; `eval/data/*.jsonl`; `eval/eval_scripts`). OS-Atlas-Base answers with a
box, `<|box_start|>(576,12),(592,42)<|box_end|>`, which is read as a click on its middle. Which way
`SCROLL [UP]` points is not documented and follows the data: the side of which more is shown with AndroidControl's
words, the finger's way with GUI-Odyssey's (AgentCPM-GUI's `eval/run_predict_os_atlas.py` means to turn
it round for AndroidControl-Low only). `os-atlas` is the first, `os-atlas-odyssey` the second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

from omniactor.actions.dialects.coordinates import THOUSANDTHS, from_point, numbers, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown
from omniactor.actions.dialects.keys import read_keys
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.actions.gui import one_line
from omniactor.types import GuiAction

PLACES = {
    "CLICK": "click", "LONGPRESS": "long_press", "DOUBLECLICK": "double_click", "RIGHTCLICK": "right_click", "MOVETO": "move",
}  # fmt: skip
_NAMES = {
    "click": "CLICK",
    "long_press": "LONG_PRESS",
    "double_click": "DOUBLECLICK",
    "right_click": "RIGHTCLICK",
    "move": "MOVETO",
}
_PLAIN = {
    "PRESSBACK": ("back", {}), "PRESSHOME": ("home", {}), "PRESSRECENT": ("recent", {}), "WAIT": ("wait", {}),
    "ENTER": ("press", {"keys": ["enter"]}), "PRESSENTER": ("press", {"keys": ["enter"]}),
    "COMPLETE": ("terminate", {"status": "success"}), "IMPOSSIBLE": ("terminate", {"status": "failure"}),
    "INCOMPLETE": ("terminate", {"status": "failure"}),
}  # fmt: skip
KINDS = frozenset({
    "click", "long_press", "double_click", "right_click", "move", "scroll", "write", "press", "hotkey", "open_app",
    "home", "back", "recent", "wait", "terminate",
})  # fmt: skip
_VERB = re.compile(r"[A-Z][A-Z_]{1,20}(?![A-Za-z])")
_BOX = re.compile(r"<\|box_start\|>([^<]{1,80})<\|box_end\|>")
_ACTIONS = re.compile(r"^[ \t]*actions?:", re.MULTILINE | re.IGNORECASE)
_THOUGHTS = re.compile(r"^[ \t]*thoughts?:", re.MULTILINE | re.IGNORECASE)


def read_verb(answer: str | Mapping, size: Size, family: str = "OS-Atlas", finger: bool = False) -> GuiAction:
    """Return the action of an answer in verbs; `finger`: SCROLL names the finger's way."""
    if not isinstance(answer, str):
        raise unknown(family, answer)
    heading = _ACTIONS.search(answer)
    before, rest = (answer[: heading.start()], answer[heading.end() :]) if heading else ("", answer)
    thoughts = _THOUGHTS.search(before)
    said = partial(GuiAction, description=before[thoughts.end() :] if thoughts else "")
    rest = rest.strip().removesuffix("<|im_end|>").strip()
    verb = _VERB.match(rest)
    if not verb:
        box = _BOX.search(rest)
        if box is None:
            raise unknown(family, rest)
        return said("click", point=to_point(box[1], THOUSANDTHS))
    name, argument = verb[0].replace("_", ""), rest[verb.end() :].strip()
    # A typed text may go on over several lines and hold brackets; everything else stands on one line.
    inside = argument[1 : argument.rfind("]")] if argument.startswith("[") and "]" in argument else argument
    if name in PLACES:
        box = _BOX.search(argument)
        place = box[1] if box else argument.split("\n", 1)[0]
        return said(PLACES[name], point=to_point(numbers(place), THOUSANDTHS))
    if name == "TYPE":
        return said("write", text=inside)
    if name == "OPENAPP":
        return said("open_app", text=inside)
    if name == "SCROLL":
        return scroll(inside.split("\n", 1)[0], finger=finger, description=before[thoughts.end() :] if thoughts else "")
    if name == "HOTKEY":
        keys = read_keys(re.split(r"[_+\s-]+", inside.split("\n", 1)[0].strip()))
        return said("hotkey", keys=keys)
    if name in _PLAIN:
        kind, fields = _PLAIN[name]
        return said(kind, **fields)
    raise unknown(family, verb[0])


def write_verb(
    action: GuiAction, place: str = "<point>[[{x},{y}]]</point>", family: str = "OS-Atlas", finger: bool = False
) -> str:
    """Return the verb for an action; `place` is how a point is written, `finger` as in `read_verb`."""
    match action.kind:
        case kind if kind in _NAMES:
            if action.point is None:
                raise unknown(family, f"{kind} without a place")
            x, y = from_point(action.point, THOUSANDTHS)
            return f"{_NAMES[kind]} {place.format(x=x, y=y)}"
        case "write":
            return f"TYPE [{action.text}]"
        case "open_app":
            return f"OPEN_APP [{action.text}]"
        case "scroll":
            return f"SCROLL [{direction(action, finger).upper()}]"
        case "hotkey":
            return f"HOTKEY [{'_'.join(key.upper() for key in action.keys)}]"
        case "press":
            if action.keys != ("enter",):
                raise unknown(family, f"press {' '.join(action.keys)}")
            return "ENTER"
        case "wait":
            return "WAIT"
        case "terminate":
            return "COMPLETE" if action.status == "success" else "IMPOSSIBLE"
        case _:
            return f"PRESS_{action.kind.upper()}"


def _writes(action: GuiAction, size: Size, finger: bool = False) -> str:
    thoughts = f"thoughts:\n{action.description}\n" if action.description else ""
    return f"{thoughts}actions:\n{write_verb(action, finger=finger)}"


def _asks(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    """Return a prompt with OS-Atlas-Pro's formats and its closing turn; the explanations are our own."""
    steps = "\n".join(f"Step {number}: {one_line(text)}" for number, text in enumerate(history, 1)) or "None"
    user = (
        "You operate a device and choose the next action from the screenshot, the task and the history.\n\n"
        "1. Basic Actions\n"
        "CLICK <point>[[x-axis, y-axis]]</point>\nTYPE [input text]\nSCROLL [direction (UP/DOWN/LEFT/RIGHT)]\n\n"
        "2. Custom Actions\n"
        "LONG_PRESS <point>[[x-axis, y-axis]]</point>\nOPEN_APP [app_name]\nPRESS_BACK\nPRESS_HOME\nPRESS_RECENT\n"
        "ENTER\nWAIT\nCOMPLETE\n\n"
        "Answer with 'thoughts:' and your reasoning, then 'actions:' and one action in the format above.\n\n"
        f"Screenshot: <image>\nTask: {one_line(instruction)}\nHistory: \n{steps}"
    )
    return [{"role": "user", "content": user}]


OS_ATLAS = Dialect(
    "os-atlas", "0 to 1000; SCROLL is taken to name the side of which more is shown", KINDS, read_verb, _writes, _asks
)
OS_ATLAS_ODYSSEY = Dialect(
    "os-atlas-odyssey", "0 to 1000; SCROLL is taken for the finger's way", KINDS,
    partial(read_verb, finger=True), partial(_writes, finger=True), _asks,
)  # fmt: skip
