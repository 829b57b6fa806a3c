"""The paper's Table 2 at small size: every variant from the same start on the same two-world data.

    python benchmarks/variants.py                         # toy squares, debug size, 3 seeds: under an hour on 2 cores
    python benchmarks/variants.py --steps 100 --seeds 1   # a look

For each seed one dense model is drawn and upcycled into every variant; all see the same micro-batches of
their worlds in the same order, and as many of them: a step takes one micro-batch of each world that the
variant has.
What is held out is measured at the end: loss, token accuracy (screens), bin accuracy and bin error (arm).
Intervals are Student's t over seeds, 95 %. Prints a table, then one JSON line; writes it with --out.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import omniactor.model  # noqa: F401  before torch: it decides how threads wait

import torch  # isort: skip
from scipy import stats

from omniactor.model.presets import make_model
from omniactor.train.recipe import RECIPES, Recipe, change
from omniactor.train.run import train

_MEASURES = ("eval_loss_gui", "eval_token_accuracy_gui", "eval_loss_embodied", "eval_bin_accuracy", "eval_bin_error")


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--preset", default="debug", choices=("debug", "mini"))
    parser.add_argument("--steps", type=int, default=600, help="optimizer steps of a two-world run (default: 600)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="file for the JSON")
    options = parser.parse_args()
    started, results = time.perf_counter(), {}
    layers = make_model(options.preset)[0].config.text_config.num_hidden_layers
    variants = [("gui", 0), ("embodied", 0), ("dense", 0), ("hard", 0), ("router", layers // 2)]
    variants += [("omniactor", shared) for shared in range(1, layers)]
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seeds):
            start = Path(folder) / f"start {seed}"
            for part in make_model(options.preset, "dense", seed):
                part.save_pretrained(start)
            for variant, shared in variants:
                label = f"omniactor, K_share {shared}" if variant == "omniactor" else variant
                recipe = change(RECIPES["debug"], _settings(start, variant, shared, options.steps, seed))
                measured = _run(recipe, Path(folder) / f"{label} {seed}")
                results.setdefault(label, []).append(measured)
                print(f"seed {seed}  {label:24s} {measured}", file=sys.stderr, flush=True)
    _print_table(results)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    summary = {
        "benchmark": "variants", "data": "toy squares", "preset": options.preset, "steps": options.steps, "seeds": options.seeds,
        "machine": device, "minutes": round((time.perf_counter() - started) / 60, 1), "results": results,
    }  # fmt: skip
    if options.out:
        options.out.write_text(json.dumps(summary) + "\n")
    print(json.dumps(summary))


def _settings(start: Path, variant: str, shared: int, steps: int, seed: int) -> list[str]:
    batch = 8 if variant in ("gui", "embodied") else 16
    return [
        f"model={start}", f"variant={variant}", f"shared_layers={shared}", f"max_steps={steps}", f"seed={seed}",
        "learning_rate=2e-3", f"eval_every={steps}", "eval_batches=50",
        f"save_every={steps}", f"log_every={steps}", "world_block=1", "micro_batch_size=8", f"batch_size={batch}",
    ]  # fmt: skip


def _run(recipe: Recipe, out: Path) -> dict[str, float]:
    """Return what the evaluation at the end measured."""
    train(recipe, out)
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    last = [entry for entry in entries if any(name.startswith("eval_") for name in entry)][-1]
    return {name: last[name] for name in _MEASURES if name in last}


def _print_table(results: dict[str, list[dict[str, float]]]) -> None:
    print("| variant | " + " | ".join(name.removeprefix("eval_").replace("_", " ") for name in _MEASURES) + " |")
    print("|---" * (1 + len(_MEASURES)) + "|")
    for label, runs in results.items():
        print(f"| {label} | " + " | ".join(_interval([run[name] for run in runs if name in run]) for name in _MEASURES) + " |")


def _interval(values: list[float]) -> str:
    if not values:
        return "-"
    mean = statistics.mean(values)
    if len(values) == 1:
        return f"{mean:.3f}"
    half = float(stats.t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:.3f} ± {half:.3f}"


if __name__ == "__main__":
    main()
