"""Thin episodes of one task as one block of bytes that compresses well.

Arrays are stacked over all episodes. Numbers of single precision are written as differences of their bit patterns from
row to row, column by column, the four bytes of each apart: things that stand still become zeros, and nothing is lost.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict

import numpy as np

from omniactor.data.episodes import EpisodeFacts
from omniactor.data.thin_episodes import ThinEpisode
from omniactor.errors import RecordError

_PLANES = ("positions", "labels", "robot_states")
_PLAIN = ("shown", "actor", "numbers")


def stack(episodes: list[ThinEpisode]) -> bytes:
    """Return the episodes of a task, at least one, as bytes: an uncompressed npz."""
    arrays = {"facts": np.frombuffer(json.dumps([asdict(episode.facts) for episode in episodes]).encode(), np.uint8)}
    arrays["pictures"] = np.array([len(episode.shown) for episode in episodes], np.int32)
    for name in _PLAIN:
        arrays[name] = np.concatenate([getattr(episode, name) for episode in episodes])
    for name in _PLANES:
        arrays[name] = to_planes(np.concatenate([getattr(episode, name) for episode in episodes]))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unstack(content: bytes) -> list[ThinEpisode]:
    """Return the episodes again, bit by bit.

    Raises:
        RecordError: these are no such bytes.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            facts = [EpisodeFacts(**entry) for entry in json.loads(archive["facts"].tobytes())]
            steps = np.array([entry.steps for entry in facts])
            pictures = archive["pictures"]
            counts = {"shown": pictures, "positions": pictures, "labels": steps, "robot_states": steps + 1, "actor": steps}
            counts["numbers"] = np.full(len(facts), 2)
            parts = {}
            for name, rows in counts.items():
                whole = from_planes(archive[name]) if name in _PLANES else archive[name]
                if len(whole) != rows.sum():
                    raise ValueError(f"{len(whole)} rows of {name}")
                parts[name] = np.split(whole, np.cumsum(rows)[:-1])
        return [ThinEpisode(entry, **{name: parts[name][i] for name in parts}) for i, entry in enumerate(facts)]
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:160]
        raise RecordError(f"expected the episodes of a task, got: {reason}; pack them again") from error


def to_planes(array: np.ndarray) -> np.ndarray:
    """Return float32 (n, c) as uint8 (c, 4, n): column by column, byte by byte, each row less the one before."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    steps = np.diff(bits, axis=0, prepend=np.zeros((1, bits.shape[1]), np.uint32))  # wraps around, as does the sum
    return np.ascontiguousarray(steps.T).view(np.uint8).reshape(bits.shape[1], len(bits), 4).transpose(0, 2, 1).copy()


def from_planes(planes: np.ndarray) -> np.ndarray:
    """Return what `to_planes` was given."""
    steps = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(np.uint32)[..., 0]
    return np.ascontiguousarray(np.cumsum(steps, axis=1, dtype=np.uint32).T).view(np.float32)
