"""What became of a source's steps: how many were kept, how many were left out, and why."""

from __future__ import annotations

from collections import Counter


class Tally:
    """Counts while a source is read.

    Attributes:
        kept: task -> samples; the source's name where it has no tasks.
        dropped: reason -> how many.
        examples: reason -> where the first few were.
        notes: fact -> how many, of things that were changed and kept.
    """

    MAX_EXAMPLES = 3

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.kept: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.notes: Counter[str] = Counter()

    def keep(self, task: str) -> None:
        """Count one sample."""
        self.kept[task] += 1

    def expect(self, task: str) -> None:
        """Make a task count even if nothing of it is kept."""
        self.kept[task] += 0

    def drop(self, reason: str, where: str, count: int = 1) -> None:
        """Count what is left out.

        Args:
            reason: the same words for the same reason, so that they are counted together.
            where: which one it was.
            count: how many at once.
        """
        self.dropped[reason] += count
        found = self.examples.setdefault(reason, [])
        if len(found) < self.MAX_EXAMPLES:
            # The source's words may hold half a surrogate pair, which no file can.
            found.append(" ".join(where[:200].encode("utf-8", "replace").decode().split()))

    def note(self, fact: str, count: int = 1) -> None:
        """Count what was changed and kept."""
        self.notes[fact] += count

    def as_json(self) -> dict:
        """Return the counts as plain JSON."""
        empty = sorted(task for task, count in self.kept.items() if not count)
        return {
            "kept": self.kept.total(), "dropped": dict(self.dropped.most_common()), "examples": self.examples,
            "notes": dict(self.notes.most_common()), "tasks": len(self.kept), "empty_tasks": empty,
        }  # fmt: skip
