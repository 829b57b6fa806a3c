import gc
import weakref
from itertools import pairwise

import mujoco
import numpy as np
import pytest

from omniactor.agent import make_agent
from omniactor.errors import UnknownAgentError
from omniactor.experts import SKILLS, pick_place
from omniactor.experts.motion import funnel, opened_to, travel
from omniactor.experts.scene import Box, Scene
from omniactor.rollout import rollout
from omniactor.sim.libero import Libero90Env
from omniactor.sim.rotation import about_z


def solve(env, init_state, steps=400):
    *_, last = rollout(env, make_agent("expert", env), steps, options={"init_state": init_state})
    return last


def until_held(env, init_state, name):
    """Yield the scene before every action of the expert until it holds `name`, and once then."""
    scene = Scene(env)
    for _ in rollout(env, make_agent("expert", env), 300, options={"init_state": init_state}):
        yield scene
        if scene.holds(name):
            return
    raise AssertionError(f"never held {name}")


@pytest.mark.parametrize("task", [47, 48, 52, 0, 22])
@pytest.mark.parametrize("init_state", [0, 25])
def test_it_solves_a_flat_box_a_bottle_a_carton_and_both_heights_of_drawer(standin_env, task, init_state):
    last = solve(standin_env(task), init_state)
    assert last.success, f"not solved after {last.index} steps: {last.goals}"


@pytest.mark.parametrize(
    ("task", "init_state"),
    [(18, 3), (85, 16), (89, 3)],
    ids=["a pan whose handle has no room", "a mug beside a caddy", "a book that has to turn at the shelf"],
)
def test_it_finds_another_grasp_where_the_first_has_no_room_here_or_there(standin_env, task, init_state):
    last = solve(standin_env(task), init_state, steps=250)
    assert last.success, f"not solved after {last.index} steps: {last.goals}"


@pytest.mark.parametrize("before", [1.0, -1.0], ids=["closed", "open"])
@pytest.mark.parametrize("width", [0.03, 0.045, 0.06])
def test_fingers_come_to_rest_at_a_width_and_do_not_swing_around_it(standin_env, before, width):
    env = standin_env(7)
    env.reset(options={"init_state": 0})
    for _ in range(14):
        env.step([0, 0, 0, 0, 0, 0, before])
    scene, commands = Scene(env), []
    for _ in range(40):
        commands.append(opened_to(scene, width))
        env.step([0, 0, 0, 0, 0, 0, commands[-1]])
    assert set(commands) == {-before, 0.0}
    assert commands == sorted(commands, key=abs, reverse=True)  # one movement, then nothing
    assert scene.opening == pytest.approx(width, abs=0.007)


def test_the_way_to_a_place_has_no_edge_between_up_and_down(standin_env):
    """A millimetre more to go changes little of what it does: from pictures nobody could tell which side of an edge it is on."""
    env = standin_env(47)
    env.reset(options={"init_state": 0})
    scene = Scene(env)
    commands = []
    for millimetres in range(5, 200):
        goal = scene.hand + np.array([0.001 * millimetres, 0.0, -0.05])
        commands.append(travel(scene, goal, scene.hand[2] + 0.05, scene.hand_rotation).values[:3])
    assert commands[0][2] == -1.0  # over the place it goes down
    assert commands[-1][2] == 1.0  # far from it, first up to where it may cross
    assert np.abs(np.diff(commands, axis=0)).max() < 0.5


def test_a_funnel_is_as_high_as_the_hand_is_off_or_turned(standin_env):
    env = standin_env(47)
    env.reset(options={"init_state": 0})
    scene = Scene(env)
    as_it_is = scene.hand_rotation
    assert funnel(scene, 0.01, 0.01, as_it_is) == 0.0
    assert funnel(scene, 0.02, 0.01, as_it_is) == pytest.approx(0.03)
    assert funnel(scene, 0.0, 0.01, about_z(0.6) @ as_it_is) == pytest.approx(3 * 0.08 * 0.5)
    assert funnel(scene, 0.0, 0.01, about_z(0.6) @ as_it_is, loose=0.6) == pytest.approx(0.0)


def test_a_knob_is_turned_without_turning_back(standin_env):
    env = standin_env(20)
    turns = [step.action.values[5] for step in rollout(env, make_agent("expert", env), 200) if step.action is not None]
    far = [turn for turn in turns if abs(turn) > 0.25]
    changes = sum(a * b < 0 for a, b in pairwise(far))
    assert len(turns) < 200  # the stove is on
    assert len(far) > 5 and changes <= 1  # there, and then the knob the other way


def lean_of_the_grasp(env, name, monkeypatch):
    """Return by how many degrees the last grasp before `name` is held leans, start 0."""
    choose, chosen = pick_place._choose, []
    monkeypatch.setattr(pick_place, "_choose", lambda *seen: chosen.append(choose(*seen)) or chosen[-1])
    for _ in until_held(env, 0, name):
        pass
    return np.degrees(np.arccos(-chosen[-1][1][2, 2]))


@pytest.mark.parametrize(("task", "name"), [(3, "butter_2"), (4, "butter_1"), (48, "ketchup_1")])
def test_a_hand_that_comes_from_afar_does_not_lean_where_there_is_room_straight_above(standin_env, monkeypatch, task, name):
    assert lean_of_the_grasp(standin_env(task), name, monkeypatch) == pytest.approx(0.0, abs=1e-3)


def test_the_nearer_to_the_robot_the_further_it_leans(standin_env, monkeypatch):
    near = lean_of_the_grasp(standin_env(58), "ketchup_1", monkeypatch)
    nearer = lean_of_the_grasp(standin_env(62), "new_salad_dressing_1", monkeypatch)
    assert 5 < near < nearer < 33


@pytest.mark.parametrize(("task", "by_handle"), [(21, False), (18, False), (45, True)], ids=["pot beside", "pot beside", "free"])
def test_a_pan_is_taken_the_same_way_from_every_start_of_a_task(standin_env, task, by_handle):
    env = standin_env(task)
    for init_state in range(4):
        *_, scene = until_held(env, init_state, "chefmate_8_frypan_1")
        position, frame = scene.pose("chefmate_8_frypan_1")
        along_handle = (frame.T @ (scene.hand - position))[0]  # the rim ends at 0.10, the handle is taken from 0.14 on
        assert (along_handle > 0.12) == by_handle, init_state


def test_a_pan_that_is_to_be_pushed_into_a_shelf_is_taken_by_its_handle_whatever_stands_near(standin_env):
    env = standin_env(40)
    env.reset(options={"init_state": 0})
    scene, expert = Scene(env), make_agent("expert", env)
    expert.reset(env.task_description, None)
    free = expert.act(env.observe(images=False)).values
    position, frame = scene.pose("chefmate_8_frypan_1")
    beside = position + frame @ np.array([0.17, 0.09, 0.0])
    env.data.joint("white_bowl_1_joint0").qpos[:2] = beside[:2]
    mujoco.mj_forward(env.model, env.data)
    near = expert.act(env.observe(images=False)).values
    np.testing.assert_allclose(near[:2], free[:2], atol=0.05)  # still on the way to the handle


@pytest.mark.slow
@pytest.mark.parametrize("task", sorted(SKILLS))
def test_it_solves_45_of_the_50_published_states(standin_env, task):
    solved = sum(solve(standin_env(task), state).success for state in range(50))
    assert solved >= 45


def test_its_action_depends_on_the_present_state_alone(standin_env):
    """Whatever it did before: a fresh expert and one with a history give the same action in the same state."""
    env = standin_env(49)
    expert = make_agent("expert", env)
    for step in rollout(env, expert, 60, options={"init_state": 0}):
        if step.index in (0, 15, 30, 45, 60):
            fresh = make_agent("expert", env)
            fresh.reset("", None)
            assert fresh.act(step.observation) == expert.act(step.observation)


def test_a_dropped_object_is_picked_up_again(standin_env):
    env = standin_env(47)
    expert, dropped = make_agent("expert", env), False
    for step in rollout(env, expert, 400, options={"init_state": 0}):
        box = expert._scene.box("cream_cheese_1")
        if not dropped and expert._scene.holds("cream_cheese_1") and box.bottom > expert._scene.table_height + 0.08:
            for _ in range(8):
                env.step([0, 0, 0, 0, 0, 0, -1])  # somebody opens the hand
            dropped = True
        last = step
    assert dropped
    assert last.success


def test_a_task_without_a_skill_is_refused_before_it_starts():
    class Env:
        class spec_task:
            id, name = 1000, "SOMETHING_NEW"

    with pytest.raises(UnknownAgentError, match="1000"):
        make_agent("expert", Env())


def test_boxes_enclose_what_they_name_and_the_hand_frame_is_as_documented(standin_env):
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    expert = make_agent("expert", env)
    expert.reset("", None)
    scene = expert._scene
    can = scene.box("tomato_sauce_1")
    assert 0.06 < can.top - can.bottom < 0.09
    assert abs(can.bottom - scene.table_height) < 0.01
    basket = scene.box("basket_1")
    assert basket.top - basket.bottom > 0.12
    assert scene.hand_rotation[2, 2] < -0.95  # the hand points down
    assert abs(scene.hand_rotation[1, 0]) > 0.95  # and closes along y
    left, right = (env.data.geom(f"gripper0_finger{i}_pad_collision").xpos for i in (1, 2))
    closing = scene.hand_rotation[:, 0]
    assert abs((right - left) @ closing) > 0.9 * np.linalg.norm(right - left)
    assert not scene.holds("tomato_sauce_1")


def test_the_distance_to_a_box_is_measured_in_the_plane_and_from_its_sides():
    box = Box(np.array([1.0, 0.0, 0.5]), np.array([0.2, 0.1, 0.3]), about_z(np.pi / 2))
    assert box.distance(np.array([1.0, 0.3, 0.5])) == pytest.approx(0.1)  # its long side lies along y
    assert box.distance(np.array([0.7, 0.0, 2.0])) == pytest.approx(0.2)  # height does not count
    assert box.distance(np.array([1.05, -0.15, 0.9])) == 0.0


def test_an_expert_keeps_no_scene_alive():
    """A worker goes through many scenes; each compiled model must go with its expert."""
    env = Libero90Env(49, assets="standin", obs_type="state")
    expert = make_agent("expert", env)
    *_, _ = rollout(env, expert, 3, options={"init_state": 0})
    scene = weakref.ref(expert._scene)
    env.close()
    del env, expert, _
    gc.collect()
    assert scene() is None
