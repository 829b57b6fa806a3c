"""The second pass: each task's episodes rendered once, frame by frame, into every format asked for."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from omniactor.data.grounding import GroundingWriter
from omniactor.data.processes import Child
from omniactor.data.rendering import SceneRenderer
from omniactor.data.scene import export_scene, scene_path
from omniactor.data.thin_episodes import read_stored
from omniactor.errors import OmniActorError
from omniactor.evaluate.results import Outcome
from omniactor.evaluate.schedule import Job
from omniactor.sim.detail import choose_detail
from omniactor.sim.scene import SceneFacts, read_scene_facts
from omniactor.sim.tasks import TASKS

FORMATS = ("hdf5", "lerobot")


@dataclass(frozen=True)
class RenderPlan:
    """What is rendered, for all tasks.

    Attributes:
        formats: of `FORMATS`.
        assets: "libero" or "standin": which models the pictures show; not necessarily those simulated.
        fingerprint: of their folder; "" takes the compiled scenes as they are.
        size: of the pictures, pixels.
        alignment: of the HDF5 files' observations, see `hdf5.ALIGNMENTS`.
        actions: "labels" or "executed": what the formats call actions.
        grounding_every: states between grounding pictures; 0 for none.
        every: steps between pictures in HDF5 files.
    """

    formats: tuple[str, ...]
    assets: str
    fingerprint: str
    size: int
    alignment: str = "post-action"
    actions: str = "labels"
    grounding_every: int = 0
    every: int = 1


@dataclass(frozen=True)
class RenderJob:
    """One task's share.

    Attributes:
        task_id: 0 to 89.
        files: its episodes.
        number: its place among the tasks.
        first_episode: how many episodes come before it.
        first_frame: how many steps come before it.
        task_index: number of its instruction.
    """

    task_id: int
    files: tuple[Path, ...]
    number: int
    first_episode: int
    first_frame: int
    task_index: int


class RenderPlayer:
    """Renders tasks in a process of its own; fits `evaluate.pool.run_here` with one job per task."""

    def __init__(self, plan: RenderPlan, folder: Path, jobs: dict[int, RenderJob]) -> None:
        """Start nothing yet."""
        self._plan, self._folder, self._jobs, self._child = plan, folder, jobs, Child()

    def play(self, job: Job) -> Outcome | None:
        """Render one task; whatever goes wrong becomes an `error` outcome."""
        try:
            return self._child.call(render_task, self._plan, self._folder, self._jobs[job.task_id])
        except (OmniActorError, OSError) as error:
            reason = " ".join(str(error).split())[:300] or "no reason given"
            return Outcome(job.task_id, TASKS[job.task_id].name, 0, "error", reason=reason)

    def stop(self) -> None:
        """End the task in flight; the files that are not finished go."""
        self._child.stop()

    def close(self) -> None:
        """End the process."""
        self._child.close()


def ensure_scene(plan: RenderPlan, folder: Path, task_id: int) -> Path:
    """Return the JSON of a task's compiled scene, exporting it where it is missing or of other assets."""
    path = scene_path(folder, plan.assets, task_id)
    with contextlib.suppress(OmniActorError):
        if not plan.fingerprint:
            return path
        import mujoco

        facts = read_scene_facts(path)
        model = path.parent / Path(facts.model).name
        same = facts.fingerprint == plan.fingerprint and facts.detail == choose_detail("auto", plan.size).label
        if same and facts.mujoco == mujoco.__version__ and model.is_file():
            return path
    from omniactor.sim.assets import resolve_assets

    return export_scene(task_id, resolve_assets(plan.assets), folder, plan.size)


def render_task(kept: dict, beat, plan: RenderPlan, folder: Path, job: RenderJob) -> Outcome:
    """Render one task into everything that is not there yet (in the child); `steps` of the outcome counts pictures."""
    began = time.perf_counter()
    scene = ensure_scene(plan, folder, job.task_id)
    missing = _missing(plan, folder, job, read_scene_facts(scene))
    pictures = 0
    if missing:
        beat()
        renderer = SceneRenderer(scene, plan.size)
        try:
            pictures = _render(renderer, missing, plan, folder, job, beat)
        finally:
            renderer.close()
    return Outcome(
        job.task_id, TASKS[job.task_id].name, 0, "success", steps=pictures, seconds=round(time.perf_counter() - began, 3),
        reason=", ".join(missing),
    )  # fmt: skip


def _render(renderer: SceneRenderer, missing: dict[str, str], plan: RenderPlan, folder: Path, job: RenderJob, beat) -> int:
    pictures = 0
    with contextlib.ExitStack() as undo:
        sinks = []
        for kind, digest in missing.items():
            sinks.append(_sink(kind, digest, renderer, plan, folder, job))
            undo.callback(sinks[-1].discard)
        for file in job.files:
            episode = read_stored(file)
            for sink in sinks:
                sink.begin(episode)
            for step, state in episode.numbered_states():
                wanted = [sink for sink in sinks if sink.wants(step)]
                if not wanted:
                    continue
                renderer.pose(state, episode.facts.fixtures)
                images = renderer.images()
                pictures += len(images)
                targets = renderer.targets()
                for sink in wanted:
                    sink.add(step, images, targets)
                beat()
            for sink in sinks:
                sink.end()
        for sink in sinks:
            sink.close()
    return pictures


def _sink(kind: str, digest: str, renderer: SceneRenderer, plan: RenderPlan, folder: Path, job: RenderJob):
    if kind == "hdf5":
        from omniactor.data import hdf5

        path = hdf5_path(folder, renderer.facts.task)
        path.parent.mkdir(parents=True, exist_ok=True)
        return hdf5.Hdf5Writer(path, renderer.facts, plan.size, digest, plan.alignment, plan.actions, plan.every)
    if kind == "lerobot":
        from omniactor.data import lerobot

        return lerobot.LeRobotPart(
            folder / "lerobot", job.number, job.first_episode, job.first_frame, job.task_index, plan.size, digest, plan.actions
        )
    return GroundingWriter(folder / "grounding", renderer, plan.grounding_every, digest)


def hdf5_path(folder: Path, task: str) -> Path:
    """Return where a task's HDF5 file lies."""
    return folder / "hdf5" / f"{task}_demo.hdf5"


def _missing(plan: RenderPlan, folder: Path, job: RenderJob, scene: SceneFacts) -> dict[str, str]:
    """Return what must be written: format -> digest of everything it is made from."""
    made_from = hashlib.sha256()
    for file in job.files:
        made_from.update(hashlib.sha256(file.read_bytes()).digest())
    common = {
        "size": plan.size, "alignment": plan.alignment, "actions": plan.actions, "assets": scene.fingerprint,
        "model": scene.model, "mujoco": scene.mujoco, "episodes": made_from.hexdigest(),
    }  # fmt: skip
    places = [job.number, job.first_episode, job.first_frame, job.task_index]
    digests = {
        "hdf5": _digest({**common, "format": 2, **({"every": plan.every} if plan.every > 1 else {})}),
        "lerobot": _digest({**common, "format": 1, "alignment": None, "places": places}),
        "grounding": _digest({**common, "format": 1, "alignment": None, "actions": None, "every": plan.grounding_every}),
    }
    missing = []
    # Each format's package is loaded only for it: a machine that renders one needs no other's.
    if "hdf5" in plan.formats:
        from omniactor.data import hdf5

        missing += ["hdf5"] * (not hdf5.is_current(hdf5_path(folder, scene.task), digests["hdf5"]))
    if "lerobot" in plan.formats:
        from omniactor.data import lerobot

        missing += ["lerobot"] * (not lerobot.is_current(folder / "lerobot", job.number, digests["lerobot"]))
    if plan.grounding_every:
        stamp = folder / "grounding" / f"task{job.task_id:02d}.digest"
        there = stamp.is_file() and stamp.read_text(encoding="utf-8") == digests["grounding"]
        missing += ["grounding"] * (not there)
    return {kind: digests[kind] for kind in missing}


def _digest(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
