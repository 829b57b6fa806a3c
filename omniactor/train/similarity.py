"""Where two worlds pull the weights apart: the paper's argument for shared shallow and separate deep layers.

*Parameter update similarity* (paper, section 3.3, Figure 4): the cosine between what GUI-only training and
embodied-only training changed in a tensor, per kind of tensor and layer. *Feature similarity* (Figure 5): the
cosines between hidden states of GUI and embodied samples at a layer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from omniactor.errors import CheckpointError, InputError
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.processing import OmniActorProcessor
from omniactor.model.tensors import PUBLISHED_QWEN, StoredTensor, rename, stored_tensors
from omniactor.model.weights import plain_name
from omniactor.types import Observation

KINDS = ("q", "k", "v", "o", "gate", "up", "down")
"""Linear layers of attention, then of the feed-forward part, as Figure 4 has them."""
_WEIGHT = re.compile(r"^model\.language_model\.layers\.(\d+)\.(?:self_attn|mlp)\.(q|k|v|o|gate|up|down)_proj\.weight$")
_BLOCK = 1 << 17
"""Numbers of a tensor that are in memory at a time."""


def update_similarity(base: Path, gui: Path, embodied: Path) -> dict[str, list[float | None]]:
    """Return kind -> the cosine per layer between two runs' changes to their common base.

    Reads blocks of rows, so that checkpoints of any size fit. Of a checkpoint with two experts, the one of the
    world in question counts.

    Args:
        base: checkpoint folder that both runs began from: plain or OmniActor.
        gui: what GUI-only training made of it.
        embodied: what embodied-only training made of it.

    Returns:
        Cosines from -1 to 1; None where one of the runs changed nothing.

    Raises:
        CheckpointError: broken files, or checkpoints of different shapes.
    """
    folders = [_weights(Path(base), None), _weights(Path(gui), "gui"), _weights(Path(embodied), "embodied")]
    layers = 1 + max((layer for layer, _ in folders[0]), default=-1)
    if not layers:
        raise CheckpointError(
            f"expected decoder layers in {Path(base).name}, got none; is it a Qwen2-VL or OmniActor checkpoint?"
        )
    result: dict[str, list[float | None]] = {kind: [None] * layers for kind in KINDS}
    for (layer, kind), (before, name) in sorted(folders[0].items()):
        try:
            after = [folder[layer, kind] for folder in folders[1:]]
        except KeyError:
            raise CheckpointError(f"expected the same layers in all checkpoints, got no {name} in one of them") from None
        if any(stored.shape != before.shape for stored, _ in after):
            raise CheckpointError(
                f"expected {name} of shape {before.shape} in all checkpoints, got {[s.shape for s, _ in after]}"
            )
        result[kind][layer] = _cosine_of_changes((before, name), *after)
    return result


def _weights(folder: Path, world: str | None) -> dict[tuple[int, str], tuple[StoredTensor, str]]:
    """Return (layer, kind) -> where its weight lies and the name it has there."""
    stored = stored_tensors(folder)
    found = {}
    for name, old in rename(stored, PUBLISHED_QWEN).items():
        if world is not None and f".experts.{'embodied' if world == 'gui' else 'gui'}." in name:
            continue
        if match := _WEIGHT.match(plain_name(name)):
            found.setdefault((int(match[1]), match[2]), (stored[old], old))
    return found


def _cosine_of_changes(base, gui, embodied) -> float | None:
    products = np.zeros(3)  # gui with embodied, gui with itself, embodied with itself
    with _slice(*base) as before, _slice(*gui) as one, _slice(*embodied) as two:
        rows, columns = base[0].shape
        step = max(1, _BLOCK // columns)
        for start in range(0, rows, step):
            origin = before[start : start + step].double()
            a, b = one[start : start + step].double() - origin, two[start : start + step].double() - origin
            products += [float((a * b).sum()), float((a * a).sum()), float((b * b).sum())]
    if products[1] == 0 or products[2] == 0:
        return None
    return float(products[0] / np.sqrt(products[1] * products[2]))


class _slice:
    """Rows of one stored tensor."""

    def __init__(self, stored: StoredTensor, name: str) -> None:
        self.stored, self.name = stored, name

    def __enter__(self):
        self.file = safe_open(self.stored.path, framework="pt").__enter__()
        return self.file.get_slice(self.name)

    def __exit__(self, *error) -> None:
        self.file.__exit__(*error)


@torch.inference_mode()
def feature_similarity(
    model: OmniActorForConditionalGeneration,
    processor: OmniActorProcessor,
    gui: Sequence[Observation],
    embodied: Sequence[Observation],
    layers: Sequence[int],
) -> dict[int, np.ndarray]:
    """Return layer -> matrix (GUI samples, embodied samples) of cosines between mean hidden states.

    Args:
        model: with both worlds.
        processor: of the same checkpoint.
        gui: observations of screens.
        embodied: observations of the arm.
        layers: decoder layers whose output is compared, counted from 0.

    Raises:
        InputError: no such layer, or no samples.
    """
    count = model.config.text_config.num_hidden_layers
    if not gui or not embodied or any(layer not in range(count) for layer in layers):
        raise InputError(
            f"expected samples of both worlds and layers in 0..{count - 1}, got {len(gui)}, {len(embodied)} and {list(layers)}"
        )
    features = {
        world: [_features(model, processor, observation, world) for observation in observations]
        for world, observations in (("gui", gui), ("embodied", embodied))
    }
    result = {}
    for layer in layers:
        rows, columns = (torch.stack([f[layer] for f in features[world]]) for world in ("gui", "embodied"))
        result[layer] = torch.nn.functional.cosine_similarity(rows[:, None], columns[None], dim=-1).cpu().numpy()
    return result


def _features(model, processor, observation: Observation, world: str) -> list[torch.Tensor]:
    """Return the mean hidden state after every layer."""
    inputs = dict(processor.encode(model.config, [observation]).to(model.device))
    inputs["world"] = world
    states = model(**inputs, output_hidden_states=True, use_cache=False, logits_to_keep=1).hidden_states
    return [state[0].float().mean(dim=0) for state in states[1:]]
