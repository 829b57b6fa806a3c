"""LeRobotDataset v3.0: Parquet tables of many episodes each, pictures as H.264 or AV1 video or inside the tables.

Read by `meta/info.json` alone, so it takes other people's data sets of the same robot too. The frames of an episode
lie one after the other in one video per camera, from `from_timestamp` on. Observations are those before the action.
Pictures are taken as stored; the public LIBERO sets (`lerobot/libero`, `HuggingFaceVLA/libero`) hold raw rows turned by
180 degrees, which is upright with left and right swapped: give `--stored mirrored` for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from omniactor.data.sources.arm import ArmEpisode, episode_drafts, upright
from omniactor.data.sources.draft import Draft
from omniactor.data.sources.options import SourceOptions
from omniactor.data.tally import Tally
from omniactor.errors import ImageError, InputError

KIND = "lerobot"
OPTIONS = ("chunk", "cameras", "stored", "no_ops")
_NAMES = {
    "agentview": ("observation.images.image", "observation.images.agentview", "observation.image", "image"),
    "wrist": ("observation.images.image2", "observation.images.wrist_image", "observation.images.wrist", "wrist_image"),
}
_VIDEO = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
_DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield the samples of a data set's folder.

    Raises:
        InputError: not a finished data set of version 3, or not of this arm.
    """
    info = _info(source)
    keys = {camera: _key(info, camera) for camera in options.cameras}
    state = next((name for name in ("observation.state", "state") if name in info["features"]), None)
    action = next((name for name in ("action", "actions") if name in info["features"]), None)
    if action is None:
        raise InputError(f"expected a feature named action in {source}/meta/info.json, got none")
    frames, tables = _Frames(source, info), _Tables(source, info)
    try:
        tasks = _tasks(source)
        for row in _episodes(source):
            episode = _episode(tables.episode(row), row, tasks, action, state, tally)
            if episode is not None:
                yield from _episode_drafts(episode, row, keys, info, frames, options, tally)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:  # Arrow's errors are among these
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"expected a whole LeRobot data set in {source}, got: {reason}; download it again") from error
    finally:
        frames.close()


def _episode_drafts(episode: dict, row: dict, keys, info, frames, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    stored = "upright" if options.stored == "auto" else options.stored

    def picture(step: int, camera: str) -> np.ndarray:
        key = keys[camera]
        if info["features"][key]["dtype"] == "image":
            return upright(_decoded(episode["images"][key][step]), stored)
        at = row[f"videos/{key}/from_timestamp"] + episode["timestamps"][step]
        return upright(frames.at(key, row[f"videos/{key}/chunk_index"], row[f"videos/{key}/file_index"], at), stored)

    name, task = f"episode{row['episode_index']:06d}", episode["task"]
    found = ArmEpisode(KIND, task, task, name, episode["actions"], episode["states"], 0, picture)
    tally.expect(task)
    try:
        yield from episode_drafts(found, options, tally)
    except (LookupError, ImageError) as error:  # a video that ends early; a picture that is none
        tally.drop("rest of an episode whose pictures are missing or broken", f"{name}: {error}")


def _info(source: Path) -> dict:
    try:
        info = json.loads((source / "meta/info.json").read_text(encoding="utf-8"))
        version, features = str(info["codebase_version"]), info["features"]
        if not isinstance(features, dict) or not all(isinstance(feature, dict) for feature in features.values()):
            raise KeyError("features")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"expected a LeRobot data set with meta/info.json in {source}, got none ({error!r:.100})") from error
    if not version.startswith("v3"):
        raise InputError(f"expected a LeRobot data set of version 3, got {version:.20}; convert it with LeRobot first")
    return info


def _key(info: dict, camera: str) -> str:
    there = [name for name, feature in info["features"].items() if feature.get("dtype") in ("video", "image")]
    for name in _NAMES[camera]:
        if name in there:
            return name
    raise InputError(f"expected pictures of {camera} ({', '.join(_NAMES[camera])}), got {', '.join(there)[:200] or 'none'}")


def _tasks(source: Path) -> dict[int, str]:
    """Return number -> instruction; LeRobot keeps the instruction as the index of a pandas table."""
    import pyarrow.parquet as pq

    table = pq.read_table(source / "meta/tasks.parquet").to_pydict()
    words = table.get("task") or table.get("__index_level_0__")
    if not words or "task_index" not in table:
        raise InputError(f"expected task and task_index in {source}/meta/tasks.parquet, got {', '.join(table)[:100]}")
    return dict(zip(table["task_index"], words, strict=True))


def _episodes(source: Path) -> Iterator[dict]:
    import pyarrow.parquet as pq

    files = sorted((source / "meta/episodes").rglob("*.parquet"))
    if not files:
        raise InputError(f"expected meta/episodes/*/*.parquet in {source}, got none; the data set is not finished")
    for file in files:
        table = pq.ParquetFile(file)
        wanted = [name for name in table.schema_arrow.names if not name.startswith("stats/")]
        for batch in table.iter_batches(batch_size=256, columns=wanted):
            yield from batch.to_pylist()


class _Tables:
    """Row groups of the data files; the last ones read are kept, because episodes may share one."""

    def __init__(self, source: Path, info: dict) -> None:
        self._source, self._path = source, info.get("data_path") or _DATA
        self._kept: dict[tuple[Path, int], object] = {}

    def episode(self, row: dict):
        """Return the rows of one episode."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        number = row["episode_index"]
        path = self._source / self._path.format(chunk_index=row["data/chunk_index"], file_index=row["data/file_index"])
        metadata = pq.read_metadata(path)
        parts = []
        for group in range(metadata.num_row_groups):
            low, high = _limits(metadata.row_group(group), "episode_index")
            if low is None or low <= number <= high:
                table = self._group(path, group)
                parts.append(table.filter(pa.array(np.asarray(table["episode_index"]) == number)))
        return pa.concat_tables(parts) if parts else pa.table({})

    def _group(self, path: Path, group: int):
        import pyarrow.parquet as pq

        if (path, group) not in self._kept:
            table = pq.ParquetFile(path).read_row_group(group)
            self._kept = {**dict(list(self._kept.items())[-1:]), (path, group): table}
        return self._kept[path, group]


def _limits(group, column: str) -> tuple[int | None, int | None]:
    for number in range(group.num_columns):
        found = group.column(number)
        if found.path_in_schema == column and found.statistics is not None and found.statistics.has_min_max:
            return found.statistics.min, found.statistics.max
    return None, None


def _episode(table, row: dict, tasks: dict[int, str], action: str, state: str | None, tally: Tally) -> dict | None:
    where = f"episode {row['episode_index']}"
    if table.num_rows == 0 or table.num_rows != row.get("length", table.num_rows):
        tally.drop("episode whose table is not as long as said", where)
        return None
    task = tasks.get(table["task_index"][0].as_py()) if "task_index" in table.column_names else (row.get("tasks") or [None])[0]
    if not isinstance(task, str) or not task.strip():
        tally.drop("episode without an instruction", where)
        return None
    images = {name: table[name] for name in table.column_names if "image" in name}
    return {
        "task": " ".join(task.split()), "actions": _rows(table[action]), "images": images,
        "states": None if state is None else _rows(table[state]).astype(np.float32),
        "timestamps": np.array(table["timestamp"].to_pylist(), np.float64),
    }  # fmt: skip


def _rows(column) -> np.ndarray:
    try:
        return np.array(column.to_pylist(), np.float64)
    except (ValueError, TypeError):
        return np.empty((0, 0))  # rows of different lengths: refused by what looks at the shape


def _decoded(cell) -> np.ndarray:
    from omniactor.gui.images import open_image

    content = cell.as_py()
    return open_image(content["bytes"] if isinstance(content, dict) else content)


class _Frames:
    """Frames of videos by time; quick when they are asked for in order."""

    def __init__(self, source: Path, info: dict) -> None:
        self._source, self._path = source, info.get("video_path") or _VIDEO
        self._tolerance = 0.5 / float(info.get("fps") or 20)
        self._open: dict[str, tuple] = {}

    def at(self, key: str, chunk: int, file: int, seconds: float) -> np.ndarray:
        """Return the frame shown at a time, uint8 (height, width, 3); raises LookupError where there is none."""
        path = self._source / self._path.format(video_key=key, chunk_index=chunk, file_index=file)
        container, decoded, current = self._open.get(key, (None, None, None))
        if container is None or container[0] != path or current is None or seconds < current[0] - self._tolerance:
            container, decoded = self._begin(key, path, seconds)
            current = None
        while current is None or current[0] < seconds - self._tolerance:
            frame = self._next(path, decoded)
            current = (float(frame.time), frame)
        self._open[key] = (container, decoded, current)
        if current[0] > seconds + self._tolerance:
            raise LookupError(f"no frame at {seconds:.3f} s in {path.name}")
        return current[1].to_ndarray(format="rgb24")

    def close(self) -> None:
        """Close the files."""
        for container, _, _ in self._open.values():
            container[1].close()
        self._open.clear()

    def _begin(self, key: str, path: Path, seconds: float):
        import av

        if key in self._open:
            self._open.pop(key)[0][1].close()
        try:
            opened = av.open(str(path))
            stream = opened.streams.video[0]
            opened.seek(max(0, int((seconds - self._tolerance) / stream.time_base)), stream=stream)
        except (av.FFmpegError, OSError, IndexError) as error:
            raise LookupError(f"no video {path.name} ({' '.join(str(error).split())[:100]})") from error
        return (path, opened), opened.decode(stream)

    @staticmethod
    def _next(path: Path, decoded):
        import av

        try:
            return next(decoded)
        except (StopIteration, av.FFmpegError) as error:
            raise LookupError(f"{path.name} ends before its episode does") from error
