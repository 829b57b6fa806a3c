"""Magma: a place as fractions, as `<box>(x,y),(x,y)</box>` in thousandths, or the number of a mark.

Seen in microsoft/Magma, `agents/ui_agent/app.py` and `util/process_utils.py`: the prompt and the patterns with
which answers are searched. An answer itself was not found, so what is printed here, `(0.634, 0.927)`, is only the form that
those patterns read. Marks need the list of marked boxes, which an answer does not hold: they are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from omniactor.actions.dialects.coordinates import FRACTIONS, THOUSANDTHS, from_point, to_point
from omniactor.actions.dialects.dialect import Dialect, Message, Size, unknown
from omniactor.actions.gui import one_line
from omniactor.errors import ActionError
from omniactor.types import GuiAction

_BOX = re.compile(r"<box>([^<]{1,80})</box>")
_MARK = re.compile(r"Mark: ?\d{1,6}")
_FRACTION = re.compile(r"(?<![\d.])(?:0?\.\d{1,10}|[01](?:\.\d{0,10})?)(?![\d])")


def _reads(answer: str | Mapping, size: Size) -> GuiAction:
    if not isinstance(answer, str):
        raise unknown("Magma", answer)
    if box := _BOX.search(answer):
        return GuiAction("click", point=to_point(box[1], THOUSANDTHS))
    without_mark = _MARK.sub("", answer[:2000])
    found = [float(number.rstrip(".")) for number in _FRACTION.findall(without_mark)]
    if len(found) in (2, 4):
        return GuiAction("click", point=to_point(found, FRACTIONS))
    if _MARK.search(answer):
        raise ActionError("expected a place, got the number of a mark; marks need the list of marked boxes")
    raise unknown("Magma", answer.strip())


def _writes(action: GuiAction, size: Size) -> str:
    x, y = from_point(action.point, FRACTIONS)
    return f"({x}, {y})"


def _asks(instruction: str, history: Sequence[str], size: Size) -> list[Message]:
    user = (
        f'<image>\nIn this view I need to click a button to "{one_line(instruction)}"? '
        "Provide the coordinates and the mark index of the containing bounding box if applicable."
    )
    return [{"role": "system", "content": "You are agent that can see, talk and act."}, {"role": "user", "content": user}]


MAGMA = Dialect("magma", "fractions, or thousandths in a box; it only points", frozenset({"click"}), _reads, _writes, _asks)
