"""Models that only point: Aria-UI with `[576, 12]`, UGround with `(576, 12)`, thousandths of the screen.

Seen in the READMEs of AriaUI/Aria-UI and OSU-NLP-Group/UGround (V1, on Qwen2-VL). Every answer is a click.
The instruction is a description of the element; there is no history, and Aria-UI's own way of giving one is not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from omniactor.actions.dialects.coordinates import THOUSANDTHS, from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown
from omniactor.actions.gui import one_line
from omniactor.types import GuiAction


def _reads(answer: str | Mapping, size: Size, family: str) -> GuiAction:
    if not isinstance(answer, str):
        raise unknown(family, answer)
    place = answer.replace("```", "").replace("<|im_end|>", "").strip()
    return GuiAction("click", point=to_point(place, THOUSANDTHS))


def _writes(action: GuiAction, size: Size, brackets: str) -> str:
    x, y = from_point(action.point, THOUSANDTHS)
    return f"{brackets[0]}{x}, {y}{brackets[1]}"


def _asks_aria(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    user = (
        "<image>Given a GUI image, what are the relative (0-1000) pixel point coordinates for the element "
        f"corresponding to the following instruction or description: {one_line(instruction)}"
    )
    return [{"role": "user", "content": user}]


def _asks_uground(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    user = (
        "<image>\nYour task is to help the user identify the precise coordinates (x, y) of a specific area/element/object "
        "on the screen based on a description.\n\n"
        "- Your answer should be a single string (x, y) corresponding to the point of the interest.\n\n"
        f"Description: {one_line(instruction)}\n\nAnswer:"
    )
    return [{"role": "user", "content": user}]


ARIA_UI = Dialect(
    "aria-ui", "0 to 1000; it only points", frozenset({"click"}),
    partial(_reads, family="Aria-UI"), partial(_writes, brackets="[]"), _asks_aria,
)  # fmt: skip
UGROUND = Dialect(
    "uground", "0 to 1000; it only points", frozenset({"click"}),
    partial(_reads, family="UGround"), partial(_writes, brackets="()"), _asks_uground,
)  # fmt: skip
