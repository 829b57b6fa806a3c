"""Slide what is held into a shelf from its open front, leaning out where there is no height for it to stand."""

from __future__ import annotations

import numpy as np

from omniactor.experts.grasps import grasps
from omniactor.experts.motion import CLOSE, flat, funnel, move, rotation_error, travel
from omniactor.experts.pick_place import MARGIN, grasp
from omniactor.experts.scene import UP, Scene
from omniactor.types import EmbodiedAction

DEPTH = 0.02  # how far past the region's front face the object's origin is brought, metres


def insert(scene: Scene, name: str, region: str, axis: int, lean: float, low: float) -> EmbodiedAction:
    """Take `name` and bring its origin through the front of a shelf's compartment.

    Args:
        scene: what the expert sees.
        name: of a movable object.
        region: of the compartment; the shelf opens towards the negative y axis of its own frame.
        axis: object axis (0 x, 1 y) that points out of the shelf on the way in.
        lean: of the object's top out of the shelf, radians.
        low: height of the object's origin above the compartment's floor, metres.
    """
    if not scene.holds(name):
        # Only as it is best held: by the handle, which stays outside, not by the rim, which goes in.
        return grasp(scene, name, [way for way in grasps(scene, name) if not way.second])
    shelf = region.split("_1_")[0] + "_1"
    _, shelf_frame = scene.pose(shelf)
    inward = flat(shelf_frame[:, 1])
    sideways = np.cross(UP, inward)
    inside = scene.region(region)
    origin, frame = scene.pose(name)
    hand = scene.hand

    # The wanted object frame: its upright axis leaning out, `axis` along the way out.
    upright = max((i for i in range(3) if i != axis), key=lambda i: abs(frame[2, i]))
    wanted = np.empty((3, 3))
    wanted[:, upright] = np.sign(frame[2, upright]) * (np.cos(lean) * UP - np.sin(lean) * inward)
    out = np.cos(lean) * inward + np.sin(lean) * UP
    wanted[:, axis] = out * np.sign(out @ frame[:, axis])
    other = 3 - upright - axis
    wanted[:, other] = np.cross(wanted[:, (other + 1) % 3], wanted[:, (other + 2) % 3])
    turn = wanted @ frame.T
    rotation = turn @ scene.hand_rotation
    # The object swings around the hand while it turns: aim for the hand, given the turned offset.
    offset = turn @ (origin - hand)

    front = inside.center - np.abs(inward @ inside.rotation) @ inside.half * inward
    floor = inside.bottom if inside.bottom > scene.table_height else scene.table_height
    entry = np.array([*(front + DEPTH * inward)[:2], floor + low])
    reach = np.abs(wanted.T @ inward) @ scene.box(name).half
    start = entry - (DEPTH + reach + 0.05) * inward
    rest = origin - entry
    turned = np.linalg.norm(rotation_error(scene, rotation)) < 0.12
    aside = float(np.hypot(rest @ sideways, rest[2]))
    if turned and aside < 0.03 and rest @ inward < 0.02:  # the further off, the further out
        left = min(DEPTH + reach + 0.05, 2 * funnel(scene, aside, 0.012, rotation))
        return move(scene, entry - offset + (0.01 - left) * inward, rotation, CLOSE, speed=0.6 if left < 0.06 else 1.0)
    near = np.linalg.norm((origin - start)[:2]) < 0.03
    if near or (turned and rest @ inward < -0.03 and abs(rest @ sideways) < 0.03 and origin[2] < start[2] + 0.05):
        goal = start - offset
        if not turned:  # turn at height: lowered askew, its edge catches on the table and the fingers lose it
            goal[2] = max(goal[2], hand[2])
        return move(scene, goal, rotation, CLOSE)
    hangs = hand[2] - scene.box(name).bottom
    safe = (
        max(scene.highest_between(hand, start - offset, (name,)) if rest @ inward > -0.05 else 0.0, scene.table_height + 0.05)
        + MARGIN
        + hangs
    )
    return travel(scene, np.array([*(start - offset)[:2], max(safe, (start - offset)[2])]), safe, rotation, CLOSE)
