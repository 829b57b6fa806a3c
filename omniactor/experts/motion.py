"""From "the hand should be there" to one action: straight moves, travel at height, hand orientations."""

from __future__ import annotations

import numpy as np

from omniactor.experts.scene import UP, Scene
from omniactor.sim.rotation import matrix_to_axis_angle
from omniactor.types import ACTION_SCALE, EmbodiedAction

OPEN, CLOSE = -1.0, 1.0
GAIN = 2.6  # of the error per control step: the arm covers about a third of a commanded step
FOLLOW_SECONDS = 0.08  # how far ahead of the fingers, in time, the place is where they come to rest
MAX_TURN = 0.5  # of the full rotation command: faster turns shake what is held
NEAR = 0.05  # this far aside of where it is to come down, the hand comes down in a funnel, metres
FUNNEL = 3.0  # distance left to go per distance aside of the funnel's axis
SWING = 0.08  # a hand turned wrong by one radian counts as this far aside, metres
LINE = 0.09  # length of the way in along a line, metres
HOVER = 0.06  # above what it goes over, metres
STEADY = 0.01  # from the line into a handle or onto a knob, within which it is straight in, metres


def move(
    scene: Scene, position: np.ndarray, rotation: np.ndarray | None = None, gripper: float = 0.0, speed: float = 1.0
) -> EmbodiedAction:
    """Return the action that goes straight towards a pose.

    Args:
        scene: what the expert sees.
        position: of the grip site, world frame, metres (3,).
        rotation: of the grip site (3, 3); straight down, closing along y, when None.
        gripper: -1 opens, +1 closes, 0 holds.
        speed: largest translation command, at most 1.
    """
    if rotation is None:
        rotation = pointing(scene)
    delta = np.concatenate([position - scene.hand, rotation_error(scene, rotation)])
    arm = GAIN * delta / ACTION_SCALE[:6]
    # Scale the translation as a whole: clipping each axis alone would bend the path.
    arm[:3] *= speed / max(speed, np.abs(arm[:3]).max())
    # Leave a settled wrist alone: with no rotation commanded the controller keeps its latched goal.
    arm[3:] = np.where(np.linalg.norm(delta[3:]) < 0.02, 0.0, np.clip(arm[3:], -MAX_TURN, MAX_TURN))
    return EmbodiedAction(np.append(arm, gripper))


def travel(
    scene: Scene, goal: np.ndarray, safe: float, rotation: np.ndarray | None = None, gripper: float = OPEN
) -> EmbodiedAction:
    """Move at height: rise to `safe` first, go across, and come down to `goal` over it, in a funnel."""
    hand = scene.hand
    tip = scene.hand_rotation[:, 2]
    if rotation is not None and tip @ rotation[:, 2] < 0.85 and hand[2] < safe - 0.02:
        # Leaning over something (a handle): go out the way the hand came in.
        return move(scene, hand - 0.08 * tip, scene.hand_rotation, gripper)
    away = goal[:2] - hand[:2]
    distance = np.linalg.norm(away)
    if distance < 0.03:
        return move(scene, goal, rotation, gripper)
    # A stretched arm cannot rise: no higher than it reaches a little further on.
    ahead = hand[:2] + away * min(1.0, 0.08 / distance)
    height = min(max(safe, goal[2]), scene.reach(ahead), goal[2] + FUNNEL * (distance - 0.03))
    # Rise before crossing; a little early when nearly there.
    share = np.clip(1.0 - (height - hand[2]) / 0.03, 0.0, 1.0)
    return move(scene, np.array([*(hand[:2] + away * share), height]), rotation, gripper)


def funnel(scene: Scene, aside: float, steady: float, rotation: np.ndarray, loose: float = 0.1) -> float:
    """Return how far before its goal the hand stays, metres: the further the hand or what it holds is off, the further.

    Coming down only within a centimetre and going all the way up again beyond it would be as good for the arm. But whoever
    learns from pictures in which nobody sees that centimetre learns "up" and "down" at once, the mean of which is to hover.

    Args:
        scene: what the expert sees.
        aside: distance from the line along which to come down, metres.
        steady: distance within which it may come all the way, metres.
        rotation: the hand's, wanted (3, 3).
        loose: angle by which it may be turned otherwise, radians.
    """
    turn = float(np.linalg.norm(rotation_error(scene, rotation)))
    return FUNNEL * (max(0.0, aside - steady) + SWING * max(0.0, turn - loose))


def off_line(scene: Scene, goal: np.ndarray, ahead: np.ndarray) -> tuple[float, float]:
    """Return how far the hand is past `goal` along the unit vector `ahead`, and how far beside that line, metres."""
    away = scene.hand - goal
    along = float(away @ ahead)
    return along, float(np.linalg.norm(away - along * ahead))


def approach(
    scene: Scene,
    goal: np.ndarray,
    rotation: np.ndarray,
    gripper: float,
    ready: bool = True,
    press: float = 0.0,
    without: tuple[str, ...] = (),
) -> EmbodiedAction:
    """Go to `goal` along the line on which the hand is to point: at height to the line's start, then in, in a funnel.

    Args:
        scene: what the expert sees.
        goal: of the grip site, world frame, metres (3,).
        rotation: of the grip site (3, 3); its third column is the line.
        gripper: -1 opens, +1 closes, 0 holds.
        ready: whether the fingers are as wide as they are to arrive; until then the hand waits before the goal.
        press: how far past the goal it is sent, metres, so that it does not stop short.
        without: objects it need not fly over.
    """
    ahead = rotation[:, 2]
    along, beside = off_line(scene, goal, ahead)
    if beside < NEAR and -LINE - 0.06 < along < 0.02:
        left = min(LINE, max(funnel(scene, beside, STEADY, rotation), 0.0 if ready else 0.06))
        return move(scene, goal + (press - left) * ahead, rotation, gripper, speed=0.6 if left < 0.06 else 1.0)
    start = goal - LINE * ahead
    safe = scene.highest_between(scene.hand, start, without) + HOVER
    return travel(scene, start, safe, rotation, gripper)


def opened_to(scene: Scene, width: float) -> float:
    """Return the gripper command that brings the fingers to `width` apart, metres, and holds them there.

    A command moves what the fingers are drawn to by 8.5 mm, and they follow two steps behind. Judged by where they are, not
    by where they come to rest, they would swing around `width` for ever, which nobody can learn from pictures.
    """
    coming = scene.opening + FOLLOW_SECONDS * scene.opening_speed
    return OPEN if coming < width - 0.006 else CLOSE if coming > width + 0.006 else 0.0


def pointing(scene: Scene, closing: np.ndarray | None = None, direction: np.ndarray = -UP, first_yaw: float = 20.0) -> np.ndarray:
    """Return the hand rotation (3, 3) that points along `direction` and closes along `closing`, within the wrist's range.

    `closing` must be horizontal and square to `direction`; by default it is the world's y axis, as at home.
    The yaw of the closing axis is taken from `first_yaw` to half a turn beyond, degrees.
    """
    axis = np.array([0.0, 1.0, 0.0]) if closing is None else closing
    # Two yaws close along the same axis. At home it is 90 degrees; the last joint has more room towards 200.
    yaw = np.degrees(np.arctan2(axis[1], axis[0])) % 360
    if not first_yaw <= yaw < first_yaw + 180:
        axis = -axis
    ahead = direction / np.linalg.norm(direction)
    return np.column_stack([axis, np.cross(ahead, axis), ahead])


def leaning(rotation: np.ndarray, angle: float) -> np.ndarray:
    """Return a downward hand rotation (3, 3) tilted by `angle`, radians, in the plane in which the fingers close."""
    closing, ahead = rotation[:, 0], rotation[:, 2]
    axis, tip = np.cos(angle) * closing - np.sin(angle) * ahead, np.cos(angle) * ahead + np.sin(angle) * closing
    return np.column_stack([axis, np.cross(tip, axis), tip])


def bowing(rotation: np.ndarray, angle: float) -> np.ndarray:
    """Return a downward hand rotation (3, 3) tilted by `angle`, radians, about the axis along which the fingers close."""
    closing, ahead = rotation[:, 0], rotation[:, 2]
    tip = np.cos(angle) * ahead + np.sin(angle) * np.cross(UP, closing)
    return np.column_stack([closing, np.cross(tip, closing), tip])


def rotation_error(scene: Scene, rotation: np.ndarray) -> np.ndarray:
    """Rotation vector (3,), world frame, radians, from the present to the wanted hand orientation."""
    return matrix_to_axis_angle(rotation @ scene.hand_rotation.T)


def turned(scene: Scene, rotation: np.ndarray, within: float = 0.15) -> bool:
    """Tell whether the hand has this orientation, within an angle in radians."""
    return bool(np.linalg.norm(rotation_error(scene, rotation)) < within)


def flat(vector: np.ndarray) -> np.ndarray:
    """Return the horizontal unit vector along `vector` (3,)."""
    level = np.array([vector[0], vector[1], 0.0])
    return level / np.linalg.norm(level)
