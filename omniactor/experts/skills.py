"""The skills: each is a function from the scene's present state to one action.

A skill keeps no script position and no clock. It works out from the state where in the task it is
(free, above, around, holding, over the target), so it also answers in states that it would never
have reached itself, and a dropped object is simply picked up again.

A new skill is one function `skill(scene, *arguments) -> EmbodiedAction`.
"""

from __future__ import annotations

import numpy as np

from omniactor.experts.scene import UP, Scene
from omniactor.sim.controller import OUTPUT_SCALE, matrix_to_axis_angle
from omniactor.types import EmbodiedAction

OPEN, CLOSE = -1.0, 1.0
GAIN = 2.6  # of the error per control step: the arm covers about a third of a commanded step
FINGER_REACH = 0.012  # finger tips below the grip site, metres
MAX_GRIP = 0.076  # widest thing the fingers go around, metres
HOVER = 0.06  # above what is to be grasped or released into, metres
LEAN = 0.8  # of the hand when it pushes: horizontal part of its direction for 1 down
HELD_MARGIN = 0.03  # carried things clear what they pass over by this, metres


def pick_into(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Pick `name` up from above and drop it into the container whose inside is `region`."""
    container = scene.box(region.rsplit("_contain_region", 1)[0])
    inside, held = scene.region(region), scene.box(name)
    target = inside.center.copy()
    over = np.abs(held.center[:2] - target[:2]).max() < 0.02
    if scene.holds(name):
        # Carried by its middle: how far it reaches below the grip site, and so the height to carry it at.
        hangs = scene.hand[2] - held.bottom
        carry = max(container.top, scene.clearance(name)) + HELD_MARGIN + hangs
        offset = scene.hand[:2] - held.center[:2]
        if over:
            release = container.top + hangs - 0.02
            if scene.hand[2] < release + 0.02:
                return _move(scene, scene.hand, gripper=OPEN)
            return _move(scene, np.array([*(target[:2] + offset), release]), gripper=CLOSE)
        return _travel(scene, np.array([*(target[:2] + offset), carry]), carry, gripper=CLOSE)
    if over and held.bottom < container.top:
        return _move(scene, np.array([*scene.hand[:2], container.top + HOVER]), gripper=OPEN)
    return _grasp_from_above(scene, name)


def close_drawer(scene: Scene, region: str) -> EmbodiedAction:
    """Push the drawer that holds `region` shut with closed fingers, from in front of its handle."""
    _, axis, body = scene.slide(region)
    drawer = scene.box(body)
    inward = np.array([axis[0], axis[1], 0.0]) / np.linalg.norm(axis[:2])
    sideways = np.cross(UP, inward)
    front = drawer.center - inward * (np.abs(drawer.rotation.T @ inward) @ drawer.half)
    # The tips may not scrape the table in front of a low drawer.
    front[2] = max(drawer.center[2], scene.table_height + FINGER_REACH + 0.02)
    # Tips first, hand leaning back and across the front: else the palm meets the handles above.
    rotation = _pointing(scene, sideways, -UP + LEAN * inward)
    away = scene.hand - front
    along, beside, above = away @ inward, away @ sideways, away[2]
    turned = np.linalg.norm(_rotation_error(scene, rotation)) < 0.3
    aligned = turned and abs(beside) < 0.02 and abs(above) < 0.025
    if aligned and along < 0.02:
        return _move(scene, front + inward * 0.05, rotation, gripper=CLOSE)
    start = front - inward * 0.06
    if along < -0.03 and abs(beside) < 0.03:
        return _move(scene, start if turned else np.array([*start[:2], scene.hand[2]]), rotation, gripper=CLOSE)
    safe = max(drawer.top, scene.clearance("")) + HOVER
    return _travel(scene, np.array([*start[:2], safe]), safe, rotation, gripper=CLOSE)


def _grasp_from_above(scene: Scene, name: str) -> EmbodiedAction:
    """Go above the object with the fingers across its narrow side, descend, close."""
    box = scene.box(name)
    axis, width = _closing_axis(box)
    if width > MAX_GRIP:
        axis = box.rotation[:, np.argmin(np.abs(UP @ box.rotation))]
    grip = box.center.copy()
    # Deep enough to hold, not so deep that the palm or the tips touch anything.
    grip[2] = max(box.top - 0.035, box.bottom + FINGER_REACH)
    grip[2] = max(min(grip[2], box.center[2]) if box.top - box.bottom < 0.05 else grip[2], scene.table_height + FINGER_REACH)
    rotation = _pointing(scene, axis)
    error = grip - scene.hand
    turn = np.linalg.norm(_rotation_error(scene, rotation))
    aside = np.linalg.norm(error[:2])
    if aside < 0.012 and abs(error[2]) < 0.012 and turn < 0.15:
        return _move(scene, grip, rotation, gripper=CLOSE)
    ready = scene.opening > min(0.075, width + 0.012)
    if aside < 0.012 and turn < 0.15 and ready:
        return _move(scene, grip, rotation, gripper=OPEN)
    hover = box.top + HOVER
    if aside < 0.06:
        return _move(scene, np.array([*grip[:2], hover if not (aside < 0.02 and ready and turn < 0.2) else max(grip[2], scene.hand[2])]), rotation, gripper=OPEN)
    safe = max(hover, scene.clearance(name) + HOVER)
    return _travel(scene, np.array([*grip[:2], hover]), safe, rotation, gripper=OPEN)


def _closing_axis(box) -> tuple[np.ndarray, float]:
    """Return the horizontal axis across the object's narrower side (3,) and the width there, metres."""
    upright = int(np.argmax(np.abs(UP @ box.rotation)))
    sides = [i for i in range(3) if i != upright]
    narrow = min(sides, key=lambda i: box.half[i])
    axis = box.rotation[:, narrow] * np.array([1.0, 1.0, 0.0])
    return axis / np.linalg.norm(axis), float(2 * box.half[narrow])


def _pointing(scene: Scene, closing: np.ndarray | None = None, direction: np.ndarray = -UP) -> np.ndarray:
    """Return the hand rotation (3, 3) that points along `direction` and closes along `closing`, turned the shorter way.

    `closing` must be horizontal and square to `direction`; by default it is the world's y axis, as at home.
    """
    axis = np.array([0.0, 1.0, 0.0]) if closing is None else closing
    present = scene.hand_rotation[:, 0]
    # Two yaws close along the same axis; take the one nearer to the home pose, so the wrist never winds up.
    if axis[1] < -0.2 or (abs(axis[1]) <= 0.2 and axis @ present < 0):
        axis = -axis
    ahead = direction / np.linalg.norm(direction)
    return np.column_stack([axis, np.cross(ahead, axis), ahead])


def _travel(scene: Scene, goal: np.ndarray, safe: float, rotation=None, gripper=OPEN) -> EmbodiedAction:
    """Move at height: rise to `safe` first, go across, and come down to `goal` over it."""
    hand = scene.hand
    aside = np.linalg.norm(goal[:2] - hand[:2])
    if aside < 0.03:
        return _move(scene, goal, rotation, gripper)
    height = max(safe, goal[2])
    # Rise before crossing; a little early when nearly there.
    reach = np.clip(1.0 - (height - hand[2]) / 0.03, 0.0, 1.0)
    across = hand[:2] + (goal[:2] - hand[:2]) * reach
    return _move(scene, np.array([*across, height]), rotation, gripper)


def _move(scene: Scene, position: np.ndarray, rotation: np.ndarray | None = None, gripper: float = 0.0) -> EmbodiedAction:
    """Return the action that goes straight towards a pose; the hand points down unless a rotation is given."""
    if rotation is None:
        rotation = _pointing(scene)
    delta = np.concatenate([position - scene.hand, _rotation_error(scene, rotation)])
    arm = GAIN * delta / OUTPUT_SCALE
    # Scale the translation as a whole: clipping each axis alone would bend the path.
    arm[:3] /= max(1.0, np.abs(arm[:3]).max())
    # Leave a settled wrist alone: with no rotation commanded the controller keeps its latched goal.
    arm[3:] = np.where(np.linalg.norm(delta[3:]) < 0.02, 0.0, np.clip(arm[3:], -0.5, 0.5))
    return EmbodiedAction(np.append(arm, gripper))


def _rotation_error(scene: Scene, rotation: np.ndarray) -> np.ndarray:
    """Rotation vector (3,), world frame, radians, from the present to the wanted hand orientation."""
    return matrix_to_axis_angle(rotation @ scene.hand_rotation.T)
