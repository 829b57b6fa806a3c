"""What an expert reads: poses and sizes of everything in a LIBERO scene, by LIBERO's names, in world frame.

Nothing is remembered between calls but sizes (which do not change): every question is answered
from the simulator's present state.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import mujoco
import numpy as np

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Box:
    """An oriented box: centre (3,), half sizes (3,), metres; `rotation` (3, 3) has its axes as columns."""

    center: np.ndarray
    half: np.ndarray
    rotation: np.ndarray

    @property
    def extent(self) -> np.ndarray:
        """Half sizes of the enclosing axis-aligned box (3,), metres."""
        return np.abs(self.rotation) @ self.half

    @property
    def top(self) -> float:
        """Height of the highest point, metres."""
        return float(self.center[2] + self.extent[2])

    @property
    def bottom(self) -> float:
        """Height of the lowest point, metres."""
        return float(self.center[2] - self.extent[2])


class Scene:
    """Read access to one environment's simulator state.

    Args:
        env: a `Libero90Env` (unwrapped).
    """

    def __init__(self, env) -> None:
        """Keep the environment; everything else is read on demand."""
        self._env = env
        self._domain, self._model, self._data = env.domain, env.model, env.data
        fingers = ("gripper0_finger1", "gripper0_finger2")
        self._finger_geoms = [
            {g for g in range(self._model.ngeom) if self._model.geom(g).name.startswith(finger) and self._model.geom_group[g] == 0}
            for finger in fingers
        ]

    # ------------------------------------------------------------------ the hand

    @property
    def hand(self) -> np.ndarray:
        """Grip site (between the finger tips), metres (3,)."""
        return self._env.controller.position.copy()

    @property
    def hand_rotation(self) -> np.ndarray:
        """Grip site orientation (3, 3): column 0 is the axis along which the fingers close, column 2 points out of the hand."""
        return self._env.controller.rotation.copy()

    @property
    def opening(self) -> float:
        """Distance between the fingers, metres: 0 closed, 0.08 open."""
        left, right = self._data.qpos[self._env.controller.finger_qpos]
        return float(left - right)

    def holds(self, name: str) -> bool:
        """Tell whether both fingers touch the object."""
        touched = [False, False]
        geoms = self._geoms(name)
        for contact in self._data.contact[: self._data.ncon]:
            for side, finger in enumerate(self._finger_geoms):
                a, b = int(contact.geom1), int(contact.geom2)
                touched[side] |= (a in finger and b in geoms) or (b in finger and a in geoms)
        return all(touched)

    # ------------------------------------------------------------------ objects and regions

    @property
    def objects(self) -> list[str]:
        """Names of the movable objects."""
        return list(self._domain.objects_dict)

    def box(self, name: str) -> Box:
        """Box around the collision geometry of an object, a fixture or one of its bodies, aligned with its body."""
        body = self._body(name)
        center, half = self._local_box(body)
        rotation = self._data.xmat[body].reshape(3, 3).copy()
        return Box(self._data.xpos[body] + rotation @ center, half, rotation)

    def region(self, name: str) -> Box:
        """Box of a LIBERO region site, for example "basket_1_contain_region"."""
        site = self._model.site(name).id
        rotation = self._data.site_xmat[site].reshape(3, 3).copy()
        return Box(self._data.site_xpos[site].copy(), self._model.site_size[site].copy(), rotation)

    def slide(self, region: str) -> tuple[float, np.ndarray, str]:
        """Return the drawer behind a region: joint position (metres), its axis in the world (3,), its body's name."""
        (joint,) = self._domain.object_sites_dict[region].joints
        index = self._model.joint(joint).id
        body = int(self._model.jnt_bodyid[index])
        position = float(self._data.qpos[self._model.jnt_qposadr[index]])
        return position, self._data.xaxis[index].copy(), self._model.body(body).name

    @property
    def table_height(self) -> float:
        """Height of the table top, metres."""
        return float(self._domain.workspace_offset[2])

    def clearance(self, without: str) -> float:
        """Height of the highest movable object other than `without`, metres."""
        return max((self.box(name).top for name in self.objects if name != without), default=0.0)

    # ------------------------------------------------------------------ inside

    def _body(self, name: str) -> int:
        body = self._domain.obj_body_id.get(name)
        return self._model.body(name).id if body is None else body

    @functools.cache  # noqa: B019 - one small table per episode's scene
    def _bodies(self, root: int) -> frozenset[int]:
        inside = {root}
        for body in range(root + 1, self._model.nbody):  # children follow their parents
            if int(self._model.body_parentid[body]) in inside:
                inside.add(body)
        return frozenset(inside)

    @functools.cache  # noqa: B019
    def _geoms(self, name: str) -> frozenset[int]:
        bodies = self._bodies(self._body(name))
        return frozenset(
            g for g in range(self._model.ngeom) if int(self._model.geom_bodyid[g]) in bodies and self._model.geom_group[g] == 0
        )

    @functools.cache  # noqa: B019
    def _local_box(self, body: int) -> tuple[np.ndarray, np.ndarray]:
        """Centre and half sizes of the collision geometry in the frame of `body`, sub-bodies at their reference pose."""
        corners = []
        poses = {body: (np.zeros(3), np.eye(3))}
        for inner in sorted(self._bodies(body)):
            if inner != body:
                position, rotation = poses[int(self._model.body_parentid[inner])]
                matrix = _matrix(self._model.body_quat[inner])
                poses[inner] = (position + rotation @ self._model.body_pos[inner], rotation @ matrix)
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8).T
        for geom in range(self._model.ngeom):
            owner = int(self._model.geom_bodyid[geom])
            if owner not in poses or self._model.geom_group[geom] != 0:
                continue
            position, rotation = poses[owner]
            aabb = self._model.geom_aabb[geom]
            local = aabb[:3] + signs * aabb[3:]
            geom_rotation = _matrix(self._model.geom_quat[geom])
            corners.append(position + (self._model.geom_pos[geom] + local @ geom_rotation.T) @ rotation.T)
        points = np.concatenate(corners)
        low, high = points.min(0), points.max(0)
        return (low + high) / 2, (high - low) / 2


def _matrix(quaternion: np.ndarray) -> np.ndarray:
    out = np.empty(9)
    mujoco.mju_quat2Mat(out, quaternion)
    return out.reshape(3, 3)
