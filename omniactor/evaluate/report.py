"""What came out: rates with intervals per task, per room and over all, as JSON and as a readable table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from omniactor.evaluate.results import Outcome
from omniactor.evaluate.statistics import median, wilson
from omniactor.paths import atomic_path, write_json

LISTED = 20
"""How many failures, and how many errors, a terminal gets to see; the files have all."""


def count(outcomes: Iterable[Outcome]) -> dict:
    """Return the numbers of a group of episodes.

    Errors are counted apart: `n`, `success_rate` and `wilson_95` (95 % interval, [low, high]) are of
    the episodes that came to an end. `median_steps` is of the successes.
    """
    outcomes = list(outcomes)
    steps = [outcome.steps for outcome in outcomes if outcome.status == "success"]
    errors = sum(outcome.status == "error" for outcome in outcomes)
    n = len(outcomes) - errors
    return {
        "n": n,
        "successes": len(steps),
        "failures": n - len(steps),
        "errors": errors,
        "success_rate": round(len(steps) / n, 6) if n else None,
        "wilson_95": [round(end, 6) for end in wilson(len(steps), n)],
        "median_steps": median(steps),
    }


def summarize(plan, outcomes: Iterable[Outcome], run: dict) -> dict:
    """Return the whole summary.

    Args:
        plan: what was evaluated, a `libero90.Plan` or a `miniwob.PagePlan`.
        outcomes: one per episode that was run, in any order.
        run: about this call: "episodes", "seconds", "workers".
    """
    planned = plan.jobs()
    known = {outcome.job: outcome for outcome in outcomes}
    ordered = [known[job] for job in planned if job in known]
    per_minute = round(60 * run["episodes"] / run["seconds"], 3) if run["episodes"] and run["seconds"] > 0 else None
    return {
        **plan.facts(),
        "planned": len(planned),
        **count(ordered),
        **{
            key: {name: count(o for o in ordered if o.task_id in ids) for name, ids in groups.items()}
            for key, groups in plan.groups().items()
        },
        "per_task": {
            str(task.id): {"task": task.name, **count(outcome for outcome in ordered if outcome.task_id == task.id)}
            for task in plan.tasks
        },
        "failed_episodes": [
            {"task_id": o.task_id, "episode": o.episode, "steps": o.steps, "goals": o.goals, "video": o.video, "reason": o.reason}
            for o in ordered if o.status == "failure"
        ],
        "error_episodes": [
            {"task_id": o.task_id, "episode": o.episode, "reason": o.reason} for o in ordered if o.status == "error"
        ],
        "episodes_per_minute": per_minute,
        "this_run": run,
    }  # fmt: skip


def write_summary(folder: Path, summary: dict, created: str, versions: dict[str, str]) -> None:
    """Write `summary.json` and `summary.md`, each atomically."""
    write_json(folder / "summary.json", summary)
    with atomic_path(folder / "summary.md") as temporary:
        temporary.write_text(_markdown(summary, created, versions), encoding="utf-8")


def text(summary: dict) -> str:
    """Return the summary for a terminal."""
    lines = [f"{task_id:>3s}  {_row(row):s}  {row['task']}" for task_id, row in summary["per_task"].items()]
    lines += [f"     {_row(row)}  {room}" for room, row in summary.get("per_room", {}).items()]
    lines += [f"     {_row(summary)}  all {summary['planned']} planned episodes"]
    for kind in ("failed", "error"):
        entries = summary[f"{kind}_episodes"]
        for entry in entries[:LISTED]:
            detail = f" ({entry['steps']} steps)" if kind == "failed" else ""
            reason = f": {entry['reason']}" if entry["reason"] else ""
            lines.append(f"{kind}: task {entry['task_id']} episode {entry['episode']}{detail}{reason}")
        if len(entries) > LISTED:
            lines.append(f"{kind}: {len(entries) - LISTED} more, see summary.md")
    lines.append(_conditions(summary))
    if summary["episodes_per_minute"]:
        run = summary["this_run"]
        speed = f"{summary['episodes_per_minute']:.1f} per minute"
        lines.append(f"{run['episodes']} episodes in {run['seconds']:.0f} s: {speed}, {run['workers']} workers")
    return "\n".join(lines)


def _conditions(summary: dict) -> str:
    protocol = summary["protocol"]
    head = (
        f"Agent {summary['agent']}; {summary['assets']} assets ({summary['assets_origin']}); protocol {protocol['name']}: "
        f"{protocol['episodes']} episodes per task, "
    )
    if "seeds" in protocol:
        return f"{head}seeds {protocol['seeds']}, at most {protocol['max_steps']} steps"
    return f"{head}{protocol['starts']} starts, at most {protocol['max_steps']} steps, {protocol['settle_steps']} settle steps"


def _row(row: dict) -> str:
    low, high = row["wilson_95"]
    rate = "    -  " if row["success_rate"] is None else f"{100 * row['success_rate']:5.1f} %"
    steps = "     -" if row["median_steps"] is None else f"{row['median_steps']:6.1f}"
    errors = f"  {row['errors']} errors" if row["errors"] else ""
    return f"{rate} [{100 * low:5.1f}, {100 * high:5.1f}]  {row['successes']:4d}/{row['n']:<4d} {steps} steps{errors}"


def _markdown(summary: dict, created: str, versions: dict[str, str]) -> str:
    def row(head: str, numbers: dict) -> str:
        low, high = numbers["wilson_95"]
        rate = "-" if numbers["success_rate"] is None else f"{100 * numbers['success_rate']:.1f} %"
        steps = "-" if numbers["median_steps"] is None else f"{numbers['median_steps']:g}"
        return (
            f"| {head} | {rate} | {100 * low:.1f} to {100 * high:.1f} % | {numbers['successes']} of {numbers['n']} "
            f"| {numbers['errors']} | {steps} |"
        )

    def table(head: str, rows: list[str]) -> list[str]:
        return [
            f"| {head} | Success | 95 % interval (Wilson) | Episodes | Errors | Median steps |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]

    lines = [
        f"# {summary['benchmark']}: {summary['agent']}",
        "",
        f"{_conditions(summary)}. Begun {created}.",
        "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "",
        *table("Room", [row(r, n) for r, n in summary.get("per_room", {}).items()] + [row("**All**", summary)]),
        *table("Task", [row(f"{i} {n['task']}", n) for i, n in summary["per_task"].items()]),
    ]
    if summary["failed_episodes"]:
        lines += ["## Failed episodes", ""]
        for entry in summary["failed_episodes"]:
            unmet = ", ".join(goal for goal, holds in entry["goals"].items() if not holds)
            shown = f" ([video]({entry['video']}))" if entry["video"] else ""
            lines.append(f"- task {entry['task_id']}, episode {entry['episode']}: not reached: {unmet}{shown}")
        lines.append("")
    if summary["error_episodes"]:
        lines += ["## Errors: not counted above, tried again by the next run", ""]
        lines += [
            f"- task {entry['task_id']}, episode {entry['episode']}: {entry['reason']}" for entry in summary["error_episodes"]
        ]
        lines.append("")
    return "\n".join(lines)
