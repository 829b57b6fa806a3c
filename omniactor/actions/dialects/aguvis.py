"""Aguvis: `Action: ...`, then an operation such as `pyautogui.click(x=0.8018, y=0.6183)`; and this project's own turn.

Seen in xlang-ai/aguvis, `src/aguvis/constants.py` (user turn, functions) and its data. Between the two parts
its models put `<|recipient|>os`, which is "assistantos" where special tokens are left out, after them
`<|diff_marker|>`. Negative pages scroll down. `omniactor` is the paper's form of the same: both parts in one
turn, with `Operation: ` before the second.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from omniactor.actions.calls import read_call
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown
from omniactor.actions.gui import (
    one_line,
    parse_operation,
    parse_response,
    print_operation,
    print_response,
    system_prompt,
    user_turn,
)
from omniactor.types import GUI_KINDS, GuiAction

_OPERATION = re.compile(
    r"^[ \t]*(?:Operation:[ \t]*)?(?=(?:pyautogui|mobile|browser|computer)\.|(?:terminate|answer)\()", re.MULTILINE
)
_SAID = re.compile(r"^[ \t]*(?:assistant)?(?:<\|recipient\|>all\s*)?Action:", re.MULTILINE)
_FUNCTIONS = {
    "mobile.swipe": ("Swipe on the screen", {"from_coord": "array", "to_coord": "array"}),
    "mobile.home": ("Press the home button", {}),
    "mobile.back": ("Press the back button", {}),
    "mobile.wait": ("Wait for the change to happen", {"seconds": "number"}),
    "mobile.long_press": ("Long press on the screen", {"x": "number", "y": "number"}),
    "mobile.open_app": ("Open an app on the device", {"app_name": "string"}),
}


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    if not isinstance(answer, str):
        raise unknown("Aguvis", answer)
    operation = _OPERATION.search(answer.replace("<|recipient|>os", "\n"))
    if not operation:
        raise unknown("Aguvis", answer.strip())
    text = answer.replace("<|recipient|>os", "\n")
    call = read_call(text, operation.end())
    action = parse_operation(text[operation.end() : call.end])
    said = _SAID.search(text[: operation.start()])
    fields = {name: value for name, value in vars(action).items() if name != "description"}
    description = text[said.end() : operation.start()].split("<|")[0] if said else ""
    return GuiAction(**fields, description=description.rstrip().removesuffix("\nassistantos"))


def _writes(action: GuiAction, size: Size) -> str:
    spoken = f"Action: {action.description}\n" if action.description else ""
    return spoken + print_operation(action, 4)


def _asks(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    """Return Aguvis' turn; its functions are declared in words of our own."""
    declared = []
    for name, (about, types) in _FUNCTIONS.items():
        function: dict[str, object] = {"name": name, "description": about}
        if types:
            properties = {parameter: {"type": kind} for parameter, kind in types.items()}
            function["parameters"] = {"type": "object", "properties": properties, "required": list(types)}
        declared.append(f"- {json.dumps(function)}")
    system = (
        "You are a GUI agent. You are given a task and a screenshot of the screen. "
        "You need to perform a series of pyautogui actions to complete the task.\n\n"
        "You have access to the following functions:\n" + "\n".join(declared)
    )
    steps = "\n".join(f"Step {number}: {one_line(text)}" for number, text in enumerate(history, 1)) or "None"
    user = (
        "<image>\nPlease generate the next move according to the ui screenshot, instruction and previous actions.\n\n"
        f"Instruction: {one_line(instruction)}\n\nPrevious actions:\n{steps}\n"
    )
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _reads_own(answer: str | Mapping, size: Size) -> GuiAction:
    return parse_response(answer.strip().removesuffix("<|im_end|>") if isinstance(answer, str) else answer)


def _writes_own(action: GuiAction, size: Size) -> str:
    return print_response(action)


def _asks_own(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    return [{"role": "system", "content": system_prompt()}, {"role": "user", "content": user_turn(instruction, history)}]


_ABOUT = "fractions; a negative page scrolls down, a swipe is the finger's way"
AGUVIS = Dialect("aguvis", _ABOUT, frozenset(GUI_KINDS), _reads, _writes, _asks)
OMNIACTOR = Dialect("omniactor", _ABOUT, frozenset(GUI_KINDS), _reads_own, _writes_own, _asks_own)
