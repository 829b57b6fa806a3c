"""LeRobotDataset v3.0: Parquet tables, H.264 videos and metadata, written without LeRobot itself.

One task is one data file and one video per camera (file number = the task's place in the data set), so
that tasks can be written in parallel and kept when a run is repeated. `meta/info.json` comes last: a
data set without it is not finished. Observations are those before the action, images upright.
Read from the sources of lerobot's `dataset_writer`, `dataset_metadata`, `io_utils` and `compute_stats`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from omniactor.data.episodes import Episode
from omniactor.data.statistics import ImageStatistics, combine, of_rows
from omniactor.data.video_stream import VideoStream
from omniactor.paths import atomic_path, write_json
from omniactor.sim.video import FPS

IMAGES = {"agentview": "observation.images.image", "wrist": "observation.images.image2"}
DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
ACTION_NAMES = ["dx", "dy", "dz", "drx", "dry", "drz", "gripper"]
STATE_NAMES = ["x", "y", "z", "rx", "ry", "rz", "finger1", "finger2"]
_SCALARS = {"timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64", "task_index": "int64"}
_VECTORS = {"observation.state": STATE_NAMES, "action": ACTION_NAMES, "executed_action": ACTION_NAMES}
_SCHEMA = {
    **{name: pa.list_(pa.float32(), len(columns)) for name, columns in _VECTORS.items()}, "actor": pa.int64(),
    **{name: pa.float32() if kind == "float32" else pa.int64() for name, kind in _SCALARS.items()},
}  # fmt: skip


class LeRobotPart:
    """Writes one task's files of a data set; they appear, complete, on `close()`.

    Args:
        root: of the data set.
        number: the task's place in the data set, 0 to 999: the number of its files.
        first_episode: number of its first episode in the data set.
        first_frame: number of its first frame in the data set.
        task_index: number of its instruction in `meta/tasks.parquet`.
        size: of the pictures.
        digest: what the files are made from, stored so that a later run knows them again.
        actions: "labels" or "executed": what the column `action` holds.
    """

    def __init__(
        self, root: Path, number: int, first_episode: int, first_frame: int, task_index: int, size: int, digest: str, actions: str
    ) -> None:
        """Open the files."""
        self._root, self._number, self._digest, self._actions = root, number, digest, actions
        self._episode, self._frame, self._task_index = first_episode, first_frame, task_index
        self._rows: list[dict] = []
        self._tables: list[pa.Table] = []  # plain numbers, a few hundred bytes per step; pictures are never held
        _forget(root, number)
        self._videos = {}
        for camera, key in IMAGES.items():
            path = root / VIDEO.format(video_key=key, chunk_index=0, file_index=number)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._videos[camera] = VideoStream(path, size)

    def begin(self, episode: Episode) -> None:
        """Start an episode."""
        self._current, self._images = episode, {camera: ImageStatistics() for camera in IMAGES}
        self._from = self._videos["agentview"].frames

    def wants(self, step: int) -> bool:
        """Tell whether state number `step` is to be shown: every one but the last, which has no action."""
        return step < len(self._current)

    def add(self, step: int, images: dict[str, np.ndarray], targets: np.ndarray | None = None) -> None:
        """Take the pictures of state number `step`, 0 to T; the last is left out."""
        if not self.wants(step):
            return
        for camera, video in self._videos.items():
            video.add(images[camera])
            self._images[camera].add(images[camera])

    def end(self) -> None:
        """Finish the episode."""
        episode, steps = self._current, len(self._current)
        frames = np.arange(steps)
        chosen = episode.labels if self._actions == "labels" else episode.actions
        columns = {
            "observation.state": episode.robot_states[:-1], "action": chosen, "executed_action": episode.actions,
            "actor": episode.actor.astype(np.int64), "timestamp": (frames / FPS).astype(np.float32), "frame_index": frames,
            "episode_index": np.full(steps, self._episode), "index": self._frame + frames,
            "task_index": np.full(steps, self._task_index),
        }  # fmt: skip
        self._tables.append(pa.table({name: _column(columns[name], kind) for name, kind in _SCHEMA.items()}))
        statistics = {name: of_rows(values) for name, values in columns.items()}
        statistics |= {key: self._images[camera].result() for camera, key in IMAGES.items()}
        row = {
            "episode_index": self._episode, "tasks": [episode.facts.instruction], "length": steps,
            "data/chunk_index": 0, "data/file_index": self._number,
            "dataset_from_index": self._frame, "dataset_to_index": self._frame + steps,
            "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0,
            "libero_task": episode.facts.task, "seed": episode.facts.seed, "success": episode.facts.success,
        }  # fmt: skip
        for key in IMAGES.values():
            row |= {f"videos/{key}/chunk_index": 0, f"videos/{key}/file_index": self._number}
            row |= {f"videos/{key}/from_timestamp": self._from / FPS, f"videos/{key}/to_timestamp": (self._from + steps) / FPS}
        row["stats"] = {key: {name: value.tolist() for name, value in found.items()} for key, found in statistics.items()}
        self._rows.append(row)
        self._episode, self._frame = self._episode + 1, self._frame + steps

    def close(self) -> None:
        """Finish the files; the list of episodes comes last and makes them count."""
        for video in self._videos.values():
            video.close()
        path = self._root / DATA.format(chunk_index=0, file_index=self._number)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary, pq.ParquetWriter(temporary, self._tables[0].schema, compression="snappy") as writer:
            for table in self._tables:
                writer.write_table(table)  # one row group per episode, so that one can be read alone
        part = _part(self._root, self._number)
        part.parent.mkdir(parents=True, exist_ok=True)
        write_json(part, {"digest": self._digest, "episodes": self._rows})

    def discard(self) -> None:
        """Drop what was written; harmless after `close()`."""
        for video in self._videos.values():
            video.discard()


def is_current(root: Path, number: int, digest: str) -> bool:
    """Tell whether a task's files were made from what `digest` stands for."""
    return _read_part(root, number).get("digest") == digest


def finish(root: Path, parts: int, instructions: list[str], size: int, facts: dict) -> None:
    """Write the metadata of a data set whose parts 0 to `parts - 1` are there.

    Args:
        root: of the data set.
        parts: how many tasks.
        instructions: the distinct ones; their place is the `task_index`.
        size: of the pictures.
        facts: added to `info.json` under "omniactor".
    """
    rows = [row for number in range(parts) for row in _read_part(root, number)["episodes"]]
    flat = []
    for row in rows:
        statistics = row["stats"]
        flat.append(
            {**row, **{f"stats/{key}/{name}": value for key, found in statistics.items() for name, value in found.items()}}
        )
        flat[-1].pop("stats")
    _write_table(root / EPISODES, pa.Table.from_pylist(flat))
    tasks = pa.table({"task_index": pa.array(range(len(instructions)), pa.int64()), "task": pa.array(instructions)})
    _write_table(root / "meta/tasks.parquet", tasks.replace_schema_metadata({"pandas": json.dumps(_TASKS_AS_PANDAS)}))
    keys = rows[0]["stats"]
    arrays = {key: [{name: np.array(value) for name, value in row["stats"][key].items()} for row in rows] for key in keys}
    total = {key: {name: value.tolist() for name, value in combine(parts).items()} for key, parts in arrays.items()}
    write_json(root / "meta/stats.json", total)
    frames = sum(row["length"] for row in rows)
    write_json(root / "meta/info.json", {
        "codebase_version": "v3.0", "robot_type": "panda", "total_episodes": len(rows), "total_frames": frames,
        "total_tasks": len(instructions), "chunks_size": 1000, "data_files_size_in_mb": 100, "video_files_size_in_mb": 200,
        "fps": FPS, "splits": {"train": f"0:{len(rows)}"}, "data_path": DATA, "video_path": VIDEO, "features": _features(size),
        "omniactor": facts,
    })  # fmt: skip


def begin_again(root: Path) -> None:
    """Make a data set unfinished, before any of its parts changes."""
    (root / "meta/info.json").unlink(missing_ok=True)


def drop_parts(root: Path, first: int) -> None:
    """Delete the files of parts from number `first` on, left by an earlier, longer data set."""
    for part in (root / "meta/omniactor_parts").glob("*.json"):
        if part.stem.isdigit() and int(part.stem) >= first:
            _forget(root, int(part.stem))
            for pattern in (DATA, *(VIDEO.replace("{video_key}", key) for key in IMAGES.values())):
                (root / pattern.format(chunk_index=0, file_index=int(part.stem))).unlink(missing_ok=True)


def remove(root: Path) -> None:
    """Delete a data set."""
    begin_again(root)
    shutil.rmtree(root, ignore_errors=True)


def _part(root: Path, number: int) -> Path:
    return root / "meta/omniactor_parts" / f"{number:03d}.json"


def _read_part(root: Path, number: int) -> dict:
    try:
        content = json.loads(_part(root, number).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _forget(root: Path, number: int) -> None:
    _part(root, number).unlink(missing_ok=True)


def _column(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(pa.array(values.astype(np.float32).ravel()), type=kind)
    return pa.array(values, type=kind)


def _write_table(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="snappy")


def _features(size: int) -> dict:
    video = {
        "video.height": size, "video.width": size, "video.codec": "h264", "video.pix_fmt": "yuv420p",
        "video.is_depth_map": False, "video.fps": FPS, "video.channels": 3, "has_audio": False,
    }  # fmt: skip
    picture = {"dtype": "video", "shape": [size, size, 3], "names": ["height", "width", "channels"], "info": video}
    return {
        **dict.fromkeys(IMAGES.values(), picture),
        **{name: {"dtype": "float32", "shape": [len(columns)], "names": columns} for name, columns in _VECTORS.items()},
        "actor": {"dtype": "int64", "shape": [1], "names": None},
        **{name: {"dtype": kind, "shape": [1], "names": None} for name, kind in _SCALARS.items()},
    }


_TASKS_AS_PANDAS = {
    "index_columns": ["task"],
    "column_indexes": [
        {"name": None, "field_name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}
    ],
    "columns": [
        {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64", "metadata": None},
        {"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": None},
    ],
    "creator": {"library": "pyarrow", "version": pa.__version__},
    "pandas_version": "2.0.0",
}
"""LeRobot reads the tasks with pandas and expects the instruction as the index."""
