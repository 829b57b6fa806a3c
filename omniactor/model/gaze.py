"""Where a model looks while it writes a point: trained to be the point, and read off as the point.

Coordinates written digit by digit say little about where they were wrong, and a small model learns them page by page. Asked
besides to have one attention head of its last layer look at the place that its digits name, it learns to find things by
their words long before it can write where they are (attention as grounding: GUI-Actor, arXiv 2506.03143). Nothing is added
to the model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from omniactor.types import GuiAction

LEAST_SHARE = 0.3
"""Of the attention, around its peak: with less it looks at no one place."""
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
    queries, targets = torch.zeros_like(labels, dtype=torch.bool), torch.zeros(labels.shape)
    for row, action in enumerate(actions):
        if not has_one_point(action):
            continue
        queries[row] = digits_of_point(labels[row], tokenizer)
        targets[row, is_image[row]] = torch.from_numpy(_shares(action.point, int(grids[row, 1]), int(grids[row, 2])))
    return {"gaze_queries": queries, "gaze_targets": targets}


def has_one_point(action: GuiAction) -> bool:
    """Return whether an action is done at one place."""
    return action.point is not None and action.end is None


def digits_of_point(ids: torch.Tensor, tokenizer) -> torch.Tensor:
    """Return bool (S,): positions of an answer's ids (S,) at which a digit of its operation is decided, one before the digit."""
    digits = torch.tensor(tokenizer.convert_tokens_to_ids(list("0123456789")), device=ids.device)
    mark = tokenizer(_MARK, add_special_tokens=False).input_ids[-1]
    decided = torch.zeros_like(ids, dtype=torch.bool)
    places = (ids == mark).nonzero()
    if len(places):
        decided[:-1] = torch.isin(ids, digits)[1:]
        decided[: int(places[-1])] = False
    return decided


def read_point(shares: torch.Tensor, rows: int, columns: int) -> tuple[tuple[float, float], float]:
    """Return the place that attention looks at, and how much of it does.

    Args:
        shares: (rows * columns,) attention to a picture's tokens, row by row.
        rows: of tokens.
        columns: of tokens.

    Returns:
        (x, y) as fractions, the middle of the attention to the token looked at most and those around it; their share
        of the attention to the picture.
    """
    grid = (shares.float() / shares.float().sum().clamp_min(1e-9)).view(rows, columns)
    row, column = divmod(int(grid.argmax()), columns)
    above, left = max(0, row - 1), max(0, column - 1)
    around = grid[above : row + 2, left : column + 2]
    share = float(around.sum())
    y = float(around.sum(1) @ (torch.arange(len(around), device=grid.device) + above + 0.5)) / share / rows
    x = float(around.sum(0) @ (torch.arange(around.shape[1], device=grid.device) + left + 0.5)) / share / columns
    return (round(x, 3), round(y, 3)), share


def _shares(point: tuple[float, float], rows: int, columns: int) -> np.ndarray:
    """Return (rows * columns,) float32: how much of a point each token has, linear between the tokens' middles."""

    def along(value: float, count: int) -> np.ndarray:
        at = np.clip(value * count - 0.5, 0, count - 1)
        return np.maximum(0, 1 - np.abs(np.arange(count) - at))

    return np.outer(along(point[1], rows), along(point[0], columns)).astype(np.float32).ravel()
