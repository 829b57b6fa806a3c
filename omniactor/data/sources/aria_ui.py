"""Aria-UI's grounding data: rows of a picture and its elements, each with several instructions (`Aria-UI/Aria-UI_Data`).

Seen in loaders of others for `desktop/aria_ui_desktop_with_instructions.json`: `img_file` and `elements` with
`instructions` and `bbox_norm`, in thousandths. The web and mobile files were not seen: names that differ a little are
understood, and what is not is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from omniactor.data.sources.boxes import to_fractions
from omniactor.data.sources.draft import Draft, Picture, counting
from omniactor.data.sources.finder import PictureFinder, files_of
from omniactor.data.sources.json_rows import read_rows
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import Target, click_target, target_drafts
from omniactor.data.tally import Tally

KIND = "aria-ui"
OPTIONS = ("pairs", "coordinates")
_IMAGES, _BOXES = ("img_file", "img_filename", "image", "image_path"), ("bbox_norm", "bbox", "box", "point")
_WORDS = ("instructions", "instruction")


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield the samples of a file, or of all files of a folder.

    Raises:
        InputError: no such file, or one that is damaged.
    """
    root = source if source.is_dir() else source.parent
    for file in files_of(source, ".json", ".jsonl"):
        tally.expect(file.stem)
        finder = PictureFinder(root, file)
        for number, row in enumerate(read_rows(file)):
            where, name = f"{file.name}, row {number}", _first(row, _IMAGES)
            if not isinstance(name, str) or not name:
                tally.drop("row without a picture", where)
                continue
            picture = finder.find(name)
            targets = list(_targets(row, where, picture, options, tally))
            yield from target_drafts(KIND, f"{file.stem}/{name}", picture, targets, options, tally, file.stem)


def _targets(row: dict, where: str, picture: Picture | None, options: SourceOptions, tally: Tally) -> Iterator[Target]:
    elements = row.get("elements", [row])
    for element in elements if isinstance(elements, list) else [elements]:
        if not isinstance(element, dict):
            tally.drop("element that is none", where)
            continue
        said = _first(element, _WORDS)
        for words in said if isinstance(said, list) else [said]:
            with counting(tally, where):
                yield click_target(words, to_fractions(_first(element, _BOXES), options.coordinates, "thousandths", picture))


def _first(row: dict, names: tuple[str, ...]) -> object:
    return next((row[name] for name in names if row.get(name) is not None), None)
