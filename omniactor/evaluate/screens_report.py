"""What came out of a benchmark of recorded screens: the numbers over all, by split, by category, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from omniactor.data.tally import Tally
from omniactor.evaluate.asking import StepOutcome
from omniactor.evaluate.judgement import PROTOCOLS, Judgement
from omniactor.evaluate.screens import SUBSET_SEED, Plan, StepJob, steps_by_episode
from omniactor.evaluate.screens_metrics import count, mean, whole_episodes
from omniactor.paths import atomic_path, write_json

LISTED = 20
"""How many errors a report names."""
_ROUGH = ("n", "step_success_rate", "wilson_95", "type_accuracy", "grounding_accuracy", "grounding_n", "unparsed")


def summarize(plan: Plan, steps: list[StepJob], found: int, tally: dict, outcomes: Iterable[StepOutcome], run: dict) -> dict:
    """Return the whole summary.

    Args:
        plan: what was evaluated.
        steps: those asked about.
        found: how many there were to choose from.
        tally: what was left out of the source, see `Tally.as_json`.
        outcomes: of steps, in any order.
        run: about this call: "steps", "seconds", "workers".
    """
    known = {outcome.job: outcome for outcome in outcomes}
    made = [known[job] for job in steps if job in known]
    judged = [(outcome, outcome.verdict) for outcome in made if outcome.status in ("success", "failure")]
    published = plan.protocol.endswith("published")
    errors = [outcome for outcome in made if outcome.status == "error"]
    per_minute = round(60 * run["steps"] / run["seconds"], 3) if run["steps"] and run["seconds"] > 0 else None
    return {
        "benchmark": plan.benchmark,
        "agent": plan.agent_name,
        "source": plan.source_name,
        "protocol": {"name": plan.protocol, "about": PROTOCOLS[plan.protocol]},
        "level": plan.level,
        "history": plan.history,
        "split": plan.split,
        "split_by": plan.split_by,
        "subset": None if plan.subset is None else {"steps": plan.subset, "of": found, "seed": SUBSET_SEED, "ids": "steps.json"},
        "planned": len(steps),
        **count(verdict for _, verdict in judged),
        "errors": len(errors),
        "unusable": sum(outcome.status == "unusable" for outcome in made),
        "missing": len(steps) - len(made),
        "left_out": tally["dropped"],
        "notes": tally["notes"],
        **_episodes(steps, judged, published),
        **_odyssey(plan, steps, judged, published),
        "per_split": _groups(judged, lambda outcome: outcome.splits[:1] if published else outcome.splits),
        **_categories(judged),
        "error_steps": [{"step": str(outcome.job), "reason": outcome.reason} for outcome in errors[:LISTED]],
        "steps_per_minute": per_minute,
        "this_run": run,
    }  # fmt: skip


def text(summary: dict) -> str:
    """Return the summary for a terminal."""
    lines = [_row("all", summary)]
    lines += [_row(name, row) for name, row in summary["per_split"].items()]
    lines += [_row(name, row) for name, row in summary.get("per_category", {}).items()]
    if summary["mean_of_categories"] is not None:
        lines.append(f"mean of {len(summary['per_category'])} categories: {_percent(summary['mean_of_categories'])}")
    if summary.get("ams") is not None:
        lines.append(f"AMS {_percent(summary['ams'])}, SR {_percent(summary['sr'])} ({summary['ams_over']})")
    lines.append(
        f"whole episodes: {summary['episode_successes']} of {summary['episodes']}, {summary['incomplete_episodes']} incomplete"
    )
    lines += [f"left out: {number} {reason}" for reason, number in summary["left_out"].items()]
    lines += [f"error: {entry['step']}: {entry['reason']}" for entry in summary["error_steps"]]
    return "\n".join([*lines, _conditions(summary)])


def write_summary(folder: Path, summary: dict, created: str) -> None:
    """Write `summary.json` and `summary.md`, each atomically."""
    write_json(folder / "summary.json", summary)
    head = "| | Steps | Step success | 95 % interval (Wilson) | Kind right | Place right, if the kind is | No action |"
    rows = {"**All**": summary, **summary["per_split"], **summary["per_category"]}
    rows |= {f"recorded {kind}": row for kind, row in summary["per_kind"].items()}
    lines = [
        f"# {summary['benchmark']}: {summary['agent']}", "", f"{_conditions(summary)}. Begun {created}.", "",
        head, "|---|---|---|---|---|---|---|", *(_markdown(name, row) for name, row in rows.items()), "",
    ]  # fmt: skip
    if summary.get("ams") is not None:
        lines += [f"AMS {_percent(summary['ams'])}, SR {_percent(summary['sr'])} ({summary['ams_over']}).", ""]
    lines += [f"- left out: {number} {reason}" for reason, number in summary["left_out"].items()]
    lines += [f"- error: {entry['step']}: {entry['reason']}" for entry in summary["error_steps"]]
    with atomic_path(folder / "summary.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _episodes(steps: list[StepJob], judged: list, published: bool) -> dict:
    """Count episodes all of whose steps were asked about: with a subset there are hardly any."""
    asked = steps_by_episode(steps)
    right: dict[str, list[bool]] = {}
    lengths = {}
    for outcome, verdict in judged:
        right.setdefault(outcome.episode, []).append(verdict.success)
        lengths[outcome.episode] = outcome.length
    for episode in asked:
        right.setdefault(episode, [])
        lengths.setdefault(episode, max(1, asked[episode]))
    return whole_episodes(right, lengths, published)


def _odyssey(plan: Plan, steps: list[StepJob], judged: list, published: bool) -> dict:
    """Return GUI-Odyssey's AMS and SR; of its random split, the means over categories, as its script has them."""
    if not plan.protocol.startswith("odyssey"):
        return {}
    if plan.split_by != "random":
        whole = _episodes(steps, judged, published)
        rates = count(verdict for _, verdict in judged)
        return {"ams": rates["step_success_rate"], "sr": whole["episode_success_rate"], "ams_over": "all steps"}
    groups: dict[str, list] = {}
    for outcome, verdict in judged:
        groups.setdefault(outcome.category, []).append((outcome, verdict))
    ams = [count(verdict for _, verdict in group)["step_success_rate"] for group in groups.values()]
    sr = []
    for group in groups.values():
        names = {outcome.episode for outcome, _ in group}
        sr.append(_episodes([job for job in steps if job.episode in names], group, published)["episode_success_rate"])
    return {"ams": mean(ams), "sr": mean(sr), "ams_over": f"mean of {len(groups)} categories"}


def _categories(judged: list) -> dict:
    groups = _groups(judged, lambda outcome: [outcome.category] if outcome.category else [])
    return {
        "per_category": groups,
        "mean_of_categories": mean(row["step_success_rate"] for row in groups.values()) if groups else None,
    }


def _groups(judged: list[tuple[StepOutcome, Judgement]], names) -> dict:
    groups: dict[str, list[Judgement]] = {}
    for outcome, verdict in judged:
        for name in names(outcome):
            groups.setdefault(name, []).append(verdict)
    return {name: {key: count(group)[key] for key in _ROUGH} for name, group in sorted(groups.items())}


def _conditions(summary: dict) -> str:
    subset = summary["subset"]
    drawn = f"{subset['steps']} of {subset['of']} steps (seed {subset['seed']}, see {subset['ids']})" if subset else "all steps"
    split = "".join(f", {summary[name]}" for name in ("split", "split_by") if summary[name])
    return (
        f"Agent {summary['agent']}; protocol {summary['protocol']['name']}; level {summary['level']}; "
        f"history {summary['history']}; {summary['source']}{split}, {drawn}"
    )


def _row(name: str, row: dict) -> str:
    low, high = row["wilson_95"]
    return (
        f"{name[:28]:28s} step {_percent(row['step_success_rate'])} [{100 * low:5.1f}, {100 * high:5.1f}]  "
        f"kind {_percent(row['type_accuracy'])}  place {_percent(row['grounding_accuracy'])} of {row['grounding_n']}  "
        f"n {row['n']}" + (f", {row['unparsed']} no action" if row["unparsed"] else "")
    )


def _markdown(name: str, row: dict) -> str:
    low, high = row.get("wilson_95", (None, None))
    interval = "" if low is None else f"{100 * low:.1f} to {100 * high:.1f} %"
    place = f"{_percent(row['grounding_accuracy'])} of {row['grounding_n']}" if "grounding_n" in row else ""
    return (
        f"| {name} | {row['n']} | {_percent(row['step_success_rate'])} | {interval} | {_percent(row['type_accuracy'])} "
        f"| {place} | {row.get('unparsed', '')} |"
    )


def _percent(value: float | None) -> str:
    return "    -  " if value is None else f"{100 * value:5.1f} %"


def tally_facts(tally: Tally) -> dict:
    """Return what a summary needs of a tally."""
    content = tally.as_json()
    return {"dropped": content["dropped"], "notes": content["notes"]}
