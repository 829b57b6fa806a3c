"""`omniactor evaluate android-control`, `gui-odyssey`, `screenspot` and `episodes`: from the steps to the report."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

from omniactor.errors import InputError, UnknownAgentError, WorkerError

ERRORS_IN_A_ROW = 20
"""After this many errors with no answer between them the run stops: it is the set-up, not the steps."""
PEER_WORKERS = 4
"""Questions at a time to a server, unless said otherwise."""
STEPS = "steps.json"
FORMAT, VERSION = "omniactor-steps", 1
_MAX_STEPS_BYTES = 100_000_000


def add_arguments(parser: argparse.ArgumentParser, benchmark: str) -> None:
    """Add the options of `omniactor evaluate BENCHMARK`."""
    # Names only: the rules themselves are loaded when there is something to judge.
    parser.add_argument("source", metavar="DIR", help="folder or file of the benchmark, as it is published")
    parser.add_argument("--agent", required=True, help="openai:URL#MODEL, mini, a checkpoint, or recorded (what was recorded)")
    parser.add_argument("--out", metavar="DIR", help="results folder; run again with the same one to go on "
                        "(default: results/BENCHMARK-AGENT-...)")  # fmt: skip
    if benchmark == "screenspot":
        parser.add_argument("--boxes", choices=("auto", "xywh", "xyxy"), default="auto", help="how boxes are written")
    else:
        parser.add_argument("--level", choices=("high", "low"), default="high", help="tell the task, or also what to do now")
        parser.add_argument("--protocol", help="rule: os-atlas, os-atlas-published, qwen2.5-vl, odyssey, ...")
        parser.add_argument("--history", choices=("recorded", "own", "none"), default="recorded",
                            help="what the agent is told of earlier steps (default: recorded)")  # fmt: skip
    if benchmark in ("android-control", "gui-odyssey"):
        parser.add_argument("--split", default="test", help="train, validation (AndroidControl), test or all (default: test)")
    if benchmark == "gui-odyssey":
        parser.add_argument("--split-by", choices=("random", "app", "device", "task"), default="random", help="default: random")
    parser.add_argument("--subset", type=int, metavar="N", help="ask about N steps, always the same ones (the paper: 800)")
    parser.add_argument("--workers", type=int, metavar="W", help=f"questions at a time to a server (default: {PEER_WORKERS})")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Evaluate, print and write the report.

    Raises:
        InputError: refused before anything was asked.
        WorkerError: some steps ended in an error; the report is written and printed.
    """
    from omniactor.gui.archive import opened

    plan = _plan(options)
    with opened(plan.source) as source:
        _evaluate(replace(plan, source=source, name=plan.source_name), options)


def _evaluate(plan, options: argparse.Namespace) -> None:
    from omniactor.evaluate import screens_report as report
    from omniactor.evaluate.asking import StepOutcome
    from omniactor.evaluate.manifest import make_manifest
    from omniactor.evaluate.results import ResultsFolder, now
    from omniactor.evaluate.screens import choose, digest, find_steps
    from omniactor.paths import write_json

    out = Path(options.out) if options.out else _default_out(plan)
    agents, workers = _agents(plan, options.workers)
    asked = plan.settings()
    known = _read_steps(out / STEPS, asked)
    if known is None:
        found, tally = find_steps(plan)
        steps, facts, total = choose(found, plan.subset), report.tally_facts(tally), len(found)
    else:
        steps, facts, total = known
    settings = {**asked, "steps": len(steps), "choice of steps": digest(steps)}
    folder = ResultsFolder(out, make_manifest(settings, [], 0, now()), StepOutcome)
    try:
        if known is None:
            write_json(out / STEPS, {
                "format": FORMAT, "version": VERSION, "settings": asked, "found": total, **facts,
                "steps": [[job.episode, job.step] for job in steps],
            })  # fmt: skip
        run_facts, surrender = _run_missing(plan, steps, folder, agents, workers)
        summary = report.summarize(plan, steps, total, facts, folder.outcomes.values(), run_facts)
        report.write_summary(folder.path, summary, folder.manifest["created"])
    finally:
        folder.close()
    print(json.dumps(summary, ensure_ascii=False, allow_nan=False) if options.json else report.text(summary), flush=True)
    if surrender:
        raise WorkerError(f"stopped after {ERRORS_IN_A_ROW} errors in a row: {surrender}")
    if summary["errors"] or summary["missing"]:
        raise WorkerError(
            f"expected an answer to every step, got {summary['errors']} errors and {summary['missing']} steps that were not "
            f"found again in {summary['planned']}; run the same command again to try them again"
        )


def _plan(options: argparse.Namespace):
    from omniactor.evaluate.screens import Plan, protocols_of

    allowed = protocols_of(options.benchmark)
    protocol = getattr(options, "protocol", None) or allowed[0]
    if protocol not in allowed:
        raise InputError(f"expected --protocol {', '.join(allowed)}, got {protocol[:60]!r}; choose one of them")
    if options.workers is not None and not 1 <= options.workers <= 256:
        raise InputError(f"expected from 1 to 256 workers, got {options.workers}; change --workers")
    return Plan(
        options.benchmark, Path(options.source), options.agent, protocol, getattr(options, "level", "high"),
        getattr(options, "history", "none"), getattr(options, "split", ""), getattr(options, "split_by", ""), options.subset,
        getattr(options, "boxes", "auto"),
    )  # fmt: skip


def _default_out(plan) -> Path:
    words = [plan.benchmark, plan.agent_name.removeprefix("openai:"), plan.level, plan.protocol]
    words += [f"{plan.subset}"] if plan.subset else []
    name = "-".join("".join(letter if letter.isalnum() or letter in "._" else "_" for letter in word)[-60:] for word in words)
    try:
        Path("results").mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"expected to make the folder results here, got: {error.strerror}; give --out") from None
    return Path("results") / name


def _agents(plan, workers: int | None):
    """Return what makes an agent for a worker, and how many workers there are; refuses agents of the arm."""
    from omniactor.agent import make_agent

    if plan.agent == "recorded":
        return (lambda: None), 1
    first = make_agent(plan.agent, None) if plan.agent not in ("expert", "random") else None
    if first is None or not first.needs_images:
        raise UnknownAgentError(
            f"expected an agent that acts on screens (openai:URL#MODEL, mini, a checkpoint, recorded), got {plan.agent[:80]!r}"
        )
    if plan.agent.startswith("openai:"):
        return (lambda: make_agent(plan.agent, None)), workers or PEER_WORKERS
    return (lambda: first), 1


def _read_steps(file: Path, asked: dict):
    """Return (steps, what was left out, how many there were) of an earlier run of the same command; None without one."""
    from omniactor.data.sources.json_rows import read_json
    from omniactor.evaluate.screens import StepJob

    if not file.is_file():
        return None
    content = read_json(file, _MAX_STEPS_BYTES)
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("settings") != asked:
        return None  # the manifest beside it says what differs
    steps = content.get("steps")
    sound = isinstance(steps, list) and all(
        isinstance(step, list) and len(step) == 2 and isinstance(step[0], str) and type(step[1]) is int for step in steps
    )
    facts = {name: content.get(name) for name in ("dropped", "notes")}
    if not sound or type(content.get("found")) is not int or not all(isinstance(value, dict) for value in facts.values()):
        raise InputError(f"expected the steps of an evaluation in {file}, got something else; delete it, and it is made again")
    return [StepJob(*step) for step in steps], facts, content["found"]


def _run_missing(plan, steps: list, folder, agents, workers: int) -> tuple[dict, str]:
    """Ask about what has no result yet; return facts about the run, and why it was given up or ""."""
    from omniactor.evaluate.asking import ask
    from omniactor.evaluate.progress import Progress

    kept = [folder.outcomes[job] for job in steps if job in folder.outcomes and folder.outcomes[job].status != "error"]
    ended = {outcome.job for outcome in kept}
    missing = {job for job in steps if job not in ended}
    if not missing:
        return {"steps": 0, "seconds": 0.0, "workers": 0}, ""
    progress = Progress(len(steps), kept, noun="steps")
    began, in_a_row, asked, surrender = time.perf_counter(), 0, 0, ""
    outcomes = ask(plan, missing, agents, workers)
    try:
        for outcome in outcomes:
            folder.add(outcome)
            progress.add(outcome)
            asked += 1
            in_a_row = in_a_row + 1 if outcome.status == "error" else 0
            if in_a_row >= ERRORS_IN_A_ROW:
                surrender = outcome.reason
                break
    finally:
        outcomes.close()
        progress.close()
    return {"steps": asked, "seconds": round(time.perf_counter() - began, 3), "workers": workers}, surrender
