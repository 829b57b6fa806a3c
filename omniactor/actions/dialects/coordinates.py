"""Where a place on the screen is, in the numbers each family of models uses, and back in fractions.

A system of coordinates is given by its extent: the numbers (width, height) that stand for the lower
right corner. (1, 1) are fractions, (1000, 1000) thousandths, anything else the pixels of a picture that
is not always the screenshot itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from omniactor.actions.dialects.dialect import Size
from omniactor.errors import ActionError

Extent = tuple[float, float]

FRACTIONS: Extent = (1, 1)
THOUSANDTHS: Extent = (1000, 1000)

_DISPLAYS = ((1024, 768), (1280, 800), (1366, 768))
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,20})?")


def resized(size: Size, factor: int = 28, smallest: int = 4 * 28 * 28, largest: int = 16384 * 28 * 28) -> Extent:
    """Return the (width, height) to which the Qwen-VL family resizes a picture, the pixels its models speak of.

    Both sides become multiples of `factor`, the area comes between `smallest` and `largest`, and the
    shape stays as near as that allows (qwen-vl-utils, `vision_process.py`; UI-TARS, `action_parser.py`).
    """
    width, height = size
    across, down = (max(factor, round(side / factor) * factor) for side in size)
    if across * down > largest:
        shrink = math.sqrt(width * height / largest)
        across, down = (max(factor, math.floor(side / shrink / factor) * factor) for side in size)
    elif across * down < smallest:
        grow = math.sqrt(smallest / (width * height))
        across, down = (math.ceil(side * grow / factor) * factor for side in size)
    return across, down


def display(size: Size) -> Size:
    """Return the display to which Anthropic's reference tool scales a larger screen before showing it.

    It takes XGA, WXGA or FWXGA where the shape differs by less than 0.02 (anthropic-quickstarts,
    `computer_use_demo/tools/computer.py`); other screens stay as they are.
    """
    for width, height in _DISPLAYS:
        if abs(width / height - size[0] / size[1]) < 0.02 and width < size[0]:
            return width, height
    return size


def numbers(text: str, most: int = 4) -> list[float]:
    """Return the numbers in a short text such as "<point>200 300</point>" or "[948,57]".

    Raises:
        ActionError: none, or more than `most`.
    """
    found = [float(number) for number in _NUMBER.findall(text[:400])]
    if not 1 <= len(found) <= most or len(text) > 400:
        raise ActionError(f"expected a place as 2 or {most} numbers, got {text[:60]!r}")
    return found


def to_point(place: object, extent: Extent) -> tuple[float, float]:
    """Return a place as fractions; the middle of a box (x1, y1, x2, y2).

    Args:
        place: two or four numbers, two pairs of numbers, or a text with them.
        extent: of the coordinates. A value one unit beyond the edge counts as the edge, because models
            count from 0 or from 1 as they like.

    Raises:
        ActionError: not a place, or off the screen.
    """
    if isinstance(place, str):
        place = numbers(place)
    if isinstance(place, Sequence) and len(place) == 2 and all(isinstance(part, Sequence) and len(part) == 2 for part in place):
        place = [*place[0], *place[1]]
    if not isinstance(place, Sequence) or len(place) not in (2, 4) or not all(_is_number(value) for value in place):
        raise ActionError(f"expected a place as two or four numbers, got a {type(place).__name__}")
    if len(place) == 4:
        place = [(place[0] + place[2]) / 2, (place[1] + place[3]) / 2]
    slack = 1 if extent[0] > 1 else 0
    fractions = []
    for name, value, end in zip("xy", place, extent, strict=True):
        if not 0 <= value <= end + slack:
            raise ActionError(f"expected {name} from 0 to {end}, got {value}; the screen ends there")
        fractions.append(min(value / end, 1.0))
    return fractions[0], fractions[1]


def from_point(point: tuple[float, float], extent: Extent) -> list[int] | list[float]:
    """Return a place in the numbers of `extent`: whole ones, or three decimals of a fraction."""
    if extent == FRACTIONS:
        return [round(value, 3) for value in point]
    return [round(value * end) for value, end in zip(point, extent, strict=True)]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -1e9 < value < 1e9
