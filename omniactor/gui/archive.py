"""Archives of episodes, unpacked into a folder of their own that is gone afterwards.

Covered: members outside of the folder, links, passwords, a member twice, too many, too large (counted while unpacking, since
what an archive says of itself need not be true), damage. Only files that episodes are made of are taken.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from omniactor.errors import InputError

MAX_ARCHIVE = 500_000_000
"""Bytes of the archive."""
MAX_UNPACKED = 1_000_000_000
"""Bytes of all members together."""
MAX_MEMBER = 250_000_000
MAX_MEMBERS = 5000
MAX_DEPTH = 8
MAX_DIRECTORY = 2_000_000
"""Bytes of the list of members, which is read as a whole before anything else can be checked."""
_WANTED = re.compile(r".*\.(json|jsonl|png|jpe?g|webp)|android_control-[\w-]+", re.IGNORECASE)
_CHUNK = 1 << 20
_END, _END_SIZE, _LOCATOR, _COMMENT = b"PK\x05\x06", 22, b"PK\x06\x07", 65_535


@contextlib.contextmanager
def opened(source: Path | str) -> Iterator[Path]:
    """Yield a folder of episodes: the one given, or what is in the archive given, for as long as the block lasts.

    A file that is no archive is yielded as it is.

    Raises:
        InputError: an archive that is damaged, too large or not safe.
    """
    source = Path(source)
    if not source.is_file() or not _is_archive(source):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="omniactor-episodes-") as folder:
        unpack(source, Path(folder))
        yield Path(folder)


def unpack(archive: Path, folder: Path, most: int | None = None) -> list[Path]:
    """Unpack the episodes' files of an archive into an empty folder and return where they lie.

    Args:
        archive: the archive.
        folder: an empty folder.
        most: bytes of all members together; `MAX_UNPACKED` when missing.

    Raises:
        InputError: damaged, too large, or not safe; what was unpacked by then is left in the folder.
    """
    most = MAX_UNPACKED if most is None else most
    _check_end(archive)
    made: list[Path] = []
    try:
        with zipfile.ZipFile(archive) as file:
            members = [(info, _target(info)) for info in file.infolist() if not info.is_dir()]
            if len(members) > MAX_MEMBERS:
                raise InputError(f"expected at most {MAX_MEMBERS} files in the archive, got {len(members)}; make several of it")
            if sum(info.file_size for info, _ in members) > most:
                raise _too_large(most)
            names = [str(target).lower() for _, target in members]
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise InputError(f"expected every file once in the archive, got {twice[:80]!r} twice")
            left = most
            for info, target in members:
                if not _WANTED.fullmatch(target.name) or target.parts[0] == "__MACOSX" or target.name.startswith("."):
                    continue
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                left -= _copy(file, info, path, left, most)
                made.append(path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise InputError(f"expected a whole zip archive, got: {' '.join(str(error).split())[:100]}; make it again") from None
    except RuntimeError:  # what zipfile raises for a password
        raise InputError("expected an archive without a password, got one with") from None
    except OSError as error:
        raise InputError(f"expected to unpack the archive, got: {error.strerror or error}") from error
    return made


def _is_archive(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise InputError(f"expected a file that can be read, got {path.name[:80]!r}: {error.strerror}") from None
    return path.suffix.lower() == ".zip" or start in (b"PK\x03\x04", _END)


def _check_end(archive: Path) -> None:
    """Check what can be known before Python's reader takes in the whole list of members."""
    size = archive.stat().st_size
    if size > MAX_ARCHIVE:
        raise InputError(f"expected an archive of at most {MAX_ARCHIVE // 10**6} MB, got {size // 10**6} MB; make several of it")
    with archive.open("rb") as file:
        file.seek(max(0, size - _END_SIZE - _COMMENT - 20))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise InputError("expected a whole zip archive, got one without its end; was it cut short?")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if directory > MAX_DIRECTORY or tail[max(0, at - 20) : at].startswith(_LOCATOR):
        raise InputError(f"expected an archive of at most {MAX_MEMBERS} files, got one with a longer list; make several of it")


def _target(info: zipfile.ZipInfo) -> Path:
    """Return where a member goes, relative to the folder; a name that leads out of it is an attack, not a mistake."""
    name = info.filename.replace("\\", "/")
    parts = name.split("/")
    if not name or "\0" in info.orig_filename or name.startswith("/") or ":" in parts[0] or ".." in parts:
        raise InputError(f"expected names inside the archive's own folder, got {info.filename[:80]!r}")
    if info.flag_bits & 1:
        raise InputError("expected an archive without a password, got one with")
    mode = info.external_attr >> 16
    if mode and not (stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0):
        raise InputError(f"expected plain files in the archive, got {info.filename[:80]!r}, which is a link or a device")
    parts = [part for part in parts if part not in ("", ".")]
    if len(parts) > MAX_DEPTH or any(len(os.fsencode(part)) > 200 for part in parts):
        raise InputError(f"expected names of at most {MAX_DEPTH} folders and 200 bytes each, got {info.filename[:80]!r}")
    return Path(*parts)


def _copy(file: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, left: int, most: int) -> int:
    written = 0
    with file.open(info) as member, path.open("xb") as out:
        while chunk := member.read(_CHUNK):
            written += len(chunk)
            if written > min(MAX_MEMBER, left):
                raise _too_large(most)
            out.write(chunk)
    return written


def _too_large(most: int) -> InputError:
    return InputError(f"expected at most {most // 10**6} MB of episodes and {MAX_MEMBER // 10**6} MB in a file, got more")
