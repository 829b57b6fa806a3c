"""Success rates with their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z_95 = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion, both ends in [0, 1].

    Unlike the normal interval it keeps sense at 0 % and 100 % and at the 20 episodes that the paper
    runs per task (E. B. Wilson, JASA 22, 1927).

    Args:
        successes: how many of `n` succeeded.
        n: how many were tried; with 0 nothing is known and the interval is (0, 1).
        z: standard normal quantile of the confidence.

    Raises:
        ValueError: not 0 <= successes <= n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"expected 0 <= successes <= n, got {successes} of {n}")
    if n == 0:
        return 0.0, 1.0
    rate, share = successes / n, z * z / n
    middle = rate + share / 2
    half = z * math.sqrt(rate * (1 - rate) / n + share / (4 * n))
    # At 0 and n the formula gives exactly 0 and 1; rounding may miss them by 1e-17.
    low = 0.0 if successes == 0 else (middle - half) / (1 + share)
    high = 1.0 if successes == n else (middle + half) / (1 + share)
    return low, high


def median(values: Sequence[float]) -> float | None:
    """Return the middle value, the mean of the two middle ones, or None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
