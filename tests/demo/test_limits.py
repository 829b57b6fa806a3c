from dataclasses import FrozenInstanceError

import pytest

from demo.limits import LIMITS


def test_the_limits_cannot_be_changed_while_the_page_runs():
    with pytest.raises(FrozenInstanceError):
        LIMITS.simulators = 100


def test_the_limits_fit_together():
    assert LIMITS.default_steps <= LIMITS.max_steps
    assert LIMITS.running_at_once <= LIMITS.simulators <= LIMITS.threads
    assert LIMITS.pictures_per_second >= 5
    assert 20 / LIMITS.steps_per_picture >= LIMITS.pictures_per_second  # real time is 20 steps a second
    assert LIMITS.pictures_kept >= LIMITS.pictures_per_second  # a second to catch up
    assert LIMITS.cache_age_seconds >= LIMITS.idle_seconds  # Gradio must not delete what a visitor still sees
