"""Where a run's numbers are kept: `log.jsonl`, one JSON object per line, and TensorBoard's event files."""

from __future__ import annotations

import json
from pathlib import Path

from omniactor.paths import atomic_path


def rewind(path: Path, step: int) -> None:
    """Drop what a log has after a step: a run that goes on from there writes it again. Half a line goes, too."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return
    kept = [line for line in lines if _step(line) <= step]
    if kept != lines:
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"".join(kept))


def _step(line: bytes) -> float:
    """Return the step of a line, infinity for a broken one."""
    try:
        return float(json.loads(line)["step"]) if line.endswith(b"\n") else float("inf")
    except (ValueError, KeyError, TypeError):
        return float("inf")


def open_board(folder: Path, step: int):
    """Return a TensorBoard writer that goes on after a step, or None where tensorboard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)
