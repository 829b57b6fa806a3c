"""LIBERO's HDF5 layout, read back with h5py."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from omniactor.data.episodes import ACTORS, read_episode
from omniactor.data.folder import episodes_of
from omniactor.data.hdf5 import Hdf5Writer, quaternions
from omniactor.data.rendering import SceneRenderer
from omniactor.data.scene import scene_path
from omniactor.errors import OutputError
from omniactor.sim.scene import read_scene_facts
from omniactor.sim.tasks import TASKS
from omniactor.train.demos import DemoSource


@pytest.fixture(scope="module")
def episodes(folder):
    return [read_episode(file) for file in episodes_of(folder, {"episodes": 2}, 47)]


@pytest.fixture(scope="module")
def data(folder):
    with h5py.File(folder / "hdf5" / f"{TASKS[47].name}_demo.hdf5") as file:
        yield file["data"]


def test_the_attributes_are_liberos_and_say_what_is_ours(data, episodes):
    attributes = dict(data.attrs)
    assert attributes["num_demos"] == 2
    assert attributes["total"] == sum(map(len, episodes))
    assert attributes["macros_image_convention"] == "opengl"
    assert attributes["obs_alignment"] == "post-action"
    assert attributes["dropped_first_steps"] == 0
    assert attributes["actions_are"] == "labels"
    assert json.loads(attributes["problem_info"])["language_instruction"] == TASKS[47].language
    assert json.loads(attributes["env_args"])["env_kwargs"]["camera_heights"] == 64
    assert "(:goal" in attributes["bddl_file_content"]
    assert {"env_name", "bddl_file_name"} <= attributes.keys()


def test_values_are_those_stored_and_observations_are_the_next_ones(data, episodes):
    for number, episode in enumerate(episodes):
        demo, steps = data[f"demo_{number}"], len(episode)
        assert demo.attrs["num_samples"] == steps
        assert (demo.attrs["init_state"] == episode.states[0]).all()
        assert demo.attrs["model_file"].startswith("<mujoco")
        assert (demo["actions"][:] == episode.labels.astype(np.float64)).all()
        assert (demo["executed"][:] == episode.actions).all()
        assert (demo["states"][:] == episode.states[:-1]).all()
        assert demo["rewards"][:].tolist() == demo["dones"][:].tolist() == [0] * (steps - 1) + [1]
        after = episode.robot_states[1:].astype(np.float64)
        assert (demo["obs/ee_states"][:] == after[:, :6]).all()
        assert (demo["obs/gripper_states"][:] == after[:, 6:]).all()
        assert (demo["obs/joint_states"][:] == episode.states[1:, 1:8]).all()
        assert demo["robot_states"].shape == (steps, 9)
        assert {name: demo[f"obs/{name}"].shape for name in ("agentview_rgb", "eye_in_hand_rgb")} == {
            "agentview_rgb": (steps, 64, 64, 3), "eye_in_hand_rgb": (steps, 64, 64, 3),
        }  # fmt: skip


def test_pictures_are_upside_down_and_after_the_action(data, episodes, folder):
    renderer = SceneRenderer(scene_path(folder, "standin", 47), 64)
    for step in (0, 30, len(episodes[1]) - 1):
        renderer.pose(episodes[1].states[step + 1], episodes[1].facts.fixtures)
        images = renderer.images()
        assert (data["demo_1/obs/agentview_rgb"][step] == images["agentview"][::-1]).all()
        assert (data["demo_1/obs/eye_in_hand_rgb"][step] == images["wrist"][::-1]).all()
    renderer.close()


def test_before_the_action_on_request_and_nothing_is_left_of_an_unfinished_file(episodes, folder, tmp_path):
    scene = read_scene_facts(scene_path(folder, "standin", 47))
    writer = Hdf5Writer(tmp_path / "a.hdf5", scene, 16, "x", "pre-action", "executed")
    writer.begin(episodes[0])
    for step in range(len(episodes[0]) + 1):
        shade = np.full((16, 16, 3), step, np.uint8)
        writer.add(step, {"agentview": shade, "wrist": shade}, np.full((2, 3), step))
    writer.end()
    assert not (tmp_path / "a.hdf5").exists()
    with h5py.File(writer.close()) as file:
        demo = file["data/demo_0"]
        assert demo["obs/agentview_rgb"][:, 0, 0, 0].tolist() == list(range(len(episodes[0])))
        assert (demo["obs/ee_pos"][:] == episodes[0].robot_states[:-1, :3]).all()
        assert (demo["actions"][:] == episodes[0].actions).all()
        assert demo["obs/target_pos"][:, 1, 2].tolist() == list(range(len(episodes[0])))
    other = Hdf5Writer(tmp_path / "b.hdf5", scene, 16, "x", "post-action", "labels")
    other.begin(episodes[0])
    other.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["a.hdf5"]
    with pytest.raises(OutputError):
        Hdf5Writer(tmp_path / "no" / "c.hdf5", scene, 16, "x", "post-action", "labels")


def test_pictures_of_every_kth_step_say_which_and_episodes_begin_at_different_ones(episodes, folder, tmp_path):
    writer = Hdf5Writer(
        tmp_path / "a.hdf5", read_scene_facts(scene_path(folder, "standin", 47)), 16, "x", "pre-action", "labels", every=7
    )
    for episode in episodes:
        writer.begin(episode)
        for step in filter(writer.wants, range(len(episode) + 1)):
            shade = np.full((16, 16, 3), step, np.uint8)
            writer.add(step, {"agentview": shade, "wrist": shade}, np.full((2, 3), step))
        writer.end()
    with h5py.File(writer.close()) as file:
        for number, episode in enumerate(episodes):
            demo, shown = file[f"data/demo_{number}"], list(range(number, len(episode), 7))
            assert demo["obs/picture_steps"][:].tolist() == shown
            assert demo["obs/agentview_rgb"][:, 0, 0, 0].tolist() == demo["obs/target_pos"][:, 0, 0].tolist() == shown
            assert len(demo["actions"]) == len(demo["obs/ee_pos"]) == len(episode)


def test_steps_of_an_agent_that_was_only_labelled_get_no_pictures(episodes, folder, tmp_path):
    scene = read_scene_facts(scene_path(folder, "standin", 47))
    writer = Hdf5Writer(tmp_path / "a.hdf5", scene, 16, "x", "pre-action", "labels", every=2)
    by_agent = np.full(len(episodes[0]), ACTORS.index("agent"), np.uint8)
    in_turns = by_agent.copy()
    in_turns[10:20] = in_turns[30:] = ACTORS.index("expert")
    for actor in (in_turns, by_agent):
        writer.begin(replace(episodes[0], actor=actor))
        writer.end()
    with h5py.File(writer.close()) as file:
        shown = [*range(10, 20), *range(30, len(in_turns))][::2]
        assert file["data/demo_0/obs/picture_steps"][:].tolist() == shown
        assert file["data/demo_1/obs/eye_in_hand_rgb"].shape == (0, 16, 16, 3)
    assert len(DemoSource(tmp_path / "a.hdf5", 8)) == len(shown)


def test_quaternions_are_those_of_the_rotations():
    np.testing.assert_allclose(quaternions(np.array([[np.pi, 0, 0], [0, 0, 0], [0, 0, np.pi / 2]])),
                               [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, np.sqrt(0.5), np.sqrt(0.5)]], atol=1e-9)  # fmt: skip
