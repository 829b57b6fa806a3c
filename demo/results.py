"""The last evaluations that ship with the project, as tables for the page."""

from __future__ import annotations

import json
from pathlib import Path

from omniactor.errors import InputError
from omniactor.sim.tasks import TASKS

FOLDER = Path(__file__).parent.parent / "benchmarks" / "results"
NAMES = {"expert": "scripted expert", "random": "random actions", "mini": "OmniActor-mini"}
EVALUATIONS = "libero-90-*.json"
EVALUATION = "evaluation"
"""Folder of a checkpoint in which its evaluations lie."""
WEAK = 0.8
"""Tasks solved less often than this stand out."""


def evaluations(folder: Path = FOLDER) -> list[dict]:
    """Return the summaries of LIBERO-90 evaluations in `folder`, as `omniactor evaluate` wrote them, by file name.

    Raises:
        InputError: a file that is no summary.
    """
    found = []
    for path in sorted(folder.glob(EVALUATIONS)):
        try:
            summary = json.loads(path.read_text(encoding="utf-8"))
            _ = title(summary), table(summary)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            reason = " ".join(str(error).split())[:80]
            raise InputError(
                f"expected the summary of an evaluation in {path}, got a {type(error).__name__} ({reason})"
            ) from None
        found.append(summary)
    return found


def rates(checkpoint: Path, assets: str) -> dict[int, tuple[int, int]] | None:
    """Return task id -> (episodes solved, episodes run) with these 3-D models, of a checkpoint's folder; None without any.

    Of a task that several evaluations ran, what the longest says: their starts may be the same, so they are not added up.
    """
    found: dict[int, tuple[int, int]] = {}
    summaries = [summary for summary in evaluations(checkpoint / EVALUATION) if summary["assets"] == assets]
    for summary in summaries:
        for task_id, result in summary["per_task"].items():
            if result["n"] > found.get(int(task_id), (0, 0))[1]:
                found[int(task_id)] = result["successes"], result["n"]
    return found if summaries else None


def in_order(summaries: list[dict]) -> list[dict]:
    """Return evaluations by agent, each agent's together, agents in the order in which they come first.

    One that lies in two places, with its checkpoint and among the project's results, is there once.
    """
    once = [summary for number, summary in enumerate(summaries) if summary not in summaries[:number]]
    agents = list(dict.fromkeys(summary["agent"] for summary in once))
    return sorted(once, key=lambda summary: agents.index(summary["agent"]))


def title(summary: dict) -> str:
    """Return one line that says what was measured: agent, tasks, models, starts, rate and interval."""
    low, high = (100 * bound for bound in summary["wilson_95"])
    models = "LIBERO's own models" if summary["assets"] == "libero" else "stand-in models"
    number = len(summary["per_task"])
    return (
        f"Measured: {NAMES.get(summary['agent'], summary['agent'])}, {number} task{'s' if number > 1 else ''}, {models}, "
        f"{summary['protocol']['starts']} starts: "
        f"{100 * summary['success_rate']:.1f}\u00a0% of {summary['n']} episodes "
        f"(95\u00a0% interval {low:.1f}\u00a0to\u00a0{high:.1f})"
    )


def table(summary: dict) -> str:
    """Return an HTML table with a row per task: number, instruction, episodes solved of those run."""
    rows = []
    for task_id, result in sorted(summary["per_task"].items(), key=lambda item: int(item[0])):
        task = TASKS[int(task_id)]
        weak = ' class="weak"' if result["success_rate"] < WEAK else ""
        rows.append(f"<tr{weak}><td>{task.id}</td><td>{task.language}</td><td>{result['successes']}/{result['n']}</td></tr>")
    head = "<thead><tr><th>Task</th><th>Instruction</th><th>Solved</th></tr></thead>"
    return f'<div class="rates"><table>{head}<tbody>{"".join(rows)}</tbody></table></div>'
