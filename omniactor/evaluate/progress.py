"""How far a run is: one line that is rewritten on a terminal, a line every so often elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from omniactor.evaluate.results import Outcome

PLAIN_SECONDS = 30.0


class Progress:
    """Counts outcomes and shows them on stderr, so that stdout stays for results.

    Args:
        planned: episodes in all.
        earlier: outcomes of earlier runs that are kept.
        stream: where to write.
        noun: what is counted.
    """

    def __init__(self, planned: int, earlier: list[Outcome], stream: TextIO | None = None, noun: str = "episodes") -> None:
        """Show nothing yet."""
        self._planned, self._stream, self._noun = planned, stream or sys.stderr, noun
        self._live = self._stream.isatty()
        self._began = self._shown = time.monotonic()
        self._successes = self._ended = self._errors = self._run = self._width = 0
        for outcome in earlier:
            self._count(outcome)

    def add(self, outcome: Outcome) -> None:
        """Take an outcome and show the line if it is due."""
        self._count(outcome)
        self._run += 1
        if self._live or time.monotonic() - self._shown >= PLAIN_SECONDS:
            self._show()

    def close(self) -> None:
        """Show the last line; on a terminal, end it."""
        if self._run:
            self._show()
            if self._live:
                print(file=self._stream, flush=True)

    def line(self) -> str:
        """Return the status line."""
        seconds = time.monotonic() - self._began
        done = self._ended + self._errors
        parts = [f"{done}/{self._planned} {self._noun}"]
        if self._ended:
            parts.append(f"success {100 * self._successes / self._ended:.1f} % ({self._successes}/{self._ended})")
        if self._errors:
            parts.append(f"{self._errors} errors")
        if self._run and seconds > 0:
            parts.append(f"{60 * self._run / seconds:.1f} per minute")
            parts.append(f"ETA {duration((self._planned - done) * seconds / self._run)}")
        return ", ".join(parts)

    def _count(self, outcome: Outcome) -> None:
        self._errors += outcome.status == "error"
        self._ended += outcome.status != "error"
        self._successes += outcome.status == "success"

    def _show(self) -> None:
        self._shown = time.monotonic()
        line = self.line()
        if self._live:
            line = line[: shutil.get_terminal_size().columns - 1]  # a wrapped line cannot be rewritten
            # Blanks wipe what a longer line left behind
            print(f"\r{line:{self._width}s}", end="", file=self._stream, flush=True)
            self._width = len(line)
        else:
            print(line, file=self._stream, flush=True)


def duration(seconds: float) -> str:
    """Return seconds for people: "40 s", "12 min", "3 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
