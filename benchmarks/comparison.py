"""Runs of one recipe that differ in the variant, side by side: how well they predict and what they solved.

    python benchmarks/comparison.py --run omniactor runs/both results/both-arm results/both-web
        --run embodied runs/arm results/arm-arm --run gui runs/web results/web-web --out comparison.json

Reads of every run the recipe, the measurement on held-out data at its end (`eval_data`, `eval_every`), and the summaries of
`omniactor evaluate` with its model. Refuses runs that differ from the first in more than variant, layers shared, number of steps
and left-out folders, and results of another model. Prints a table and writes all of it as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.bundle import read_summary
from omniactor.errors import InputError
from omniactor.paths import write_json
from omniactor.train.recipe import FREE

# With the variant go the folders of its worlds, and the steps that showed samples of these.
_MAY_DIFFER = ("variant", "shared_layers", "data", "weights", "eval_data", "max_steps")
_MEASURES = {
    "loss_embodied": "loss, arm", "target_error": "places off, m", "loss_gui": "loss, screens",
    "token_accuracy_gui": "tokens right, screens",
}  # fmt: skip


def main() -> None:
    """Read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--run", nargs="+", action="append", required=True, metavar="NAME RUN [RESULTS ...]",
        help="a name, the folder of `omniactor train`, and folders of `omniactor evaluate` with its model; once per run",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()
    try:
        summary = compare(options.run)
    except InputError as error:
        sys.exit(str(error))
    write_json(options.out, summary)
    _print_table(summary["runs"])


def compare(runs: list[list[str]]) -> dict:
    """Return what each run was and what came out.

    Args:
        runs: per run a name, its folder and folders of results.

    Raises:
        InputError: a run is not finished or differs in more than it may, or results are of another model.
    """
    rows: dict[str, dict] = {}
    first: dict = {}
    for name, *folders in runs:
        if not folders:
            raise InputError(f"expected --run NAME RUN [RESULTS ...], got {name!r} alone")
        run, *results = map(Path, folders)
        recipe = _json(run / "recipe.json")
        first = first or recipe
        changed = [k for k, v in recipe.items() if k not in (*_MAY_DIFFER, *FREE) and first.get(k) != v]
        changed += [k for k in ("data", "eval_data") if not _folders(recipe, k) <= _folders(first, k)]
        if changed:
            raise InputError(
                f"expected the settings of the first run but for its worlds, got others of {', '.join(changed)} in {run}"
            )
        rows[name] = {
            "variant": recipe["variant"], "max_steps": recipe["max_steps"], "samples": recipe["max_steps"] * recipe["batch_size"],
            "held_out": _held_out(run), "solved": dict(_solved(folder, run / "model") for folder in results),
        }  # fmt: skip
    return {"benchmark": "comparison", "model": first["model"], "seed": first["seed"], "runs": rows}


def _folders(recipe: dict, key: str) -> set[tuple[str, float]]:
    """Return the folders of a run's data, with their weights."""
    weights = recipe["weights"] if key == "data" else [1.0] * len(recipe[key])
    return set(zip(recipe[key], weights, strict=True))


def _held_out(run: Path) -> dict[str, float]:
    """Return the measurement on held-out data at the last step."""
    try:
        entries = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"expected the log of a run in {run}, got: {error}") from None
    last = _json(run / "recipe.json")["max_steps"]
    found: dict[str, float] = {}
    for entry in entries:
        if entry["step"] == last:
            found |= {name: entry[f"eval_{name}"] for name in _MEASURES if f"eval_{name}" in entry}
    if not found:
        raise InputError(f"expected a measurement on held-out data at the last step ({last}) of {run}, got none; set eval_every")
    return found


def _solved(folder: Path, model: Path) -> tuple[str, dict]:
    """Return an evaluation's name and what it counted."""
    summary = read_summary(folder, model)
    name = "pages" if summary["benchmark"] == "miniwob" else f"arm, {summary['assets']}"
    tasks = {row["task"]: [row["successes"], row["n"]] for row in summary["per_task"].values()}
    return name, {**{key: summary[key] for key in ("successes", "n", "errors", "wilson_95")}, "per_task": tasks}


def _json(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"expected {path}, got: {error}") from None


def _print_table(rows: dict[str, dict]) -> None:
    worlds = sorted({name for row in rows.values() for name in row["solved"]})
    print("| run | samples | " + " | ".join([*worlds, *_MEASURES.values()]) + " |")
    print("|---" * (2 + len(worlds) + len(_MEASURES)) + "|")
    for name, row in rows.items():
        cells = [_rate(row["solved"].get(world)) for world in worlds]
        cells += [f"{row['held_out'][key]:.4f}" if key in row["held_out"] else "-" for key in _MEASURES]
        print(f"| {name} | {row['samples']:,} | " + " | ".join(cells) + " |")


def _rate(counted: dict | None) -> str:
    if counted is None:
        return "-"
    low, high = (100 * bound for bound in counted["wilson_95"])
    return f"{counted['successes']} of {counted['n']} ({low:.0f} to {high:.0f} %)"


if __name__ == "__main__":
    main()
