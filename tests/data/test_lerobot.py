"""LeRobotDataset v3.0, read back with pyarrow and PyAV."""

import json

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from omniactor.data.episodes import read_episode
from omniactor.data.folder import episodes_of
from omniactor.data.rendering import SceneRenderer
from omniactor.data.scene import scene_path
from omniactor.data.statistics import ImageStatistics, combine, of_rows
from omniactor.sim.tasks import TASKS


@pytest.fixture(scope="module")
def episodes(folder):
    return [read_episode(file) for file in episodes_of(folder, {"episodes": 2}, 47)]


@pytest.fixture(scope="module")
def info(folder):
    return json.loads((folder / "lerobot/meta/info.json").read_text())


def test_the_metadata_describes_what_is_there(folder, info, episodes):
    total = sum(map(len, episodes))
    assert (info["codebase_version"], info["fps"], info["robot_type"]) == ("v3.0", 20, "panda")
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (2, total, 1)
    assert info["splits"] == {"train": "0:2"}
    assert info["features"]["observation.images.image"]["dtype"] == "video"
    assert info["features"]["observation.images.image2"]["shape"] == [64, 64, 3]
    assert info["features"]["action"]["shape"] == [7]
    tasks = pq.read_table(folder / "lerobot/meta/tasks.parquet")
    assert tasks.to_pydict() == {"task_index": [0], "task": [TASKS[47].language]}
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["task"]
    stats = json.loads((folder / "lerobot/meta/stats.json").read_text())
    assert stats["action"]["count"] == [total]
    labels = np.concatenate([episode.labels for episode in episodes])
    np.testing.assert_allclose(stats["action"]["mean"], labels.mean(0), atol=1e-6)
    np.testing.assert_allclose(stats["action"]["std"], labels.std(0), atol=1e-6)
    assert np.shape(stats["observation.images.image"]["mean"]) == (3, 1, 1)


def test_the_columns_hold_what_was_stored(folder, info, episodes):
    table = pq.read_table(folder / "lerobot" / info["data_path"].format(chunk_index=0, file_index=0))
    columns = table.to_pydict()
    lengths = list(map(len, episodes))
    assert columns["index"] == list(range(sum(lengths)))
    assert columns["episode_index"] == [0] * lengths[0] + [1] * lengths[1]
    assert columns["frame_index"] == [*range(lengths[0]), *range(lengths[1])]
    assert set(columns["task_index"]) == {0}
    np.testing.assert_allclose(columns["timestamp"], np.array(columns["frame_index"]) / 20, atol=1e-6)
    assert (np.array(columns["action"], np.float32) == np.concatenate([e.labels for e in episodes])).all()
    assert (np.array(columns["executed_action"], np.float32) == np.concatenate([e.actions for e in episodes])).all()
    assert (np.array(columns["observation.state"], np.float32) == np.concatenate([e.robot_states[:-1] for e in episodes])).all()
    assert set(table.column_names) == {key for key, feature in info["features"].items() if feature["dtype"] != "video"}


def test_episodes_say_where_they_lie(folder, episodes):
    rows = pq.read_table(folder / "lerobot/meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [row["length"] for row in rows] == list(map(len, episodes))
    assert rows[1]["dataset_from_index"] == rows[0]["dataset_to_index"] == len(episodes[0])
    key = "videos/observation.images.image2"
    assert rows[1][f"{key}/from_timestamp"] == rows[0][f"{key}/to_timestamp"] == len(episodes[0]) / 20
    assert rows[1]["tasks"] == [TASKS[47].language]
    assert len(rows[0]["stats/action/min"]) == 7


@pytest.mark.parametrize(("key", "camera"), [("observation.images.image", "agentview"), ("observation.images.image2", "wrist")])
def test_video_frames_are_the_rendered_ones_before_the_action(folder, info, episodes, key, camera):
    path = folder / "lerobot" / info["video_path"].format(video_key=key, chunk_index=0, file_index=0)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        frames = [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert len(frames) == sum(map(len, episodes))
    np.testing.assert_allclose([time for time, _ in frames], np.arange(len(frames)) / 20, atol=1e-4)
    renderer = SceneRenderer(scene_path(folder, "standin", 47), 64)
    for step in (0, 25, len(episodes[1]) - 1):
        renderer.pose(episodes[1].states[step], episodes[1].facts.fixtures)
        decoded = frames[len(episodes[0]) + step][1].astype(float)
        assert np.abs(decoded - renderer.images()[camera]).mean() < 6
    renderer.close()


def test_statistics_of_parts_are_those_of_the_whole():
    rows = np.random.default_rng(0).normal(size=(90, 3))
    parts = combine([of_rows(rows[:20]), of_rows(rows[20:])])
    whole = of_rows(rows)
    for name in ("min", "max", "mean", "std", "count"):
        np.testing.assert_allclose(parts[name], whole[name])
    pictures = np.random.default_rng(1).integers(0, 200, (5, 8, 8, 3)).astype(np.uint8)
    counted = ImageStatistics()
    for picture in pictures:
        counted.add(picture)
    flat = pictures.reshape(-1, 3) / 255
    found = {name: value.ravel() for name, value in counted.result().items()}
    for name, expected in (("mean", flat.mean(0)), ("std", flat.std(0)), ("min", flat.min(0)), ("max", flat.max(0))):
        np.testing.assert_allclose(found[name], expected)
    np.testing.assert_allclose(found["q50"], np.median(flat, axis=0), atol=1.5 / 255)
