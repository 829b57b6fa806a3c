"""A demonstrations folder: what it says it holds, what it does hold, who may render into it."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from omniactor.data.episodes import episode_path, read_facts
from omniactor.data.formats import RenderJob
from omniactor.errors import InputError
from omniactor.evaluate.manifest import read_manifest
from omniactor.sim.tasks import TASKS

PACKED = "packed"
"""Setting in the manifest of a folder that `omniactor unpack` made: what its episodes were packed for."""


def demos_manifest(folder: Path) -> dict:
    """Return the manifest of a folder of demonstrations.

    Raises:
        InputError: it is none.
    """
    manifest = read_manifest(folder)
    if manifest is None or manifest["settings"].get("benchmark") != "libero-90 demonstrations":
        raise InputError(
            f"expected a folder of demonstrations with an earlier run in it, got {folder}; give the --out of `omniactor demos`"
        )
    return manifest


def check_packed(manifest: dict, options) -> None:
    """Refuse to render what an unpacked folder has no states for.

    Args:
        manifest: of the folder.
        options: of `omniactor demos`.

    Raises:
        InputError: with what can be rendered.
    """
    packed = manifest["settings"].get(PACKED)
    if packed is None:
        return
    asked = {
        "--format": options.format.strip(" ,"), "--picture-every": options.picture_every,
        "--obs-alignment": options.obs_alignment, "--actions": options.actions, "--grounding": options.grounding,
    }  # fmt: skip
    there = {
        "--format": "hdf5", "--picture-every": packed["picture every"], "--obs-alignment": "pre-action", "--actions": "labels",
        "--grounding": 0,
    }  # fmt: skip
    for name, value in there.items():
        if asked[name] != value:
            raise InputError(
                f"expected {name} {value} as {options.out} was packed for, got {str(asked[name])[:120] or 'nothing'}; "
                "change it, or pack again"
            )


def episodes_of(folder: Path, manifest: dict, task_id: int) -> list[Path]:
    """Return the files of a task's kept episodes, in order."""
    files = (episode_path(folder, task_id, number) for number in range(manifest["episodes"]))
    return [file for file in files if file.is_file()]


def summarize(folder: Path, manifest: dict) -> dict:
    """Return what the folder holds, per task and in all, as plain JSON."""
    tasks = []
    for task_id in manifest["tasks"]:
        files = episodes_of(folder, manifest, task_id)
        steps, failed, successes, size = 0, 0, 0, sum(file.stat().st_size for file in files)
        for file in files:
            facts = read_facts(file)
            steps, failed, successes = steps + facts.steps, failed + facts.attempt, successes + facts.success
        tasks.append({
            "task_id": task_id, "task": TASKS[task_id].name, "asked": manifest["episodes"], "kept": len(files),
            "successes": successes, "failed_attempts": failed, "steps": steps, "bytes": size,
        })  # fmt: skip
    totals = {key: sum(task[key] for task in tasks) for key in ("asked", "kept", "successes", "steps", "bytes")}
    return {"out": str(folder), **totals, "tasks": tasks}


def render_jobs(folder: Path, manifest: dict) -> tuple[dict, list[str]]:
    """Return the job of each task that has episodes, and the distinct instructions."""
    jobs, instructions, episodes, frames = {}, [], 0, 0
    for task_id in manifest["tasks"]:
        files = tuple(episodes_of(folder, manifest, task_id))
        if not files:
            continue
        instruction = TASKS[task_id].language
        if instruction not in instructions:
            instructions.append(instruction)
        jobs[task_id] = RenderJob(task_id, files, len(jobs), episodes, frames, instructions.index(instruction))
        episodes += len(files)
        frames += sum(read_facts(file).steps for file in files)
    return jobs, instructions


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder for rendering; the lock falls with the process, however it ends."""
    with (folder / "manifest.json").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"expected {folder} to be free, but another run is rendering into it; wait for it") from error
        yield
