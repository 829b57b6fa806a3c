"""Rotations as matrices and axis-angle vectors, in plain numpy."""

from __future__ import annotations

import numpy as np


def axis_angle_to_matrix(vector: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of an axis-angle vector (3,), radians."""
    angle = np.linalg.norm(vector)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)


def matrix_to_axis_angle(matrix: np.ndarray) -> np.ndarray:
    """Axis-angle vector (3,), radians, angle in [0, pi], of a rotation matrix (3, 3)."""
    twice_sine = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    sine, cosine = np.linalg.norm(twice_sine) / 2, (np.trace(matrix) - 1) / 2
    angle = np.arctan2(sine, cosine)
    if sine > 1e-6:
        return twice_sine * (angle / (2 * sine))
    if cosine > 0:
        return twice_sine / 2
    # Half a turn: the axis is the column of (R + I) / 2 with the largest diagonal, scaled.
    symmetric = (matrix + np.eye(3)) / 2
    column = int(np.argmax(np.diag(symmetric)))
    return angle * symmetric[:, column] / np.sqrt(symmetric[column, column])


def quaternion_to_matrix(quaternion: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of a unit quaternion [w, x, y, z]."""
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def about_z(angle: float) -> np.ndarray:
    """Rotation matrix (3, 3) about the vertical by `angle`, radians."""
    return axis_angle_to_matrix(np.array([0.0, 0.0, angle]))
