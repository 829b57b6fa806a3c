"""The losses that transformers does not bring: action bins, where attention looks, and the balance of routers."""

from __future__ import annotations

import torch
from torch import nn


def action_loss(logits: torch.Tensor, labels: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return the mean cross-entropy of action bins.

    Args:
        logits: (samples, N, 7, K).
        labels: (samples, N, 7) bins, -100 where nothing is asked.
        sigma: width in bins of a Gaussian over the bins around the label, so that a near miss costs less
            than a far one; 0 for the label alone.

    Returns:
        A number; 0 when nothing is asked at all.
    """
    asked = labels >= 0
    logits, labels = logits[asked].float(), labels[asked]
    if not len(labels):
        return logits.sum()
    if sigma == 0:
        return nn.functional.cross_entropy(logits, labels)
    distance = torch.arange(logits.shape[-1], device=labels.device) - labels.unsqueeze(-1)
    targets = (-(distance**2) / (2 * sigma**2)).float().softmax(dim=-1)
    return nn.functional.cross_entropy(logits, targets)


def gaze_loss(weights: torch.Tensor, queries: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of where one attention head looks.

    Args:
        weights: (B, heads, K, S) attention of the last K of S positions; the first head is asked.
        queries: (B, S) bool, positions that are asked; they lie in the last K.
        targets: (B, S) shares of where they should look, 1 in all.

    Returns:
        A number; 0 when nothing is asked at all.
    """
    asked = queries[:, -weights.shape[2] :]
    looks = weights[:, 0][asked].float().clamp_min(1e-9).log()
    wanted = targets.unsqueeze(1).expand(-1, asked.shape[1], -1)[asked]
    return -(looks * wanted).sum() / max(1, len(looks))


def load_balancing_loss(probabilities: tuple[torch.Tensor, ...], attention_mask: torch.Tensor | None) -> torch.Tensor:
    """Return how unevenly routers use their experts, averaged over layers: 1 when even, E when one takes all.

    The product of each expert's share of tokens (by largest probability) and its mean probability, summed
    and multiplied by E (Switch Transformer, arXiv 2101.03961, equation 4). Padding does not count.

    Args:
        probabilities: per layer, (B, S, E).
        attention_mask: (B, S), 0 for padding; None when there is none.
    """
    keep = attention_mask.bool() if attention_mask is not None and attention_mask.dim() == 2 else None
    terms = []
    for layer in probabilities:
        tokens = layer.flatten(0, 1) if keep is None else layer[keep]
        share = nn.functional.one_hot(tokens.argmax(dim=-1), tokens.shape[-1]).float().mean(dim=0)
        terms.append(tokens.shape[-1] * (share * tokens.mean(dim=0)).sum())
    return torch.stack(terms).mean()
