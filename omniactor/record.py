"""Episode records: everything needed to run an episode again and to know whether it came out the same.

A record is one JSON object: versions, assets, task, seed, initial state, every action, a digest of
the simulator's state after every action, and the outcome.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from omniactor.errors import RecordError
from omniactor.paths import write_json

FORMAT = "omniactor-episode"
VERSION = 1
PACKAGES = ("mujoco", "robosuite", "bddl", "hf-libero", "gymnasium", "numpy")
_MAX_BYTES = 20_000_000


@dataclass
class EpisodeRecord:
    """One episode of one task.

    Attributes:
        task: LIBERO's name of the task.
        task_id: its number, 0 to 89.
        agent: who acted.
        instruction: what the agent was told.
        assets: "libero" or "standin".
        assets_fingerprint: of the asset folder, see `AssetSource.fingerprint`.
        seed: of the reset: placement of fixtures, and of everything else without an `init_state`.
        init_state: number of the published initial state, or None.
        settle_steps: zero actions run inside the reset.
        start: [time, qpos, qvel] after the reset.
        fixtures: name -> pose [x y z, qw qx qy qz].
        actions: one list of seven numbers per step.
        digests: 16 hex digits of the state after each action.
        success: the goal held at the end.
        goals: predicate -> held at the end.
        versions: package -> version.
    """

    task: str
    task_id: int
    agent: str
    instruction: str
    assets: str
    assets_fingerprint: str
    seed: int
    init_state: int | None
    settle_steps: int
    start: list[float]
    fixtures: dict[str, list[float]]
    actions: list[list[float]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    success: bool = False
    goals: dict[str, bool] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, env, agent: str, instruction: str) -> EpisodeRecord:
        """Start a record of `env`, which has just been reset."""
        return cls(
            task=env.task,
            task_id=env.spec_task.id,
            agent=agent,
            instruction=instruction,
            assets=env.assets.kind,
            assets_fingerprint=env.assets.fingerprint,
            seed=env.episode_seed,
            init_state=env.init_state,
            settle_steps=env.settle_steps,
            start=env.flat_state().tolist(),
            fixtures=env.fixture_poses(),
            versions=versions(),
        )

    def add(self, env, step) -> None:
        """Append what `step` did; call it for every step with an action."""
        self.actions.append([float(value) for value in step.action.values])
        self.digests.append(state_digest(env))
        self.success, self.goals = step.success, dict(step.goals)

    def write(self, path) -> None:
        """Write the record as JSON, atomically."""
        write_json(path, {"format": FORMAT, "version": VERSION, **asdict(self)})


def begin_record(env, agent: str, instruction: str):
    """Start a record of `env`, which has just been reset: an `EpisodeRecord`, or a `ScreenRecord` of a page."""
    if env.world == "gui":
        from omniactor.gui.record import ScreenRecord

        return ScreenRecord.begin(env, agent, instruction)
    return EpisodeRecord.begin(env, agent, instruction)


def state_digest(env) -> str:
    """Return 16 hex digits over the bits of [time, qpos, qvel]."""
    return hashlib.sha256(np.ascontiguousarray(env.flat_state()).tobytes()).hexdigest()[:16]


@functools.cache
def versions() -> dict[str, str]:
    """Return the installed versions of what results depend on."""
    import omniactor

    found = {"omniactor": omniactor.__version__}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "missing"
    return found


def read_record(path: str):
    """Read and check a record: an `EpisodeRecord`, or a `ScreenRecord` of a page.

    Raises:
        RecordError: missing, too large, not JSON, not one of ours, or with impossible content.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > _MAX_BYTES:
            raise RecordError(
                f"expected a record of at most {_MAX_BYTES} bytes, got {size} in {file}; this is not an episode record"
            )
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(
            f"expected an episode record at {file}, got: {error.strerror}; give the path of a file made with --record"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RecordError(
            f"expected an episode record in {file}, got no valid JSON ({error}); the file is damaged or of another kind"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RecordError(f'expected "format": "{FORMAT}" in {file}, got something else; give a file made with --record')
    if content.get("version") != VERSION:
        raise RecordError(
            f"expected record version {VERSION} in {file}, got {content.get('version')!r}; use the omniactor that wrote it"
        )
    fields = {key: value for key, value in content.items() if key not in ("format", "version", "world")}
    if content.get("world") == "gui":
        from omniactor.gui.record import ScreenRecord

        return ScreenRecord.from_json(fields, file)
    try:
        record = EpisodeRecord(**fields)
        actions = np.array(record.actions, dtype=np.float64).reshape(len(record.actions), 7)
        start = np.array(record.start, dtype=np.float64)
        sound = (
            np.isfinite(actions).all()
            and np.isfinite(start).all()
            and start.ndim == 1
            and np.abs(actions).max(initial=0.0) <= 1.0
            and len(record.digests) == len(actions)
            and isinstance(record.seed, int)
            and (record.init_state is None or isinstance(record.init_state, int))
            and isinstance(record.settle_steps, int)
            and 0 <= record.settle_steps <= 1000
            and record.assets in ("libero", "standin")
        )
    except (TypeError, ValueError) as error:
        raise RecordError(f"expected a complete record in {file}, got: {error}; the file is damaged") from error
    if not sound:
        raise RecordError(
            f"expected finite actions in [-1, 1] with a digest each in {file}, got something else; the file is damaged"
        )
    return record
