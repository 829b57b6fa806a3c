"""The last evaluations that ship with the project, as tables for the page."""

from __future__ import annotations

import json
from pathlib import Path

from omniactor.sim.tasks import TASKS

FOLDER = Path(__file__).parent.parent / "benchmarks" / "results"
HEADERS = ["Task", "Instruction", "Room", "Solved", "Episodes", "Rate %"]


def evaluations(folder: Path = FOLDER) -> list[dict]:
    """Return the summaries of LIBERO-90 evaluations in `folder`, as `omniactor evaluate` wrote them, by file name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("libero-90-*.json"))]


def title(summary: dict) -> str:
    """Return one line that says what was measured: agent, models, starts, rate and interval."""
    low, high = (100 * bound for bound in summary["wilson_95"])
    models = "LIBERO's own models" if summary["assets"] == "libero" else "stand-in models"
    return (
        f"{summary['agent']}, {models}, {summary['protocol']['starts']} starts: "
        f"{100 * summary['success_rate']:.1f} % of {summary['n']} episodes (95 % interval {low:.1f} to {high:.1f})"
    )


def table(summary: dict) -> list[list]:
    """Return one row per task, in the order of `HEADERS`."""
    rows = []
    for task_id, result in sorted(summary["per_task"].items(), key=lambda item: int(item[0])):
        task = TASKS[int(task_id)]
        rows.append([task.id, task.language, task.room, result["successes"], result["n"], round(100 * result["success_rate"])])
    return rows
