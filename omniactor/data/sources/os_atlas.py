"""OS-Atlas' grounding data: rows of a picture, an instruction and a box (`OS-Copilot/OS-Atlas-data`).

Boxes are [left, top, right, bottom] in fractions. Some files have a row per instruction (`img_filename`, `instruction`,
`bbox`), others a row per picture with `elements`. Pictures stay in the archives they come in; archives that
come in parts (`..._aa`, `..._ab`) must be joined first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from omniactor.data.sources.boxes import to_fractions
from omniactor.data.sources.draft import Draft, Picture, counting
from omniactor.data.sources.finder import PictureFinder, files_of
from omniactor.data.sources.json_rows import read_rows
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import Target, click_target, target_drafts
from omniactor.data.tally import Tally

KIND = "os-atlas"
OPTIONS = ("pairs", "coordinates")
_NO_DATA = {"prompts.json"}


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield the samples of a file, or of all files of a folder.

    Raises:
        InputError: no such file, or one that is damaged.
    """
    root = source if source.is_dir() else source.parent
    for file in files_of(source, ".json", ".jsonl"):
        if file.name in _NO_DATA:
            continue
        tally.expect(file.stem)
        finder = PictureFinder(root, file)
        rows = enumerate(read_rows(file))
        for name, group in itertools.groupby(rows, key=lambda row: _image(row[1])):
            if name is None:
                for number, _ in group:
                    tally.drop("row without a picture", f"{file.name}, row {number}")
                continue
            picture = finder.find(name)
            targets = [target for row in group for target in _targets(row, file, picture, options, tally)]
            yield from target_drafts(KIND, f"{file.stem}/{name}", picture, targets, options, tally, file.stem)


def _targets(
    row: tuple[int, dict], file: Path, picture: Picture | None, options: SourceOptions, tally: Tally
) -> Iterator[Target]:
    number, content = row
    elements = content.get("elements", [content])
    if not isinstance(elements, list):
        tally.drop("row whose elements are no list", f"{file.name}, row {number}")
        return
    for element in elements:
        where = f"{file.name}, row {number}"
        if not isinstance(element, dict):
            tally.drop("element that is none", where)
            continue
        with counting(tally, where):
            box = to_fractions(element.get("bbox"), options.coordinates, "fractions", picture)
            yield click_target(element.get("instruction"), box)


def _image(row: dict) -> str | None:
    name = row.get("img_filename", row.get("image"))
    return name if isinstance(name, str) and name else None
