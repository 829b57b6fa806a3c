"""Statistics of a data set that never lies in memory as a whole, under LeRobot's names."""

from __future__ import annotations

import numpy as np

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}


def of_rows(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return min, max, mean, std, count and quantiles of rows (n,) or (n, columns)."""
    rows = rows.reshape(len(rows), -1).astype(np.float64)
    found = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0), "count": np.array([len(rows)])}
    return {**found, **{name: np.quantile(rows, q, axis=0) for name, q in QUANTILES.items()}}


class ImageStatistics:
    """Counts the values of each colour channel; exact, and small however many pictures come."""

    def __init__(self) -> None:
        """Start with no pictures."""
        self._counts, self._pictures = np.zeros((3, 256), np.int64), 0

    def add(self, picture: np.ndarray) -> None:
        """Count a picture, uint8 (height, width, 3)."""
        for channel in range(3):
            self._counts[channel] += np.bincount(picture[..., channel].ravel(), minlength=256)
        self._pictures += 1

    def result(self) -> dict[str, np.ndarray]:
        """Return the statistics, values 0-1, shape (3, 1, 1); `count` is that of pictures."""
        values, total = np.arange(256) / 255.0, self._counts.sum(1, keepdims=True)
        mean = (self._counts * values).sum(1, keepdims=True) / total
        std = np.sqrt((self._counts * (values - mean) ** 2).sum(1, keepdims=True) / total)
        shares = self._counts.cumsum(1) / total
        at = {name: values[(shares < q).sum(1, keepdims=True).clip(max=255)] for name, q in QUANTILES.items()}
        first, last = (self._counts > 0).argmax(1), 255 - (self._counts[:, ::-1] > 0).argmax(1)
        found = {"min": values[first], "max": values[last], "mean": mean, "std": std, **at}
        return {**{name: np.reshape(v, (3, 1, 1)) for name, v in found.items()}, "count": np.array([self._pictures])}


def combine(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the statistics of several episodes together; quantiles are averaged by count, as LeRobot does."""
    counts = np.array([int(part["count"][0]) for part in parts], np.float64)
    weights = counts / counts.sum()

    def average(values: list[np.ndarray]) -> np.ndarray:
        return np.tensordot(weights, np.stack(values), axes=1)

    mean = average([part["mean"] for part in parts])
    variance = average([part["std"] ** 2 + (part["mean"] - mean) ** 2 for part in parts])
    return {
        "min": np.min([part["min"] for part in parts], axis=0), "max": np.max([part["max"] for part in parts], axis=0),
        "mean": mean, "std": np.sqrt(variance), "count": np.array([int(counts.sum())]),
        **{name: average([part[name] for part in parts]) for name in QUANTILES},
    }  # fmt: skip
