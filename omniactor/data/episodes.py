"""One episode on disk: a compressed npz of plain arrays plus its facts as JSON; no pickle, no clock.

The same episode always has the same bytes, so files of two runs can be compared as they are.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from omniactor.errors import RecordError
from omniactor.paths import atomic_path

FORMAT, VERSION = "omniactor-demo", 1
ACTORS = ("expert", "agent", "perturbation")
"""What the numbers in `Episode.actor` mean. Noise alone is not a perturbation: it shows as actions != labels."""
_MAX_BYTES = 500_000_000


@dataclass(frozen=True)
class EpisodeFacts:
    """Everything about an episode that is not an array.

    Attributes:
        task: LIBERO's name.
        task_id: 0 to 89.
        episode: its number within the task.
        attempt: which draw of the start it is, from 0; earlier ones did not succeed.
        seed: of the reset, of the agent and of the perturbation.
        instruction: the task in words.
        agent: who acted (until the hand-over).
        labels: whose actions the labels are: "expert" or "agent".
        perturb: name of the perturbation.
        handover: first step the expert acted at instead of the agent, or None.
        start_steps: random steps of the arm before `states[0]`.
        settle_steps: zero actions inside the reset.
        steps: T.
        success: the goal held at the end.
        goals: predicate -> held at the end.
        assets: "libero" or "standin".
        fingerprint: of the asset folder.
        fixtures: name -> pose [x y z, qw qx qy qz] in the world; not part of the states.
        versions: package -> version.
    """

    task: str
    task_id: int
    episode: int
    attempt: int
    seed: int
    instruction: str
    agent: str
    labels: str
    perturb: str
    handover: int | None
    start_steps: int
    settle_steps: int
    steps: int
    success: bool
    goals: dict[str, bool]
    assets: str
    fingerprint: str
    fixtures: dict[str, list[float]]
    versions: dict[str, str]


@dataclass(frozen=True, eq=False)
class Episode:
    """An episode of T steps in a scene whose states have D numbers.

    Attributes:
        facts: see `EpisodeFacts`.
        states: float64 (T+1, D), [time (s), qpos, qvel]; `states[t]` is before `actions[t]`.
        actions: float32 (T, 7), executed; see `EmbodiedAction`.
        labels: float32 (T, 7), what should be done in `states[t]`.
        robot_states: float32 (T+1, 8), see `Observation.state`.
        latched: float64 (T+1, 11), what the controller remembers: goal rotation (9, row by row, world
            frame) and finger commands (2). With it an episode can be continued from any step.
        actor: uint8 (T,), index into `ACTORS`.
    """

    facts: EpisodeFacts
    states: np.ndarray
    actions: np.ndarray
    labels: np.ndarray
    robot_states: np.ndarray
    latched: np.ndarray
    actor: np.ndarray

    def __len__(self) -> int:
        """Return T."""
        return len(self.actions)

    def numbered_states(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield every state with its number, 0 to T."""
        yield from enumerate(self.states)

    def write(self, path: Path) -> None:
        """Write the file, atomically."""
        with atomic_path(path) as temporary:
            np.savez_compressed(temporary, facts=facts_bytes(self.facts), **{name: getattr(self, name) for name in _ARRAYS})


_ARRAYS = {
    "states": (np.float64, 1, None), "actions": (np.float32, 0, 7), "labels": (np.float32, 0, 7),
    "robot_states": (np.float32, 1, 8), "latched": (np.float64, 1, 11), "actor": (np.uint8, 0, 0),
}  # fmt: skip
"""Name -> dtype, rows beyond T, columns (None: any, 0: a vector)."""


def shown_steps(actor: np.ndarray, every: int, number: int) -> np.ndarray:
    """Return the steps of an episode that have pictures, where only every K-th has.

    Args:
        actor: see `Episode.actor`.
        every: K; with more than 1, steps at which an agent acted whom the expert only labelled are left out.
        number: the episode's place among its task's; which step is the first depends on it.
    """
    if every == 1:
        return np.arange(len(actor))
    taught = np.flatnonzero(actor != ACTORS.index("agent"))
    return taught[number % min(every, max(1, len(taught))) :: every]


def episode_path(folder: Path, task_id: int, episode: int) -> Path:
    """Return where an episode lies in a demonstrations folder."""
    return folder / "episodes" / f"task{task_id:02d}" / f"episode{episode:05d}.npz"


def facts_bytes(facts: EpisodeFacts) -> np.ndarray:
    """Return the facts as an episode's file holds them: JSON, as bytes in an array."""
    text = json.dumps({"format": FORMAT, "version": VERSION, **asdict(facts)}, allow_nan=False)
    return np.frombuffer(text.encode(), np.uint8)


def read_facts(path: Path) -> EpisodeFacts:
    """Read only the facts of an episode; see `read_episode`."""
    return read_archive(path, ())[0]


def read_episode(path: Path) -> Episode:
    """Read and check an episode.

    Raises:
        RecordError: missing, damaged, or not one of ours.
    """
    facts, arrays = read_archive(path, _ARRAYS)
    steps = facts.steps
    for name, (dtype, more, columns) in _ARRAYS.items():
        array = arrays[name]
        shape = (steps + more,) if columns == 0 else (steps + more, columns or array.shape[-1])
        if array.dtype != dtype or array.shape != shape or not np.isfinite(array).all():
            raise RecordError(
                f"expected finite {dtype.__name__} {shape} as {name} in {path}, got {array.dtype} {array.shape}; delete it"
            )
    return Episode(facts, **arrays)


def read_archive(path: Path, names: Iterable[str]) -> tuple[EpisodeFacts, dict[str, np.ndarray]]:
    """Read the facts of an episode's file, and the arrays of these names, unchecked; see `read_episode`."""
    advice = "delete it and run `omniactor demos` again"
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise RecordError(f"expected an episode of at most {_MAX_BYTES} bytes, got a larger file {path}; {advice}")
        with np.load(path, allow_pickle=False) as archive:
            content = json.loads(archive["facts"].tobytes())
            loaded = {name: archive[name] for name in names}
    except KeyError as error:
        raise RecordError(f"expected a whole episode in {path}, got one without {error}; {advice}") from error
    except FileNotFoundError as error:
        raise RecordError(f"expected an episode at {path}, got nothing; run `omniactor demos` first") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RecursionError) as error:
        raise RecordError(f"expected an episode in {path}, got: {' '.join(str(error).split())[:160]}; {advice}") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT or content.pop("version", None) != VERSION:
        raise RecordError(f"expected format {FORMAT}, version {VERSION} in {path}, got something else; {advice}")
    try:
        return EpisodeFacts(**content), loaded
    except TypeError as error:
        raise RecordError(f"expected the facts of an episode in {path}, got: {error}; {advice}") from error
