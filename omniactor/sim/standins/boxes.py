"""Boxes: the collision shapes of the stand-ins, and what much of them is seen as.

Lengths are metres, angles radians, quaternions (w, x, y, z).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Box(NamedTuple):
    """An oriented box: centre, half sizes along its own axes, quaternion."""

    center: tuple
    half: tuple
    quat: tuple = (1.0, 0.0, 0.0, 0.0)


def quat_about(axis: str, angle: float) -> tuple:
    """Return the quaternion of a turn by `angle` about the x, y or z axis."""
    half = angle / 2
    return tuple([np.cos(half)] + [np.sin(half) * (axis == name) for name in "xyz"])


def quat_times(first: Sequence[float], second: Sequence[float]) -> tuple:
    """Return the product of two quaternions: the turn `second` followed by `first`."""
    a, b, c, d = first
    e, f, g, h = second
    return (
        a * e - b * f - c * g - d * h,
        a * f + b * e + c * h - d * g,
        a * g - b * h + c * e + d * f,
        a * h + b * g - c * f + d * e,
    )


def matrix(quat: Sequence[float]) -> np.ndarray:
    """Return the rotation matrix of a unit quaternion."""
    w, x, y, z = quat
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def panel(low: Sequence[float], high: Sequence[float]) -> Box:
    """Return the axis-aligned box between two corners."""
    a, b = np.asarray(low, float), np.asarray(high, float)
    return Box(tuple((a + b) / 2), tuple(np.abs(b - a) / 2))


def bar(start: Sequence[float], end: Sequence[float], half_width: float, half_thick: float, plane: str = "xz") -> Box:
    """Return a box whose long axis (its z) runs from `start` to `end` within the xz or yz plane.

    Its width is across that plane, its thickness within it.
    """
    a, b = np.asarray(start, float), np.asarray(end, float)
    run = b - a
    if plane == "xz":
        quat, half = quat_about("y", np.arctan2(run[0], run[2])), (half_thick, half_width)
    else:
        quat, half = quat_about("x", np.arctan2(-run[1], run[2])), (half_width, half_thick)
    return Box(tuple((a + b) / 2), (*half, float(np.linalg.norm(run)) / 2), quat)


def ring(
    count: int,
    bottom: tuple,
    top: tuple,
    half_thick: float,
    center: Sequence[float] = (0, 0),
    phase: float = 0.0,
    overlap: float = 1.0,
) -> list:
    """Return a wall of boxes around a vertical axis: a tube or cone of `count` plates.

    Args:
        count: Number of plates.
        bottom: (radius, z) of the plates' middle surface at the bottom.
        top: The same at the top.
        half_thick: Half thickness of a plate.
        center: Axis position (x, y).
        phase: Angle of the first plate about the axis.
        overlap: Width of the plates; at 1 they meet at their upper, wider edges.
    """
    (r0, z0), (r1, z1) = bottom, top
    lean = np.arctan2(r1 - r0, z1 - z0)
    half_width = overlap * max(r0, r1) * np.tan(np.pi / count)
    boxes = []
    for k in range(count):
        turn = phase + 2 * np.pi * k / count
        radius = (r0 + r1) / 2
        middle = (center[0] + radius * np.cos(turn), center[1] + radius * np.sin(turn), (z0 + z1) / 2)
        quat = quat_times(quat_about("z", turn), quat_about("y", lean))
        boxes.append(Box(middle, (half_thick, half_width, float(np.hypot(r1 - r0, z1 - z0)) / 2), quat))
    return boxes


def drum(
    sides: int, radius: float, low: float, high: float, center: Sequence[float] = (0, 0), axis: str = "z", turn: float = 0.0
) -> list:
    """Return a solid prism with an even number of sides, as boxes that cross in its axis.

    Args:
        sides: Number of sides (even).
        radius: Distance of the sides from the axis.
        low: Where the prism starts along the axis.
        high: Where it ends.
        center: Axis position: (x, y) for axis z; (x, z) for axis y.
        axis: "z" or "y".
        turn: Angle of the first side about the axis.
    """
    edge = radius * np.tan(np.pi / sides)
    middle, length = (low + high) / 2, (high - low) / 2
    boxes = []
    for k in range(sides // 2):
        angle = turn + 2 * np.pi * k / sides
        if axis == "z":
            boxes.append(Box((center[0], center[1], middle), (radius, edge, length), quat_about("z", angle)))
        else:
            boxes.append(Box((center[0], middle, center[1]), (radius, length, edge), quat_about("y", angle)))
    return boxes
