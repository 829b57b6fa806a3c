"""Thin episodes: what pictures of every K-th step and training on them need, and no more; about a tenth of a whole episode.

Of the states there are only those that get a picture, and of these only the positions, in single precision. What the
arm senses, the labels and who acted are there for every step, as they were. A thin episode lies where the whole one
would, and says by its arrays what it is.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omniactor.data.episodes import Episode, EpisodeFacts, facts_bytes, read_archive, read_episode, shown_steps
from omniactor.errors import InputError, RecordError
from omniactor.paths import atomic_path

_ARRAYS = {
    "shown": (np.int32, None, 0), "positions": (np.float32, None, -1), "labels": (np.float32, 0, 7),
    "robot_states": (np.float32, 1, 8), "actor": (np.uint8, 0, 0), "numbers": (np.int32, None, 0),
}  # fmt: skip
"""Name -> dtype, rows beyond T (None: another number of rows), columns (-1: any, 0: a vector)."""


@dataclass(frozen=True, eq=False)
class ThinEpisode:
    """What is left of an episode of T steps with P pictures, in a scene whose states have D numbers, Q of them positions.

    Attributes:
        facts: see `EpisodeFacts`.
        shown: int32 (P,), the steps that get a picture; see `shown_steps`.
        positions: float32 (P, Q), qpos before these steps.
        labels: float32 (T, 7), see `Episode.labels`.
        robot_states: float32 (T+1, 8), see `Observation.state`.
        actor: uint8 (T,), see `Episode.actor`.
        numbers: int32 (2,), D and K.
    """

    facts: EpisodeFacts
    shown: np.ndarray
    positions: np.ndarray
    labels: np.ndarray
    robot_states: np.ndarray
    actor: np.ndarray
    numbers: np.ndarray

    def __len__(self) -> int:
        """Return T."""
        return len(self.labels)

    def numbered_states(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the states that get a picture, each float64 (D,), with its number; nothing moves in them."""
        for step, positions in zip(self.shown.tolist(), self.positions, strict=True):
            state = np.zeros(self.numbers[0])
            state[1 : 1 + len(positions)] = positions
            yield step, state

    def check_shown(self, shown: np.ndarray, later: int, actions: str) -> None:
        """Refuse what only a whole episode has.

        Args:
            shown: steps that are to get a picture.
            later: 1 where pictures are those after the step.
            actions: "labels" or "executed".

        Raises:
            InputError: with what to ask for instead.
        """
        if later or actions != "labels" or not np.array_equal(shown, self.shown):
            raise InputError(
                f"expected --picture-every {self.numbers[1]} --obs-alignment pre-action --actions labels, which episode "
                f"{self.facts.episode} of task {self.facts.task_id} was packed for, got other pictures; change the options, "
                "or unpack again"
            )

    def write(self, path: Path) -> None:
        """Write the file, atomically; not compressed, so that thousands take seconds."""
        with atomic_path(path) as temporary:
            np.savez(temporary, facts=facts_bytes(self.facts), **{name: getattr(self, name) for name in _ARRAYS})


def make_thin(episode: Episode, positions: int, every: int, number: int) -> ThinEpisode:
    """Return what is left of an episode.

    Args:
        episode: a whole one.
        positions: Q, numbers in the qpos of its scene.
        every: K, steps between pictures.
        number: its place among its task's episodes.
    """
    shown = shown_steps(episode.actor, every, number).astype(np.int32)
    numbers = np.array([episode.states.shape[1], every], np.int32)
    kept = episode.states[shown, 1 : 1 + positions].astype(np.float32)
    return ThinEpisode(episode.facts, shown, kept, episode.labels, episode.robot_states, episode.actor, numbers)


def read_stored(path: Path) -> Episode | ThinEpisode:
    """Read and check an episode, whole or thin.

    Raises:
        RecordError: missing, damaged, or not one of ours.
    """
    return _read_thin(path) if _is_thin(path) else read_episode(path)


def _is_thin(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "positions.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):  # which `read_episode` explains
        return False


def _read_thin(path: Path) -> ThinEpisode:
    facts, arrays = read_archive(path, _ARRAYS)
    for name, (dtype, more, columns) in _ARRAYS.items():
        array = arrays[name]
        rows = len(array) if more is None and array.ndim else facts.steps + (more or 0)
        shape = (rows,) if columns == 0 else (rows, array.shape[-1] if columns < 0 and array.ndim else columns)
        if array.dtype != dtype or array.shape != shape or not np.isfinite(array).all():
            raise RecordError(
                f"expected finite {dtype.__name__} {shape} as {name} in {path}, got {array.dtype} {array.shape}; unpack it again"
            )
    shown, numbers = arrays["shown"], arrays["numbers"]
    within = shown.size == 0 or (shown.min() >= 0 and shown.max() < facts.steps)
    if len(shown) != len(arrays["positions"]) or not within or len(numbers) != 2 or numbers[0] <= arrays["positions"].shape[1]:
        raise RecordError(f"expected the positions of steps of the episode in {path}, got others; unpack it again")
    return ThinEpisode(facts, **arrays)
