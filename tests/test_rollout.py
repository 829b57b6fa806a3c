import numpy as np
import pytest

from omniactor.agent import RandomAgent
from omniactor.rollout import rollout
from omniactor.types import EmbodiedAction


class Forward:
    name, needs_images = "forward", False

    def __init__(self, limit=None):
        self.limit, self.seen = limit, []

    def reset(self, instruction, seed=None):
        self.instruction, self.seed = instruction, seed

    def act(self, observation):
        self.seen.append(observation)
        if self.limit is not None and len(self.seen) > self.limit:
            return None
        return EmbodiedAction([1, 0, 0, 0, 0, 0, 0])


def test_it_yields_the_start_and_one_step_per_action_and_stops_at_success(counting_env):
    steps = list(rollout(counting_env, Forward(), 10))
    assert [s.index for s in steps] == [0, 1, 2, 3]
    assert steps[0].action is None
    assert all(s.action is not None for s in steps[1:])
    assert [s.success for s in steps] == [False, False, False, True]
    assert [s.done for s in steps] == [False, False, False, True]
    assert steps[-1].goals == {"Counted": True}


def test_it_stops_at_the_step_limit(counting_env):
    counting_env.needed = 99
    steps = list(rollout(counting_env, Forward(), 4))
    assert (steps[-1].index, steps[-1].done, steps[-1].success) == (4, True, False)


def test_it_goes_on_past_success_when_asked(counting_env):
    assert len(list(rollout(counting_env, Forward(), 7, stop_on_success=False))) == 8


def test_an_agent_with_nothing_more_to_do_ends_the_episode(counting_env):
    assert [s.index for s in rollout(counting_env, Forward(limit=1), 10)] == [0, 1]


def test_seed_options_and_instruction_reach_environment_and_agent(counting_env):
    agent = Forward()
    next(rollout(counting_env, agent, 10, seed=5, options={"init_state": 2}, instruction="do it"))
    assert (counting_env.seed, counting_env.options) == (5, {"init_state": 2})
    assert (agent.instruction, agent.seed) == ("do it", 5)


def test_nothing_is_rendered_unless_the_agent_or_the_caller_looks(counting_env):
    list(rollout(counting_env, Forward(), 10))
    assert not any(counting_env.looked)
    counting_env.looked.clear()
    counting_env.needed = 6
    steps = list(rollout(counting_env, Forward(), 10, look_every=4))
    assert (
        counting_env.looked == [step.watched for step in steps] == [True, False, False, False, True, False, True]
    )  # every 4th, and the last


def test_an_agent_that_looks_is_not_the_caller_watching(counting_env):
    agent = Forward()
    agent.needs_images = True
    steps = list(rollout(counting_env, agent, 10))
    assert all(counting_env.looked)
    assert not any(step.watched for step in steps)


def test_a_loop_behind_its_pace_draws_less_and_always_the_end(counting_env, monkeypatch):
    monkeypatch.setattr("omniactor.pace.FEWEST", 0.01)
    counting_env.needed = 99
    no_machine_can = 1e9
    steps = list(rollout(counting_env, Forward(), 11, look_every=2, pace=no_machine_can))
    assert [step.index for step in steps if step.watched] == [0, 11]


def test_a_crash_of_the_agent_is_never_a_failed_episode(counting_env):
    class Broken(Forward):
        def act(self, observation):
            raise KeyError("bug")

    with pytest.raises(KeyError):
        list(rollout(counting_env, Broken(), 10))


def test_the_random_agent_repeats_its_actions_for_a_seed(counting_env):
    def actions(seed):
        return np.array([s.action.values for s in rollout(counting_env, RandomAgent(), 3, seed=seed) if s.action])

    counting_env.needed = 99
    np.testing.assert_array_equal(actions(1), actions(1))
    assert np.abs(actions(1) - actions(2)).max() > 0.1
    assert np.abs(actions(1)).max() <= 1


def test_an_environment_that_says_terminated_ends_the_episode_without_success(counting_env):
    def step(action):
        return {}, 0.0, next(taken) == 2, False, {"is_success": False, "goals": {}}

    taken = iter(range(100))
    counting_env.step = step
    counting_env.needed = 100
    *_, last = rollout(counting_env, RandomAgent(), 50)
    assert last.done
    assert not last.success
    assert last.index == 3
