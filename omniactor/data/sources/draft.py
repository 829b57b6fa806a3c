"""What a source yields: a sample and the pictures it names; and how a picture gets its place."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omniactor.data.sharegpt import Sample
from omniactor.data.tally import Tally
from omniactor.errors import ActionError, InputError, OutputError, SampleError
from omniactor.paths import atomic_path

MAX_PICTURE = 60_000_000
"""Bytes of one picture file."""
_STARTS = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg"}


@dataclass(frozen=True)
class ZipMember:
    """A picture inside an archive that stays packed."""

    archive: Path
    name: str

    def read(self, size: int = MAX_PICTURE) -> bytes:
        """Return the picture's first bytes; raises one of `UNREADABLE`."""
        with open_archive(self.archive).open(self.name) as member:
            return member.read(size)


UNREADABLE = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a picture may raise, each counted as a reason: no file (OSError), no such name in the archive (KeyError), a
password or an unknown method (RuntimeError and its child NotImplementedError), damage (the others)."""


@functools.lru_cache(maxsize=64)
def open_archive(path: Path) -> zipfile.ZipFile:
    """Return an archive, opened once: the list of a large one takes seconds to read."""
    return zipfile.ZipFile(path)


Picture = bytes | Path | ZipMember | np.ndarray
"""A picture file's bytes, where it lies, or uint8 (height, width, 3), RGB, upright, to be stored as PNG."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A sample on its way to the disk.

    Attributes:
        sample: its pictures named as they will lie in the new folder.
        pictures: one per picture of the sample.
        task: what it is counted under.
    """

    sample: Sample
    pictures: tuple[Picture, ...]
    task: str


@contextlib.contextmanager
def counting(tally: Tally, where: str) -> Iterator[None]:
    """Count what cannot be used instead of ending with it."""
    try:
        yield
    except ActionError as error:
        tally.drop("unreadable action", f"{where}: {error}")
    except SampleError as error:
        tally.drop(f"unusable sample ({error.kind})", f"{where}: {error}")
    except OutputError:
        raise
    except InputError as error:
        tally.drop("unusable text", f"{where}: {error}")


def suffix_of(start: bytes) -> str | None:
    """Return ".png", ".jpg" or ".webp" by a file's first bytes; None for anything that is not read here."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for mark, suffix in _STARTS.items() if start.startswith(mark)), None)


def picture_suffix(picture: Picture) -> str | None:
    """Return what `suffix_of` says of a picture's first bytes; None too where they cannot be read."""
    if isinstance(picture, np.ndarray):
        return ".png"
    if isinstance(picture, bytes):
        return suffix_of(picture[:16])
    try:
        if isinstance(picture, ZipMember):
            return suffix_of(picture.read(16))
        with picture.open("rb") as file:
            return suffix_of(file.read(16))
    except UNREADABLE:
        return None


def place_name(*parts: str) -> str:
    """Return a picture's path in the new folder, `images/...`, from words of the source that may hold anything."""
    clean = [re.sub(r"[^A-Za-z0-9._-]+", "_", part).strip(".") or "_" for part in parts]
    return "/".join(["images", *(part[:120] for part in clean)])


def put(picture: Picture, path: Path) -> None:
    """Bring a picture to its place, whole or not at all; one that is there stays.

    A file of the source is linked, not copied, where both lie on one disk: screenshots are by far the most bytes.

    Raises:
        OutputError: it cannot be written, or the source cannot be read.
    """
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(picture, Path):
            with contextlib.suppress(OSError):
                os.link(os.path.realpath(picture), path)
                return
        content = _bytes(picture)
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"expected to bring a picture to {path}, got: {reason}") from error
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _bytes(picture: Picture) -> bytes:
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, ZipMember):
        return picture.read()
    if isinstance(picture, Path):
        return picture.read_bytes()
    from PIL import Image

    stream = io.BytesIO()
    # Level 1: half the time of the default for a tenth more bytes.
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, format="PNG", compress_level=1)
    return stream.getvalue()
