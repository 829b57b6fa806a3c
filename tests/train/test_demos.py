"""Demonstrations in HDF5 as samples: alignment, chunks, pictures, targets."""

import json

import numpy as np
import pytest

from omniactor.errors import InputError, SampleError
from omniactor.train import records
from omniactor.train.demos import DemoSource

h5py = pytest.importorskip("h5py")
STEPS = (6, 4)


def write(path, actors=None, alignment=None, ours=True):
    """Write two demonstrations; step t of demonstration d shows the grey level 10 d + t at its top left corner."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["problem_info"] = json.dumps({"language_instruction": "open the drawer"})
        if alignment:
            data.attrs["obs_alignment"] = alignment
        for number, steps in enumerate(STEPS):
            demo = data.create_group(f"demo_{number}")
            demo["actions"] = np.full((steps, 7), 0.5)
            pictures = np.zeros((steps, 16, 16, 3), np.uint8)
            pictures[:, -1, 0] = (10 * number + np.arange(steps))[:, None]  # raw OpenGL rows: the top is last
            demo["obs/agentview_rgb"] = demo["obs/eye_in_hand_rgb"] = pictures
            demo["obs/ee_pos"] = np.arange(steps)[:, None] * [0.1, 0, 0]
            demo["obs/ee_ori"], demo["obs/gripper_states"] = np.full((steps, 3), 2.0), np.full((steps, 2), 0.03)
            if ours:
                demo["labels"] = np.arange(steps)[:, None] / 10 * np.ones(7)
                demo["actor"] = np.array((actors or [[0] * s for s in STEPS])[number], np.uint8)
                demo["obs/target_pos"] = np.ones((steps, 2, 3))
    return path


def test_a_step_is_its_pictures_its_state_and_the_actions_that_follow(tmp_path):
    source = DemoSource(write(tmp_path / "a_demo.hdf5", alignment="pre-action"), chunk=3)
    assert (source.name, source.world, len(source)) == ("a", "embodied", 10)
    sample = source[7]  # the second step of the second demonstration
    assert sample.observation.instruction == "open the drawer"
    for image in sample.observation.images.values():
        assert image[0, 0].tolist() == [11, 11, 11] and image[1:].sum() == 0
    np.testing.assert_allclose(sample.observation.state, [0.1, 0, 0, 2, 2, 2, 0.03, 0.03], rtol=1e-6)
    np.testing.assert_allclose(sample.action[:, 0], [0.1, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(sample.targets, [[0.9, 1, 1]] * 2, rtol=1e-6)
    assert [len(source[i].action) for i in range(10)] == [3, 3, 3, 3, 2, 1, 3, 3, 2, 1]


def test_liberos_own_files_show_the_state_after_the_action(tmp_path):
    source = DemoSource(write(tmp_path / "a_demo.hdf5", ours=False), chunk=1)
    assert len(source) == 8 and source[0].targets is None  # the last picture has no action after it
    ours = DemoSource(write(tmp_path / "b_demo.hdf5", alignment="post-action"), chunk=2)
    assert ours[0].observation.images["wrist"][0, 0, 0] == 0 and ours[0].action[0, 0] == pytest.approx(0.1)


def test_a_task_without_a_sample_is_left_out_of_its_folder_but_a_folder_of_such_is_refused(tmp_path):
    with h5py.File(write(tmp_path / "never_corrected_demo.hdf5", alignment="pre-action"), "a") as file:
        for demo in file["data"].values():
            observed = demo["obs"]
            for name in ("agentview_rgb", "eye_in_hand_rgb", "target_pos"):
                kept = observed[name][:0]
                del observed[name]
                observed[name] = kept
            observed["picture_steps"] = np.zeros(0, int)
    with pytest.raises(InputError, match="samples of embodied"):
        records.folder_sources(tmp_path, ["embodied"], 3)
    write(tmp_path / "corrected_demo.hdf5", alignment="pre-action")
    assert [s.name for s in records.folder_sources(tmp_path, ["embodied"], 3)] == ["corrected"]


def test_a_chunk_ends_after_a_step_that_was_not_the_experts(tmp_path):
    actors = [[0, 0, 2, 2, 0, 0], [1, 1, 0, 0]]
    source = DemoSource(write(tmp_path / "a_demo.hdf5", actors, "pre-action"), chunk=4)
    assert [len(source[i].action) for i in range(10)] == [3, 2, 1, 1, 2, 1, 1, 1, 2, 1]


def test_what_is_no_demonstration_is_refused(tmp_path):
    (tmp_path / "a_demo.hdf5").write_bytes(b"nothing")
    with pytest.raises(InputError, match="LIBERO's HDF5 layout"):
        DemoSource(tmp_path / "a_demo.hdf5")
    with h5py.File(tmp_path / "b_demo.hdf5", "w") as file:
        file.create_group("data")
    with pytest.raises(InputError, match="problem_info"):
        DemoSource(tmp_path / "b_demo.hdf5")


def test_pictures_that_are_gone_are_an_error_of_the_sample(tmp_path):
    path = write(tmp_path / "a_demo.hdf5", alignment="pre-action")
    source = DemoSource(path)
    with h5py.File(path, "a") as file:
        del file["data/demo_0/obs/agentview_rgb"]
    with pytest.raises(SampleError, match="demo_0, step 2"):
        source[2]
    assert source[8].observation.images["agentview"][0, 0, 0] == 12


def test_where_only_some_steps_have_pictures_those_are_the_samples_and_their_chunks_are_whole(tmp_path):
    path = write(tmp_path / "a_demo.hdf5", alignment="pre-action")
    with h5py.File(path, "r+") as file:
        demo = file["data/demo_0"]
        for name in ("agentview_rgb", "eye_in_hand_rgb", "target_pos"):
            rows = demo[f"obs/{name}"][1::3]
            del demo[f"obs/{name}"]
            demo[f"obs/{name}"] = rows
        demo["obs/picture_steps"] = [1, 4]
    source = DemoSource(path, chunk=3)
    assert len(source) == 2 + STEPS[1]
    sample = source[1]
    assert sample.observation.images["wrist"][0, 0, 0] == 4 and sample.observation.state[0] == pytest.approx(0.4)
    np.testing.assert_allclose(source[0].action[:, 0], [0.1, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(sample.action[:, 0], [0.4, 0.5], rtol=1e-6)


def test_many_files_are_read_by_several_processes_the_same(tmp_path, monkeypatch):
    names = [f"{letter}_demo.hdf5" for letter in "abc"]
    for name in names:
        write(tmp_path / name, alignment="pre-action")
    one_by_one = records.folder_sources(tmp_path, ["embodied"], 3)
    monkeypatch.setattr(records, "_MANY", 1)
    together = records.folder_sources(tmp_path, ["embodied"], 3)
    assert [source.path.name for source in together] == names and len(one_by_one) == 3
    for one, other in zip(one_by_one, together, strict=True):
        assert len(one) == len(other) and (one[7].action == other[7].action).all()
        assert (one[7].observation.images["wrist"] == other[7].observation.images["wrist"]).all()
    (tmp_path / "b_demo.hdf5").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"LIBERO's HDF5 layout in .*b_demo\.hdf5"):
        records.folder_sources(tmp_path, ["embodied"], 3)
