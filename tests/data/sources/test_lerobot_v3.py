"""LeRobot's data sets of version 3: frames by time, actions by row."""

import json
import shutil

import numpy as np
import pytest

from omniactor.gui.images import open_image
from tests.data.sources.fixtures.lerobot import CAMERAS, frame, write_lerobot


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_lerobot(tmp_path_factory.mktemp("lerobot") / "set")


def test_frames_states_and_actions_belong_together(convert, source, tmp_path):
    samples, report = convert("lerobot", source, "--cameras", "agentview,wrist", "--chunk", "2")
    assert (len(samples), report["tasks"]) == (10, 2)
    for number, sample in enumerate(samples):
        assert sample.state == (float(number),) * 8
        assert sample.actions[0][0] == pytest.approx((number + 1) / 100)
        for camera, name in zip(CAMERAS, sample.images, strict=True):
            stored, wanted = open_image(tmp_path / "out" / name).astype(int), frame(number, camera).astype(int)
            assert np.abs(stored - wanted).mean() < 4, (number, camera)
    assert [sample.task for sample in samples] == ["open the drawer"] * 6 + ["close it"] * 4
    assert [len(sample.actions) for sample in samples] == [2] * 5 + [1] + [2] * 3 + [1]
    assert samples[6].episode == "episode000001"


def test_pictures_inside_the_tables(convert, tmp_path):
    source = write_lerobot(tmp_path / "set", video=False)
    samples, _ = convert("lerobot", source)
    for number in (0, 7):
        assert (open_image(tmp_path / "out" / samples[number].images[0]) == frame(number, CAMERAS[0])).all()


@pytest.mark.parametrize("video", [True, False])
def test_episodes_in_several_chunks_and_files(convert, tmp_path, video):
    source = write_lerobot(tmp_path / "set", lengths=(3, 2, 4), video=video, per_chunk=2)
    samples, report = convert("lerobot", source, "--cameras", "agentview,wrist")
    assert [sample.state[0] for sample in samples] == [float(number) for number in range(9)]
    assert [sample.episode for sample in samples] == ["episode000000"] * 3 + ["episode000001"] * 2 + ["episode000002"] * 4
    for number, sample in enumerate(samples):
        for camera, name in zip(CAMERAS, sample.images, strict=True):
            stored, wanted = open_image(tmp_path / "out" / name).astype(int), frame(number, camera).astype(int)
            assert np.abs(stored - wanted).mean() < 4, (number, camera)
    assert report["dropped"] == {}


def test_a_video_that_ends_early_costs_the_rest_of_the_episode(convert, tmp_path, source):
    short = write_lerobot(tmp_path / "short", lengths=(4,))
    broken = shutil.copytree(source, tmp_path / "broken")
    video = f"videos/{CAMERAS[0]}/chunk-000/file-000.mp4"
    shutil.copy(short / video, broken / video)
    samples, report = convert("lerobot", broken)
    assert len(samples) == 4
    assert report["dropped"] == {"rest of an episode whose pictures are missing or broken": 2}
    assert report["empty_tasks"] == ["close it"]


@pytest.mark.parametrize("damage", ["version", "camera", "data", "tasks", "episodes", "path"])
def test_what_is_no_such_data_set_is_refused(refused, tmp_path, source, damage):
    broken = shutil.copytree(source, tmp_path / "broken")
    info = json.loads((broken / "meta/info.json").read_text())
    if damage == "version":
        info["codebase_version"] = "v2.1"
    if damage == "camera":
        del info["features"][CAMERAS[0]]
    if damage == "path":
        info["data_path"] = "data/{nothing}.parquet"
    (broken / "meta/info.json").write_text(json.dumps(info))
    if damage == "data":
        (broken / "data/chunk-000/file-000.parquet").write_bytes(b"PAR1 no")
    if damage == "tasks":
        (broken / "meta/tasks.parquet").unlink()
    if damage == "episodes":
        shutil.rmtree(broken / "meta/episodes")
    refused("lerobot", broken)
