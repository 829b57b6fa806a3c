"""The paper's Table 2 at small size: every variant from the same start on the same two-world data.

    python benchmarks/variants.py --out variants            # toy squares, 3 seeds: under an hour on one core
    python benchmarks/variants.py --steps 50 --seeds 1      # a look
    python benchmarks/variants.py --model mini --data data/gui data/arm --eval-data held/gui held/arm --steps 5000   # a GPU

For each seed one dense model is drawn and upcycled into every variant; all see the same micro-batches of
their worlds in the same order, and as many of them: a step takes one micro-batch of each world that the
variant has. What is held out is measured at the end: loss and token accuracy of each world with the right
answer before it, and then, with nothing but the question, how far clicks and arm actions are from the right ones.

Every run adds one line to OUT/runs.jsonl; the same command goes on where it was stopped. Intervals are Student's t over
seeds, 95 %; differences to the dense mixture are paired by seed. Prints a table, writes OUT/variants.json.
"""

from __future__ import annotations

import argparse
import json
import math
import os
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

from omniactor.model.agent import load_checkpoint
from omniactor.model.presets import make_model
from omniactor.paths import write_json
from omniactor.train.mixture import Mixture
from omniactor.train.predictions import predict
from omniactor.train.recipe import RECIPES, Recipe, change
from omniactor.train.run import sources, train

_MEASURES = {
    "loss_gui": "loss, screens", "token_accuracy_gui": "tokens right, screens", "click_error": "click error",
    "loss_embodied": "loss, arm", "token_accuracy_embodied": "tokens right, arm", "action_error": "action error",
}  # fmt: skip


def main() -> None:
    """Train what is missing, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="debug", help="debug, mini, or a checkpoint folder without experts")
    parser.add_argument("--data", nargs="*", default=["toy"], help="folders of samples of both worlds (default: toy squares)")
    parser.add_argument("--eval-data", nargs="*", default=["toy"], help="the same, held out")
    parser.add_argument("--steps", type=int, default=1000, help="optimizer steps of every run (default: 1000)")
    parser.add_argument("--micro-batch", type=int, default=8, help="samples of one world in a step (default: 8)")
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--answers", type=int, default=96, help="held-out questions per world (default: 96)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("build/variants"), help="folder of the results")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    settings = {k: v for k, v in vars(options).items() if k not in ("out", "seeds")}
    done = _read(options.out / "runs.jsonl", settings)
    layers = _start(options.model, 0)[0].config.text_config.num_hidden_layers
    for seed in range(options.seeds):
        for label, variant, shared in _variants(layers):
            if (seed, label) not in done:
                done[seed, label] = _run(options, seed, variant, shared)
                line = {"settings": settings, "seed": seed, "variant": label, **done[seed, label]}
                _append(options.out / "runs.jsonl", line)
                print(f"seed {seed}  {label:22s} {done[seed, label]}", file=sys.stderr, flush=True)
    summary = _summary(options, settings, done, [label for label, *_ in _variants(layers)])
    _print_table(summary["variants"])
    write_json(options.out / "variants.json", summary)
    print(json.dumps(summary))


def _variants(layers: int) -> list[tuple[str, str, int]]:
    """Return (label, variant, K_share)."""
    named = [(name, name, 0) for name in ("gui", "embodied", "dense", "hard")] + [("router", "router", layers // 2)]
    return named + [(f"omniactor, K_share {shared}", "omniactor", shared) for shared in range(1, layers)]


def _start(name: str, seed: int):
    """Return a model without experts, and its processor."""
    if Path(name).is_dir():
        return load_checkpoint(name)
    return make_model(name, "dense", seed)


def _run(options: argparse.Namespace, seed: int, variant: str, shared: int) -> dict[str, float]:
    """Train one variant; return what was measured on what is held out."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start"
        for part in _start(options.model, seed):
            part.save_pretrained(start)
        worlds = 1 if variant in ("gui", "embodied") else 2
        batches = -(-options.answers // options.micro_batch)
        recipe = change(RECIPES["debug"], [
            f"model={start}", f"variant={variant}", f"shared_layers={shared}", f"seed={seed}",
            f"data={','.join(options.data)}", f"weights={','.join('1' for _ in options.data)}",
            f"eval_data={','.join(options.eval_data)}", f"max_steps={options.steps}", f"learning_rate={options.learning_rate}",
            f"eval_every={options.steps}", f"eval_batches={batches * worlds}", "eval_samples=0", f"save_every={options.steps}",
            f"log_every={max(1, options.steps // 4)}", "world_block=1", f"micro_batch_size={options.micro_batch}",
            f"batch_size={options.micro_batch * worlds}",
        ])  # fmt: skip
        outcome = train(recipe, Path(folder) / "run")
        if outcome.path is None:
            sys.exit("stopped by a signal; the same command goes on with this run")
        entries = [json.loads(line) for line in (Path(folder) / "run" / "log.jsonl").read_text().splitlines()]
        last = [entry for entry in entries if any(name.startswith("eval_") for name in entry)][-1]
        measured = {name: last[f"eval_{name}"] for name in _MEASURES if f"eval_{name}" in last}
        measured |= _answers(recipe, outcome.path, options.answers)
    return measured | {"seconds": round(time.perf_counter() - started, 1)}


def _answers(recipe: Recipe, path: str, count: int) -> dict[str, float]:
    """Return how far the model's own answers to held-out questions are from the right ones.

    An answer about a screen without a point, where one was right, counts as a distance of 1.
    """
    model, processor = load_checkpoint(path, "cuda" if torch.cuda.is_available() else "cpu")
    errors: dict[str, float] = {}
    for world in model.config.worlds:
        kept = [s for name in recipe.eval_data for s in sources(name, [world], model.config.chunk_size, "eval")]
        mixture = Mixture(kept, [1.0] * len(kept), 32, 1, recipe.seed)
        found = [p for number in range(-(-count // 32)) for p in predict(model, processor, mixture.micro_batch(number))][:count]
        if world == "embodied":
            errors["action_error"] = round(statistics.mean(p.error for p in found), 5)
            continue
        pointed = [p for p in found if "x=" in p.wanted]
        if pointed:
            errors["click_error"] = round(statistics.mean(1.0 if p.error is None else p.error for p in pointed), 5)
            errors["unreadable"] = sum(p.error is None for p in pointed)
    return errors


def _read(path: Path, settings: dict) -> dict[tuple[int, str], dict]:
    """Return the runs that a results file holds; half a line of a killed run counts as none."""
    done: dict[tuple[int, str], dict] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry.pop("settings") != settings:
            sys.exit(f"expected runs of these settings in {path}, got others; choose another --out")
        done[entry.pop("seed"), entry.pop("variant")] = entry
    return done


def _append(path: Path, entry: dict) -> None:
    before = path.read_bytes() if path.exists() else b""
    with path.open("ab") as file:
        if before and not before.endswith(b"\n"):
            file.write(b"\n")
        file.write(json.dumps(entry).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _summary(options: argparse.Namespace, settings: dict, done: dict, labels: list[str]) -> dict:
    variants = {}
    for label in labels:
        runs = [done[seed, label] for seed in range(options.seeds)]
        row: dict = {name: _interval([run[name] for run in runs]) for name in _MEASURES if name in runs[0]}
        if label not in ("dense", "gui", "embodied"):
            row["less_than_dense"] = {
                name: _interval([done[seed, "dense"][name] - run[name] for seed, run in enumerate(runs)])
                for name in ("loss_gui", "click_error", "loss_embodied", "action_error")
            }
        variants[label] = row
    return {
        "benchmark": "variants", **settings, "seeds": options.seeds,
        "stand_ins": ["random start"] * (options.model in ("debug", "mini")) + ["toy data"] * ("toy" in options.data),
        "machine": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "torch": torch.__version__, "minutes": round(sum(run["seconds"] for run in done.values()) / 60, 1),
        "variants": variants, "runs": [{"seed": seed, "variant": label, **run} for (seed, label), run in done.items()],
    }  # fmt: skip


def _interval(values: list[float]) -> dict[str, float | None]:
    """Return mean and half the width of the 95 % interval; None of one value."""
    half = None
    if len(values) > 1:
        half = round(float(stats.t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values)), 4)
    return {"mean": round(statistics.mean(values), 4), "half": half}


def _print_table(variants: dict[str, dict]) -> None:
    print("| variant | " + " | ".join(_MEASURES.values()) + " |")
    print("|---" * (1 + len(_MEASURES)) + "|")
    for label, row in variants.items():
        cells = ("-" if name not in row else _cell(row[name]) for name in _MEASURES)
        print(f"| {label} | " + " | ".join(cells) + " |")


def _cell(value: dict) -> str:
    return f"{value['mean']:.3f}" + ("" if value["half"] is None else f" ± {value['half']:.3f}")


if __name__ == "__main__":
    main()
