"""Rows of JSON files that may be larger than memory: an array of objects, or one object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from omniactor.errors import InputError

_CHUNK = 1 << 20
MAX_ROW = 64_000_000
"""Letters of one row."""


def read_rows(path: Path) -> Iterator[dict]:
    """Yield the objects of a file.

    Raises:
        InputError: not such a file, or damaged; the rows before the damage have been yielded.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, row in enumerate(_values(file, path)):
                if not isinstance(row, dict):
                    raise InputError(f"expected objects in {path.name}, got a {type(row).__name__} as row {number}")
                yield row
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"expected JSON in {path}, got: {error!r:.160}; download it again") from error


def read_json(path: Path, most: int = MAX_ROW):
    """Return the content of a small JSON file.

    Raises:
        InputError: missing, too large or damaged.
    """
    try:
        if path.stat().st_size > most:
            raise InputError(f"expected at most {most} bytes in {path}, got more")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(f"expected JSON in {path}, got: {reason[:120]}; download it again") from error


def _values(file, path: Path) -> Iterator[object]:
    decoder = json.JSONDecoder()
    buffer, at, ended, opened, closed = "", 0, False, None, False
    wanted = _CHUNK
    while True:
        while at < len(buffer) and (buffer[at].isspace() or buffer[at] == ","):
            at += 1
        if at < len(buffer):
            if closed:
                raise InputError(f"expected the end of {path.name} after its array, got more; download it again")
            if opened is None:
                opened = buffer[at] == "["
                at += opened
                continue
            if opened and buffer[at] == "]":
                closed, at = True, at + 1
                continue
            try:
                value, end = decoder.raw_decode(buffer, at)
                if end < len(buffer) or ended:  # a number at the end of the buffer may go on
                    yield value
                    at, wanted = end, _CHUNK
                    continue
            except json.JSONDecodeError as error:
                if ended or len(buffer) - at > MAX_ROW:
                    raise InputError(f"expected JSON in {path.name}, got: {error.msg} after {len(buffer) - at} letters") from None
        elif ended:
            if opened and not closed:
                raise InputError(f"expected the array of {path.name} to end, got a file cut short; download it again")
            return
        more = file.read(wanted)
        ended = not more
        buffer, at = buffer[at:] + more, 0
        wanted *= 2  # a row that does not fit is tried again with twice as much, not letter by letter
