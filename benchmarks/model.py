"""Milliseconds per control decision, by preset, decoding and chunk length, against stock transformers.

    python benchmarks/model.py                      # CPU: debug and mini
    python benchmarks/model.py --preset 7b          # a CUDA GPU: 7B shape, random weights, bf16

Every way of decoding is timed in turn, in one process, on one random picture pair and a prompt of the same
words. "stock" is `Qwen2VLForConditionalGeneration.generate` of transformers with weights of the same shape
and as many new tokens. The floor is the time to read the active weights once per forward pass at the memory
bandwidth measured in this run. The last line of stdout is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import omniactor.model  # noqa: F401  before torch: it decides how threads wait

import numpy as np  # isort: skip
import torch
from transformers import Qwen2VLForConditionalGeneration

from omniactor.actions.embodied import ACTION_SIZE
from omniactor.model.generation import ActionDecoder
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.parameters import count_parameters
from omniactor.model.presets import PRESETS, make_config, make_model
from omniactor.model.weights import plain_config
from omniactor.types import Observation

_PARALLEL = {"action_decoding": "parallel"}
_WORD_BY_WORD = {"action_decoding": "autoregressive", "target_query": False, "action_readout": "mode"}
_PAPER = [
    ("1 action, autoregressive", {}),
    ("8 actions, autoregressive", {"chunk_size": 8}),
    ("8 actions, one pass", {"chunk_size": 8, **_PARALLEL}),
]
_WAYS = {  # preset -> (label, configuration)
    "debug": _PAPER,
    "mini": [
        ("1 action, autoregressive", {"chunk_size": 1, **_WORD_BY_WORD}),
        ("8 actions, autoregressive", {"chunk_size": 8, **_WORD_BY_WORD}),
        ("8 actions, one pass", {}),
        ("8 actions, one pass, 7 queries an action", {"queries_per_action": 7, "target_query": False}),
        ("16 actions, one pass", {"chunk_size": 16}),
    ],
    "mini-wide": [("8 actions, one pass", {})],
    "7b": _PAPER,
}


def main() -> None:
    """Time every way and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--preset", action="append", choices=list(PRESETS), help="default: debug and mini")
    parser.add_argument("--repeats", type=int, default=15, help="timed decisions of each way (default: 15)")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="CPU threads (default: 2)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = [row for preset in options.preset or ["debug", "mini"] for row in _rows(preset, device, options.repeats)]
    print("| preset | way | ms per decision | ms per action | floor | stock generate |\n|---|---|---|---|---|---|")
    for r in rows:
        stock = f"{r['stock_ms']:.1f} ms" if r["stock_ms"] else "-"
        print(f"| {r['preset']} | {r['way']} | {r['ms']:.1f} | {r['ms'] / r['actions']:.2f} | {r['floor_ms']:.2f} ms | {stock} |")
    machine = torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()}, {options.threads} threads"
    print(json.dumps({"benchmark": "model", "device": device, "machine": machine, "torch": torch.__version__,
                      "bandwidth_gb_s": round(_bandwidth(device), 1), "weights": "random", "rows": rows}))  # fmt: skip


def _rows(preset: str, device: str, repeats: int) -> list[dict]:
    return [row for way, settings in _WAYS[preset] for row in _way(preset, way, settings, device, repeats)]


def _way(preset: str, way: str, settings: dict, device: str, repeats: int) -> list[dict]:
    """Time one configuration, on a GPU also compiled, and stock transformers beside it."""
    model, inputs = _model(preset, device, settings)
    config = model.config
    passes = 1 if config.num_action_queries else config.chunk_size * ACTION_SIZE
    gigabytes = count_parameters(config).active * next(model.parameters()).element_size() / 1e9
    positions = inputs["input_ids"].shape[1] + passes
    decoders = {way: ActionDecoder(model)}
    if device == "cuda" and passes > 1:
        decoders[f"{way}, static cache, CUDA graph"] = ActionDecoder(model, static_cache=positions, compiled=True)
    times = {label: _time(partial(decoder, inputs), device, repeats) for label, decoder in decoders.items()}
    # A stem is no part of stock Qwen2-VL, so mini has nothing to stand beside.
    stock = None if preset.startswith("mini") else _stock(model, inputs, device, repeats)
    others = {"floor_ms": round(1000 * passes * gigabytes / _bandwidth(device), 3), "stock_ms": stock}
    return [
        {"preset": preset, "way": label, "actions": config.chunk_size, "positions": positions, "ms": ms, **others}
        for label, ms in times.items()
    ]


def _model(preset: str, device: str, settings: dict) -> tuple[OmniActorForConditionalGeneration, dict]:
    """Return a model with random weights, embodied expert alone, and the inputs of one decision."""
    if preset != "7b":
        model, processor = make_model(preset, **settings)
        generator = np.random.default_rng(0)
        pictures = {name: generator.integers(0, 255, (256, 256, 3), dtype=np.uint8) for name in ("agentview", "wrist")}
        observation = Observation("embodied", pictures, "put the black bowl on the plate", state=np.zeros(8, np.float32))
        return model.to(device).eval(), dict(processor.encode(model.config, [observation]).to(device))
    config = make_config("7b", **settings)
    config.worlds = ["embodied"]  # what a robot would load
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = OmniActorForConditionalGeneration(config).eval()
    torch.set_default_dtype(torch.float32)
    image = torch.full((1, 256), config.image_token_id)  # 448 x 448 pixels
    words = torch.arange(1000, 1080).view(1, -1)
    queries = torch.full((1, config.num_action_queries), config.action_query_token_id)
    ids = torch.cat([words, image, words[:, :20], queries], dim=1).to(device)
    inputs = {
        "input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": (ids == config.image_token_id).int(),
        "pixel_values": torch.randn(1024, 1176, device=device, dtype=torch.bfloat16), "world": "embodied",
        "image_grid_thw": torch.tensor([[1, 32, 32]], device=device),
    }  # fmt: skip
    if config.num_action_queries:
        inputs["bidirectional"] = (ids == config.action_query_token_id).long()
    return model, inputs


def _stock(model: OmniActorForConditionalGeneration, inputs: dict, device: str, repeats: int) -> float:
    """Return milliseconds of stock `generate` for as many actions with a model of the same shape."""
    tokens = model.config.chunk_size * ACTION_SIZE
    prompt = inputs["input_ids"].shape[1] - model.config.num_action_queries
    config = plain_config(model.config)
    with torch.device(device):
        torch.set_default_dtype(model.dtype)
        stock = Qwen2VLForConditionalGeneration(config).eval()
        torch.set_default_dtype(torch.float32)
    inputs = {k: v for k, v in inputs.items() if k not in ("world", "bidirectional", "image_cameras")}
    inputs |= {k: inputs[k][:, :prompt] for k in ("input_ids", "attention_mask", "mm_token_type_ids")}
    settings = {"max_new_tokens": tokens, "min_new_tokens": tokens, "do_sample": False, "pad_token_id": 0, "eos_token_id": 1}
    return _time(lambda: stock.generate(**inputs, **settings), device, repeats)


def _time(run, device: str, repeats: int) -> float:
    """Return the median milliseconds of a call, after three to warm up."""
    times = []
    for index in range(repeats + 3):
        started = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        if index >= 3:
            times.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(times), 3)


def _bandwidth(device: str) -> float:
    """Return gigabytes per second that a large sum reads."""
    block = torch.ones(256 << 20 if device == "cuda" else 64 << 20, device=device)
    return block.numel() * 4 / 1e9 / (_time(lambda: block.sum(), device, 5) / 1000)


if __name__ == "__main__":
    main()
