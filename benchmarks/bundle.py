"""Put a trained run and what was measured of it into a folder that can ship, with a model card.

    python benchmarks/bundle.py runs/mini --results results/mini results/mini-standin results/mini-web --trained-on "..."
        --out assets/checkpoints/omniactor-mini

Copies the weights with their configuration, tokenizer and normalisation (`RUN/model`), the recipe, the log of the training
and the summaries of the evaluations, and writes README.md from them. Refuses more than 30 MB, and results of
another folder's model.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from omniactor.errors import CheckpointError, InputError
from omniactor.paths import write_json
from omniactor.sim.tasks import TASKS
from omniactor.train.checkpoint import verify

MOST_BYTES = 30 * 10**6


def main() -> None:
    """Check, copy, write the card."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("run", type=Path, help="folder of `omniactor train`")
    parser.add_argument("--results", type=Path, nargs="*", default=[], help="folders of `omniactor evaluate` with this model")
    parser.add_argument("--trained-on", required=True, help="a sentence for the card: what the data were")
    parser.add_argument(
        "--earlier", type=Path, nargs="*", default=[],
        help="runs, or bundled folders, that it went on from, the first one first; their recipes and logs are kept in `earlier`"
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="folder to make; one that is there is replaced")
    options = parser.parse_args()
    try:
        bundle(options.run, options.results, options.trained_on, options.out, options.earlier)
    except InputError as error:
        sys.exit(str(error))


def bundle(run: Path, results: list[Path], trained_on: str, out: Path, earlier: Sequence[Path] = ()) -> None:
    """Make the folder beside its place, then put it there.

    Raises:
        InputError: no finished run, a model that is not as its run wrote it, results of another model, or too large.
    """
    model = run / "model"
    if not (model / "config.json").is_file():
        raise InputError(f"expected a finished run with a model in {run}, got none; let `omniactor train` come to its end")
    try:
        verify(model)
    except CheckpointError as error:
        raise InputError(f"{error}; train again") from None
    summaries = [read_summary(folder, model) for folder in results]
    names = [_name(summary) for summary in summaries]
    if len(set(names)) < len(names):
        raise InputError(f"expected evaluations that differ in kind, got {', '.join(sorted(names))}; leave one of a kind out")
    staging = out.with_name(f".{out.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    shutil.copytree(model, staging)
    recipe = _without_places(json.loads((run / "recipe.json").read_text()))
    write_json(staging / "recipe.json", recipe)
    shutil.copy(run / "log.jsonl", staging / "log.jsonl")
    for number, folder in enumerate(earlier, start=1):
        kept = staging / "earlier" / str(number)
        kept.mkdir(parents=True)
        write_json(kept / "recipe.json", _without_places(json.loads((folder / "recipe.json").read_text())))
        shutil.copy(folder / "log.jsonl", kept / "log.jsonl")
    (staging / "evaluation").mkdir()
    for summary in summaries:
        write_json(staging / "evaluation" / _name(summary), {**summary, "agent": "mini"})
    (staging / "README.md").write_text(_card(out.name, recipe, summaries, trained_on), encoding="utf-8")
    size = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        shutil.rmtree(staging)
        raise InputError(f"expected at most {MOST_BYTES / 1e6:.0f} MB, got {size / 1e6:.1f}; train a smaller preset")
    if out.exists():
        shutil.rmtree(out)
    staging.rename(out)
    print(f"{out}: {size / 1e6:.1f} MB, {len(summaries)} evaluations")


def _without_places(recipe: dict) -> dict:
    """Return a recipe without where its folders lay on this machine, which is of no use elsewhere."""
    for name in ("data", "eval_data"):
        recipe[name] = ["/".join(Path(folder).parts[-2:]) for folder in recipe.get(name, [])]
    recipe["model"] = Path(recipe["model"]).name if Path(recipe["model"]).is_dir() else recipe["model"]
    return recipe


def read_summary(folder: Path, model: Path) -> dict:
    """Return an evaluation's summary.

    Raises:
        InputError: not finished, or of another model.
    """
    path = folder / "summary.json"
    try:
        summary, manifest = json.loads(path.read_text()), json.loads((folder / "manifest.json").read_text())
        agent = manifest["settings"]["agent"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"expected a finished evaluation in {folder}, got: {error}") from None
    if Path(agent).resolve() != model.resolve():
        raise InputError(f"expected results of {model} in {folder}, got those of {agent}")
    return summary


def _name(summary: dict) -> str:
    if summary["benchmark"] == "miniwob":
        return "miniwob.json"
    whole = "-all" if len(summary["per_task"]) == len(TASKS) else ""
    starts = summary["protocol"].get("starts", "published")
    return f"libero-90-{summary['assets']}{whole}{'' if starts == 'published' else '-' + starts}.json"


def _card(name: str, recipe: dict, summaries: list[dict], trained_on: str) -> str:
    rows = "\n".join(_row(summary) for summary in summaries)
    return f"""---
license: mit
tags:
  - robotics
  - gui-agent
---

# {name}

A small OmniActor: one set of weights that drives LIBERO's robot arm and clicks on web pages, with GUI and embodied experts in
the deep layers. Made for two CPU cores; `docs/mini.md` of the project says how, command by command.

## Trained on

{trained_on} {recipe["max_steps"]} steps of {recipe["batch_size"]} samples.

The recipe is in `recipe.json`, the log of the training in `log.jsonl`.

## Measured

| benchmark | tasks | episodes | solved | 95 % interval |
|---|---|---|---|---|
{rows}

Task by task in `evaluation/`. Tasks and pages that are not listed there were not measured, and the model has not learnt them:
expect it to fail. Instructions other than the tasks' own are not understood.
"""


def _row(summary: dict) -> str:
    low, high = (100 * bound for bound in summary["wilson_95"])
    what = "MiniWoB++, from pixels" if summary["benchmark"] == "miniwob" else f"LIBERO-90, models: {summary['assets']}"
    share = f"{100 * summary['success_rate']:.1f} % | {low:.1f} to {high:.1f} |"
    return f"| {what} | {len(summary['per_task'])} | {summary['n']} | {share}"


if __name__ == "__main__":
    main()
