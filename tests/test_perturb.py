"""Disturbances: reproducible, in range, and the clean action stays readable."""

import numpy as np
import pytest

from omniactor.errors import InputError
from omniactor.perturb import PERTURBATIONS, Perturbation, PerturbedAgent, choose_perturbation, start_actions
from omniactor.types import EmbodiedAction, Observation

LOOK = Observation("embodied", {}, "do it")


class Steady:
    name, needs_images = "steady", False

    def __init__(self):
        self.seeds = []

    def reset(self, instruction, seed=None):
        self.seeds.append(seed)

    def act(self, observation):
        return EmbodiedAction([0.9, 0, 0, 0, 0, 0, 1])


def run(perturbation, seed=3, steps=300):
    agent = PerturbedAgent(Steady(), perturbation)
    agent.reset("do it", seed)
    rows = []
    for _ in range(steps):
        action = agent.act(LOOK)
        assert agent.label == EmbodiedAction([0.9, 0, 0, 0, 0, 0, 1])
        rows.append((action.values, agent.disturbed))
    return np.array([values for values, _ in rows]), np.array([disturbed for _, disturbed in rows])


def test_without_rates_nothing_changes():
    actions, disturbed = run(PERTURBATIONS["none"])
    assert (actions == np.float32([0.9, 0, 0, 0, 0, 0, 1])).all()
    assert not disturbed.any()


def test_the_same_seed_gives_the_same_disturbances_and_another_does_not():
    first, again, other = (run(PERTURBATIONS["strong"], seed)[0] for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


def test_noise_is_on_the_arm_and_in_range():
    actions, disturbed = run(Perturbation(noise=0.2))
    assert np.abs(actions).max() <= 1
    assert (actions[:, 6] == 1).all()
    assert actions[:, 1:6].std() == pytest.approx(0.2, rel=0.1)
    assert not disturbed.any()


def test_a_push_is_one_direction_for_a_few_steps_and_is_marked():
    actions, disturbed = run(Perturbation(pushes=5.0, push_steps=(3, 3), push_size=0.5))
    pushed = actions[disturbed]
    assert 0 < len(pushed) < 300
    edges = np.flatnonzero(np.diff(np.r_[0, disturbed[:-3], 0]))  # the last steps may cut a push short
    assert ((edges[1::2] - edges[::2])[:-1] % 3 == 0).all()
    np.testing.assert_allclose(np.linalg.norm(pushed[:, :3], axis=1), 0.5, rtol=1e-5)
    assert (actions[~disturbed] == np.float32([0.9, 0, 0, 0, 0, 0, 1])).all()


def test_a_turn_rotates_the_hand_mostly_about_the_vertical_and_changes_nothing_else():
    actions, disturbed = run(Perturbation(turns=5.0, turn_steps=(3, 3), turn_size=0.5))
    turned = actions[disturbed]
    assert 0 < len(turned) < 300
    np.testing.assert_allclose(np.linalg.norm(turned[:, 3:6], axis=1), 0.5, rtol=1e-5)
    assert {-1.0, 1.0} == set(np.sign(turned[:, 5])) and np.abs(turned[:, 5]).mean() > 0.45
    assert (turned[:, [0, 1, 2, 6]] == np.float32([0.9, 0, 0, 1])).all()
    assert (actions[~disturbed] == np.float32([0.9, 0, 0, 0, 0, 0, 1])).all()


def test_turns_leave_the_other_disturbances_of_a_seed_as_they_are():
    with_turns, without = (run(Perturbation(noise=0.1, pushes=2.0, turns=turns))[0] for turns in (5.0, 0.0))
    assert (with_turns[:, [0, 1, 2, 6]] == without[:, [0, 1, 2, 6]]).all() and (with_turns != without).any()


def test_a_mistaken_opening_only_changes_the_gripper():
    actions, disturbed = run(Perturbation(openings=5.0))
    assert disturbed.any()
    assert (actions[disturbed, 6] == -1).all()
    assert (actions[:, :6] == np.float32([0.9, 0, 0, 0, 0, 0])).all()


def test_an_agent_that_is_done_stays_done():
    agent = Steady()
    agent.act = lambda observation: None
    wrapped = PerturbedAgent(agent, PERTURBATIONS["strong"])
    wrapped.reset("do it", 5)
    assert agent.seeds == [5]
    assert wrapped.act(LOOK) is None


def test_start_poses_are_drawn_from_the_seed():
    settings = Perturbation(start_steps=(2, 5))
    lengths = {len(start_actions(settings, seed)) for seed in range(40)}
    assert lengths == {2, 3, 4, 5}
    assert start_actions(settings, 7) == start_actions(settings, 7)
    assert start_actions(PERTURBATIONS["none"], 7) == []


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match="none, light, strong"):
        choose_perturbation("heavy")
