"""Where a reset puts robot, fixtures and objects: LIBERO's samplers, drawn from the same numbers in the same order.

hf-libero and robosuite draw from numpy's global generator: seven normal numbers for the arm (whose
noise LIBERO sets to zero), one number per drawer, door or knob, then for each thing a rectangle, a place
in it and a turn, again where it would overlap what stands already. The same seed gives the same scene
as theirs, bit for bit; numpy's global generator is not touched.

`SceneFacts.placement` is {"arm": [qpos indices, values], "fingers": the same, "joints": [{"qpos": indices,
"range": [low, high]}], "things": [the fields of `Thing`]}.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from omniactor.errors import SimulationError
from omniactor.sim.scene import SceneFacts

DRAWS = 5000  # for one thing, as LIBERO
RESTARTS = 100  # of the whole placement


@dataclass(frozen=True)
class Thing:
    """How one object or fixture is placed.

    Attributes:
        name: LIBERO's.
        fixture: its body is moved; otherwise its free joint.
        address: body id, or first index in qpos.
        how: "table", "on object", "on site" or "in site".
        x: rectangles' ranges of x, metres.
        y: their ranges of y.
        rotation: None (any), one angle, [low, high], or axis -> [low, high]; radians.
        axis: that it turns about.
        scalar_first: the turn is written w first; LIBERO writes it last for movable things.
        z: above the surface, metres.
        inside: the rectangle holds the whole thing, not only its middle.
        clear: it must not overlap what stands already.
        origin: of the rectangles, world frame, metres (3,).
        reference: thing it stands on or in; "" for the table.
        site: id of the region's site, or -1.
        radius: horizontal, metres.
        bottom: of the thing below its origin, metres.
        top: of the thing above its origin, metres.
    """

    name: str
    fixture: bool
    address: int
    how: str
    x: list
    y: list
    rotation: float | list | dict | None
    axis: str
    scalar_first: bool
    z: float
    inside: bool
    clear: bool
    origin: list
    reference: str
    site: int
    radius: float
    bottom: float
    top: float


class Placement:
    """Draws a scene's start.

    Args:
        facts: of the scene.
        model: its MuJoCo model; the poses of fixtures are written into it.
        data: its data.
    """

    def __init__(self, facts: SceneFacts, model, data) -> None:
        """Read the rules once."""
        import mujoco

        self._mujoco, self._model, self._data, self._task = mujoco, model, data, facts.task
        rules = facts.placement
        self._arm, self._fingers, self._joints = rules["arm"], rules["fingers"], rules["joints"]
        self._things = [Thing(**thing) for thing in rules["things"]]
        self._fixtures = list(facts.fixtures.values())

    def draw(self, seed: int) -> None:
        """Put everything at the places of `seed`; kinematics are current afterwards.

        Raises:
            SimulationError: nothing fits after many tries.
        """
        generator = np.random.RandomState(seed % 2**32)
        for _ in range(RESTARTS):
            places = self._try(generator)
            if places is not None:
                self._put(places)
                return
        raise SimulationError(
            f"expected a free placement for {self._task} with seed {seed}, got none in {RESTARTS} draws; use another seed"
        )

    def _try(self, generator) -> dict | None:
        mujoco, model, data = self._mujoco, self._model, self._data
        mujoco.mj_resetData(model, data)
        # A rebuilt scene has its fixtures at the origin when LIBERO reads where their sites are.
        model.body_pos[self._fixtures], model.body_quat[self._fixtures] = 0.0, (1.0, 0.0, 0.0, 0.0)
        generator.randn(len(self._arm[0]))  # robosuite's noise of the arm, times zero
        data.qpos[self._arm[0]] = self._arm[1]
        data.qpos[self._fingers[0]] = self._fingers[1]
        for joint in self._joints:
            data.qpos[joint["qpos"]] = generator.uniform(*joint["range"])
        mujoco.mj_kinematics(model, data)
        places: dict = {}
        for thing in self._things:
            place = self._place(thing, places, generator)
            if place is None:
                return None
            places[thing.name] = place
        return places

    def _place(self, thing: Thing, places: dict, generator):
        """Return (position, quaternion, thing), or None where there is no room."""
        x0, y0, z0 = self._surface(thing, places)
        margin = thing.radius if thing.inside and thing.how != "in site" else 0.0
        for _ in range(DRAWS):
            rectangle = generator.randint(len(thing.x))
            x = generator.uniform(thing.x[rectangle][0] + margin, thing.x[rectangle][1] - margin) + x0[0] + x0[1]
            y = generator.uniform(thing.y[rectangle][0] + margin, thing.y[rectangle][1] - margin) + y0[0] + y0[1]
            z = thing.z + z0[0] + z0[1] - thing.bottom
            if not thing.clear or not any(_overlap(x, y, z, thing, other) for other in places.values()):
                return (x, y, z), _turn(thing, generator), thing
        return None

    def _surface(self, thing: Thing, places: dict) -> tuple:
        """Return ((base, site) of x, of y, of z): kept apart because LIBERO adds them one after the other."""
        base, site = np.array(thing.origin), np.zeros(3)
        if thing.reference:
            position, quaternion, reference = places[thing.reference]
            base = np.array(position)
            if thing.how != "in site":
                base = base + np.array((0, 0, reference.top))
            if thing.site >= 0:
                site = _matrix(quaternion) @ self._data.site_xpos[thing.site]
        return tuple(zip(base, site, strict=True))

    def _put(self, places: dict) -> None:
        for position, quaternion, thing in places.values():
            if thing.fixture:
                self._model.body_pos[thing.address], self._model.body_quat[thing.address] = position, quaternion
            else:
                self._data.qpos[thing.address : thing.address + 7] = (*position, *quaternion)
        self._mujoco.mj_forward(self._model, self._data)


def _overlap(x: float, y: float, z: float, thing: Thing, place: tuple) -> bool:
    (other_x, other_y, other_z), _, other = place
    near = np.linalg.norm((x - other_x, y - other_y)) <= other.radius + thing.radius
    return bool(near and z - other_z <= other.top - thing.bottom)


def _turn(thing: Thing, generator) -> np.ndarray:
    """Return a drawn turn as LIBERO's samplers write it, with its number formats."""
    rotation = thing.rotation
    if isinstance(rotation, dict):
        total = np.array([0.0, 0.0, 0.0, 1.0])
        for axis, span in rotation.items():
            total = _multiply(_about(axis, generator.uniform(min(span), max(span)), False), total)
        return total
    if rotation is None:
        angle = generator.uniform(0, 2 * np.pi)
    elif isinstance(rotation, list):
        angle = generator.uniform(min(rotation), max(rotation))
    else:
        angle = rotation
    return _about(thing.axis, angle, thing.scalar_first)


def _about(axis: str, angle: float, scalar_first: bool) -> np.ndarray:
    vector = [np.sin(angle / 2) if axis == name else 0 for name in "xyz"]
    return np.array([np.cos(angle / 2), *vector] if scalar_first else [*vector, np.cos(angle / 2)])


def _multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Product of quaternions with the scalar last, rounded to float32 as robosuite does."""
    x0, y0, z0, w0 = right
    x1, y1, z1, w1 = left
    return np.array(
        (
            x1 * w0 + y1 * z0 - z1 * y0 + w1 * x0,
            -x1 * z0 + y1 * w0 + z1 * x0 + w1 * y0,
            x1 * y0 - y1 * x0 + z1 * w0 + w1 * z0,
            -x1 * x0 - y1 * y0 - z1 * z0 + w1 * w0,
        ),
        dtype=np.float32,
    )


def _matrix(quaternion: np.ndarray) -> np.ndarray:
    """Rotation matrix of a quaternion with the scalar first, in float32 as robosuite computes it."""
    q = np.asarray(quaternion).astype(np.float32)
    norm = np.dot(q, q)
    if norm < np.finfo(float).eps * 4.0:
        return np.identity(3)
    q *= math.sqrt(2.0 / norm)
    p = np.outer(q, q)
    return np.array(
        [
            [1.0 - p[2, 2] - p[3, 3], p[1, 2] - p[3, 0], p[1, 3] + p[2, 0]],
            [p[1, 2] + p[3, 0], 1.0 - p[1, 1] - p[3, 3], p[2, 3] - p[1, 0]],
            [p[1, 3] - p[2, 0], p[2, 3] + p[1, 0], 1.0 - p[1, 1] - p[2, 2]],
        ]
    )
