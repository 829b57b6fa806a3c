"""Where each kind of object can be taken hold of, in its own frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from omniactor.experts.motion import flat
from omniactor.experts.scene import UP, Scene

FINGER_REACH = 0.012  # finger tips below the grip site, metres
MAX_OPENING = 0.08
SECOND = 1.0  # penalty of a second-best way to take hold
BLOCKED = 3.0  # penalty of each part of the hand that has no room, and of a handle beside which something stands
BERTH = 0.11  # a handle is taken where nothing else is nearer, metres in the plane


@dataclass(frozen=True)
class Grasp:
    """One way to take hold of an object from above.

    Attributes:
        point: of the grip site, world frame, metres (3,).
        closing: horizontal unit vector along which the fingers close (3,).
        width: of what is between the fingers, metres.
        penalty: how much worse it holds than the best of its kind.
        opening: how far the fingers open for it, metres; less than all the way where something beside it is in their way.
        second: not the way it is meant to be held: it can be carried so, not pushed into a shelf.
    """

    point: np.ndarray
    closing: np.ndarray
    width: float
    penalty: float = 0.0
    opening: float = MAX_OPENING
    second: bool = False


def object_type(name: str) -> str:
    """Return the type of an instance: "butter_1" is a "butter"."""
    return re.sub(r"_\d+$", "", name)


def grasps(scene: Scene, name: str) -> list[Grasp]:
    """Return the ways to take hold of an object where it stands now."""
    return TYPES.get(object_type(name), across)(scene, name)


def across(scene: Scene, name: str) -> list[Grasp]:
    """Around the whole object, across its narrower side: boxes, cans, bottles, books."""
    box = scene.box(name)
    upright = int(np.argmax(np.abs(UP @ box.rotation)))
    narrow = min((i for i in range(3) if i != upright), key=lambda i: box.half[i])
    lowest = max(box.bottom, scene.table_height) + FINGER_REACH
    heights = [box.center[2]] if box.top - box.bottom < 0.05 else [box.top - 0.035, box.top - 0.02]
    return [
        Grasp(
            np.array([*box.center[:2], max(height, lowest)]),
            flat(box.rotation[:, narrow]),
            float(2 * box.half[narrow]),
            0.5 * rank,
        )
        for rank, height in enumerate(heights)
    ]


def rim(
    center: tuple[float, float], radius: float, height: float, handle: float | None = None
) -> Callable[[Scene, str], list[Grasp]]:
    """One finger inside, one outside the wall of a round vessel.

    Args:
        center: of the rim in the object's frame, metres (x, y).
        radius: of the middle of the wall there, metres.
        height: of the grip site above the object's origin, metres.
        handle: direction of a handle in the object's frame, radians, to keep clear of.
    """

    def find(scene: Scene, name: str) -> list[Grasp]:
        position, rotation = scene.pose(name)
        found = []
        for angle in np.arange(24) * np.pi / 12:
            if handle is not None and np.cos(angle - handle) > 0.3:
                continue
            outward = np.array([np.cos(angle), np.sin(angle), 0.0])
            local = np.array([*center, height]) + radius * outward
            found.append(Grasp(position + rotation @ local, flat(rotation @ outward), 0.01))
        return found

    return find


def bar(
    points: list[tuple[float, float, float]], closing: tuple[float, float, float], width: float
) -> Callable[[Scene, str], list[Grasp]]:
    """Around a handle at one of `points`, closing along `closing`, both in the object's frame."""

    def find(scene: Scene, name: str) -> list[Grasp]:
        position, rotation = scene.pose(name)
        return [Grasp(position + rotation @ np.array(point), flat(rotation @ np.array(closing)), width) for point in points]

    return find


def knob(point: tuple[float, float, float], width: float) -> Callable[[Scene, str], list[Grasp]]:
    """Around a knob from any side; `point` in the object's frame, metres."""

    def find(scene: Scene, name: str) -> list[Grasp]:
        position, rotation = scene.pose(name)
        center = position + rotation @ np.array(point)
        return [
            Grasp(center, np.array([np.sin(a), np.cos(a), 0.0]), width, opening=width + 0.035)
            for a in (0.0, np.pi / 4, -np.pi / 4)
        ]

    return find


def either(first: Callable[[Scene, str], list[Grasp]], second: Callable[[Scene, str], list[Grasp]]) -> Callable:
    """The first way where nothing else stands near it, else the second; also the second where the first has no room.

    Room alone would do for the arm. But where something stands beside it, whether there is room is a matter of a centimetre,
    and whoever learns from pictures would see both ways taken of what looks the same.
    """

    def find(scene: Scene, name: str) -> list[Grasp]:
        options = first(scene, name)
        others = [scene.box(other) for other in scene.objects if other != name]
        crowded = any(box.distance(option.point) < BERTH for box in others for option in options)
        return [replace(option, penalty=option.penalty + (BLOCKED if crowded else 0.0)) for option in options] + [
            replace(option, penalty=option.penalty + SECOND, second=True) for option in second(scene, name)
        ]

    return find


TYPES = {
    "akita_black_bowl": rim((0.0, 0.0), 0.0495, 0.040),
    "white_bowl": rim((0.0, 0.0), 0.0375, 0.026),
    "porcelain_mug": rim((0.0166, -0.0015), 0.0405, 0.090, handle=np.pi),
    "red_coffee_mug": rim((-0.0155, -0.003), 0.0335, 0.112, handle=0.0),
    "white_yellow_mug": rim((-0.0182, 0.0), 0.0445, 0.085, handle=0.0),
    # Where something stands beside the handle there is still the rim, away from it.
    "chefmate_8_frypan": either(
        bar([(0.14, 0.0, 0.034), (0.16, 0.0, 0.038), (0.18, 0.0, 0.042), (0.205, 0.0, 0.047)], (0.0, 1.0, 0.0), 0.026),
        rim((0.007, 0.0), 0.088, 0.032, handle=0.0),
    ),
    "moka_pot": knob((0.0, -0.0013, 0.077), 0.012),
}
"""Object type -> how it is taken hold of; all others `across`."""
