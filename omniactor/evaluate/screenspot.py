"""ScreenSpot, ScreenSpot-v2 and ScreenSpot-Pro: one screenshot, one instruction, one box.

Rows of JSON with `img_filename`, `bbox` and `instruction`. The boxes are (x, y, width, height) in the first two and
(x0, y0, x1, y1) in Pro and in some copies of the second; which of them a file has is found out from its boxes, since only one
way of reading keeps them on their screens.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from omniactor.data.sources.finder import PictureFinder, files_of
from omniactor.data.sources.json_rows import read_rows
from omniactor.data.tally import Tally
from omniactor.errors import ImageError, InputError
from omniactor.gui.episodes import Box, RecordedEpisode, RecordedStep
from omniactor.gui.images import image_size
from omniactor.types import GuiAction

KIND = "screenspot"
BOXES = ("auto", "xywh", "xyxy")
_KINDS = ("text", "icon")
_HINTS = ("screenspot_imgs", "screenspotv2_image", "images", "../images")


def read_targets(source: Path, boxes: str, tally: Tally) -> Iterator[RecordedEpisode]:
    """Yield every target as an episode of one step, whose recorded action is a click in the middle of its box.

    `category` is the cell it is counted in, such as "mobile icon".

    Args:
        source: the folder with the files of rows and the screenshots, or one file of rows.
        boxes: "xywh", "xyxy" or "auto".
        tally: counts what cannot be used.

    Raises:
        InputError: no rows, or boxes that fit both ways or neither.
    """
    if boxes not in BOXES:
        raise InputError(f"expected --boxes {', '.join(BOXES)}, got {boxes[:40]!r}")
    if not source.exists():
        raise InputError(f"expected a folder or file of ScreenSpot, got {source.name[:80]!r}, which is not there")
    files = files_of(source, ".json")
    named = [file for file in files if file.name.startswith("screenspot")]
    for file in named or files:
        yield from _file(source if source.is_dir() else source.parent, file, boxes, tally)


def _file(root: Path, file: Path, boxes: str, tally: Tally) -> Iterator[RecordedEpisode]:
    finder = PictureFinder(root, file, _HINTS)
    rows = []
    sizes: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(read_rows(file)):
        where = f"{file.name}, row {number}"
        name, box, words = row.get("img_filename"), row.get("bbox"), row.get("instruction")
        numbers = isinstance(box, list) and len(box) == 4 and all(type(side) in (int, float) for side in box)
        if not isinstance(name, str) or not numbers or not isinstance(words, str) or not words.strip():
            tally.drop("row that is no target", where)
            continue
        picture = finder.find(name)
        if picture is None:
            tally.drop("step without a screenshot", f"{where}: {name}")
            continue
        try:
            size = sizes[name] if name in sizes else _size(row, picture)
        except ImageError as error:
            tally.drop("screenshot that cannot be read", f"{where}: {error}")
            continue
        sizes[name] = size
        rows.append((number, row, picture, size))
    way = _way(file, [(row["bbox"], size) for _, row, _, size in rows], boxes) if rows else boxes
    for number, row, picture, size in rows:
        box = _fractions(row["bbox"], size, way)
        if box is None:
            tally.drop("box off its screenshot", f"{file.name}, row {number}")
            continue
        words = " ".join(row["instruction"].split())
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        step = RecordedStep(GuiAction("click", point=middle, description=words), picture, words, (box,), size)
        group, kind = _group(file, row), _kind(row)
        yield RecordedEpisode(
            str(row.get("id") or f"{file.stem}/{number}")[:200], words, (step,), KIND, category=f"{group} {kind}".strip(),
            splits=tuple(part for part in (group, kind) if part), facts={"boxes": way},
        )  # fmt: skip


def _size(row: dict, picture) -> tuple[int, int]:
    return image_size(picture if isinstance(picture, Path) else picture.read())


def _way(file: Path, boxes: list[tuple[list, tuple[int, int]]], asked: str) -> str:
    """Return "xywh" or "xyxy", whichever keeps the boxes on their screens."""
    if asked != "auto":
        return asked
    bad = {way: sum(_fractions(box, size, way) is None for box, size in boxes) for way in ("xywh", "xyxy")}
    if bad["xywh"] == bad["xyxy"]:
        raise InputError(
            f"expected boxes that can be read in one way in {file.name}, got such as fit both or neither; give --boxes"
        )
    return min(bad, key=bad.get)


def _fractions(box: list, size: tuple[int, int], way: str) -> Box | None:
    x0, y0, x1, y1 = box
    if way == "xywh":
        x1, y1 = x0 + x1, y0 + y1
    # Boxes are drawn by hand: some reach a pixel or two over the edge.
    slack = 2
    fits = -slack <= x0 < x1 <= size[0] + slack and -slack <= y0 < y1 <= size[1] + slack
    extent = (*size, *size)
    return tuple(min(max(value / end, 0.0), 1.0) for value, end in zip((x0, y0, x1, y1), extent, strict=True)) if fits else None


def _group(file: Path, row: dict) -> str:
    """Return the platform (from the file's name), or of Pro the group of applications."""
    for platform in ("mobile", "desktop", "web"):
        if platform in file.stem:
            return platform
    group = row.get("group") or row.get("application") or file.stem
    return " ".join(str(group).split())[:60]


def _kind(row: dict) -> str:
    kind = row.get("ui_type") or row.get("data_type") or ""
    return kind if kind in _KINDS else ""
