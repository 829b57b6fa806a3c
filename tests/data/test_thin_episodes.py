"""Thin episodes: what pictures need, read back, and refused where it does not fit."""

import numpy as np
import pytest

from omniactor.data.episodes import read_episode, read_facts, shown_steps
from omniactor.data.thin_episodes import ThinEpisode, make_thin, read_stored
from omniactor.errors import InputError, RecordError


@pytest.fixture
def thin(strong):
    return make_thin(strong, 9, 5, 2)


def test_only_positions_of_steps_with_pictures_are_left(strong, thin):
    assert thin.shown.tolist() == shown_steps(strong.actor, 5, 2).tolist() == list(range(2, len(strong), 5))
    for step, state in thin.numbered_states():
        assert state.shape == strong.states[step].shape
        assert (state[1:10] == strong.states[step, 1:10].astype(np.float32)).all()
        assert not state[0]
        assert not state[10:].any()
    assert len(thin) == len(strong)


def test_it_is_read_back_and_told_from_a_whole_one(strong, thin, tmp_path):
    thin.write(tmp_path / "thin.npz")
    strong.write(tmp_path / "whole.npz")
    read = read_stored(tmp_path / "thin.npz")
    assert isinstance(read, ThinEpisode)
    assert not isinstance(read_stored(tmp_path / "whole.npz"), ThinEpisode)
    assert read.facts == read_facts(tmp_path / "thin.npz") == strong.facts
    for name in ("shown", "positions", "labels", "robot_states", "actor", "numbers"):
        assert np.array_equal(getattr(read, name), getattr(thin, name))
    with pytest.raises(RecordError, match="whole episode"):
        read_episode(tmp_path / "thin.npz")


@pytest.mark.parametrize("damage", ["other steps", "other shape", "beyond the end", "half", "gone"])
def test_damage_is_refused(thin, tmp_path, damage):
    from dataclasses import replace

    changed = {
        "other steps": {"shown": thin.shown[1:]}, "other shape": {"labels": thin.labels[1:]},
        "beyond the end": {"shown": thin.shown + len(thin)},
    }.get(damage, {})  # fmt: skip
    path = tmp_path / "thin.npz"
    replace(thin, **changed).write(path)
    if damage == "half":
        path.write_bytes(path.read_bytes()[:2000])
    elif damage == "gone":
        path.unlink()
    with pytest.raises(RecordError):
        read_stored(path)


def test_other_pictures_are_refused(thin):
    thin.check_shown(thin.shown, 0, "labels")
    for asked in ((thin.shown[:-1], 0, "labels"), (thin.shown, 1, "labels"), (thin.shown, 0, "executed")):
        with pytest.raises(InputError, match="--picture-every 5"):
            thin.check_shown(*asked)
