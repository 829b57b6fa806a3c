"""Demonstrations of the arm in LIBERO's HDF5 layout, ours or LIBERO's own, as a source of a mixture."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from omniactor.data.episodes import ACTORS
from omniactor.errors import InputError, SampleError
from omniactor.train.mixture import Sample
from omniactor.types import Observation

_PICTURES = {"agentview": "agentview_rgb", "wrist": "eye_in_hand_rgb"}
_EXPERT = ACTORS.index("expert")


class DemoSource:
    """Every step that has pictures of a task's demonstrations as a sample: both cameras, the arm's state, and the next actions.

    Numbers are kept in memory, pictures are read when asked for. A chunk ends where it would stop being what the expert
    would do: at the end of the episode, and after a step at which somebody else acted (a push, or another agent whose
    states the expert labelled), because what follows belongs to states that the expert's own actions do not lead to.

    Attributes:
        name: of the file.
        world: "embodied".
    """

    world = "embodied"

    def __init__(self, path: Path, chunk: int = 1) -> None:
        """Read everything but the pictures.

        Args:
            path: a `*_demo.hdf5` file.
            chunk: actions per sample, at most.

        Raises:
            InputError: no demonstrations in LIBERO's layout.
        """
        self.path, self.name, self._chunk = Path(path), Path(path).stem.removesuffix("_demo"), chunk
        self._file, self._process = None, None
        try:
            with h5py.File(self.path, "r") as file:
                self._read(file["data"])
        except (OSError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())[:160]
            raise InputError(
                f"expected demonstrations in LIBERO's HDF5 layout in {self.path}, got: {reason}; make them with "
                "`omniactor demos --format hdf5`"
            ) from None

    def __len__(self) -> int:
        """Return the number of steps with pictures of all episodes."""
        return len(self._places)

    def __getitem__(self, index: int) -> Sample:
        """Read one step.

        Raises:
            SampleError: its pictures cannot be read.
        """
        demo, row, step = self._places[index]
        try:
            group = self._open()[f"data/{self._demos[demo]}/obs"]
            images = {name: np.ascontiguousarray(group[stored][row][::-1]) for name, stored in _PICTURES.items()}
        except (OSError, KeyError) as error:
            raise self._gone(demo, step, error) from None
        sample = self.without_pictures(index)
        return sample._replace(observation=replace(sample.observation, images=images))

    def without_pictures(self, index: int) -> Sample:
        """Return one step without its pictures, for whoever has them elsewhere."""
        demo, row, step = self._places[index]
        state = self._states[demo][step]
        targets = None if self._targets[demo] is None else self._targets[demo][row] - state[:3]
        first = step + self._later
        actions = self._labels[demo][first : first + self._valid[demo][first]]
        return Sample(Observation("embodied", {}, self.instruction, state=state), actions, targets)

    def pictures(self, cameras: tuple[str, ...]) -> np.ndarray:
        """Return the pictures of all samples, in order: uint8 (samples, cameras, height, width, 3), upright.

        Raises:
            SampleError: they cannot be read, or are not all of one size.
        """
        parts = []
        for number, name in enumerate(self._demos):
            places = self._places[self._places[:, 0] == number]
            if not len(places):
                continue
            try:
                group = self._open()[f"data/{name}/obs"]
                stored = [group[_PICTURES[camera]][:][places[:, 1], ::-1] for camera in cameras]
                parts.append(np.stack(stored, axis=1))
            except (OSError, KeyError, ValueError) as error:
                raise self._gone(number, places[0, 2], error) from None
        if len({part.shape[1:] for part in parts}) > 1:
            raise SampleError(f"{self.path}: expected pictures of one size, got several", "content")
        return np.concatenate(parts)

    def picture_size(self) -> tuple[int, int]:
        """Return height and width of the first picture, pixels.

        Raises:
            SampleError: it is gone.
        """
        demo, _, step = self._places[0]
        try:
            return self._open()[f"data/{self._demos[demo]}/obs/{_PICTURES['agentview']}"].shape[1:3]
        except (OSError, KeyError) as error:
            raise self._gone(demo, step, error) from None

    def __getstate__(self) -> dict:
        """Leave the open file behind: each process opens its own."""
        return {**self.__dict__, "_file": None, "_process": None}

    def _gone(self, demo: int, step: int, error: Exception) -> SampleError:
        return SampleError(f"{self.path}, {self._demos[demo]}, step {step}: {' '.join(str(error).split())[:120]}")

    def _read(self, data: h5py.Group) -> None:
        self.instruction = json.loads(data.attrs["problem_info"])["language_instruction"]
        # LIBERO's own files say nothing: there the observation is the one after the action.
        self._later = int(data.attrs.get("obs_alignment", "post-action") == "post-action")
        self._demos = sorted(data, key=lambda name: int(name.removeprefix("demo_")))
        self._states, self._labels, self._targets, self._valid, places = [], [], [], [], []
        for number, name in enumerate(self._demos):
            demo = data[name]
            labels = np.asarray(demo["labels" if "labels" in demo else "actions"], np.float32)
            observed = demo["obs"]
            parts = [observed[key] for key in ("ee_pos", "ee_ori", "gripper_states")]
            self._states.append(np.concatenate([np.asarray(part, np.float32) for part in parts], axis=1))
            self._labels.append(labels)
            self._targets.append(np.asarray(observed["target_pos"], np.float32) if "target_pos" in observed else None)
            actor = np.asarray(demo["actor"]) if "actor" in demo else np.full(len(labels), _EXPERT)
            self._valid.append(_chunk_lengths(actor, self._chunk))
            shown = np.asarray(observed["picture_steps"]) if "picture_steps" in observed else np.arange(len(labels))
            places += [(number, row, step) for row, step in enumerate(shown) if step < len(labels) - self._later]
        self._places = np.array(places, np.int64).reshape(-1, 3)

    def _open(self) -> h5py.File:
        """Return the file, opened by this process: HDF5 does not survive a fork."""
        if self._file is None or self._process != os.getpid():
            self._file, self._process = h5py.File(self.path, "r"), os.getpid()
        return self._file


def _chunk_lengths(actor: np.ndarray, chunk: int) -> np.ndarray:
    """Return how many labels from each step on belong together: up to and with the first step that is not the expert's."""
    lengths, length = np.zeros(len(actor), np.int64), 0
    for step in range(len(actor) - 1, -1, -1):
        length = min(chunk, 1 + (length if actor[step] == _EXPERT else 0))
        lengths[step] = length
    return lengths
