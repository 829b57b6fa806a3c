"""Where a row's picture is: in a folder, or still in the archive that its publisher made of them."""

from __future__ import annotations

import functools
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from omniactor.data.sources.draft import UNREADABLE, ZipMember, open_archive
from omniactor.errors import InputError

MAX_PLACES = 5000
"""Folders that are searched."""


class PictureFinder:
    """Finds pictures named in a file of rows.

    Args:
        root: everything the source has.
        rows: the file that names the pictures.
        hints: folders below the file's own where they are known to be.
    """

    def __init__(self, root: Path, rows: Path, hints: Sequence[str] = ()) -> None:
        """Search nothing yet."""
        here = rows.parent
        stems = [rows.stem, *hints]
        self._near = [here, here / "images", *(here / stem / inner for stem in stems for inner in ("", "images"))]
        self._root, self._rows, self._places = root, rows, None

    def find(self, name: object) -> Path | ZipMember | None:
        """Return where a picture is; None where it is nowhere, or where several places, equally likely, have one of this name."""
        if not isinstance(name, str) or not name:
            return None
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or "\0" in name:
            return None
        for folder in self._near:
            if _is_file(folder / path):
                return folder / path
        found = self._most_likely(list(self._search(path)))
        if len(found) != 1:
            return None
        place, picture = found[0]
        if isinstance(place, Path):
            self._near.insert(0, place)  # the next ones are most likely there too
        return picture

    def _most_likely(self, found: list) -> list:
        """Return those beside the rows, of these the ones called like them (`linux_images.zip`, `linux_splited.json`)."""
        word = self._rows.stem.partition("_")[0]
        for fits in (lambda path: path.parent == self._rows.parent, lambda path: path.name.startswith(word)):
            outer = [place if isinstance(place, Path) else place[0] for place, _ in found]
            if len(found) > 1 and any(map(fits, outer)):
                found = [entry for entry, path in zip(found, outer, strict=True) if fits(path)]
        return found

    def _search(self, path: PurePosixPath) -> Iterator[tuple[object, Path | ZipMember]]:
        if self._places is None:
            self._places = _places(self._root)
        for place in self._places:
            if isinstance(place, Path):
                if _is_file(place / path):
                    yield place, place / path
                continue
            archive, inner = place
            member = f"{inner}{path}"
            if member in open_archive(archive).NameToInfo:
                yield place, ZipMember(archive, member)


@functools.lru_cache(maxsize=1)
def _places(root: Path) -> list[Path | tuple[Path, str]]:
    """Return every folder below `root`, and (archive, folder inside it) of every archive; read once for all files of rows."""
    found: list[Path | tuple[Path, str]] = []
    for folder, _, files in os.walk(root):
        found.append(Path(folder))
        for file in sorted(files):
            if not file.endswith(".zip"):
                continue
            archive = Path(folder) / file
            try:
                names = open_archive(archive).namelist()
            except (*UNREADABLE, zipfile.LargeZipFile) as error:
                advice = "join its parts or download it again"
                raise InputError(
                    f"expected an archive in {archive}, got: {' '.join(str(error).split())[:100]}; {advice}"
                ) from error
            inner = {"", *(name[: name.rfind("/") + 1] for name in names)}
            parents = {f"{'/'.join(folder.split('/')[:depth])}/" for folder in inner for depth in range(1, folder.count("/"))}
            found += [(archive, place) for place in sorted(inner | parents)]
        if len(found) > MAX_PLACES:
            raise InputError(
                f"expected pictures in at most {MAX_PLACES} folders below {root}, got more; give a folder further in"
            )
    return found


def files_of(source: Path, *suffixes: str) -> list[Path]:
    """Return a file, or a folder's files with one of the suffixes, no deeper than in the folders inside it.

    Raises:
        InputError: there is none.
    """
    if source.is_file():
        return [source]
    levels = (path for pattern in ("*", "*/*") for path in source.glob(pattern) if path.suffix in suffixes and path.is_file())
    found = sorted(levels)
    if not found:
        raise InputError(f"expected files of {' or '.join(suffixes)} in {source}, got none")
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or none
        return False
