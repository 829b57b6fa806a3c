"""Skills for what moves on joints: drawers, the microwave door, the stove knob."""

from __future__ import annotations

import numpy as np

from omniactor.experts.grasps import FINGER_REACH
from omniactor.experts.motion import (
    CLOSE,
    HOVER,
    NEAR,
    OPEN,
    STEADY,
    approach,
    flat,
    funnel,
    move,
    off_line,
    opened_to,
    pointing,
    travel,
    turned,
)
from omniactor.experts.scene import UP, Box, Scene
from omniactor.sim.rotation import about_z
from omniactor.types import EmbodiedAction

LEAN = 0.8  # of the hand when it pushes: horizontal part of its direction for 1 down
LOW_HANDLE = 0.10  # above the table: lower bars cannot be gripped by the leaning hand, metres
ROLL_SIN, ROLL_COS = np.sin(1.15), np.cos(1.15)  # the hand's lean towards a handle, radians from straight down
KNOB_HELD = 0.04  # fingers closer than this have the knob's bar between them, metres


def close_drawer(scene: Scene, region: str) -> EmbodiedAction:
    """Push the drawer that holds `region` shut with closed fingers, from in front of its handle."""
    _, axis, body = scene.slide(region)
    drawer = scene.box(body)
    inward = flat(axis)
    sideways = np.cross(UP, inward)
    front = drawer.center - inward * (np.abs(drawer.rotation.T @ inward) @ drawer.half)
    # The tips may not scrape the table in front of a low drawer.
    front[2] = max(drawer.center[2], scene.table_height + FINGER_REACH + 0.02)
    # Tips first, hand leaning back and across the front: else the palm meets the handles above.
    rotation = pointing(scene, sideways, -UP + LEAN * inward)
    away = scene.hand - front
    along, beside, above = away @ inward, away @ sideways, away[2]
    start = front - inward * 0.06
    if abs(beside) < NEAR and -0.15 < along < (0.02 if above < NEAR else -0.03):
        left = min(0.11, funnel(scene, float(np.hypot(beside, above)), 0.015, rotation, 0.3))
        height = funnel(scene, 0.0, 0.0, rotation, 0.3)  # turned in the air: askew, the palm meets the handles
        return move(scene, front + (0.05 - left) * inward + height * UP, rotation, CLOSE)
    safe = max(drawer.top, scene.highest_between(scene.hand, start)) + HOVER
    return travel(scene, np.array([*start[:2], safe]), safe, rotation, CLOSE)


def open_drawer(scene: Scene, region: str) -> EmbodiedAction:
    """Take the drawer's bar handle with the hand leaning in, one finger above and one below, and pull."""
    _, axis, body = scene.slide(region)
    outward = -flat(axis)
    handle = scene.handle(body, outward)
    if handle.center[2] < scene.table_height + LOW_HANDLE:
        return _drag_handle(scene, handle, outward)
    # Behind the bar there is no room for an upright finger.
    ahead = -ROLL_SIN * outward - ROLL_COS * UP
    closing = ROLL_COS * outward - ROLL_SIN * UP
    if closing[1] < 0:
        closing = -closing
    rotation = np.column_stack([closing, np.cross(ahead, closing), ahead])
    grip = handle.center + 0.004 * ahead
    along, beside = off_line(scene, grip, ahead)
    if turned(scene, rotation, 0.2):
        if beside < 0.02 and abs(along) < 0.02 and scene.opening < 0.03:
            return move(scene, grip + 0.06 * outward, rotation, CLOSE)
        if beside < 0.012 and abs(along) < 0.012:
            return move(scene, grip, rotation, CLOSE)
    # Half open: wide fingers would meet the drawer's front on one side.
    return approach(scene, grip, rotation, opened_to(scene, 0.045), ready=0.03 < scene.opening < 0.06)


def _drag_handle(scene: Scene, handle: Box, outward: np.ndarray) -> EmbodiedAction:
    """Press the closed, leaning finger tips onto a low bar handle and drag it out; there is no room for the palm to grip it."""
    rotation = pointing(scene, np.cross(UP, outward), -UP - outward)
    # The tips go behind the bar, the fingers' underside lies on it.
    touch = handle.center + 0.0125 * UP - 0.0115 * outward
    along, beside = off_line(scene, touch, rotation[:, 2])
    if turned(scene, rotation, 0.25) and beside < 0.025 and along > -0.012:
        return move(scene, scene.hand + 0.05 * outward - 0.04 * UP, rotation, CLOSE)
    return approach(scene, touch, rotation, CLOSE, press=0.01)


def turn_on(scene: Scene, stove: str) -> EmbodiedAction:
    """Take the stove's knob and turn it towards on."""
    return _turn_knob(scene, stove, 1.0)


def turn_off(scene: Scene, stove: str) -> EmbodiedAction:
    """Take the stove's knob and turn it all the way back."""
    return _turn_knob(scene, stove, -1.0)


def _turn_knob(scene: Scene, stove: str, direction: float) -> EmbodiedAction:
    """Straddle the knob's bar, close, and turn the wrist; let go and take it afresh when the wrist has wound up."""
    _, axis_point, _ = scene.hinge(f"{stove}_button")
    knob = scene.box(f"{stove}_button")
    along = flat(knob.rotation[:, 1])
    closing = np.cross(UP, along)
    grip = np.array([*axis_point[:2], knob.top - 0.015])
    # Turning back goes the way in which the last joint has less room: start half a turn earlier.
    rotation = pointing(scene, closing, first_yaw=20.0 if direction > 0 else 90.0)
    away = scene.hand - grip
    aside = float(np.linalg.norm(away[:2]))
    # Told by the fingers' place, not by what they press on: one of them comes off a turning bar at every other step.
    if aside < 0.025 and abs(away[2]) < 0.025 and scene.opening < KNOB_HELD:
        present = flat(scene.hand_rotation[:, 0])
        if abs(np.arctan2(-present[0], present[1])) < 1.9 or np.sign(np.arctan2(-present[0], present[1])) != np.sign(direction):
            ahead = about_z(direction * 0.6) @ pointing_as_is(scene)
            return move(scene, grip, ahead, CLOSE)
        return move(scene, scene.hand + 0.05 * UP, scene.hand_rotation, OPEN)
    if aside < 0.012 and abs(away[2]) < 0.01 and turned(scene, rotation):
        return move(scene, grip, rotation, CLOSE)
    hover = knob.top + HOVER
    if aside < NEAR:
        left = max(funnel(scene, aside, STEADY, rotation), 0.0 if scene.opening > 0.06 else 0.06)
        return move(scene, np.array([*grip[:2], min(hover, grip[2] + left)]), rotation, OPEN)
    safe = max(hover, scene.highest_between(scene.hand, grip) + HOVER)
    return travel(scene, np.array([*grip[:2], hover]), safe, rotation, OPEN)


def pointing_as_is(scene: Scene) -> np.ndarray:
    """Return the hand rotation (3, 3) that points straight down with the present yaw."""
    axis = flat(scene.hand_rotation[:, 0])
    return np.column_stack([axis, np.cross(-UP, axis), -UP])


def close_microwave(scene: Scene, microwave: str) -> EmbodiedAction:
    """Push the door shut with the side of the closed hand, from outside, near its free edge."""
    _, hinge, _ = scene.hinge(f"{microwave}_microjoint")
    _, frame = scene.door(f"{microwave}_microdoorroot")
    reach, outward = flat(frame[:, 0]), -flat(frame[:, 1])
    spot = hinge + 0.21 * reach
    spot[2] = scene.box(microwave).top - 0.05
    rotation = pointing(scene, flat(reach) if abs(reach[1]) > 0.7 else None)
    away = scene.hand - spot
    off, beside = away @ outward, away @ reach
    contact = 0.07
    if abs(beside) < 0.06 and 0.0 < off < contact + 0.05 and abs(away[2]) < 0.04:
        return move(scene, spot - outward * 0.02 + 0.0 * reach, rotation, CLOSE)
    start = spot + outward * (contact + 0.06)
    if off > contact and abs(beside) < 0.12:
        return move(
            scene,
            start if scene.hand[2] > spot[2] + 0.04 else np.array([*(spot + outward * contact)[:2], spot[2]]),
            rotation,
            CLOSE,
        )
    safe = max(scene.box(microwave).top, scene.highest_between(scene.hand, start)) + HOVER
    return travel(scene, np.array([*start[:2], spot[2]]), safe, rotation, CLOSE)


def open_microwave(scene: Scene, microwave: str) -> EmbodiedAction:
    """Take the door's handle, pull along its arc, and push the door's inside once there is room."""
    _, hinge, _ = scene.hinge(f"{microwave}_microjoint")
    _, frame = scene.door(f"{microwave}_microdoorroot")
    reach, outward = flat(frame[:, 0]), -flat(frame[:, 1])
    handle = hinge + 0.2375 * reach + 0.054 * outward
    grip = np.array([*handle[:2], scene.box(microwave).bottom + 0.145])
    rotation = pointing(scene, reach)
    away = scene.hand - grip
    if scene.holds(f"{microwave}_microdoorroot"):
        ahead = hinge + about_z(-0.25) @ (grip - hinge)
        return move(scene, np.array([*ahead[:2], grip[2]]), about_z(-0.25) @ _with_axis(scene, reach), CLOSE)
    aside = float(np.linalg.norm(away[:2]))
    if aside < 0.01 and abs(away[2]) < 0.012 and turned(scene, rotation):
        return move(scene, grip, rotation, CLOSE)
    hover = scene.box(microwave).top + HOVER
    if aside < NEAR:
        left = max(funnel(scene, aside, 0.008, rotation), 0.0 if scene.opening > 0.06 else 0.1)
        return move(scene, np.array([*grip[:2], min(hover, grip[2] + left)]), rotation, OPEN)
    return travel(scene, np.array([*grip[:2], hover]), hover, rotation, OPEN)


def _with_axis(scene: Scene, axis: np.ndarray) -> np.ndarray:
    """Return the downward hand rotation closing along `axis` or its opposite, whichever the hand is nearer to."""
    if axis @ scene.hand_rotation[:, 0] < 0:
        axis = -axis
    return np.column_stack([axis, np.cross(-UP, axis), -UP])
