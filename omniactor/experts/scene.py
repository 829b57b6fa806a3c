"""What an expert reads: poses and sizes of everything in a LIBERO scene, by LIBERO's names, in world frame.

Nothing is remembered between calls but sizes (which do not change): every question is answered
from the simulator's present state.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from omniactor.sim.rotation import quaternion_to_matrix

UP = np.array([0.0, 0.0, 1.0])
TABLE_TOPS = {"kitchen_table": 0.90, "living_room_table": 0.4368, "study_table": 0.8851}
"""Height of the surface things rest on, metres; LIBERO's own `workspace_offset` lies up to 3 cm below it."""


SHOULDER, ARM_LENGTH = 0.333, 0.68  # of the Panda: joint 2 above the base; joints 2 to 6 stretched; metres
FOLDED_ARM = 0.27  # shortest span from joint 2 to joint 6 that leaves the elbow room, metres
WRIST_OFFSET, WRIST_ABOVE_GRIP = 0.088, 0.21  # from the grip site to joint 6, hand down, metres
HAND_RADIUS = 0.11  # of the hand with open fingers, metres


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

    def distance(self, point: np.ndarray) -> float:
        """How far a point (3,) is outside the box, seen from above, metres; 0 inside."""
        local = self.rotation.T @ (point - self.center)
        outside = local - np.clip(local, -self.half, self.half)
        return float(np.linalg.norm((self.rotation @ outside)[:2]))


class Scene:
    """Read access to one environment's simulator state.

    Args:
        env: a `Libero90Env` (unwrapped).
    """

    def __init__(self, env) -> None:
        """Keep the environment; everything else is read on demand."""
        self._env = env
        self._facts, self._model, self._data = env.facts, env.model, env.data
        # Tables that cannot change while the scene lives. They belong to this object: a cache on the
        # class would keep every scene, and with it every compiled model, for ever.
        self._bodies = functools.cache(self._find_bodies)
        self._geoms = functools.cache(self._find_geoms)
        self._local_box = functools.cache(self._find_local_box)
        self._obstacle_geoms = functools.cache(self._find_obstacle_geoms)
        fingers = ("gripper0_finger1", "gripper0_finger2")
        self._finger_geoms = [
            {
                g
                for g in range(self._model.ngeom)
                if self._model.geom(g).name.startswith(finger) and self._model.geom_group[g] == 0
            }
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

    @property
    def opening_speed(self) -> float:
        """How fast that distance grows, metres a second."""
        left, right = self._data.qvel[self._env.controller.finger_qvel]
        return float(left - right)

    def holds(self, name: str) -> bool:
        """Tell whether the fingers have the object between them: both press on it along the axis they close along."""
        closing = self.hand_rotation[:, 0]
        touched = [False, False]
        geoms = self._geoms(name)
        for contact in self._data.contact[: self._data.ncon]:
            if abs(contact.frame[:3] @ closing) < 0.5:  # lying on it, not around it
                continue
            for side, finger in enumerate(self._finger_geoms):
                a, b = int(contact.geom1), int(contact.geom2)
                touched[side] |= (a in finger and b in geoms) or (b in finger and a in geoms)
        return all(touched)

    # ------------------------------------------------------------------ objects and regions

    @property
    def objects(self) -> list[str]:
        """Names of the movable objects."""
        return list(self._facts.objects)

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
        (joint,) = self._facts.sites[region]["joints"]
        index = self._model.joint(joint).id
        body = int(self._model.jnt_bodyid[index])
        position = float(self._data.qpos[self._model.jnt_qposadr[index]])
        return position, self._data.xaxis[index].copy(), self._model.body(body).name

    def pose(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return an object's or fixture's origin (3,) and rotation (3, 3), which LIBERO's predicates judge."""
        body = self._body(name)
        return self._data.xpos[body].copy(), self._data.xmat[body].reshape(3, 3).copy()

    def speed(self, name: str) -> float:
        """Return how fast a movable object goes sideways, metres per second."""
        joint = self._model.body_jntadr[self._body(name)]
        start = self._model.jnt_dofadr[joint]
        return float(np.linalg.norm(self._data.qvel[start : start + 2]))

    def hinge(self, joint: str) -> tuple[float, np.ndarray, np.ndarray]:
        """Return a hinge joint: angle (radians), a point on its axis and the axis, world frame (3,), (3,)."""
        index = self._model.joint(joint).id
        angle = float(self._data.qpos[self._model.jnt_qposadr[index]])
        return angle, self._data.xanchor[index].copy(), self._data.xaxis[index].copy()

    def door(self, body: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a moving part's origin (3,) and rotation (3, 3), by its MJCF name."""
        return self.pose(body)

    def handle(self, body: str, outward: np.ndarray) -> Box:
        """Box of a drawer's bar handle: its collision geom farthest along `outward`."""
        geoms = sorted(self._geoms(body), key=lambda g: self._data.geom_xpos[g] @ outward)
        geom = geoms[-1]
        rotation = self._data.geom_xmat[geom].reshape(3, 3).copy()
        aabb = self._model.geom_aabb[geom]
        return Box(self._data.geom_xpos[geom] + rotation @ aabb[:3], aabb[3:].copy(), rotation)

    def goal_holds(self, predicate: str) -> bool:
        """Tell whether a predicate of the task's goal holds now."""
        return self._env.goals()[predicate]

    @property
    def table_height(self) -> float:
        """Height of the table top, metres."""
        return TABLE_TOPS[self._facts.workspace]

    def reach(self, point: np.ndarray) -> float:
        """Greatest height of the grip site, hand down, that the arm reaches above `point` (x, y), metres."""
        base = self._data.xpos[self._facts.base]
        out = np.linalg.norm(point[:2] - base[:2]) - WRIST_OFFSET
        return float(base[2] + SHOULDER - WRIST_ABOVE_GRIP + np.sqrt(max(0.0, ARM_LENGTH**2 - out**2)))

    def strain(self, point: np.ndarray, ahead: np.ndarray) -> float:
        """How far the arm is stretched or folded beyond its comfortable span with the hand at `point` along `ahead`, metres."""
        flange = point - WRIST_ABOVE_GRIP * ahead
        wrist = flange + WRIST_OFFSET * self.towards_base(flange)
        span = np.linalg.norm(wrist - self._data.xpos[self._facts.base] - SHOULDER * UP)
        return float(max(0.0, span - ARM_LENGTH + 0.01, FOLDED_ARM - span))

    # ------------------------------------------------------------------ obstacles

    def highest_between(self, start: np.ndarray, end: np.ndarray, without: tuple[str, ...] = ()) -> float:
        """Height of the highest obstacle within reach of the hand on the way from `start` to `end`, metres."""
        low, high = self._obstacles(without)
        points = start[:2] + np.linspace(0, 1, 12)[:, None] * (end[:2] - start[:2])
        gap = np.maximum(low[:, :2] - points[:, None], points[:, None] - high[:, :2]).max(-1)
        near = (gap < HAND_RADIUS).any(0)
        return float(high[near, 2].max(initial=self.table_height))

    def crowded(self, points: np.ndarray, without: tuple[str, ...], margins: np.ndarray) -> np.ndarray:
        """Tell of each point (n, 3) whether the table or an obstacle but `without` lies within its margin (n,)."""
        low, high = self._obstacles(without)
        inside = np.ones((len(points), len(low)), bool)
        for axis in range(3):  # one axis after the other: no array of (points, obstacles, 3) is made
            place = points[:, axis, None]
            inside &= (low[:, axis] - margins[:, None] < place) & (place < high[:, axis] + margins[:, None])
        return inside.any(1) | (points[:, 2] < self.table_height + 0.5 * margins)

    def towards_base(self, point: np.ndarray) -> np.ndarray:
        """Return the horizontal unit vector (3,) from `point` to the robot's base."""
        way = self._data.xpos[self._facts.base] - point
        way = np.array([way[0], way[1], 0.0])
        return way / np.linalg.norm(way)

    def way_out(self, name: str, height: float) -> np.ndarray | None:
        """Return the horizontal direction (3,) in which an object gets out from under what hangs over it, or None.

        Args:
            name: of a movable object.
            height: it should rise to this height, metres.
        """
        box = self.box(name)
        low, high = self._obstacles(tuple(self.objects))  # only fixtures hang over things
        near = np.array([*(box.center - box.extent)[:2], box.bottom + 0.02]) - 0.012
        far = np.array([*(box.center + box.extent)[:2], height + 2 * box.half.max()]) + 0.012
        over = ((low < far) & (high > near)).all(1) & (low[:, 2] > box.center[2])
        if not over.any():
            return None
        away = box.center - ((low + high) / 2)[over].mean(0)
        # Along one axis of the world: what hangs over things here are drawers and shelves.
        axis = int(np.argmax(np.abs(away[:2])))
        return np.sign(away[axis]) * np.eye(3)[axis]

    def support(self, point: np.ndarray, radius: float, below: float = np.inf, without: tuple[str, ...] = ()) -> float:
        """Height of the highest surface within `radius` of `point` (x, y) and under `below`, metres."""
        low, high = self._obstacles(without)
        inside = ((low[:, :2] - radius < point[:2]) & (point[:2] < high[:, :2] + radius)).all(1) & (high[:, 2] < below)
        return float(high[inside, 2].max(initial=self.table_height))

    def _obstacles(self, without: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper corners (n, 3), (n, 3) of the collision geoms of all objects and fixtures but some."""
        geoms = self._obstacle_geoms(without)
        rotation = self._data.geom_xmat[geoms].reshape(-1, 3, 3)
        aabb = self._model.geom_aabb[geoms]
        center = self._data.geom_xpos[geoms] + np.einsum("nij,nj->ni", rotation, aabb[:, :3])
        half = np.einsum("nij,nj->ni", np.abs(rotation), aabb[:, 3:])
        return center - half, center + half

    def _find_obstacle_geoms(self, without: tuple[str, ...]) -> np.ndarray:
        names = [name for name in (*self._facts.objects, *self._facts.fixtures) if name not in without]
        return np.array(sorted(geom for name in names for geom in self._geoms(name)), dtype=int)

    # ------------------------------------------------------------------ inside

    def _body(self, name: str) -> int:
        body = self._facts.body(name)
        return self._model.body(name).id if body is None else body

    def _find_bodies(self, root: int) -> frozenset[int]:
        inside = {root}
        for body in range(root + 1, self._model.nbody):  # children follow their parents
            if int(self._model.body_parentid[body]) in inside:
                inside.add(body)
        return frozenset(inside)

    def _find_geoms(self, name: str) -> frozenset[int]:
        bodies = self._bodies(self._body(name))
        return frozenset(
            g for g in range(self._model.ngeom) if int(self._model.geom_bodyid[g]) in bodies and self._model.geom_group[g] == 0
        )

    def _find_local_box(self, body: int) -> tuple[np.ndarray, np.ndarray]:
        """Centre and half sizes of the collision geometry in the frame of `body`, sub-bodies at their reference pose."""
        corners = []
        poses = {body: (np.zeros(3), np.eye(3))}
        for inner in sorted(self._bodies(body)):
            if inner != body:
                position, rotation = poses[int(self._model.body_parentid[inner])]
                matrix = quaternion_to_matrix(self._model.body_quat[inner])
                poses[inner] = (position + rotation @ self._model.body_pos[inner], rotation @ matrix)
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8).T
        for geom in range(self._model.ngeom):
            owner = int(self._model.geom_bodyid[geom])
            if owner not in poses or self._model.geom_group[geom] != 0:
                continue
            position, rotation = poses[owner]
            aabb = self._model.geom_aabb[geom]
            local = aabb[:3] + signs * aabb[3:]
            geom_rotation = quaternion_to_matrix(self._model.geom_quat[geom])
            corners.append(position + (self._model.geom_pos[geom] + local @ geom_rotation.T) @ rotation.T)
        points = np.concatenate(corners)
        low, high = points.min(0), points.max(0)
        return (low + high) / 2, (high - low) / 2
