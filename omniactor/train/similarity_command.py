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
    parser.add_argument(
        "--features", metavar="D",
        help="checkpoint whose features are compared (default: A), loaded whole and with its processor; 'none' for no features",
    )  # fmt: skip
    parser.add_argument(
        "--samples", nargs="+", metavar="DIR", help="folders of samples of both worlds for the features (default: toy squares)"
    )
    parser.add_argument(
        "--layers", metavar="L,L,..", help="layers of the feature matrices, from 0 (default: four, evenly spread)"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the numbers and plots")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Compute, write and print."""
    from omniactor.model.tensors import local_folder
    from omniactor.train.similarity import update_similarity

    out = Path(options.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"expected to make the folder {out}, got: {error.strerror}; choose another --out") from None
    updates = update_similarity(*(local_folder(folder) for folder in (options.base, options.gui, options.embodied)))
    result = {"update_similarity": updates, "files": ["similarity.json", "update_ffn.png", "update_attention.png"]}
    matrices = {}
    if options.features != "none":
        features = _features(options)
        matrices = {"feature_similarity": {str(k): v.round(4).tolist() for k, v in features.items()}}
        result |= {
            "feature_similarity_mean": {str(layer): round(float(matrix.mean()), 4) for layer, matrix in features.items()},
            "feature_samples": ", ".join(options.samples) if options.samples else "toy data, drawn by the program",
            "files": [*result["files"], "features.png"],
        }
        _plot_features(features, out / "features.png")
    write_json(out / "similarity.json", {**result, **matrices})
    _plot_updates(updates, ("gate", "up", "down"), "Feed-forward part", out / "update_ffn.png")
    _plot_updates(updates, ("q", "k", "v", "o"), "Attention", out / "update_attention.png")
    if options.json:
        print(json.dumps(result))
        return
    kinds = list(updates)
    print("layer  " + "".join(f"{kind:>9s}" for kind in kinds))
    for layer in range(len(updates["q"])):
        values = (updates[kind][layer] for kind in kinds)
        print(f"{layer:5d}  " + "".join(f"{'-':>9s}" if v is None else f"{v:9.4f}" for v in values))
    if matrices:
        means = "  ".join(f"layer {layer}: {mean:.3f}" for layer, mean in result["feature_similarity_mean"].items())
        print(f"mean feature similarity ({result['feature_samples']}): {means}")
    print(f"numbers and plots are in {out}")


def _features(options: argparse.Namespace) -> dict[int, np.ndarray]:
    from omniactor.model.agent import load_checkpoint
    from omniactor.train.run import sources
    from omniactor.train.similarity import feature_similarity

    model, processor = load_checkpoint(options.features or options.base)
    layers = _layers(options.layers, model.config.text_config.num_hidden_layers)
    samples = {}
    for world in ("gui", "embodied"):
        found = [s for name in options.samples or ["toy"] for s in sources(name, ["gui", "embodied"], 1) if s.world == world]
        if not found:
            raise InputError(f"expected --samples of both worlds, got none of the world {world}; name a folder with some")
        # Spread evenly, so that neighbouring steps of one episode are not compared with themselves.
        places = [(source, len(source) * part // _SAMPLES) for part in range(_SAMPLES) for source in found]
        samples[world] = [source[index].observation for source, index in places[:: len(found)][:_SAMPLES]]
    return feature_similarity(model, processor, samples["gui"], samples["embodied"], layers)


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
