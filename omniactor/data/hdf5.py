"""LIBERO's own HDF5 layout: one `<task>_demo.hdf5` per task, with its conventions and their names in it.

As in LIBERO's files, images are stored upside-down ("opengl") and the observation beside `actions[t]`
is by default the one after it; the attribute `obs_alignment` says which. Nothing is dropped from the
start (`dropped_first_steps` 0; LIBERO drops 5). `actions` are the labels or the executed actions, as
`actions_are` says; both are there under their own names too. `obs/target_pos` is ours: where the thing and the
place are that the goal asks about, metres, in the world.

Pictures cost more than everything else. Where only every K-th step has them, `obs/picture_steps` says which steps the
rows of the pictures and of `obs/target_pos` belong to; everything else still has a row a step. Steps at which an agent acted
whom the expert only labelled are left out then: what follows them is not the expert's, so they teach one action, not a chunk.

Of thin episodes (`thin_episodes`) there are no `states`, `executed`, `obs/joint_states` and no attribute `init_state`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import h5py
import numpy as np

from omniactor.data.episodes import ACTORS, Episode, shown_steps
from omniactor.data.thin_episodes import ThinEpisode
from omniactor.errors import OutputError
from omniactor.paths import check_writable
from omniactor.sim.scene import SceneFacts

IMAGES = {"agentview": "agentview_rgb", "wrist": "eye_in_hand_rgb"}
ALIGNMENTS = ("post-action", "pre-action")


class Hdf5Writer:
    """Writes one task's file; it appears, complete, on `close()`.

    Args:
        path: of the file.
        scene: facts of the scene the pictures come from.
        size: of the pictures.
        digest: what the file is made from, stored so that a later run knows it again.
        alignment: "post-action" as in LIBERO's files, or "pre-action".
        actions: "labels" or "executed".
        every: steps between pictures; episodes begin at different ones, so that together they show every phase.

    Raises:
        OutputError: the path cannot be written.
    """

    def __init__(
        self, path: Path, scene: SceneFacts, size: int, digest: str, alignment: str, actions: str, every: int = 1
    ) -> None:
        """Open a temporary file beside `path`."""
        check_writable(path)
        self._path, self._scene, self._size, self._actions, self._every = path, scene, size, actions, every
        self._later = int(alignment == "post-action")
        self._temporary = path.with_name(f".{path.stem}.{os.getpid()}.part.hdf5")
        self._demos = self._total = 0
        self._file = self._call(h5py.File, self._temporary, "w")
        self._data = self._file.create_group("data")
        attributes = {
            **_libero_attributes(scene, size), "digest": digest, "obs_alignment": alignment, "actions_are": actions,
            "dropped_first_steps": 0, "actors": json.dumps(ACTORS), "assets": scene.assets,
            "assets_fingerprint": scene.fingerprint, "mujoco": scene.mujoco,
        }  # fmt: skip
        for name, value in attributes.items():
            self._data.attrs[name] = value

    def begin(self, episode: Episode | ThinEpisode) -> None:
        """Start an episode: everything but its pictures is written."""
        self._call(self._begin, episode)

    def wants(self, step: int) -> bool:
        """Tell whether state number `step` of the present episode is to be shown."""
        return step - self._later in self._rows

    def add(self, step: int, images: dict[str, np.ndarray], targets: np.ndarray) -> None:
        """Take what belongs to state number `step`, 0 to T.

        Args:
            step: of the episode.
            images: uint8 (size, size, 3), upright.
            targets: (2, 3), see `Targets.positions`.
        """
        row = self._rows.get(step - self._later)
        if row is None:
            return
        self._targets[row] = targets
        for name, dataset in self._images.items():
            self._call(dataset.write_direct, np.ascontiguousarray(images[name][::-1])[None], None, np.s_[row : row + 1])

    def end(self) -> None:
        """Finish the episode."""
        self._call(self._group["obs"].__setitem__, "target_pos", self._targets)
        self._demos += 1

    def close(self) -> Path:
        """Finish the file and return its path."""
        self._data.attrs["num_demos"], self._data.attrs["total"] = self._demos, self._total
        self._call(self._file.close)
        self._call(os.replace, self._temporary, self._path)
        return self._path

    def discard(self) -> None:
        """Drop what was written; harmless after `close()`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _begin(self, episode: Episode | ThinEpisode) -> None:
        facts, steps, thin = episode.facts, len(episode), isinstance(episode, ThinEpisode)
        self._group = group = self._data.create_group(f"demo_{self._demos}")
        shown = shown_steps(episode.actor, self._every, self._demos)
        if thin:
            episode.check_shown(shown, self._later, self._actions)
        self._rows = {step: row for row, step in enumerate(shown.tolist())}
        self._targets = np.zeros((len(shown), 2, 3), np.float32)
        attributes = {
            "num_samples": steps, "model_file": _with_fixtures(self._scene.xml, facts.fixtures), "seed": facts.seed,
            "success": facts.success, "agent": facts.agent, "perturb": facts.perturb, "fixtures": json.dumps(facts.fixtures),
            **({} if thin else {"init_state": episode.states[0]}),
        }  # fmt: skip
        for name, value in attributes.items():
            group.attrs[name] = value
        observed = slice(self._later, self._later + steps)
        robot, rotation = (
            episode.robot_states[observed].astype(np.float64),
            episode.robot_states[observed, 3:6].astype(np.float64),
        )
        last = np.zeros(steps, np.uint8)
        last[-1] = facts.success
        ended = np.zeros(steps, np.uint8)
        ended[-1] = 1
        chosen = episode.labels if self._actions == "labels" else episode.actions
        arrays = {
            "actions": chosen.astype(np.float64), "labels": episode.labels, "actor": episode.actor, "rewards": last,
            "dones": ended, "robot_states": np.hstack([robot[:, 6:8], robot[:, :3], quaternions(rotation)]),
            "obs/gripper_states": robot[:, 6:8],
            "obs/ee_states": robot[:, :6], "obs/ee_pos": robot[:, :3], "obs/ee_ori": robot[:, 3:6],
        }  # fmt: skip
        if not thin:
            arm = [1 + self._scene.joints[f"robot0_joint{i}"][0] for i in range(1, 8)]  # after the time
            arrays |= {
                "executed": episode.actions, "states": episode.states[:-1],
                "obs/joint_states": episode.states[observed][:, arm],
            }  # fmt: skip
        if self._every > 1:
            arrays["obs/picture_steps"] = shown
        for name, array in arrays.items():
            group.create_dataset(name, data=array)
        frame = (self._size, self._size, 3)
        stored = {"chunks": (1, *frame), "compression": "gzip", "compression_opts": 1} if len(shown) else {}
        self._images = {
            camera: group.create_dataset(f"obs/{name}", (len(shown), *frame), np.uint8, **stored)
            for camera, name in IMAGES.items()
        }
        self._total += steps

    def _call(self, function, *arguments):
        try:
            return function(*arguments)
        except OSError as error:
            reason = " ".join(str(error.strerror or error).split())
            raise OutputError(f"expected to write {self._path}, got: {reason}; free space or choose another --out") from error


def is_current(path: Path, digest: str) -> bool:
    """Tell whether a file was made from what `digest` stands for."""
    try:
        with h5py.File(path, "r") as file:
            return file["data"].attrs.get("digest") == digest
    except (OSError, KeyError):
        return False


def quaternions(rotations: np.ndarray) -> np.ndarray:
    """Return axis-angle vectors (n, 3), radians, as quaternions (n, 4), x y z w."""
    angles = np.linalg.norm(rotations, axis=1, keepdims=True)
    axes = rotations / np.maximum(angles, 1e-12)
    return np.hstack([axes * np.sin(angles / 2), np.cos(angles / 2)])


def _libero_attributes(scene: SceneFacts, size: int) -> dict:
    bddl = f"libero/libero/bddl_files/libero_90/{scene.task}.bddl"
    environment = {
        "robots": ["Panda"], "controller_configs": {"type": "OSC_POSE"}, "bddl_file_name": bddl, "has_renderer": False,
        "has_offscreen_renderer": True, "ignore_done": True, "use_camera_obs": True, "camera_depths": False,
        "camera_names": list(scene.cameras.values()), "control_freq": 20, "camera_heights": size, "camera_widths": size,
    }  # fmt: skip
    problem = {"problem_name": scene.problem, "domain_name": "robosuite", "language_instruction": scene.instruction}
    arguments = {
        "type": 1,
        "env_name": scene.problem,
        "problem_name": scene.problem,
        "bddl_file": bddl,
        "env_kwargs": environment,
    }
    return {
        "env_name": scene.problem, "problem_info": json.dumps(problem), "macros_image_convention": "opengl", "tag": "libero-v1",
        "bddl_file_name": bddl, "bddl_file_content": scene.bddl, "env_args": json.dumps(arguments),
    }  # fmt: skip


def _with_fixtures(xml: str, fixtures: dict[str, list[float]]) -> str:
    """Return the MJCF with the fixtures where the episode had them."""
    for name, pose in fixtures.items():
        place = f'name="{name}_main" pos="{" ".join(map(repr, pose[:3]))}" quat="{" ".join(map(repr, pose[3:]))}"'
        xml = re.sub(rf'(<body )name="{re.escape(name)}_main"(?: pos="[^"]*")?(?: quat="[^"]*")?', rf"\g<1>{place}", xml)
    return xml
