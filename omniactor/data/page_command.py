"""The command `omniactor demos --world gui`: what of its options holds for pages, the run, and what is printed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from omniactor.errors import InputError, WorkerError
from omniactor.gui.pages import PAGES

_ONLY_ARM = {
    "handover": 0.0, "interventions": False, "alone": 0, "perturb": "none", "assets": "auto", "format": "", "image_size": 128,
    "picture_every": 1, "render_assets": None, "obs_alignment": "post-action", "actions": "labels", "scenes": False,
    "render_only": False,
}  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Make what is missing, write the samples, report.

    Raises:
        InputError: refused before anything started.
        SetupError: no Chromium or no package miniwob.
        WorkerError: something ended in an error; what was made is kept and reported.
    """
    for name, default in _ONLY_ARM.items():
        if getattr(options, name) != default:
            raise InputError(f"expected no --{name.replace('_', '-')} with --world gui, which is of the arm; drop it")
    if options.workers is not None and options.workers < 1:
        raise InputError(f"expected at least 1 worker, got {options.workers}; give --workers a number from 1")
    # Loaded only now, so that `omniactor --help` stays instant.
    from omniactor.data.page_demos import PageDemoPlayer, episode_folder, make_page_plan
    from omniactor.data.page_samples import write_samples
    from omniactor.data.passes import make_missing
    from omniactor.evaluate.results import ResultsFolder

    plan = make_page_plan(
        options.tasks or "expert", options.episodes, agent=options.agent, labels=options.labels, seed=options.seed,
        keep="all" if options.keep_failures else "successes", max_steps=50 if options.max_steps is None else options.max_steps,
        attempts=options.attempts, grounding=options.grounding, scale=options.scale,
    )  # fmt: skip
    folder = Path(options.out)
    results = ResultsFolder(folder, plan.manifest())
    try:
        made, errors = make_missing(plan, results, options.workers, PageDemoPlayer, episode_folder)
        kept = [episode_folder(folder, job) for job in plan.jobs()]
        files = write_samples(folder, [path for path in kept if path.is_dir()], plan.grounding > 0)
        summary = _summarize(folder, plan, results.outcomes)
    finally:
        results.close()
    _print({**summary, "samples": files, "generation": made}, options.json)
    if errors:
        raise WorkerError(
            f"expected everything to come to an end, got {len(errors)} errors ({errors[-1]}); run the same command again"
        )


def _summarize(folder: Path, plan, outcomes: dict) -> dict:
    """Return what the folder holds, per page and in all, as plain JSON."""
    pages = []
    for task_id in plan.tasks:
        ended = [outcome for job, outcome in outcomes.items() if job.task_id == task_id and outcome.steps]
        pages.append({
            "task_id": task_id, "task": PAGES[task_id].name, "asked": plan.episodes, "kept": len(ended),
            "successes": sum(outcome.status == "success" for outcome in ended), "steps": sum(outcome.steps for outcome in ended),
        })  # fmt: skip
    totals = {key: sum(page[key] for page in pages) for key in ("asked", "kept", "successes", "steps")}
    return {"out": str(folder), **totals, "tasks": pages}


def _print(summary: dict, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, ensure_ascii=False, allow_nan=False), flush=True)
        return
    for page in summary["tasks"]:
        print(f"{page['task_id']:3d}  {page['kept']:5d} of {page['asked']} kept, {page['steps']:6d} steps  {page['task']}")
    print(f"{summary['kept']} episodes, {summary['steps']} steps in {summary['out']}")
    for file, count in summary["samples"].items():
        print(f"{file}: {count} samples")
