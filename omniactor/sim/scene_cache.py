"""Scenes are compiled once: the next time, in any process, they are read from the cache folder.

An entry is named by everything that decides it: task, assets, versions, this program's own source and the
detail. Files appear complete or not at all, are checked against their digests when read, and the ones
unused for longest go when the folder grows over its limit (`OMNIACTOR_SCENE_CACHE_MB`, 4096). A damaged or
missing file is a scene to compile again, nothing more. Processes that want the same scene wait for one of
them to compile it.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from omniactor.errors import InputError, OutputError, RecordError, SetupError
from omniactor.paths import cache_dir
from omniactor.sim.assets import AssetSource
from omniactor.sim.detail import Detail
from omniactor.sim.scene import SceneFacts, load_scene, write_scene
from omniactor.sim.tasks import Task

_PACKAGES = ("mujoco", "robosuite", "bddl", "hf-libero", "meshoptimizer", "numpy")
_SOURCES = ("assets", "compile", "detail", "libero_package", "render", "scene", "simplify", "tasks")
"""Modules of this package that decide what a compiled scene is."""
_LEFTOVER_SECONDS = 3600.0  # a half-written file this old belongs to a process that was killed


def get_scene(task: Task, source: AssetSource, detail: Detail) -> tuple[SceneFacts, object]:
    """Return (facts, `mujoco.MjModel`) of a task's scene, from the cache or compiled now.

    The model is the caller's own: environments write fixture poses into it.

    Raises:
        SetupError: hf-libero or robosuite is missing and the scene is not in the cache.
    """
    path = entry_path(task, source, detail)
    found = _read(path)
    if found is None:
        with _only_one(path):
            found = _read(path) or _compile(path, task, source, detail)
    return found


def entry_path(task: Task, source: AssetSource, detail: Detail) -> Path:
    """Return where the JSON of a scene lies in the cache, whether or not it is there."""
    import mujoco

    content = {
        "task": task.name, "bddl": hashlib.sha256(task.bddl_file.read_bytes()).hexdigest(), "assets": source.kind,
        "folder": source.stamp, "detail": [detail.name, detail.mesh_error, detail.texture_size],
        "mujoco": [mujoco.__version__, platform.machine()], "versions": _versions(), "source": _source_digest(),
    }  # fmt: skip
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]
    folder = cache_dir() / "scenes"
    folder.mkdir(exist_ok=True)
    return folder / f"task{task.id:02d}-{source.kind}-{detail.label}-{key}.json"


def prune(folder: Path, limit: int) -> None:
    """Remove half-written files of killed processes, and the files unused for longest until `limit` bytes are kept."""
    files = []
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process prunes too
            status = file.stat()
            if file.name.startswith(".") and time.time() - status.st_mtime > _LEFTOVER_SECONDS:
                file.unlink()
            elif not file.name.startswith("."):
                files.append((status.st_mtime, status.st_size, file))
    total = sum(size for _, size, _ in files)
    for _, size, file in sorted(files):
        if total <= limit:
            break
        file.unlink(missing_ok=True)
        total -= size


def cache_limit() -> int:
    """Return how many bytes the cache may hold.

    Raises:
        InputError: `OMNIACTOR_SCENE_CACHE_MB` is no number of megabytes.
    """
    text = os.environ.get("OMNIACTOR_SCENE_CACHE_MB", "4096")
    if not text.isdecimal():
        raise InputError(f"expected OMNIACTOR_SCENE_CACHE_MB to be a number of megabytes, got {text[:80]!r}; set 4096, say")
    return int(text) * 1_000_000


def _read(path: Path) -> tuple[SceneFacts, object] | None:
    if not path.is_file():
        return None
    try:
        facts, model = load_scene(path)
    except (RecordError, SetupError):  # damaged, pruned by another process, or of another version: compile it again
        return None
    for file in (path, path.parent / facts.model):
        with contextlib.suppress(OSError):  # a cache that may only be read still serves
            os.utime(file)
    return facts, model


def _compile(path: Path, task: Task, source: AssetSource, detail: Detail) -> tuple[SceneFacts, object]:
    from omniactor.sim.compile import compile_scene

    limit = cache_limit()
    facts, model = compile_scene(task, source, detail)
    try:
        facts = write_scene(path, facts, model)
        prune(path.parent, limit)
    except (OutputError, OSError) as error:
        print(f"The compiled scene of task {task.id} could not be kept: {error}", file=sys.stderr)
    return facts, model


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the lock of an entry; the system lets go of it when its holder dies."""
    try:
        handle = path.with_name(f".{path.stem}.lock").open("w")
    except OSError:  # a cache that may only be read: compile without waiting for others
        yield
        return
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@functools.cache
def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


@functools.cache
def _source_digest() -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in _SOURCES)).hexdigest()[:16]
