"""Stacked episodes: bit by bit what they were, and smaller."""

import zlib

import numpy as np
import pytest

from omniactor.data.task_stack import from_planes, stack, to_planes, unstack
from omniactor.data.thin_episodes import make_thin
from omniactor.errors import RecordError

ARRAYS = ("shown", "positions", "labels", "robot_states", "actor", "numbers")


def test_planes_lose_nothing_and_compress_what_hardly_moves():
    rng = np.random.default_rng(0)
    moving = 1 + np.cumsum(rng.normal(0, 1e-4, (500, 3)), axis=0)
    array = np.hstack([moving.astype(np.float32), np.ones((500, 5), np.float32), np.float32([[-0.0, np.inf]] * 500)])
    planes = to_planes(array)
    assert from_planes(planes).tobytes() == array.tobytes()
    assert len(zlib.compress(planes.tobytes())) < 0.8 * len(zlib.compress(array.tobytes()))
    assert from_planes(to_planes(np.zeros((0, 4), np.float32))).shape == (0, 4)


def test_episodes_come_back_as_they_were(strong):
    episodes = [make_thin(strong, 9, every, place) for place, every in enumerate((1, 5, 5))]
    for was, now in zip(episodes, unstack(stack(episodes)), strict=True):
        assert was.facts == now.facts
        for name in ARRAYS:
            assert getattr(was, name).dtype == getattr(now, name).dtype
            assert np.array_equal(getattr(was, name), getattr(now, name))


def test_other_bytes_are_refused(strong):
    content = stack([make_thin(strong, 9, 5, 0)])
    for damaged in (b"", b"something", content[: len(content) // 2]):
        with pytest.raises(RecordError):
            unstack(damaged)
