"""The plots of an episode: what the arm was told to do, and what a model decided."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omniactor.types import Decision

DIMENSIONS = ("move x", "move y", "move z", "turn x", "turn y", "turn z", "gripper")
WIDTH, HEIGHT, DPI = 4.6, 5.4, 150  # inches; on a phone of 390 px a 10-point letter stays about 10 px high
LINE, GRIPPER, INK, GRID = "#2f6fde", "#c2571a", "#30343b", "#d9dde3"
PROBABILITY = "viridis_r"  # light for a guess, dark for a sure thing; told apart without colours too
BRANCHES = {"embodied": "#2f6fde", "gui": "#7a3fb0", "router": "#8a6d1a", "shared": "#5c6470"}


def action_plot(actions: Sequence[np.ndarray]):
    """Return a matplotlib figure of the seven action dimensions over the steps, one row each."""
    figure, rows = _figure(len(DIMENSIONS))
    _draw_actions(rows, actions)
    _finish(rows[-1])
    rows[0].set_title("Actions (-1 to 1; gripper: 1 closes)", fontsize=10, color=INK, loc="left")
    return figure


def decision_plot(actions: Sequence[np.ndarray], decisions: Sequence[tuple[int, Decision]]):
    """Return a matplotlib figure of what a model chose, how sure it was, when it looked and which expert decided.

    One row per action dimension: the interval of the action vocabulary that was acted on, coloured by its probability.
    A vertical line marks each look at the cameras, where a new chunk of actions begins. The last row is the branch of
    the deep layers that ran.

    Args:
        actions: every action that was carried out, (7,) each.
        decisions: (number of the first action it led to, counted from 1, decision), in order.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    figure, rows = _figure(len(DIMENSIONS) + 1, last=0.35)
    _draw_actions(rows[:-1], actions, width=0.5)
    scale = Normalize(0, max(float(decision.probabilities.max()) for _, decision in decisions))
    ends = [first for first, _ in decisions[1:]] + [len(actions) + 1]
    # What was carried out of each chunk, one chunk after the other.
    shares = np.concatenate([d.probabilities[: end - first] for (first, d), end in zip(decisions, ends, strict=True)])
    steps, values = np.arange(decisions[0][0], decisions[0][0] + len(shares)), np.asarray(actions)
    for index, axes in enumerate(rows[:-1]):
        shown = values[steps - 1, index]
        axes.scatter(steps, shown, c=shares[:, index], s=7, cmap=PROBABILITY, norm=scale, zorder=3, linewidths=0)
        for first, _ in decisions:
            axes.axvline(first - 0.5, color=GRID, linewidth=0.6, zorder=0)
    for (first, decision), end in zip(decisions, ends, strict=True):
        rows[-1].barh(
            0, end - first, left=first - 0.5, color=BRANCHES.get(decision.expert, GRID), edgecolor="white", linewidth=0.5
        )
    rows[-1].set_yticks([])
    rows[-1].set_ylabel("expert", rotation=0, ha="right", va="center", fontsize=10, color=INK)
    _finish(rows[-1])
    names = sorted({str(decision.expert) for _, decision in decisions})
    rows[-1].set_xlabel(f"step \N{MIDDLE DOT} expert that ran: {', '.join(names)}", fontsize=10, color=INK)
    rows[0].set_title("Intervals acted on; a grey line: it looked", fontsize=10, color=INK, loc="left")
    bar = figure.colorbar(ScalarMappable(scale, PROBABILITY), ax=list(rows), location="bottom", shrink=0.7, aspect=40, pad=0.01)
    bar.set_label("probability of the interval acted on", fontsize=9, color=INK)
    bar.ax.tick_params(labelsize=8, colors=INK, length=2)
    return figure


def _figure(count: int, last: float = 1.0):
    """Return a figure with rows of axes below each other; the last one `last` times as high as the others."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT * (1 if last == 1 else 1.15)), dpi=DPI, facecolor="white", layout="constrained")
    return figure, figure.subplots(count, 1, sharex=True, height_ratios=[1.0] * (count - 1) + [last])


def _draw_actions(rows, actions: Sequence[np.ndarray], width: float = 1.3) -> None:
    values = np.asarray(actions, dtype=float).reshape(-1, len(DIMENSIONS))
    steps = np.arange(1, len(values) + 1)
    for index, (axes, name) in enumerate(zip(rows, DIMENSIONS, strict=True)):
        axes.step(steps, values[:, index], where="mid", linewidth=width, color=GRIPPER if name == "gripper" else LINE)
        axes.axhline(0, color=GRID, linewidth=0.8, zorder=0)
        axes.set_ylim(-1.15, 1.15)
        axes.set_yticks([-1, 1])
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10, color=INK)
        _frame(axes)


def _finish(axes) -> None:
    axes.set_xlabel("step", fontsize=10, color=INK)
    _frame(axes)


def _frame(axes) -> None:
    axes.tick_params(labelsize=8, colors=INK, length=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
