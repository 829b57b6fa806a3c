"""A stream of bytes in files of limited size, for ways that take no large ones."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from omniactor.errors import InputError


class PieceWriter(io.RawIOBase):
    """Takes a stream of bytes; writes `<name>-00.bin`, `<name>-01.bin` and so on.

    Attributes:
        pieces: of each file finished by `close()`, {"name", "bytes", "sha256"}.
    """

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        """Write nothing yet.

        Args:
            folder: an existing one.
            name: what the files' names begin with.
            limit: bytes in a file, at most.
        """
        self.pieces: list[dict] = []
        self._folder, self._name, self._limit, self._waiting = folder, name, limit, bytearray()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, content) -> int:
        """Take bytes."""
        self._waiting += content
        while len(self._waiting) > self._limit:
            self._finish(self._limit)
        return len(content)

    def close(self) -> None:
        """Write what is left; closing twice is fine."""
        if not self.closed and self._waiting:
            self._finish(self._limit)
        super().close()

    def _finish(self, size: int) -> None:
        content = bytes(self._waiting[:size])
        del self._waiting[:size]
        name = f"{self._name}-{len(self.pieces):02d}.bin"
        (self._folder / name).write_bytes(content)
        self.pieces.append({"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})


def join_pieces(folder: Path, pieces: list[dict]) -> bytes:
    """Return the stream again.

    Raises:
        InputError: names the piece that is missing or damaged.
    """
    whole = []
    for piece in pieces:
        file = folder / Path(piece["name"]).name
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(f"expected the piece {file}, got: {error.strerror}; bring it here too") from None
        if len(content) != piece["bytes"] or hashlib.sha256(content).hexdigest() != piece["sha256"]:
            raise InputError(
                f"expected {piece['bytes']} bytes as they were packed in {file}, got {len(content)} bytes, not those; "
                "bring this piece here again"
            )
        whole.append(content)
    return b"".join(whole)
