"""What every environment promises, over all scenes (and, slowly, all 90 tasks)."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import omniactor  # noqa: F401 - registers the environment
from omniactor.sim.init_states import load_init_states
from omniactor.sim.libero import Libero90Env
from omniactor.sim.tasks import TASKS

SCENES = {}
for _task in TASKS:
    SCENES.setdefault(_task.scene, _task.id)


def check_task(task_id, assets, states):
    """Build, take initial states, start unsolved, and let everything rest without a warning."""
    env = Libero90Env(task_id, assets=assets, obs_type="state")
    try:
        published = load_init_states(env.spec_task.init_states_file)
        assert published.shape[1] == 1 + env.model.nq + env.model.nv
        for state in states:
            _, info = env.reset(options={"init_state": state})
            assert not info["is_success"], f"initial state {state} is solved at the start"
            assert list(info["goals"]) == [str(p) for p in env.spec_task.goal]
    finally:
        env.close()


@pytest.mark.parametrize("task_id", SCENES.values(), ids=SCENES)
def test_every_scene_builds_from_standins_and_takes_published_states(task_id):
    check_task(task_id, "standin", (0, 49))


@pytest.mark.slow
@pytest.mark.parametrize("task_id", range(90))
def test_all_90_tasks_build_from_standins_and_take_all_50_states(task_id):
    check_task(task_id, "standin", range(50))


@pytest.mark.slow
@pytest.mark.libero_assets
@pytest.mark.parametrize("task_id", range(90))
def test_all_90_tasks_build_from_liberos_own_models_and_take_all_50_states(task_id, libero_assets):
    check_task(task_id, "libero", range(50))


@pytest.mark.libero_assets
@pytest.mark.parametrize("task_id", [0, 49, 73])
def test_a_task_of_each_room_builds_from_liberos_own_models(task_id, libero_assets):
    check_task(task_id, "libero", (0, 49))


def test_gymnasiums_own_checker_passes():
    env = gymnasium.make("omniactor/Libero90-v0", task=49, assets="standin", image_size=64)
    check_env(env.unwrapped, skip_close_check=True)
    env.close()
    env.close()


def test_observations_actions_and_info_follow_lerobots_conventions():
    env = gymnasium.make("omniactor/Libero90-v0", task=49, assets="standin", image_size=64)
    observation, info = env.reset(seed=0)
    assert observation["pixels"].keys() == {"image", "image2"}
    assert observation["pixels"]["image"].shape == (64, 64, 3)
    assert observation["agent_pos"].shape == (8,)
    assert info["is_success"] is False
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    assert observation in env.observation_space
    assert (reward, terminated, truncated, info["is_success"]) == (0.0, False, False, False)
    base = env.unwrapped
    assert (base._max_episode_steps, base.metadata["render_fps"]) == (400, 20)
    assert base.task_description == "pick up the tomato sauce and put it in the basket"
    assert isinstance(env.render(), np.ndarray)
    env.close()


def test_observations_share_no_memory_between_steps():
    env = Libero90Env(49, assets="standin", image_size=32)
    first, _ = env.reset(seed=0)
    second = env.step(np.zeros(7))[0]
    assert not np.shares_memory(first["agent_pos"], second["agent_pos"])
    assert not np.shares_memory(first["pixels"]["image"], second["pixels"]["image"])
    env.close()


def test_gymnasiums_own_checker_passes_on_a_page(page_env):
    env = page_env("click-test", obs_type="pixels")
    check_env(env, skip_close_check=True)


@pytest.fixture(params=["arm", "page"])
def any_env(request, standin_env):
    """An environment of each kind that agents act in."""
    return standin_env(49) if request.param == "arm" else request.getfixturevalue("page_env")("enter-text")


def test_every_environment_offers_what_rollout_and_records_need(any_env):
    _, info = any_env.reset(seed=3)
    assert info.keys() >= {"is_success", "goals", "task", "task_id", "assets", "seed"}
    assert info["is_success"] is False
    assert (info["seed"], info["task"], info["task_id"]) == (3, any_env.task, any_env.spec_task.id)
    assert any_env.world in ("embodied", "gui")
    assert any_env.task_description
    assert any_env.assets.kind
    assert any_env.assets.label
    assert len(any_env.assets.fingerprint) == 16
    unseen, seen = any_env.observe(images=False), any_env.observe(images=True)
    assert unseen.images == {}
    assert seen.world == any_env.world
    assert seen.step == 0
    assert all(image.dtype == np.uint8 and image.ndim == 3 for image in seen.images.values())


def test_every_environment_starts_the_same_from_the_same_seed(any_env):
    def look():
        any_env.reset(seed=8)
        return [image.tobytes() for image in any_env.observe().images.values()]

    assert look() == look()


def test_every_environment_refuses_what_is_no_action_of_its_world(any_env):
    from omniactor.errors import ActionError

    any_env.reset(seed=0)
    for wrong in ("nonsense", None, [1, 2], {"kind": "click"}):
        with pytest.raises(ActionError):
            any_env.step(wrong)


def test_every_environment_runs_every_simple_agent_the_same_way_again(any_env):
    from omniactor.agent import make_agent
    from omniactor.rollout import rollout

    for name in ("expert", "random"):
        actions = [[step.action for step in rollout(any_env, make_agent(name, any_env), 3, seed=1)] for _ in range(2)]
        assert actions[0] == actions[1]
        assert len(actions[0]) > 1
