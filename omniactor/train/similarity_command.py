"""`omniactor similarity`: the numbers and plots of the paper's Figures 4 and 5."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from omniactor.errors import InputError, OutputError
from omniactor.paths import write_json

_SAMPLES = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `omniactor similarity`."""
    parser.add_argument("--base", required=True, metavar="A", help="checkpoint that both runs began from")
    parser.add_argument("--gui", required=True, metavar="B", help="what GUI-only training made of it")
    parser.add_argument("--embodied", required=True, metavar="C", help="what embodied-only training made of it")
    parser.add_argument("--features", metavar="D", help="checkpoint whose features are compared (default: A); needs a processor")
    parser.add_argument(
        "--layers", metavar="L,L,..", help="layers of the feature matrices, from 0 (default: four, evenly spread)"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the numbers and plots")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Compute, write and print."""
    from omniactor.model.agent import load_checkpoint
    from omniactor.model.tensors import local_folder
    from omniactor.train.similarity import feature_similarity, update_similarity
    from omniactor.train.toy import ToySource

    out = Path(options.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"expected to make the folder {out}, got: {error.strerror}; choose another --out") from None
    updates = update_similarity(*(local_folder(folder) for folder in (options.base, options.gui, options.embodied)))
    model, processor = load_checkpoint(options.features or options.base)
    layers = _layers(options.layers, model.config.text_config.num_hidden_layers)
    samples = [[ToySource(world)[index].observation for index in range(_SAMPLES)] for world in ("gui", "embodied")]
    features = feature_similarity(model, processor, *samples, layers)
    result = {
        "update_similarity": updates,
        "feature_similarity_mean": {str(layer): round(float(matrix.mean()), 4) for layer, matrix in features.items()},
        "feature_samples": "toy data, drawn by the program",
        "files": ["similarity.json", "update_ffn.png", "update_attention.png", "features.png"],
    }
    write_json(
        out / "similarity.json", {**result, "feature_similarity": {str(k): v.round(4).tolist() for k, v in features.items()}}
    )
    _plot_updates(updates, ("gate", "up", "down"), "Feed-forward part", out / "update_ffn.png")
    _plot_updates(updates, ("q", "k", "v", "o"), "Attention", out / "update_attention.png")
    _plot_features(features, out / "features.png")
    if options.json:
        print(json.dumps(result))
        return
    kinds = list(updates)
    print("layer  " + "".join(f"{kind:>9s}" for kind in kinds))
    for layer in range(len(updates["q"])):
        values = (updates[kind][layer] for kind in kinds)
        print(f"{layer:5d}  " + "".join(f"{'-':>9s}" if v is None else f"{v:9.4f}" for v in values))
    print(f"mean feature similarity (toy samples): {result['feature_similarity_mean']}; plots in {out}")


def _layers(text: str | None, count: int) -> list[int]:
    if text is None:
        return sorted({round(count * part / 4) - 1 for part in (1, 2, 3, 4)} - {-1})
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"expected --layers as numbers separated by commas, got {text!r}") from None


def _plot_updates(updates: dict, kinds: tuple[str, ...], title: str, path: Path) -> None:
    """Draw lines over layers, as in Figure 4."""
    plt = _pyplot()
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for kind in kinds:
        values = [np.nan if v is None else v for v in updates[kind]]
        axes.plot(range(len(values)), values, marker="o", markersize=4, label=kind)
    axes.axhline(0, color="grey", linewidth=0.8)
    axes.set(xlabel="decoder layer", ylabel="cosine of GUI and embodied updates", title=title)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _plot_features(features: dict[int, np.ndarray], path: Path) -> None:
    """Draw one matrix per layer, as in Figure 5."""
    plt = _pyplot()
    figure, axes = plt.subplots(1, len(features), figsize=(3.2 * len(features) + 0.8, 3.4), layout="constrained", squeeze=False)
    for axis, (layer, matrix) in zip(axes[0], features.items(), strict=True):
        image = axis.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
        axis.set(title=f"layer {layer}: mean {matrix.mean():.3f}", xlabel="embodied sample", ylabel="GUI sample")
    figure.colorbar(image, ax=axes[0], shrink=0.8, label="cosine")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _pyplot():
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    return plt
