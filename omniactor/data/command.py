"""The command `omniactor demos`: its options, the two passes, and what is printed."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import functools
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from omniactor.errors import InputError, WorkerError

FORMATS = ("hdf5", "lerobot")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `omniactor demos`."""
    parser.add_argument(
        "--out", required=True, metavar="DIR", help="folder of the demonstrations; run again with the same one to go on"
    )
    parser.add_argument("--tasks", default="0-89", help="for example 0-89, 3,7,9 or names (default: 0-89)")
    parser.add_argument("--episodes", type=int, default=50, metavar="N", help="kept per task (default: 50)")
    parser.add_argument("--agent", default="expert", help="who acts: expert, random or replay:PATH (default: expert)")
    parser.add_argument("--labels", default="expert", help="whose actions are the labels: expert, or agent (default: expert)")
    parser.add_argument(
        "--handover", type=float, default=0.0, metavar="SHARE", help="of episodes the expert takes over midway (default: 0)"
    )
    parser.add_argument(
        "--keep-failures", action="store_true", help="keep episodes that do not succeed too; `success` says which"
    )
    parser.add_argument(
        "--perturb", default="none", help="none, light or strong: noise, pushes, mistaken gripper openings, start poses"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="everything random comes from it (default: 0)")
    parser.add_argument("--max-steps", type=int, default=400, metavar="N", help="per attempt (default: 400)")
    parser.add_argument(
        "--attempts", type=int, default=10, metavar="N", help="starts drawn per episode before it is given up (default: 10)"
    )
    kinds = "LIBERO's own models, this project's stand-ins, or whichever can be had (default: auto)"
    parser.add_argument("--assets", choices=("auto", "libero", "standin"), default="auto", help=kinds)
    parser.add_argument("--workers", type=int, metavar="W", help="processes (default: one per CPU)")
    parser.add_argument("--format", default="", help="also render into hdf5, lerobot or hdf5,lerobot (default: states only)")
    parser.add_argument("--image-size", type=int, default=128, metavar="PIXELS", help="of both cameras (default: 128)")
    parser.add_argument("--render-assets", choices=("libero", "standin"), help="models in the pictures (default: as simulated)")
    parser.add_argument(
        "--obs-alignment", default="post-action", help="of hdf5: post-action as LIBERO's files (default), or pre-action"
    )
    parser.add_argument("--actions", default="labels", help="what the formats call actions: labels (default), or executed")
    parser.add_argument(
        "--grounding", type=int, default=0, metavar="K", help="write where things are in every K-th picture (default: 0, none)"
    )
    parser.add_argument("--scenes", action="store_true", help="write compiled scenes, which render with the mujoco package alone")
    parser.add_argument(
        "--render-only", action="store_true", help="render what DIR holds, from its compiled scenes; needs no LIBERO"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Make, render and report.

    Raises:
        InputError: refused before anything started.
        WorkerError: something ended in an error; what was made is kept and reported.
    """
    formats = _check_rendering(options)
    folder = Path(options.out)
    if options.render_only:
        manifest, errors, made = _manifest(folder), [], None
        assets, fingerprint = options.render_assets or manifest["settings"]["assets"], ""
    else:
        manifest, errors, made, assets, fingerprint = _generate(options, folder)
    summary = _summary(folder, manifest, made)
    if (formats or options.grounding or options.scenes) and not errors:
        with _alone(folder):
            summary["rendering"], errors = _render(options, folder, manifest, formats, assets, fingerprint)
    _print(summary, options.json)
    if errors:
        raise WorkerError(
            f"expected everything to come to an end, got {len(errors)} errors ({errors[-1]}); run the same command again"
        )


def _check_rendering(options: argparse.Namespace) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(filter(None, (part.strip() for part in options.format.split(",")))))
    for name in formats:
        if name not in FORMATS:
            raise InputError(
                f"expected --format {' or '.join(FORMATS)}, got {name[:120]!r}; choose one of them, or both with a comma"
            )
    if options.workers is not None and options.workers < 1:
        raise InputError(f"expected at least 1 worker, got {options.workers}; give --workers a number from 1")
    if not 16 <= options.image_size <= 2048:
        raise InputError(f"expected an image size from 16 to 2048 pixels, got {options.image_size}; change --image-size")
    if options.image_size % 2 and "lerobot" in formats:
        raise InputError(f"expected an even image size, as H.264 needs, got {options.image_size}; change --image-size")
    if options.grounding < 0:
        raise InputError(f"expected 0 or more states between grounding pictures, got {options.grounding}; change --grounding")
    for name, value, choices in (
        ("--obs-alignment", options.obs_alignment, ("post-action", "pre-action")), ("--actions", options.actions, ("labels", "executed")),
    ):  # fmt: skip
        if value not in choices:
            raise InputError(f"expected {name} {' or '.join(choices)}, got {value[:120]!r}; choose one of them")
    if options.render_only and not (formats or options.grounding):
        raise InputError(
            "expected something to render with --render-only, got neither --format nor --grounding; give one of them"
        )
    for package in {"hdf5": ("h5py",), "lerobot": ("pyarrow", "av")}.items():
        for module in package[1] if package[0] in formats else ():
            _need(module)
    return formats


def _need(module: str) -> None:
    import importlib.util

    from omniactor.errors import SetupError

    if importlib.util.find_spec(module) is None:
        raise SetupError(
            f"expected the package {module} for this format, got none; run: python -m pip install -r requirements.txt"
        )


def _manifest(folder: Path) -> dict:
    from omniactor.evaluate.manifest import read_manifest

    manifest = read_manifest(folder)
    if manifest is None or manifest["settings"].get("benchmark") != "libero-90 demonstrations":
        raise InputError(
            f"expected a folder of demonstrations with --render-only, got {folder}; give the --out of an earlier run"
        )
    return manifest


def _generate(options: argparse.Namespace, folder: Path) -> tuple[dict, list[str], dict, str, str]:
    """Run the first pass; return the manifest, reasons of errors, facts about the run, and which assets to render."""
    from omniactor.data.plan import make_plan
    from omniactor.evaluate.results import ResultsFolder
    from omniactor.sim.assets import resolve_assets

    plan = make_plan(
        options.tasks, options.episodes, options.assets, agent=options.agent, labels=options.labels, seed=options.seed,
        perturb=options.perturb, handover=options.handover, keep="all" if options.keep_failures else "successes",
        max_steps=options.max_steps, attempts=options.attempts,
    )  # fmt: skip
    assets = options.render_assets or plan.assets
    fingerprint = plan.fingerprint if assets == plan.assets else resolve_assets(assets).fingerprint
    results = ResultsFolder(folder, plan.manifest())
    try:
        errors, made = _make_missing(plan, results, options.workers)
        return results.manifest, errors, made, assets, fingerprint
    finally:
        results.close()


def _make_missing(plan, results, workers: int | None) -> tuple[list[str], dict]:
    from omniactor.data.episodes import episode_path
    from omniactor.data.generation import DemoPlayer
    from omniactor.evaluate.command import ERRORS_IN_A_ROW
    from omniactor.evaluate.pool import run_here
    from omniactor.evaluate.progress import Progress
    from omniactor.evaluate.schedule import Schedule

    for leftover in (results.path / "episodes").glob("task*/.*.part.npz"):  # of a run that was killed; we hold the folder
        leftover.unlink(missing_ok=True)

    def done(job) -> bool:
        outcome = results.outcomes.get(job)
        if outcome is None or outcome.status == "error":
            return False
        return outcome.steps == 0 or episode_path(results.path, job.task_id, job.episode).is_file()

    jobs = plan.jobs()
    missing = [job for job in jobs if not done(job)]
    kept = [results.outcomes[job] for job in set(jobs) - set(missing)]
    workers = min(workers or os.cpu_count() or 1, max(1, len(missing)))
    began, errors, in_a_row = time.perf_counter(), [], 0
    progress = Progress(len(jobs), kept)
    outcomes = run_here(Schedule(missing), functools.partial(DemoPlayer, plan, results.path), workers) if missing else iter(())
    try:
        for outcome in outcomes:
            results.add(outcome)
            progress.add(outcome)
            in_a_row = in_a_row + 1 if outcome.status == "error" else 0
            errors += [outcome.reason] if outcome.status == "error" else []
            if in_a_row >= ERRORS_IN_A_ROW:
                break
    finally:
        if missing:
            outcomes.close()
        progress.close()
    seconds = time.perf_counter() - began
    made = len(missing) - len(errors)
    rate = round(60 * made / seconds, 1) if missing else 0.0
    return errors, {"episodes": made, "seconds": round(seconds, 1), "episodes_per_minute": rate, "workers": workers}


def episodes_of(folder: Path, manifest: dict, task_id: int) -> list[Path]:
    """Return the files of a task's kept episodes, in order."""
    files = (folder / "episodes" / f"task{task_id:02d}").glob("episode*.npz")
    return sorted(file for file in files if int(file.stem.removeprefix("episode")) < manifest["episodes"])


def _summary(folder: Path, manifest: dict, made: dict | None) -> dict:
    from omniactor.data.episodes import read_episode
    from omniactor.sim.tasks import TASKS

    tasks = []
    for task_id in manifest["tasks"]:
        files = episodes_of(folder, manifest, task_id)
        steps, failed, successes = 0, 0, 0
        for file in files:
            episode = read_episode(file)
            steps, failed = steps + len(episode), failed + episode.facts.attempt
            successes += episode.facts.success
        tasks.append({
            "task_id": task_id, "task": TASKS[task_id].name, "asked": manifest["episodes"], "kept": len(files),
            "successes": successes, "failed_attempts": failed, "steps": steps, "bytes": sum(file.stat().st_size for file in files),
        })  # fmt: skip
    totals = {key: sum(task[key] for task in tasks) for key in ("asked", "kept", "successes", "steps", "bytes")}
    return {"out": str(folder), **totals, "tasks": tasks, "generation": made}


def _render(
    options: argparse.Namespace, folder: Path, manifest: dict, formats: tuple[str, ...], assets: str, fingerprint: str
) -> tuple[dict, list[str]]:
    from omniactor.data.formats import RenderPlan, RenderPlayer
    from omniactor.evaluate.pool import run_here
    from omniactor.evaluate.schedule import Job, Schedule

    plan = RenderPlan(formats, assets, fingerprint, options.image_size, options.obs_alignment, options.actions, options.grounding)
    jobs, instructions = _render_jobs(folder, manifest)
    if not jobs:
        return {"pictures": 0, "seconds": 0.0}, []
    workers = min(options.workers or os.cpu_count() or 1, len(jobs))
    if "lerobot" in formats:
        from omniactor.data import lerobot

        lerobot.begin_again(folder / "lerobot")
    began, pictures, errors = time.perf_counter(), 0, []
    schedule = Schedule([Job(task_id, 0) for task_id in jobs])
    outcomes = run_here(schedule, functools.partial(RenderPlayer, plan, folder, jobs), workers)
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            pictures += outcome.steps
            errors += [outcome.reason] if outcome.status == "error" else []
    seconds = time.perf_counter() - began
    found = {
        "pictures": pictures,
        "seconds": round(seconds, 1),
        "pictures_per_second": round(pictures / seconds, 1),
        "workers": workers,
    }
    if not errors:
        found["files"] = _finish(options, folder, manifest, formats, jobs, instructions, plan)
    return found, errors


def _render_jobs(folder: Path, manifest: dict) -> tuple[dict, list[str]]:
    """Return the job of each task that has episodes, and the distinct instructions."""
    from omniactor.data.episodes import read_episode
    from omniactor.data.formats import RenderJob
    from omniactor.sim.tasks import TASKS

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
        frames += sum(len(read_episode(file)) for file in files)
    return jobs, instructions


def _finish(
    options: argparse.Namespace, folder: Path, manifest: dict, formats, jobs: dict, instructions: list[str], plan
) -> dict:
    files = {}
    if "hdf5" in formats:
        files["hdf5"] = str(folder / "hdf5")
    if "lerobot" in formats:
        from omniactor.data import lerobot

        root = folder / "lerobot"
        lerobot.drop_parts(root, len(jobs))
        facts = {
            "assets": plan.assets,
            "actions_are": plan.actions,
            "obs_alignment": "pre-action",
            "settings": manifest["settings"],
        }
        lerobot.finish(root, len(jobs), instructions, plan.size, facts)
        files["lerobot"] = str(root)
    if options.grounding:
        files["grounding"] = str(_join_grounding(folder / "grounding", jobs))
    if options.scenes:
        files["scenes"] = str(folder / "scenes" / plan.assets)
    return files


def _join_grounding(folder: Path, jobs: dict) -> Path:
    """Put the tasks' records into one file, and describe it as LLaMA-Factory reads it."""
    import shutil

    from omniactor.paths import atomic_path, write_json

    path = folder / "grounding.jsonl"
    with atomic_path(path) as temporary, temporary.open("wb") as joined:
        for task_id in jobs:
            with (folder / f"task{task_id:02d}.jsonl").open("rb") as part:
                shutil.copyfileobj(part, joined)
    columns = {"messages": "conversations", "images": "images"}
    write_json(
        folder / "dataset_info.json", {"grounding": {"file_name": path.name, "formatting": "sharegpt", "columns": columns}}
    )
    return path


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for rendering; the lock falls with the process, however it ends."""
    with (folder / "manifest.json").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"expected {folder} to be free, but another run is rendering into it; wait for it") from error
        yield


def _print(summary: dict, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, ensure_ascii=False, allow_nan=False), flush=True)
        return
    for task in summary["tasks"]:
        print(f"{task['task_id']:3d}  {task['kept']:5d} of {task['asked']} kept, {task['steps']:7d} steps, "
              f"{task['failed_attempts']} attempts failed  {task['task']}")  # fmt: skip
    print(f"{summary['kept']} episodes, {summary['steps']} steps, {summary['bytes'] / 1e6:.1f} MB in {summary['out']}")
    for kind, place in summary.get("rendering", {}).get("files", {}).items():
        print(f"{kind}: {place}")
