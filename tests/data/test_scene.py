"""Compiled scenes: the same picture as the environment's, without robosuite."""

import subprocess
import sys

import mujoco
import numpy as np
import pytest

from omniactor.data.demos import restore
from omniactor.data.episodes import read_episode
from omniactor.data.folder import episodes_of
from omniactor.data.rendering import SceneRenderer
from omniactor.data.scene import export_scene, scene_path
from omniactor.errors import InputError, RecordError, SetupError
from omniactor.sim.assets import resolve_assets
from omniactor.sim.scene import load_scene, read_scene_facts, show_lights

RENDER = """
import sys
for name in ("robosuite", "libero", "bddl", "robosuite.utils"):
    sys.modules[name] = None  # importing it fails
from pathlib import Path
import numpy as np
from omniactor.data.episodes import read_episode
from omniactor.data.rendering import SceneRenderer
episode = read_episode(Path(sys.argv[2]))
renderer = SceneRenderer(Path(sys.argv[1]), 64)
renderer.pose(episode.states[int(sys.argv[4])], episode.facts.fixtures)
np.savez(sys.argv[3], **renderer.images())
renderer.close()
"""


@pytest.fixture(scope="module")
def scene(folder):
    return scene_path(folder, "standin", 47)


@pytest.fixture
def copied(scene, tmp_path):
    for file in (scene, scene.parent / read_scene_facts(scene).model):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path / scene.name


def test_it_renders_what_the_environment_renders_without_robosuite(folder, scene, standin_env, tmp_path):
    (file, _) = episodes_of(folder, {"episodes": 2}, 47)
    episode, env = read_episode(file), standin_env(47)
    step = len(episode) // 2
    subprocess.run([sys.executable, "-c", RENDER, scene, file, tmp_path / "images.npz", str(step)], check=True)
    restore(env, episode, step)
    mujoco.mj_forward(env.model, env.data)
    env._frames = {}
    expected = env.observe().images
    with np.load(tmp_path / "images.npz") as images:
        for camera, picture in expected.items():
            assert picture.std() > 10
            assert (images[camera] == picture).all()


def test_fixtures_stand_where_the_episode_says_and_the_burner_shows_that_it_is_on(tmp_path, standin_env):
    scene = export_scene(20, resolve_assets("standin"), tmp_path, 64)
    env = standin_env(20)
    env.reset(seed=7)
    renderer = SceneRenderer(scene, 64)
    off_and_on = []
    for angle in (0.0, 1.0):
        env.data.qpos[env.facts.lights[0]["qpos"]] = angle
        show_lights(env.facts, env.model, env.data.qpos)
        mujoco.mj_forward(env.model, env.data)
        env._frames = {}
        renderer.pose(env.flat_state(), env.fixture_poses())
        off_and_on.append(renderer.images()["agentview"])
        assert (off_and_on[-1] == env.observe().images["agentview"]).all()
    renderer.close()
    red = [picture[..., 0].astype(int) - picture[..., 1] for picture in off_and_on]
    assert (red[1] > 100).sum() > (red[0] > 100).sum()


def test_another_mujoco_is_refused(copied, monkeypatch):
    written_by = read_scene_facts(copied).mujoco
    monkeypatch.setattr(mujoco, "__version__", "9.9.9")
    with pytest.raises(SetupError, match=rf"expected mujoco {written_by}.*got 9\.9\.9.*pip install mujoco=={written_by}"):
        load_scene(copied)


@pytest.mark.parametrize("damage", ["gone", "not json", "half a model", "another model"])
def test_damage_is_refused(copied, damage):
    model = copied.parent / read_scene_facts(copied).model
    if damage == "gone":
        copied.unlink()
    elif damage == "not json":
        copied.write_text("{")
    elif damage == "half a model":
        model.write_bytes(model.read_bytes()[:1000])
    else:
        import gzip

        model.write_bytes(gzip.compress(b"something else"))
    with pytest.raises(RecordError):
        load_scene(copied)


def test_a_state_of_another_scene_and_an_impossible_size_are_refused(scene):
    with pytest.raises(InputError, match="image size"):
        SceneRenderer(scene, 5)
    renderer = SceneRenderer(scene, 32)
    with pytest.raises(RecordError, match="another scene"):
        renderer.pose(np.zeros(12), {})
    renderer.close()


def test_no_path_of_this_machine_is_in_it(scene):
    text = scene.read_text()
    assert "/root" not in text
    assert str(resolve_assets("standin").folder) not in text
