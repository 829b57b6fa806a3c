"""Training checkpoints: whole or not there, and checked before they are used.

A checkpoint is written beside its place, every file is hashed into `manifest.json`, everything is flushed
to the disk, and one rename makes it visible. A run that is killed at any moment leaves the one before.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

from omniactor.errors import CheckpointError

MANIFEST = "manifest.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def seal(folder: Path) -> None:
    """Hash every file of a folder into its manifest and flush all to the disk."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    content = {str(p.relative_to(folder)): {"bytes": p.stat().st_size, "sha256": _hash(p)} for p in files}
    (folder / MANIFEST).write_text(json.dumps({"files": content}, indent=1))
    for path in [*files, folder / MANIFEST, folder]:
        _flush(path)


def verify(folder: Path) -> None:
    """Check a checkpoint against its manifest.

    Raises:
        CheckpointError: a file is missing, of another size, or its hash differs; the message names it.
    """
    try:
        listed = json.loads((folder / MANIFEST).read_text())["files"]
        entries = [(folder / name, int(entry["bytes"]), str(entry["sha256"])) for name, entry in listed.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(f"expected a manifest in {folder.name}, got none that can be read; it is not whole") from None
    for path, size, digest in entries:
        if not path.is_file() or path.stat().st_size != size or _hash(path) != digest:
            raise CheckpointError(f"expected {folder.name}/{path.name} as it was written, got a missing or changed file")


def publish(staged: Path, place: Path) -> None:
    """Seal a staged checkpoint and move it to its place in one step; one that is there already is replaced."""
    seal(staged)
    if place.exists():  # of an earlier run that went on from before it
        shutil.rmtree(place)
    os.replace(staged, place)
    _flush(place.parent)


def checkpoints(run: Path) -> list[Path]:
    """Return the checkpoints of a run, newest first."""
    found = [(int(m.group(1)), p) for p in run.glob("checkpoint-*") if p.is_dir() and (m := _NAME.fullmatch(p.name))]
    return [path for _, path in sorted(found, reverse=True)]


def newest_valid(run: Path) -> tuple[Path | None, list[str]]:
    """Return the newest whole checkpoint of a run, None if there is none, and why newer ones were passed over."""
    reasons = []
    for path in checkpoints(run):
        try:
            verify(path)
        except CheckpointError as error:
            reasons.append(str(error))
        else:
            return path, reasons
    return None, reasons


def prune(run: Path, newest: Path, keep: int) -> None:
    """Remove what `newest` makes superfluous: all but `keep` up to it, and later ones, which a damaged run left behind."""
    found = checkpoints(run)
    place = found.index(newest)
    for path in [*found[:place], *found[place + keep :]]:
        shutil.rmtree(path, ignore_errors=True)
    clear_staged(run)


def clear_staged(run: Path) -> None:
    """Remove what killed runs left half written."""
    for path in run.glob(".staged-*"):
        shutil.rmtree(path, ignore_errors=True)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
