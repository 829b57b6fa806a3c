import numpy as np
import pytest

from omniactor.sim.compile import build_stock
from omniactor.sim.controller import orientation_error
from omniactor.sim.init_states import get_init_state
from omniactor.sim.rotation import axis_angle_to_matrix, matrix_to_axis_angle


@pytest.mark.parametrize("task", [0, 49])
@pytest.mark.parametrize("init_state", [None, 3])
def test_a_hundred_random_steps_move_the_arm_as_robosuite_does(standin_env, task, init_state):
    """Ours against robosuite's own controller and step loop, same start, same actions."""
    env = standin_env(task)
    actions = np.random.default_rng(task).uniform(-1, 1, (100, 7)).astype(np.float32)
    options = None if init_state is None else {"init_state": init_state}
    settle, env.settle_steps = env.settle_steps, 0
    try:
        env.reset(seed=1, options=options)
        ours = []
        for action in actions:
            env.step(action)
            ours.append(env.data.qpos[:9].copy())
    finally:
        env.settle_steps = settle
    stock = build_stock(env.spec_task, env.assets.folder)
    np.random.seed(1)
    stock.reset()
    model, data = stock.sim.model._model, stock.sim.data._data
    if init_state is not None:
        data.time, *rest = get_init_state(env.spec_task, init_state)
        data.qpos[:], data.qvel[:] = rest[: model.nq], rest[model.nq :]
        stock.sim.forward()
    theirs = []
    for action in actions:
        stock.step(action)
        theirs.append(data.qpos[:9].copy())
    stock.close()
    difference = np.abs(np.array(ours) - np.array(theirs))
    assert np.abs(np.array(ours)[-1] - np.array(ours)[0]).max() > 0.05  # it did move
    assert difference[:20].max() < 1e-4
    assert difference.max() < 1e-3


def test_with_no_rotation_commanded_the_hand_keeps_its_orientation(standin_env):
    env = standin_env(49)
    env.reset(seed=0)
    before = env.controller.rotation.copy()
    for _ in range(20):
        env.step([0.5, 0.5, 0, 0, 0, 0, 0])
    assert np.linalg.norm(matrix_to_axis_angle(env.controller.rotation @ before.T)) < 0.03


def test_the_gripper_opens_closes_and_holds(standin_env):
    env = standin_env(49)
    env.reset(seed=0)

    def opening_after(command, steps):
        for _ in range(steps):
            env.step([0, 0, 0, 0, 0, 0, command])
        left, right = env.state()[6:]
        return left - right

    assert opening_after(-1, 15) > 0.075
    held = opening_after(1, 3)
    assert held < 0.07
    assert abs(opening_after(0, 5) - held) < 0.02
    assert opening_after(1, 15) < 0.005


def test_small_orientation_errors_are_rotation_vectors():
    small = np.array([1e-3, -2e-3, 3e-3])
    np.testing.assert_allclose(orientation_error(axis_angle_to_matrix(small), np.eye(3)), small, atol=1e-8)
