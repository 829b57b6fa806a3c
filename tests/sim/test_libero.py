import numpy as np
import pytest

from omniactor.errors import ActionError, InitStateError, InputError, SimulationError, UnknownTaskError
from omniactor.sim.compile import build_stock
from omniactor.sim.libero import Libero90Env

REST = np.zeros(7, np.float32)


def test_a_seed_gives_the_same_episode_again_fixtures_included(standin_env):
    env = standin_env(0)
    env.reset(seed=3)
    first, fixtures = env.flat_state(), env.fixture_poses()
    for _ in range(5):
        env.step(np.full(7, 0.3))
    env.reset(seed=4)
    assert env.fixture_poses() != fixtures
    env.reset(seed=3)
    np.testing.assert_array_equal(env.flat_state(), first)
    assert env.fixture_poses() == fixtures


def test_a_published_state_comes_out_the_same_whatever_ran_before(standin_env):
    env = standin_env(0)
    env.reset(options={"init_state": 7})
    first, fixtures = env.flat_state(), env.fixture_poses()
    env.reset(seed=11)
    for _ in range(10):
        env.step(np.full(7, -0.5))
    env.reset(options={"init_state": 7})
    np.testing.assert_array_equal(env.flat_state(), first)
    assert env.fixture_poses() == fixtures


def test_two_instances_stepped_in_turn_do_not_touch_each_other(standin_env):
    actions = np.random.default_rng(0).uniform(-1, 1, (10, 7))
    alone = standin_env(49)
    alone.reset(options={"init_state": 1})
    for action in actions:
        alone.step(action)
    other = Libero90Env(49, assets="standin", obs_type="state")
    alone_state = alone.flat_state()
    alone.reset(options={"init_state": 1})
    other.reset(options={"init_state": 1})
    for action in actions:
        alone.step(action)
        other.step(action)
    np.testing.assert_array_equal(alone.flat_state(), alone_state)
    np.testing.assert_array_equal(other.flat_state(), alone_state)
    other.close()


def test_fixtures_stand_where_stock_libero_puts_them_on_its_first_reset(standin_env):
    """LIBERO appends its joint samplers at every rebuild; ours must draw as often as stock's first reset."""
    env = standin_env(0)  # the drawer starts open: one joint is drawn before the cabinet is placed
    env.reset(seed=5)
    ours = env.fixture_poses()
    stock = build_stock(env.spec_task, env.assets.folder)
    stock.object_property_initializers = stock.object_property_initializers[:1]
    stock.hard_reset = True
    np.random.seed(5)
    stock.reset()
    body = stock.obj_body_id["wooden_cabinet_1"]
    np.testing.assert_array_equal(stock.sim.model.body_pos[body], ours["wooden_cabinet_1"][:3])
    stock.close()


def test_what_starts_on_a_fixture_stands_on_it_at_every_reset(standin_env):
    """The bowl on the microwave: its place is the fixture's plus an offset, counted once."""
    env = standin_env(35)
    for seed in (1, 2, 3):
        env.reset(seed=seed)
        body = env.facts.body("white_bowl_1")
        assert 1.09 < env.data.xpos[body][2] < 1.13
        assert not env.goals()["Open microwave_1"]


def test_numpys_global_generator_is_left_alone(standin_env):
    np.random.seed(123)
    expected = np.random.rand(3)
    np.random.seed(123)
    standin_env(49).reset(seed=9)
    np.testing.assert_array_equal(np.random.rand(3), expected)


def test_the_predicates_can_be_read_one_by_one_at_each_step(standin_env):
    env = standin_env(23)
    _, info = env.reset(options={"init_state": 0})
    close, open_ = "Close white_cabinet_1_bottom_region", "Open white_cabinet_1_top_region"
    assert info["goals"] == {close: False, open_: False}
    joints = {name: env.model.joint(f"white_cabinet_1_{name}_level").qposadr[0] for name in ("top", "bottom")}
    env.data.qpos[joints["bottom"]] = 0.005
    env.data.qvel[:] = 0
    _, reward, terminated, _, info = env.step(REST)
    assert info["goals"] == {close: True, open_: False}
    assert (reward, terminated, info["is_success"]) == (0.0, False, False)
    env.data.qpos[joints["top"]] = -0.155
    _, reward, terminated, _, info = env.step(REST)
    assert info["goals"] == {close: True, open_: True}
    assert (reward, terminated, info["is_success"]) == (1.0, True, True)


def test_the_state_is_position_axis_angle_and_fingers(standin_env):
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    state = env.state()
    np.testing.assert_allclose(state[:3], env.controller.position, atol=1e-6)
    assert 3.0 < np.linalg.norm(state[3:6]) < 3.3  # the hand points down: half a turn, never folded over
    assert state[6] > 0 > state[7]
    assert state.dtype == np.float32


@pytest.mark.parametrize("bad", [np.full(7, np.nan), np.full(7, 1.5), np.zeros(6), np.zeros((7, 1)), "left"])
def test_a_bad_action_is_refused_before_anything_moves(standin_env, bad):
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    before = env.flat_state()
    with pytest.raises(ActionError):
        env.step(bad)
    np.testing.assert_array_equal(env.flat_state(), before)
    env.step(REST)


def test_diverging_physics_raises_and_asks_for_a_reset(standin_env):
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    env.data.qvel[20] = 1e12
    with pytest.raises(SimulationError, match="BAD"):
        env.step(REST)
    with pytest.raises(SimulationError, match="reset"):
        env.step(REST)
    env.reset(options={"init_state": 0})
    env.step(REST)


def test_closing_twice_is_fine_and_a_closed_environment_says_so():
    env = Libero90Env(49, assets="standin", obs_type="state")
    with pytest.raises(SimulationError, match="reset"):
        env.step(REST)
    env.close()
    env.close()
    with pytest.raises(SimulationError):
        env.step(REST)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"task": 90}, UnknownTaskError),
        ({"assets": "mine"}, InputError),
        ({"image_size": 8}, InputError),
        ({"obs_type": "video"}, InputError),
        ({"max_episode_steps": 0}, InputError),
        ({"settle_steps": -1}, InputError),
    ],
)
def test_impossible_arguments_are_refused(arguments, error):
    with pytest.raises(error):
        Libero90Env(**{"task": 49, "assets": "standin", **arguments})


@pytest.mark.parametrize("options", [{"init_state": 50}, {"init_state": "first"}])
def test_impossible_initial_states_are_refused(standin_env, options):
    with pytest.raises(InitStateError):
        standin_env(49).reset(options=options)


def test_unknown_reset_options_are_refused(standin_env):
    with pytest.raises(InputError, match="init_state"):
        standin_env(49).reset(options={"state": 1})


def test_the_episode_is_truncated_at_its_limit_not_terminated(standin_env):
    env = standin_env(49)
    before, env._max_episode_steps = env._max_episode_steps, 2
    try:
        env.reset(options={"init_state": 0})
        assert env.step(REST)[2:4] == (False, False)
        assert env.step(REST)[2:4] == (False, True)
    finally:
        env._max_episode_steps = before


def test_a_frame_is_rendered_once_a_step_and_only_when_looked_at(standin_env, monkeypatch):
    from omniactor.sim.render import CameraRenderer

    calls = []
    original = CameraRenderer.render
    monkeypatch.setattr(CameraRenderer, "render", lambda self, data, camera: calls.append(camera) or original(self, data, camera))
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    env.step(REST)
    env.observe(images=False)
    assert calls == []
    env.observe()
    env.observe()
    env.render()
    assert calls == ["agentview", "wrist"]
    env.step(REST)
    env.render()
    assert calls == ["agentview", "wrist", "agentview"]
