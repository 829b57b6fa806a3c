"""Qwen2-VL: boxes `<|object_ref_start|>name<|object_ref_end|><|box_start|>(x1,y1),(x2,y2)<|box_end|>`, thousandths.

Seen in the README of OS-Atlas-Base, a fine-tune that keeps the format, and in public data for fine-tuning. A box is
read as a click on its middle. The model's action text is not published; fine-tunes of it speak OS-Atlas'
verbs, so those are understood and printed, with places in box marks.
"""

from __future__ import annotations

from collections.abc import Mapping

from omniactor.actions.dialects.coordinates import THOUSANDTHS, from_point
from omniactor.actions.dialects.dialect import Dialect, Size, unknown
from omniactor.actions.dialects.os_atlas import KINDS, read_verb, write_verb
from omniactor.types import GuiAction


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    return read_verb(answer, size, "Qwen2-VL")


def _writes(action: GuiAction, size: Size) -> str:
    if action.kind == "click":
        if action.point is None:
            raise unknown("Qwen2-VL", "click without a place")
        x, y = from_point(action.point, THOUSANDTHS)
        name = f"<|object_ref_start|>{action.description}<|object_ref_end|>" if action.description else ""
        return f"{name}<|box_start|>({x},{y}),({x},{y})<|box_end|>"
    return write_verb(action, "<|box_start|>({x},{y})<|box_end|>", "Qwen2-VL")


QWEN2 = Dialect("qwen2-vl", "0 to 1000; scroll words as OS-Atlas has them", KINDS, _reads, _writes)
