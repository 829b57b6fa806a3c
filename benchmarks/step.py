"""Where a training step's time goes, and what would shorten it: samples a second of one preset, way by way.

    python benchmarks/step.py                                   # a CUDA GPU: mini-wide, 1,024 samples, bf16
    python benchmarks/step.py --preset mini --batch 16          # two CPU cores
    python benchmarks/step.py --preset mini --batch 32 --bf16   # the same, a processor with bf16 instructions

Every way computes the same step (forward, backward, AdamW) on the same samples of the arm in turn, in one process, and is
compared with the first, which is how `omniactor train` does it; "compiled" is its setting `compile=true`, another way that is
worth it here still has to be built in. On a GPU the operations that take longest are listed as well. The last line of stdout
is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import omniactor.model  # noqa: F401  before torch: it decides how threads wait

import torch  # isort: skip

from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.presets import make_model
from omniactor.train.batches import Batches
from omniactor.train.compilation import compile_parts
from omniactor.train.mixture import Mixture
from omniactor.train.toy import ToySource


def as_trained(model: OmniActorForConditionalGeneration) -> None:
    """Change nothing."""


def bf16_stream(model: OmniActorForConditionalGeneration) -> None:
    """Let states between layers have 16 bits; embeddings and sums of float32 weights otherwise make them 32."""
    model.model.language_model.register_forward_pre_hook(lambda _, inputs: (inputs[0].to(torch.bfloat16), *inputs[1:]))


def compiled(model: OmniActorForConditionalGeneration) -> None:
    """Compile decoder layers and stems."""
    compile_parts(model)


def channels_last(model: OmniActorForConditionalGeneration) -> None:
    """Let the stems' convolutions read pixels one after the other."""
    model.model.visual.stems.to(memory_format=torch.channels_last)


def both(model: OmniActorForConditionalGeneration) -> None:
    """Compiled parts with a 16-bit stream."""
    bf16_stream(model)
    compiled(model)


WAYS: dict[str, Callable[[OmniActorForConditionalGeneration], None]] = {
    "as trained": as_trained, "channels last": channels_last, "bf16 stream": bf16_stream, "compiled": compiled,
    "compiled, bf16 stream": both,
}  # fmt: skip


def main() -> None:
    """Time every way and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--preset", choices=("mini", "mini-wide"), default="mini-wide", help="default: mini-wide")
    parser.add_argument("--batch", type=int, default=1024, help="samples of a step (default: 1024)")
    parser.add_argument("--repeats", type=int, default=10, help="timed steps of each way (default: 10)")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), help="default: all; of those in bf16 none without it")
    parser.add_argument("--bf16", action="store_true", help="compute in bf16 on a CPU too (always on a GPU)")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    half = options.bf16 or device == "cuda"
    ways = options.ways or [way for way in WAYS if half or "bf16" not in way]
    if not half and any("bf16" in way for way in ways):
        parser.error("expected --bf16 for ways in bf16 on a CPU, got none; add it or leave them out")
    if device == "cpu":
        torch.set_num_threads(min(2, os.cpu_count() or 1))
    model, processor = make_model(options.preset)
    model.set_attn_implementation({"text_config": "sdpa" if device == "cuda" else "eager"})
    mixture = Mixture([ToySource("embodied", 4 * options.batch, model.config.chunk_size)], [1.0], options.batch)
    inputs = Batches(mixture, processor, model.config, 1).encode(0)
    inputs = {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in inputs.items()}
    rows = []
    for number, way in enumerate(dict.fromkeys(["as trained", *ways])):
        step = _step(copy.deepcopy(model).to(device).train(), WAYS[way], inputs, device, half)
        times, loss = _time(step, options.repeats, device)
        rows.append({"way": way, "ms": round(1000 * statistics.median(times), 2), "loss": round(loss, 4)})
        rows[-1] |= {
            "samples_per_second": round(options.batch / statistics.median(times), 1),
            "of_the_first": round(rows[0]["ms"] / rows[-1]["ms"], 3),
        }
        if device == "cuda" and not number:
            _profile(step)
    print("| way | ms a step | samples/s | times as fast | loss after |\n|---|---|---|---|---|")
    for r in rows:
        print(f"| {r['way']} | {r['ms']:.1f} | {r['samples_per_second']:.0f} | {r['of_the_first']:.2f} | {r['loss']:.3f} |")
    machine = torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()}, {torch.get_num_threads()} threads"
    print(json.dumps({"benchmark": "step", "preset": options.preset, "batch": options.batch, "device": device, "bf16": half,
                      "machine": machine, "torch": torch.__version__, "weights": "random", "rows": rows}))  # fmt: skip


def _step(
    model: OmniActorForConditionalGeneration, change: Callable, inputs: dict, device: str, half: bool
) -> Callable[[], torch.Tensor]:
    change(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16) if half else contextlib.nullcontext():
            loss = model(**inputs).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return step


def _time(step: Callable[[], torch.Tensor], repeats: int, device: str) -> tuple[list[float], float]:
    """Return seconds of each step after three that are not counted, and the last loss."""
    times = []
    for number in range(repeats + 3):
        began = time.perf_counter()
        loss = step()
        if device == "cuda":
            torch.cuda.synchronize()
        if number >= 3:
            times.append(time.perf_counter() - began)
    return times, float(loss)


def _profile(step: Callable[[], torch.Tensor]) -> None:
    """Print the operations that keep the GPU busy longest."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as measured:
        step()
        torch.cuda.synchronize()
    print(measured.key_averages().table(sort_by="self_cuda_time_total", row_limit=25, max_name_column_width=60))


if __name__ == "__main__":
    main()
