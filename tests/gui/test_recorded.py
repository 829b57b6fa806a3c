"""A recorded episode as an environment: what it promises to whoever steps through it."""

from dataclasses import replace

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from omniactor.errors import ActionError, InputError
from omniactor.gui.recorded import NoAction, RecordedEnv
from omniactor.rollout import rollout
from omniactor.types import EmbodiedAction
from tests.gui.conftest import OTHER, Scripted, make_episode, picture


def test_success_is_every_step_right_and_only_at_the_end(episode):
    env = RecordedEnv(episode)
    _, info = env.reset()
    successes = []
    for step in episode.steps:
        _, reward, terminated, truncated, info = env.step(step.action)
        successes.append((reward, terminated, truncated, info["is_success"]))
    assert successes == [(1.0, False, False, False)] * 3 + [(1.0, True, False, True)]
    assert info["goals"] == {f"step {number}": True for number in range(4)}
    assert info["judgement"].success
    with pytest.raises(InputError, match="after its last"):
        env.step(OTHER)
    env.reset(options={"step": 3})
    assert env.step(episode.steps[3].action)[4]["is_success"] is False  # a part of it is not all of it


def test_after_the_last_step_comes_the_last_screen_where_there_is_one(episode):
    for last, shade in ((None, 30), (picture(99), 99)):
        env = RecordedEnv(replace(episode, last=last))
        env.reset(options={"step": 3})
        env.step(OTHER)
        assert env.render()[0, 0, 0] == shade


def test_gymnasiums_own_checker_passes(episode):
    check_env(RecordedEnv(episode), skip_close_check=True)


def test_it_runs_in_the_same_rollout_as_every_other_environment(episode):
    steps = list(rollout(RecordedEnv(episode), Scripted(OTHER), 4, stop_on_success=False))
    assert [step.index for step in steps] == [0, 1, 2, 3, 4]
    assert steps[-1].done
    assert steps[1].action == OTHER


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"level": "middle"}, "level"), ({"history": "mine"}, "history"), ({"protocol": "best"}, "protocol"),
        ({"obs_type": "text"}, "obs_type"),
    ],
)  # fmt: skip
def test_unknown_choices_are_refused(episode, arguments, words):
    with pytest.raises(InputError, match=words):
        RecordedEnv(episode, **arguments)


def test_actions_of_the_arm_steps_beyond_and_empty_episodes_are_refused(episode):
    env = RecordedEnv(episode)
    with pytest.raises(InputError, match="from 0 to 3"):
        env.reset(options={"step": 4})
    with pytest.raises(InputError, match="only the option"):
        env.reset(options={"init_state": 4})
    env.reset()
    with pytest.raises(ActionError, match="arm"):
        env.step(EmbodiedAction(np.zeros(7)))
    env.step(NoAction("nothing"))
    with pytest.raises(InputError, match="steps"):
        RecordedEnv(make_episode())
