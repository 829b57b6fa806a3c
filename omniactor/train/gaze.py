"""Where a model should look while it writes a point: at the point. A loss on attention, for screens.

Coordinates written digit by digit say little about where they were wrong, and a small model learns them page by page. Asked
besides to have one attention head of its last layer look at the place that its digits name, it learns to find things by
their words (attention as grounding: GUI-Actor, arXiv 2506.03143). Nothing is added to the model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from omniactor.types import GuiAction

_MARK = "Operation"


def gaze_inputs(
    actions: Sequence[GuiAction], labels: torch.Tensor, is_image: torch.Tensor, grids: torch.Tensor, tokenizer
) -> dict[str, torch.Tensor]:
    """Return the model's inputs `gaze_queries` and `gaze_targets` for a batch of B screens.

    Args:
        actions: the answers; those without exactly one point are left out.
        labels: (B, S) ids asked for, negative where nothing is.
        is_image: (B, S) the pictures' positions, one picture a sample.
        grids: (B, 3) visual tokens per picture: time (1), rows, columns.
        tokenizer: of the ids.

    Returns:
        `gaze_queries`, bool (B, S): positions at which a digit of the point is decided; `gaze_targets`, float (B, S):
        shares of the picture's positions, 1 in all, shared by the four tokens around the point.
    """
    digits = torch.tensor(tokenizer.convert_tokens_to_ids(list("0123456789")))
    mark = tokenizer(_MARK, add_special_tokens=False).input_ids[-1]
    queries, targets = torch.zeros_like(labels, dtype=torch.bool), torch.zeros(labels.shape)
    for row, action in enumerate(actions):
        places = (labels[row] == mark).nonzero()
        if action.point is None or action.end is not None or not len(places):
            continue
        asked = torch.isin(labels[row], digits)
        asked[: int(places[-1])] = False
        queries[row, :-1] = asked[1:]  # a token is decided at the position before it
        targets[row, is_image[row]] = torch.from_numpy(_shares(action.point, int(grids[row, 1]), int(grids[row, 2])))
    return {"gaze_queries": queries, "gaze_targets": targets}


def _shares(point: tuple[float, float], rows: int, columns: int) -> np.ndarray:
    """Return (rows * columns,) float32: how much of a point each token has, linear between the tokens' middles."""

    def along(value: float, count: int) -> np.ndarray:
        at = np.clip(value * count - 0.5, 0, count - 1)
        return np.maximum(0, 1 - np.abs(np.arange(count) - at))

    return np.outer(along(point[1], rows), along(point[0], columns)).astype(np.float32).ravel()
