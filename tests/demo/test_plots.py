import io

import numpy as np
import pytest

from demo.plots import DIMENSIONS, action_plot


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
