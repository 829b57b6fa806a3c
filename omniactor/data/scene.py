"""A demonstrations folder's compiled scenes: exported where LIBERO is installed, posed and drawn anywhere.

The files are those of `omniactor.sim.scene`, the models compressed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from omniactor.errors import RecordError
from omniactor.sim.detail import choose_detail
from omniactor.sim.scene import SceneFacts, show_lights, write_scene


def scene_path(folder: Path, assets: str, task_id: int) -> Path:
    """Return where a scene's JSON lies in a demonstrations folder."""
    return folder / "scenes" / assets / f"task{task_id:02d}.json"


def export_scene(task_id: int, source, folder: Path, image_size: int = 256, detail: str = "auto") -> Path:
    """Write a task's scene into a demonstrations folder; returns the JSON's path.

    Args:
        task_id: 0 to 89.
        source: an `AssetSource`.
        folder: the demonstrations folder.
        image_size: of the pictures to come, pixels.
        detail: see `choose_detail`.
    """
    from omniactor.sim.scene_cache import get_scene
    from omniactor.sim.tasks import get_task

    path = scene_path(folder, source.kind, task_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts, model = get_scene(get_task(task_id), source, choose_detail(detail, image_size))
    write_scene(path, facts, model, compress=True)
    return path


def pose_scene(facts: SceneFacts, model, data, state: np.ndarray, fixtures: dict[str, list[float]]) -> None:
    """Put a stored state, float64 (1 + nq + nv,), into a scene, with its fixtures; kinematics are current afterwards."""
    import mujoco

    if state.shape != (1 + facts.nq + facts.nv,) or fixtures.keys() != facts.fixtures.keys():
        raise RecordError(
            f"expected states of {1 + facts.nq + facts.nv} numbers and fixtures {sorted(facts.fixtures)} for {facts.task}, "
            f"got {state.shape} and {sorted(fixtures)}; the episode is of another scene"
        )
    for name, pose in fixtures.items():
        body = facts.fixtures[name]
        model.body_pos[body], model.body_quat[body] = pose[:3], pose[3:]
    data.time, data.qpos[:], data.qvel[:] = state[0], state[1 : 1 + facts.nq], state[1 + facts.nq :]
    show_lights(facts, model, data.qpos)
    mujoco.mj_forward(model, data)
