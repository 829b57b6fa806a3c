"""The command `omniactor evaluate`: its benchmarks, and of LIBERO-90 the options and the run from the plan to the report."""

from __future__ import annotations

import argparse
import functools
import json
import os
import time
from pathlib import Path

from omniactor.errors import InputError, WorkerError
from omniactor.evaluate import BENCHMARKS, miniwob_command, screens_command
from omniactor.evaluate.protocol import PROTOCOLS, STARTS, choose

ERRORS_IN_A_ROW = 20
"""After this many errors with no finished episode between them the run stops: it is the set-up, not the episodes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the benchmarks of `omniactor evaluate`, each with its own options."""
    parser.description = "Each benchmark has options of its own; `--json` prints one JSON value as the last line."
    benchmarks = parser.add_subparsers(title="benchmarks", required=True, metavar="BENCHMARK", dest="benchmark")
    for name, about in BENCHMARKS.items():
        benchmark = benchmarks.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        if name == "libero-90":
            _add_libero90(benchmark)
            benchmark.set_defaults(evaluate=_evaluate_libero90)
        elif name == "miniwob":
            miniwob_command.add_arguments(benchmark)
            benchmark.set_defaults(evaluate=lambda options: _evaluate(miniwob_command.plan(options), options))
        else:
            screens_command.add_arguments(benchmark, name)
            benchmark.set_defaults(evaluate=screens_command.run)


def run(options: argparse.Namespace) -> None:
    """Run the benchmark that was asked for; see `_evaluate_libero90` and `screens_command.run` for what it raises."""
    options.evaluate(options)


def _add_libero90(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="DIR", help="results folder; run again with the same one to go on")
    parser.add_argument("--agent", default="expert", help="expert, random or replay:PATH (default: expert)")
    parser.add_argument("--tasks", default="0-89", help="for example 0-89, 3,7,9 or names (default: 0-89)")
    parser.add_argument("--protocol", default="paper", help=f"{', '.join(PROTOCOLS)} (default: paper)")
    parser.add_argument("--episodes", type=int, metavar="N", help="per task (default: the protocol's)")
    parser.add_argument("--max-steps", type=int, metavar="N", help="per episode (default: the protocol's)")
    parser.add_argument("--starts", choices=STARTS, help="LIBERO's published initial states, or drawn ones (default: published)")
    kinds = "LIBERO's own models, this project's stand-ins, or whichever can be had (default: auto)"
    parser.add_argument("--assets", choices=("auto", "libero", "standin"), default="auto", help=kinds)
    parser.add_argument("--workers", type=int, metavar="W", help="simulator processes (default: one per CPU)")
    parser.add_argument("--videos", choices=("none", "failures", "all"), default="none", help="write videos to DIR/videos")
    parser.add_argument("--ray", metavar="ADDRESS", help="run on a Ray cluster: HOST:PORT, auto or local")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def _evaluate_libero90(options: argparse.Namespace) -> None:
    """Evaluate, print and write the report.

    Raises:
        InputError: refused before anything started.
        WorkerError: some episodes ended in an error; the report is written and printed.
    """
    protocol = choose(options.protocol, options.starts, options.episodes, options.max_steps)
    if options.workers is not None and options.workers < 1:
        raise InputError(f"expected at least 1 worker, got {options.workers}; give --workers a number from 1")
    if options.ray is not None and options.videos != "none":
        raise InputError("expected --videos none with --ray, because videos would stay on the nodes; run the failed tasks here")
    # The simulator's parts are loaded only now, so that `omniactor --help` stays instant.
    from omniactor.evaluate.libero90 import make_plan

    plan = make_plan(options.agent, options.tasks, protocol, options.assets)
    ray = None
    if options.ray is not None:
        from omniactor.evaluate.cluster import connect

        ray = connect(options.ray)
    _evaluate(plan, options, ray)


def _evaluate(plan, options: argparse.Namespace, ray=None) -> None:
    """Run what is missing of a plan; see `_evaluate_libero90`."""
    from omniactor.evaluate import report
    from omniactor.evaluate.results import ResultsFolder

    if options.videos != "none":
        from omniactor.sim.video import find_encoder

        find_encoder()
    folder = ResultsFolder(options.out, plan.manifest())
    try:
        run_facts, surrender = _run_missing(plan, folder, options, ray)
        summary = report.summarize(plan, folder.outcomes.values(), run_facts)
        report.write_summary(folder.path, summary, folder.manifest["created"], folder.manifest["settings"]["version of"])
    finally:
        folder.close()
    print(json.dumps(summary, ensure_ascii=False, allow_nan=False) if options.json else report.text(summary), flush=True)
    if surrender:
        raise WorkerError(f"stopped after {ERRORS_IN_A_ROW} errors in a row: {summary['error_episodes'][-1]['reason']}")
    if summary["errors"]:
        raise WorkerError(
            f"expected every episode to come to an end, got {summary['errors']} errors in {summary['planned']}; "
            "run the same command again to try them again"
        )


def _run_missing(plan, folder, options: argparse.Namespace, ray) -> tuple[dict, bool]:
    """Run what has no result yet; return facts about the run and whether it was given up."""
    from omniactor.evaluate.progress import Progress
    from omniactor.evaluate.schedule import Schedule

    jobs = plan.jobs()
    kept = [folder.outcomes[job] for job in jobs if job in folder.outcomes and folder.outcomes[job].status != "error"]
    ended = {outcome.job for outcome in kept}
    missing = [job for job in jobs if job not in ended]
    if not missing:
        return {"episodes": 0, "seconds": 0.0, "workers": 0}, False
    progress, schedule = Progress(len(jobs), kept), Schedule(missing)
    began, in_a_row, episodes, surrender = time.perf_counter(), 0, 0, False
    outcomes, workers = _start(plan, folder.path, schedule, len(missing), options, ray)
    try:
        for outcome in outcomes:
            folder.add(outcome)
            progress.add(outcome)
            episodes += 1
            in_a_row = in_a_row + 1 if outcome.status == "error" else 0
            if in_a_row >= ERRORS_IN_A_ROW:
                surrender = True
                break
    finally:
        outcomes.close()
        progress.close()
    return {"episodes": episodes, "seconds": round(time.perf_counter() - began, 3), "workers": workers}, surrender


def _start(plan, out: Path, schedule, missing: int, options: argparse.Namespace, ray):
    """Return the generator of outcomes and the number of workers."""
    from omniactor.evaluate.pool import EpisodePlayer, run_here

    if ray is None:
        workers = min(options.workers or os.cpu_count() or 1, missing)
        return run_here(schedule, functools.partial(EpisodePlayer, plan, out, options.videos), workers), workers
    from omniactor.evaluate.cluster import NodePlayer, run_on_cluster
    from omniactor.record import versions

    workers = min(options.workers or max(1, int(ray.cluster_resources().get("CPU", 1))), missing)
    return run_on_cluster(ray, schedule, functools.partial(NodePlayer, plan, versions()), workers, plan.error), workers
