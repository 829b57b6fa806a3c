"""GUI-Odyssey's own commands, which OdysseyAgent answers: `CLICK: (634, 927)`, `SCROLL: UP`, thousandths of the screen.

Seen in OpenGVLab/GUI-Odyssey, `data/format_converter.py` and `src/eval_mm/GUIOdyssey_action_matching.py`. SCROLL
names the finger's way, the opposite of AndroidControl. The published matching cuts a typed text at its first
colon; here the whole text counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omniactor.actions.dialects.coordinates import THOUSANDTHS, from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown
from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.actions.gui import one_line
from omniactor.types import GuiAction

_PLAIN = {
    "PRESS_HOME": ("home", {}), "PRESS_BACK": ("back", {}), "PRESS_RECENT": ("recent", {}),
    "COMPLETE": ("terminate", {"status": "success"}), "IMPOSSIBLE": ("terminate", {"status": "failure"}),
    "INCOMPLETE": ("terminate", {"status": "failure"}),
}  # fmt: skip
_REMEMBERED = 4
_KINDS = frozenset({"click", "long_press", "scroll", "write", "home", "back", "recent", "terminate"})


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    if not isinstance(answer, str):
        raise unknown("GUI-Odyssey", answer)
    verb, _, argument = answer.strip().removesuffix("<|im_end|>").partition(":")
    verb, argument = verb.strip(), argument.removeprefix(" ")
    if verb in ("CLICK", "LONG_PRESS"):
        return GuiAction(verb.lower(), point=to_point(argument, THOUSANDTHS))
    if verb == "SCROLL":
        return scroll(argument, finger=True)
    if verb in ("TYPE", "TEXT"):
        return GuiAction("write", text=argument)
    if verb in _PLAIN:
        kind, fields = _PLAIN[verb]
        return GuiAction(kind, **fields)
    raise unknown("GUI-Odyssey", answer.strip())


def _writes(action: GuiAction, size: Size) -> str:
    match action.kind:
        case "click" | "long_press":
            x, y = from_point(action.point, THOUSANDTHS)
            return f"{action.kind.upper()}: ({x}, {y})"
        case "scroll":
            return f"SCROLL: {direction(action, finger=True).upper()}"
        case "write":
            return f"TYPE: {action.text}"
        case "terminate":
            return "COMPLETE" if action.status == "success" else "IMPOSSIBLE"
        case _:
            return f"PRESS_{action.kind.upper()}"


def _asks(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    """Return the converter's prompt for OdysseyAgent, without the earlier screenshots."""
    last = history[-_REMEMBERED:]
    steps = "".join(f"\n{number}. {one_line(text)}" for number, text in enumerate(last, 1)) if last else " None"
    user = (
        f"Picture 1: <image>\nI'm looking for guidance on how to {one_line(instruction)}\n"
        f"Previous screenshots: None\nPrevious Actions:{steps}\nProvide the command-style action directly."
    )
    return [{"role": "user", "content": user}]


ODYSSEY = Dialect("gui-odyssey", "0 to 1000; SCROLL names the finger's way", _KINDS, _reads, _writes, _asks)
