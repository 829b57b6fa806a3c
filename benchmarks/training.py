"""What the training engine costs: the Trainer against a bare PyTorch loop on the same model and micro-batches.

    python benchmarks/training.py                                    # debug and mini on a CPU
    python benchmarks/training.py --preset mini --steps 50 --blocks 5

Both train the same start on the same toy samples in one process. Blocks of optimizer steps take turns (bare, Trainer,
Trainer, bare, ...), each after a warm-up; the cost is the median over pairs of neighbours, so that what else the machine does
hits both. What the Trainer times is from the end of its first step to the end of its last: no start, no checkpoint; it logs
once per ten steps.
"Utilisation" is 6 x (parameters a sample runs through, without embeddings) x tokens a second, over what a large matrix product
reaches in the same run. "Data" is the share of the bare loop spent making batches; with `workers` in a recipe other
processes do that. The last line of stdout is one JSON object; --out writes it to a file, too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import omniactor.model  # noqa: F401  before torch: it decides how threads wait

import torch  # isort: skip

from transformers import TrainerCallback
from transformers.utils import logging

from omniactor.model.parameters import count_parameters
from omniactor.model.presets import make_model
from omniactor.paths import write_json
from omniactor.train.batches import Batches
from omniactor.train.mixture import Mixture
from omniactor.train.recipe import RECIPES, Recipe, change
from omniactor.train.toy import ToySource
from omniactor.train.trainer import OmniActorTrainer, training_arguments


def main() -> None:
    """Time both, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--preset", action="append", choices=("debug", "mini"), help="default: both")
    parser.add_argument("--steps", type=int, default=20, help="optimizer steps of a block (default: 20)")
    parser.add_argument("--blocks", type=int, default=7, help="blocks of each (default: 7)")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="of PyTorch (default: at most 2)")
    parser.add_argument("--out", type=Path, help="file for the JSON")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = [_row(preset, options.steps, options.blocks, device) for preset in options.preset or ("debug", "mini")]
    print("| preset | bare loop | Trainer | engine costs | data | utilisation | peak memory |\n|---|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r['preset']} | {r['bare']:.1f} samples/s | {r['trainer']:.1f} samples/s | {100 * r['cost']:.1f} % "
            f"| {100 * r['data_share']:.0f} % | {100 * r['utilisation']:.0f} % | {r['peak_memory_mb']} MB |"
        )
    machine = torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()}, {torch.get_num_threads()} threads"
    summary = {
        "benchmark": "training", "device": device, "machine": machine, "torch": torch.__version__, "data": "toy squares",
        "steps": options.steps, "blocks": options.blocks, "rows": rows,
    }  # fmt: skip
    if options.out:
        write_json(options.out, summary)
    print(json.dumps(summary))


def _row(preset: str, steps: int, blocks: int, device: str) -> dict:
    settings = [
        f"model={preset}", f"max_steps={steps + 1}", "micro_batch_size=8", "batch_size=16", "world_block=1", "eval_every=0",
        "eval_data=", f"save_every={10 * steps}", "log_every=10",
    ]  # fmt: skip
    recipe = change(RECIPES["debug"], settings)
    bare, engine, data = [], [], []
    for block in range(blocks):
        for which in ("bare", "trainer") if block % 2 == 0 else ("trainer", "bare"):
            if which == "trainer":
                engine.append(_trainer(recipe))
            else:
                seconds, making, tokens = _bare(recipe, device)
                bare.append(seconds)
                data.append(making / seconds)
        print(f"{preset}, block {block}: bare {bare[-1]:.2f} s, Trainer {engine[-1]:.2f} s", file=sys.stderr)
    costs = [whole / loop - 1 for whole, loop in zip(engine, bare, strict=True)]
    samples, loop, whole = recipe.batch_size * steps, statistics.median(bare), statistics.median(engine)
    parts = count_parameters(make_model(preset)[0].config)
    flops = 6 * (parts.active - parts.embeddings) * tokens / loop
    return {
        "preset": preset, "bare": round(samples / loop, 2), "trainer": round(samples / whole, 2),
        "cost": round(statistics.median(costs), 4), "costs": [round(cost, 4) for cost in costs],
        "data_share": round(statistics.median(data), 3), "tokens_per_second": round(tokens / loop),
        "utilisation": round(flops / _peak_flops(device), 3), "peak_memory_mb": _peak_memory(device),
    }  # fmt: skip


def _mixture(recipe: Recipe, chunk: int) -> Mixture:
    sources = [ToySource(world, chunk=chunk) for world in ("gui", "embodied")]
    return Mixture(sources, [1.0, 1.0], recipe.micro_batch_size, recipe.world_block, recipe.seed)


def _bare(recipe: Recipe, device: str) -> tuple[float, float, int]:
    """Return seconds of a loop with nothing around it, those spent on making batches, and tokens."""
    model, processor = make_model(recipe.model, recipe.variant, recipe.seed)
    model.to(device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=0.0, fused=True
    )  # as the Trainer has it
    batches = Batches(_mixture(recipe, model.config.chunk_size), processor, model.config, recipe.max_steps * 2)
    making, tokens, started = 0.0, 0, 0.0
    for number in range(recipe.max_steps * 2):
        if number == 2:  # the first step warms up
            if device == "cuda":
                torch.cuda.synchronize()
            making, tokens, started = 0.0, 0, time.perf_counter()
        before = time.perf_counter()
        inputs = _moved(batches.encode(number), device)
        making += time.perf_counter() - before
        tokens += inputs["input_ids"].numel()
        (model(**inputs).loss / 2).backward()
        if number % 2:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started, making, tokens


def _trainer(recipe: Recipe) -> float:
    """Return seconds of the same steps in the Trainer, the first one and the last checkpoint left out."""
    model, processor = make_model(recipe.model, recipe.variant, recipe.seed)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        arguments = training_arguments(recipe, Path(folder), 1)
        arguments.save_strategy = "no"
        trainer = OmniActorTrainer(
            model, processor, recipe, arguments, _mixture(recipe, model.config.chunk_size), log=Path(folder) / "log.jsonl"
        )
        clock = _Clock()
        trainer.add_callback(clock)
        trainer.train()
    return clock.last - clock.first


class _Clock(TrainerCallback):
    """When the first step ended, and the last."""

    first = last = 0.0

    def on_step_end(self, args, state, control, **kwargs):
        if torch.cuda.is_available() and state.global_step in (1, state.max_steps):
            torch.cuda.synchronize()
        self.last = time.perf_counter()
        if state.global_step == 1:
            self.first = self.last


def _peak_memory(device: str) -> int:
    """Return MB: of the GPU, or of this process so far."""
    if device == "cuda":
        return round(torch.cuda.max_memory_allocated() / 2**20)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _moved(inputs: dict, device: str) -> dict:
    return {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in inputs.items()}


def _peak_flops(device: str) -> float:
    """Return floating point operations per second of a large matrix product."""
    size, times = 4096 if device == "cuda" else 1024, []
    matrix = torch.randn(size, size, device=device)
    for _ in range(6):
        started = time.perf_counter()
        matrix @ matrix
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times)


if __name__ == "__main__":
    main()
