"""LIBERO's own demonstrations: one `<task>_demo.hdf5` per task, from LIBERO's `scripts/create_dataset.py`.

In these files the observation beside an action is the one after it, so the observation answers to the action of the next row:
the first action has no observation and the last observation no action. `obs_alignment`, which this project writes, says
where it is otherwise; OpenVLA's regenerated files are pre-action and do not say so. Pictures are raw OpenGL rows,
upside-down ("opengl"), unless the file says "opencv".
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
from omniactor.errors import InputError
from omniactor.sim.tasks import TASKS

KIND = "libero-hdf5"
OPTIONS = ("chunk", "cameras", "stored", "obs_alignment", "no_ops")
MAX_STEPS = 20_000
MAX_SIDE = 2048
_IMAGES = {"agentview": "agentview_rgb", "wrist": "eye_in_hand_rgb"}
_LANGUAGES = {task.name: task.language for task in TASKS}


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield the samples of a file, or of all files of a folder.

    Args:
        source: `<task>_demo.hdf5`, or a folder with such files at any depth.
        options: see `OPTIONS`.
        tally: counts what is left out.

    Raises:
        InputError: no such file.
    """
    files = sorted(source.rglob("*.hdf5")) if source.is_dir() else [source]
    if not files:
        raise InputError(f"expected files <task>_demo.hdf5 in {source}, got none")
    for file in files:
        yield from _file_drafts(file, options, tally)


def _file_drafts(path: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    import h5py

    task = path.stem.removesuffix("_demo")
    try:
        with h5py.File(path, "r") as file:
            data = file["data"]
            facts = {name: _text(value) for name, value in data.attrs.items()}
            instruction = _instruction(task, facts)
            tally.expect(task)
            for name in sorted((name for name in data if name.startswith("demo_")), key=_number):
                episode = _episode(data[name], task, instruction, name, facts, options, tally)
                if episode is not None:
                    yield from episode_drafts(episode, options, tally)
    except (
        OSError,
        KeyError,
        RuntimeError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"expected one of LIBERO's HDF5 files, got {path}: {reason}; download it again or take it away"
        ) from error


def _episode(
    group, task: str, instruction: str, name: str, facts: dict, options: SourceOptions, tally: Tally
) -> ArmEpisode | None:
    where, keys = f"{task}, {name}", [f"obs/{_IMAGES[camera]}" for camera in options.cameras]
    missing = [key for key in ("actions", *keys) if key not in group]
    if missing:
        tally.drop(f"demonstration without {missing[0]}", where)
        return None
    if "obs/picture_steps" in group:
        tally.drop("demonstration with pictures of some of its steps only (training reads it as it is)", where)
        return None
    if len(group["actions"]) > MAX_STEPS:
        tally.drop(f"demonstration of more than {MAX_STEPS} steps", where)
        return None
    actions, images = group["actions"][:], {c: group[f"obs/{_IMAGES[c]}"] for c in options.cameras}
    lengths = {len(actions), *map(len, images.values())}
    states = None
    if "obs/ee_states" in group and "obs/gripper_states" in group:
        with np.errstate(over="ignore"):  # what becomes infinite is refused with its episode
            states = np.hstack([group["obs/ee_states"][:], group["obs/gripper_states"][:]]).astype(np.float32)
        lengths.add(len(states))
    if len(lengths) > 1 or not all(_is_pictures(dataset) for dataset in images.values()):
        tally.drop("demonstration whose parts do not fit together", where)
        return None
    stored = options.stored
    if stored == "auto":
        stored = "upright" if facts.get("macros_image_convention") == "opencv" else "flipped"
    alignment = options.obs_alignment
    if alignment == "auto":
        alignment = facts.get("obs_alignment", "post-action")
    first = {"post-action": 1, "pre-action": 0}.get(alignment)
    if first is None:
        raise InputError(f"expected obs_alignment post-action or pre-action, got {alignment!r:.60}; give --obs-alignment")
    return ArmEpisode(
        KIND, task, instruction, name, actions, states, first, lambda step, camera: upright(images[camera][step], stored)
    )


def _instruction(task: str, facts: dict) -> str:
    """Return the task in words: from the file's name for LIBERO-90, as its benchmark does, else as the file says."""
    if task in _LANGUAGES:
        return _LANGUAGES[task]
    try:
        said = json.loads(facts.get("problem_info", "{}"))["language_instruction"]
        # Some of LIBERO's files keep the words as a list of characters.
        words = "".join(said) if isinstance(said, list) else said
    except (ValueError, KeyError, TypeError):
        words = task.split("SCENE")[-1].lstrip("0123456789_").replace("_", " ")
    return " ".join(str(words).strip('"').split())


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _number(name: str) -> tuple[int, str]:
    digits = name.removeprefix("demo_")
    return (int(digits) if digits.isdigit() and len(digits) < 10 else 10**10, name)


def _is_pictures(dataset) -> bool:
    return dataset.ndim == 4 and dataset.shape[3] == 3 and max(dataset.shape[1:3]) <= MAX_SIDE and dataset.dtype == np.uint8
