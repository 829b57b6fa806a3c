"""The two passes over a demonstrations folder: making what is missing, rendering what is there."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from pathlib import Path

from omniactor.data.episodes import episode_path
from omniactor.data.folder import render_jobs
from omniactor.data.formats import RenderJob, RenderPlan, RenderPlayer
from omniactor.data.generation import DemoPlayer
from omniactor.data.grounding import join_records
from omniactor.evaluate.command import ERRORS_IN_A_ROW
from omniactor.evaluate.pool import run_here
from omniactor.evaluate.progress import Progress
from omniactor.evaluate.results import ResultsFolder
from omniactor.evaluate.schedule import Job, Schedule


def make_missing(plan, results: ResultsFolder, workers: int | None, player=DemoPlayer, place=None) -> tuple[dict, list[str]]:
    """Make the episodes a folder lacks; return facts about the run and the reasons of errors.

    Args:
        plan: a `DemoPlan`, or of pages a `PageDemoPlan`.
        results: the folder.
        workers: processes; one per CPU when None.
        player: makes the episodes, from the plan and the folder's path.
        place: (folder, job) -> what is there when the job's episode is.
    """
    place = place or (lambda folder, job: episode_path(folder, job.task_id, job.episode))
    for leftover in (results.path / "episodes").glob("task*/.*.part.npz"):  # of a run that was killed; we hold the folder
        leftover.unlink(missing_ok=True)

    def done(job: Job) -> bool:
        outcome = results.outcomes.get(job)
        if outcome is None or outcome.status == "error":
            return False
        return outcome.steps == 0 or place(results.path, job).exists()

    jobs = plan.jobs()
    missing = [job for job in jobs if not done(job)]
    if not missing:
        return {"episodes": 0, "seconds": 0.0, "episodes_per_minute": 0.0, "workers": 0}, []
    ended = set(jobs) - set(missing)
    progress = Progress(len(jobs), [results.outcomes[job] for job in ended])
    workers = min(workers or os.cpu_count() or 1, len(missing))
    began, made, errors, in_a_row = time.perf_counter(), 0, [], 0
    outcomes = run_here(Schedule(missing), functools.partial(player, plan, results.path), workers)
    with contextlib.closing(progress), contextlib.closing(outcomes):
        for outcome in outcomes:
            results.add(outcome)
            progress.add(outcome)
            if outcome.status != "error":
                made, in_a_row = made + 1, 0
                continue
            errors.append(outcome.reason)
            in_a_row += 1
            if in_a_row >= ERRORS_IN_A_ROW:  # it is the set-up, not the episodes
                break
    seconds = time.perf_counter() - began
    rate = round(60 * made / seconds, 1)
    return {"episodes": made, "seconds": round(seconds, 1), "episodes_per_minute": rate, "workers": workers}, errors


def render_all(plan: RenderPlan, folder: Path, manifest: dict, workers: int | None) -> tuple[dict, list[str]]:
    """Render what is not there yet; return facts about the run and the reasons of errors."""
    jobs, instructions = render_jobs(folder, manifest)
    if not jobs:
        return {"pictures": 0, "seconds": 0.0, "pictures_per_second": 0.0, "workers": 0, "files": {}}, []
    workers = min(workers or os.cpu_count() or 1, len(jobs))
    for kind in ("hdf5", "lerobot", "grounding", "scenes"):  # what a killed run left; we hold the folder
        for leftover in (folder / kind).rglob(".*.part.*"):
            leftover.unlink(missing_ok=True)
    if "lerobot" in plan.formats:
        from omniactor.data import lerobot

        lerobot.begin_again(folder / "lerobot")
    began, pictures, errors = time.perf_counter(), 0, []
    schedule = Schedule([Job(task_id, 0) for task_id in jobs])
    with contextlib.closing(run_here(schedule, functools.partial(RenderPlayer, plan, folder, jobs), workers)) as outcomes:
        for outcome in outcomes:
            pictures += outcome.steps
            errors += [outcome.reason] if outcome.status == "error" else []
    seconds = time.perf_counter() - began
    facts = {"pictures": pictures, "seconds": round(seconds, 1), "pictures_per_second": round(pictures / seconds, 1)}
    files = {} if errors else _finish(plan, folder, manifest, jobs, instructions)
    return {**facts, "workers": workers, "files": files}, errors


def _finish(plan: RenderPlan, folder: Path, manifest: dict, jobs: dict[int, RenderJob], instructions: list[str]) -> dict:
    """Write what describes all tasks together; return kind -> where it is."""
    files = {"scenes": str(folder / "scenes" / plan.assets)}
    if "hdf5" in plan.formats:
        files["hdf5"] = str(folder / "hdf5")
    if "lerobot" in plan.formats:
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
    if plan.grounding_every:
        files["grounding"] = str(join_records(folder / "grounding", list(jobs)))
    return files
