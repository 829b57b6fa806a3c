"""This project's own demonstrations, from each of the forms in which a folder may hold them."""

import shutil

import numpy as np
import pytest

from omniactor.data.episodes import read_episode
from omniactor.data.folder import episodes_of
from omniactor.gui.images import open_image


@pytest.fixture(scope="module")
def episodes(folder):
    return [read_episode(file) for file in episodes_of(folder, {"episodes": 2}, 47)]


@pytest.mark.parametrize("form", ["hdf5", "lerobot", "states"])
def test_actions_are_the_labels_of_the_state_that_is_seen(convert, folder, episodes, tmp_path, form):
    source = shutil.copytree(folder, tmp_path / "demos")
    for other in {"hdf5", "lerobot"} - {form}:
        shutil.rmtree(source / other)
    samples, report = convert("demos", source, "--limit", "40", "--no-ops", "keep", "--chunk", "2")
    assert report["empty_tasks"] == []
    later = int(form == "hdf5")  # its first action has no observation
    for sample in samples[::13]:
        step = sample.step + later
        assert (np.array(sample.actions, np.float32) == episodes[0].labels[step : step + 2]).all()
        np.testing.assert_allclose(sample.state, episodes[0].robot_states[step], atol=1e-6)
        assert sample.turns[0][0].endswith(f"to {episodes[0].facts.instruction}?")
        assert sample.source == "demos"
        assert open_image(tmp_path / "out" / sample.images[0]).std() > 5


def test_states_alone_are_refused_where_there_is_nothing_to_render_them_with(refused, folder, tmp_path):
    source = shutil.copytree(folder, tmp_path / "demos")
    for name in ("hdf5", "lerobot", "scenes"):
        shutil.rmtree(source / name)
    assert "--scenes" in refused("demos", source)
