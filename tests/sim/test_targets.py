"""The thing and the place that a goal asks about."""

import mujoco
import numpy as np
import pytest

from omniactor.sim.libero import Libero90Env
from omniactor.sim.targets import Targets


def targets_of(task):
    env = Libero90Env(task, assets="standin", obs_type="state")
    env.reset(seed=0, options={"init_state": 0})
    mujoco.mj_forward(env.model, env.data)
    return env, Targets(env.facts, env.model, env.data, env.spec_task.goal)


def test_an_object_and_where_it_belongs():
    env, targets = targets_of("LIVING_ROOM_SCENE2_pick_up_the_butter_and_put_it_in_the_basket")
    thing, place = targets.positions()
    np.testing.assert_allclose(thing, env.data.body("butter_1_main").xpos, rtol=1e-6)
    assert np.linalg.norm(place[:2] - env.data.body("basket_1_main").xpos[:2]) < 0.05
    env.close()


def test_of_a_drawer_it_is_the_part_that_slides():
    env, targets = targets_of(7)
    before = targets.positions()
    assert (before[0] == before[1]).all()
    env.data.qpos[env.facts.switches["wooden_cabinet_1_top_region"]["qpos"][0]] -= 0.1
    mujoco.mj_forward(env.model, env.data)
    assert np.linalg.norm(targets.positions()[0] - before[0]) == pytest.approx(0.1, abs=1e-4)
    env.close()


def test_of_a_microwave_it_is_the_door():
    env, targets = targets_of(33)
    opened = targets.positions()[0]
    env.data.qpos[env.facts.switches["microwave_1"]["qpos"][0]] = -1.0
    mujoco.mj_forward(env.model, env.data)
    assert 0.03 < np.linalg.norm(targets.positions()[0] - opened) < 0.4
    env.close()


def test_of_a_stove_it_is_the_knob_and_what_is_done_is_no_longer_asked_about():
    env, targets = targets_of("KITCHEN_SCENE3_turn_on_the_stove_and_put_the_frying_pan_on_it")
    knob, _ = targets.positions()
    np.testing.assert_allclose(knob[:2], env.data.body("flat_stove_1_button").xpos[:2], atol=0.02)
    env.data.qpos[env.facts.switches["flat_stove_1"]["qpos"][0]] = 1.0
    mujoco.mj_forward(env.model, env.data)
    thing, place = targets.positions()
    np.testing.assert_allclose(thing, env.data.body("chefmate_8_frypan_1_main").xpos, rtol=1e-6)
    assert np.linalg.norm(thing - knob) > 0.05 and np.linalg.norm(place - thing) > 0.05
    env.close()
