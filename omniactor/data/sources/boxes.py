"""Places in the units of their source: fractions, thousandths or pixels of the picture."""

from __future__ import annotations

from collections.abc import Sequence

from omniactor.data.sources.draft import UNREADABLE, Picture, ZipMember
from omniactor.errors import ActionError, ImageError


def to_fractions(
    place: object, units: str, usual: str, picture: Picture | None = None, size: Sequence[int] | None = None
) -> tuple[float, ...]:
    """Return a point (x, y) or a box (x0, y0, x1, y1) in fractions.

    Args:
        place: two or four numbers.
        units: of `SourceOptions.coordinates`; "auto" stands for `usual`.
        usual: what the source is known to use.
        picture: whose pixels are meant; opened only for pixels of an unknown size.
        size: (width, height) where the source says it.

    Raises:
        ActionError: not a place, or one off the screen.
    """
    if not isinstance(place, (list, tuple)) or len(place) not in (2, 4) or not all(_is_number(value) for value in place):
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


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -1e9 < value < 1e9
