"""The plot of an episode's actions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DIMENSIONS = ("move x", "move y", "move z", "turn x", "turn y", "turn z", "gripper")
WIDTH, HEIGHT, DPI = 4.6, 5.4, 150  # inches; on a phone of 390 px a 10-point letter stays about 10 px high
LINE, GRIPPER, INK, GRID = "#2f6fde", "#c2571a", "#30343b", "#d9dde3"


def action_plot(actions: Sequence[np.ndarray]):
    """Return a matplotlib figure of the seven action dimensions over the steps, one row each."""
    from matplotlib.figure import Figure

    values = np.asarray(actions, dtype=float).reshape(-1, len(DIMENSIONS))
    steps = np.arange(1, len(values) + 1)
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white", layout="constrained")
    rows = figure.subplots(len(DIMENSIONS), 1, sharex=True)
    for index, (axes, name) in enumerate(zip(rows, DIMENSIONS, strict=True)):
        axes.step(steps, values[:, index], where="mid", linewidth=1.3, color=GRIPPER if name == "gripper" else LINE)
        axes.axhline(0, color=GRID, linewidth=0.8, zorder=0)
        axes.set_ylim(-1.15, 1.15)
        axes.set_yticks([-1, 1])
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10, color=INK)
        axes.tick_params(labelsize=8, colors=INK, length=2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(GRID)
    rows[-1].set_xlabel("step", fontsize=10, color=INK)
    rows[0].set_title("Actions (-1 to 1; gripper: 1 closes)", fontsize=10, color=INK, loc="left")
    return figure
