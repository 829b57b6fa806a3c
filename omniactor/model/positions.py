"""Rotary positions of a batch: Qwen2-VL's, found once for all samples that are built alike."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLModel


def rope_positions(
    config, input_ids: torch.Tensor, types: torch.Tensor, grids: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what Qwen2-VL's `get_rope_index` does for pictures and words.

    Positions follow from where pictures stand and how large they are, not from words; samples of one kind of prompt
    share them, and that method goes through a batch sample by sample.

    Args:
        config: with a `vision_config`.
        input_ids: (B, S).
        types: (B, S), 1 at image tokens, else 0.
        grids: (images, 3) patches per image: time, rows, columns.
        mask: (B, S), 0 for padding; None where there is none.

    Returns:
        (3, B, S) positions, and (B, 1) how much further than its length each sample's text goes on.
    """
    stock = SimpleNamespace(config=config, get_vision_position_ids=_vision_positions)
    ids, types, grids = input_ids.cpu(), types.cpu(), grids.cpu()
    mask = torch.ones_like(ids) if mask is None else mask.cpu()
    shown = (types == 1) & (mask != 0)
    begins = (shown & ~nn.functional.pad(shown, (1, 0))[:, :-1]).sum(dim=1).tolist()  # each picture has marks around it
    if sum(begins) == len(grids):
        own = grids.split(begins)
        alike: dict[tuple, list[int]] = {}
        for row, parts in enumerate(zip(types, mask, own, strict=True)):
            alike.setdefault(tuple(part.numpy().tobytes() for part in parts), []).append(row)
        groups = list(alike.values())
        grids = torch.cat([own[rows[0]] for rows in groups])
    else:
        groups = [[row] for row in range(len(ids))]
    firsts, kinds = [rows[0] for rows in groups], torch.empty(len(ids), dtype=torch.long)
    for kind, rows in enumerate(groups):
        kinds[rows] = kind
    positions, deltas = Qwen2VLModel.get_rope_index(stock, ids[firsts], types[firsts], grids, None, mask[firsts])
    return positions[:, kinds].to(input_ids.device), deltas[kinds].to(input_ids.device)


def _vision_positions(*arguments, **named) -> torch.Tensor:
    return Qwen2VLModel.get_vision_position_ids(None, *arguments, **named)
