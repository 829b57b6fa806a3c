"""Places in the units of their source: fractions, thousandths or pixels of the picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from omniactor.data.sources.draft import UNREADABLE, Picture, ZipMember
from omniactor.errors import ActionError, ImageError

_NUMBERS = re.compile(r"\s*[\[(]*\s*-?[\d.]+(?:e-?\d+)?\s*(?:[,;\s()\[\]]+-?[\d.]+(?:e-?\d+)?)*\s*[\])]*\s*")


def to_fractions(
    place: object, units: str, usual: str, picture: Picture | None = None, size: Sequence[int] | None = None
) -> tuple[float, ...]:
    """Return a point (x, y) or a box (x0, y0, x1, y1) in fractions.

    Args:
        place: two or four numbers, in any form that `plain_numbers` reads.
        units: of `SourceOptions.coordinates`; "auto" stands for `usual`.
        usual: what the source is known to use.
        picture: whose pixels are meant; opened only for pixels of an unknown size.
        size: (width, height) where the source says it.

    Raises:
        ActionError: not a place, or one off the screen.
    """
    place = plain_numbers(place)
    if len(place) not in (2, 4):
        raise ActionError("expected a place as two or four numbers, got something else")
    units = usual if units == "auto" else units
    if units == "pixels":
        across, down = size or _size(picture)
    else:
        across = down = 1000 if units == "thousandths" else 1
    extent = (across, down) * (len(place) // 2)
    if not all(0 <= value <= end for value, end in zip(place, extent, strict=True)):
        raise ActionError(f"expected a place in {units} of the screen, got one beyond it; are they other --coordinates?")
    if len(place) == 4 and (place[0] > place[2] or place[1] > place[3]):
        raise ActionError("expected a box as left, top, right, bottom, got one inside out")
    return tuple(value / end for value, end in zip(place, extent, strict=True))


def _size(picture: Picture | None) -> tuple[int, int]:
    from omniactor.gui.images import open_image

    if picture is None:
        return 1, 1  # a missing picture is counted as one, whatever its places are
    try:
        pixels = open_image(picture.read() if isinstance(picture, ZipMember) else picture)
    except (ImageError, *UNREADABLE) as error:
        raise ActionError(f"expected a picture to count pixels of, got none that can be read ({error})") from None
    return pixels.shape[1], pixels.shape[0]


def plain_numbers(value: object) -> list[float]:
    """Return the numbers of a place however it was written down; none where it is no place.

    Annotations have been through spreadsheets and `repr`: `[0.1, 0.2]`, `[[0.1, 0.2], [0.3, 0.4]]`, `["0.1", "0.2"]` and
    `"(0.1, 0.2)"` all mean numbers.
    """
    if isinstance(value, bool):
        return []
    if isinstance(value, (int, float)):
        return [value] if math.isfinite(value) and abs(value) < 1e9 else []
    if isinstance(value, str):
        if len(value) > 200 or not _NUMBERS.fullmatch(value):
            return []
        try:
            found = [float(part) for part in re.split(r"[^\d.e-]+", value) if part]
        except ValueError:
            return []
        return found if all(abs(number) < 1e9 for number in found) else []
    if not isinstance(value, (list, tuple)) or len(value) > 4:
        return []
    nested = any(isinstance(part, (list, tuple)) for part in value)  # points, then: each of two numbers
    parts = [plain_numbers(part) for part in value]
    if {len(part) for part in parts} != {2 if nested else 1}:
        return []
    return [number for part in parts for number in part]
