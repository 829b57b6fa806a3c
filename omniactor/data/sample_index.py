"""A file of samples in which any one can be read at once: only where its lines end is in memory."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from omniactor.data.sharegpt import MAX_LINE, Sample
from omniactor.errors import InputError, SampleError


class IndexedSamples:
    """A file of samples of which only the places of its lines are in memory: 8 bytes a sample.

    Args:
        path: a `.jsonl` file.

    Raises:
        InputError: it cannot be read, or has no samples.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        """Find the lines."""
        self.path = Path(path)
        try:
            self._file = os.open(self.path, os.O_RDONLY)
            self._ends = _line_ends(self._file)
        except OSError as error:
            raise InputError(f"expected a file of samples, got {self.path}: {error.strerror or error}") from error
        if not len(self):
            raise InputError(f"expected samples in {self.path}, got none")

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self._ends)

    def __getitem__(self, number: int) -> Sample:
        """Return sample `number`; raises SampleError, with file and line, where it is broken."""
        begin, end = (int(self._ends[number - 1]) if number else 0), int(self._ends[number])
        # Reads at a place leave no position behind: processes and threads can share the file.
        line = os.pread(self._file, min(end - begin, MAX_LINE + 1), begin)
        try:
            return Sample.from_line(line)
        except SampleError as error:
            raise SampleError(f"{self.path}, line {number + 1}: {error}", error.kind) from None

    @property
    def size(self) -> int:
        """Bytes up to the end of the last line."""
        return int(self._ends[-1])

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _line_ends(file: int) -> np.ndarray:
    """Return where each line of a file ends, uint64; a last line without its end is no line."""
    ends, at = [], 0
    while block := os.pread(file, 1 << 24, at):
        ends.append(np.flatnonzero(np.frombuffer(block, np.uint8) == 10).astype(np.uint64) + np.uint64(at + 1))
        at += len(block)
    return np.concatenate(ends) if ends else np.zeros(0, np.uint64)
