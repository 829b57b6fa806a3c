import io

import numpy as np
import pytest

from demo.plots import DIMENSIONS, action_plot, decision_plot
from omniactor.types import Decision


@pytest.mark.parametrize("steps", [1, 400])
def test_the_plot_has_a_row_for_each_dimension(steps):
    figure = action_plot([np.linspace(-1, 1, 7)] * steps)
    assert [axes.get_ylabel() for axes in figure.axes] == list(DIMENSIONS)
    assert all(len(axes.lines[0].get_ydata()) == steps for axes in figure.axes)
    figure.savefig(io.BytesIO(), format="png")


def test_the_letters_stay_readable_on_a_phone():
    figure = action_plot([np.zeros(7)] * 10)
    pixels_per_point = 358 / figure.get_size_inches()[0] / 72
    assert min(axes.yaxis.label.get_fontsize() for axes in figure.axes) * pixels_per_point > 10


def test_a_models_plot_has_every_look_its_probabilities_and_its_expert():
    looks = [(first, _decision(first / 20)) for first in (1, 9, 17)]
    figure = decision_plot([np.linspace(-1, 1, 7)] * 18, looks)
    *rows, expert, _ = figure.axes  # the last is the colour bar
    assert [axes.get_ylabel() for axes in rows] == list(DIMENSIONS)
    for axes in rows:
        drawn = np.concatenate([collection.get_offsets()[:, 0] for collection in axes.collections])
        assert drawn.tolist() == list(range(1, 19))  # a chunk that was broken off shows what was done
        shares = np.concatenate([collection.get_array() for collection in axes.collections])
        assert np.allclose(shares, [0.05] * 8 + [0.45] * 8 + [0.85] * 2)
    assert [(bar.get_x(), bar.get_width()) for bar in expert.patches] == [(0.5, 8), (8.5, 8), (16.5, 2)]
    assert "expert that ran: embodied" in expert.get_xlabel()
    figure.savefig(io.BytesIO(), format="png")


def _decision(probability):
    return Decision("embodied", "embodied", 0.01, bins=np.zeros((8, 7), int), probabilities=np.full((8, 7), probability))
