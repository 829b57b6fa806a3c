"""Pick something up and put it somewhere: one function for every target, all from the present state."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from omniactor.experts.grasps import BLOCKED, MAX_OPENING, Grasp, grasps
from omniactor.experts.motion import (
    CLOSE,
    HOVER,
    NEAR,
    OPEN,
    approach,
    bowing,
    flat,
    funnel,
    leaning,
    move,
    off_line,
    opened_to,
    pointing,
    rotation_error,
    travel,
    turned,
)
from omniactor.experts.scene import UP, Scene
from omniactor.sim.rotation import about_z, axis_angle_to_matrix
from omniactor.types import EmbodiedAction

LEANS = (0.14, 0.28, 0.41, 0.55)  # of the hand where it cannot come from straight above, radians
LEANING = 3.6  # cost of leaning by a radian
STRAINED = 1.0  # cost from which on leaning is tried against folding or stretching the arm
STILL = 0.06  # what moves sideways no faster may be let go, metres per second
CLOSING = 0.03  # fingers that come together faster are closing, metres per second
MARGIN = 0.03  # carried things clear what they pass over by this, metres
GRASP_STEADY = 0.014  # from the line into a grasp, within which it is straight down, metres
# Points of the hand that must not meet anything, metres from a grasp along the hand, sideways or up.
_FINGERS, _SIDES = np.arange(0.0, 0.25, 0.04)[:, None, None], np.array([[1.0], [-1.0]])
_PALM, _PALM_WIDTH = np.arange(0.055, 0.25, 0.04)[:, None, None], np.linspace(-0.1, 0.1, 5)[:, None]
_WRIST = np.arange(0.0, 0.2, 0.05)[:, None]
_COUNTS = {"fingers": _FINGERS.size * _SIDES.size, "palm": _PALM.size * _PALM_WIDTH.size, "wrist": 2 * _WRIST.size}
_ENDS = dict(zip(_COUNTS, np.cumsum(list(_COUNTS.values())).tolist(), strict=True))
PARTS = {part: slice(end - _COUNTS[part], end) for part, end in _ENDS.items()}
LOWEST = slice(0, 2)  # the tips of the two fingers
_MARGINS = np.repeat([0.012, 0.027, 0.085], list(_COUNTS.values()))

Way = tuple[Grasp, np.ndarray]
"""A grasp and the hand's rotation (3, 3) in it."""


@dataclass(frozen=True)
class Place:
    """Where an object should end up.

    Attributes:
        point: for the object's origin (x, y), and the height of what it will stand on (z), metres (3,).
        drop: let go with the object's lowest point this far above, metres.
        tolerance: of the origin in the plane before it may be lowered, metres.
        settled: it counts as placed within this distance in the plane, metres.
        closing: wanted hand closing axis while placing (3,), or None.
        along: object axis (0 x, 1 y) that must lie along `heading` while placing, or None.
        heading: horizontal direction for `along` (3,).
        by_center: bring the middle of the object over the point, not its origin.
        clear: nothing on the way is higher than this, metres, or None to work it out.
    """

    point: np.ndarray
    drop: float = 0.012
    tolerance: float = 0.012
    settled: float = 0.03
    closing: np.ndarray | None = None
    along: int | None = None
    heading: np.ndarray | None = None
    by_center: bool = False
    clear: float | None = None


def pick_place(scene: Scene, name: str, place: Place, offer: list[Grasp] | None = None) -> EmbodiedAction:
    """Take `name` and put it at `place`; when it stands there, let go and rise.

    Args:
        scene: what the expert sees.
        name: of a movable object.
        place: where to.
        offer: ways to take hold of it; those of its type when None.
    """
    if scene.holds(name):
        return _carry(scene, name, place)
    if placed(scene, name, place) and scene.hand[2] < scene.box(name).top + 2 * HOVER:
        return move(scene, scene.hand + 0.1 * UP, scene.hand_rotation, OPEN)
    return grasp(scene, name, grasps(scene, name) if offer is None else offer, place)


def placed(scene: Scene, name: str, place: Place) -> bool:
    """Tell whether the object rests where `place` wants it."""
    anchor = _anchor(scene, name, place)
    low = scene.box(name).bottom - place.point[2]
    return bool(np.linalg.norm(anchor[:2] - place.point[:2]) < place.settled and low < 0.03)


def _anchor(scene: Scene, name: str, place: Place) -> np.ndarray:
    """Return the point of the object that is brought over the place (3,)."""
    return scene.box(name).center if place.by_center else scene.pose(name)[0]


def grasp(scene: Scene, name: str, offer: list[Grasp], place: Place | None = None) -> EmbodiedAction:
    """Go above the best of the offered grasps, given where the object will go, descend, close."""
    box = scene.box(name)
    best, rotation = _choose(scene, name, offer, place)
    # Other objects give way; a drawer or a shelf does not.
    obstacle = _palm_obstacle(scene, best, rotation)
    if obstacle is not None and box.top - box.bottom < 0.04 and not _around(scene, best):
        return _drag(scene, name, best, obstacle)
    ahead = rotation[:, 2]
    along, aside = off_line(scene, best.point, ahead)
    # Fingers that close push things a little aside: once they do, they go on.
    slack = 1.7 if scene.opening_speed < -CLOSING else 1.0
    if aside < 0.012 * slack and abs(along) < 0.012 * slack and turned(scene, rotation, 0.15 * slack):
        return move(scene, best.point, rotation, CLOSE)
    ready = scene.opening > min(best.opening - 0.006, best.width + 0.03)
    gripper = OPEN if best.opening >= MAX_OPENING else opened_to(scene, best.opening)
    high = HOVER + max(0.0, box.top - best.point[2])
    above = best.point - high * ahead
    if aside < NEAR and along < 0.02:
        away = min(high, max(funnel(scene, aside, GRASP_STEADY, rotation), 0.0 if ready else 0.05))
        return move(scene, best.point - away * ahead, rotation, gripper)
    safe = max(above[2], scene.highest_between(scene.hand, best.point, (name,)) + HOVER)
    return travel(scene, above, safe, rotation, gripper)


def _around(scene: Scene, option: Grasp) -> bool:
    """Tell whether the open fingers are already down around the grasp."""
    return bool(np.linalg.norm(option.point - scene.hand) < 0.04 and scene.opening > option.width)


def push_over(scene: Scene, name: str, direction: np.ndarray) -> EmbodiedAction:
    """Tip a standing object over with closed fingers near its top, along the horizontal `direction` (3,)."""
    box = scene.box(name)
    rotation = pointing(scene, np.cross(UP, direction))
    start = np.array([*(box.center - 0.06 * direction)[:2], box.top - 0.03])
    away = scene.hand - box.center
    along, beside = away @ direction, away @ np.cross(UP, direction)
    low = scene.hand[2] < box.top - 0.01
    if low and -0.10 < along < 0.03 and abs(beside) < 0.02 and scene.opening < 0.02:
        return move(scene, scene.hand + 0.04 * direction, rotation, CLOSE)
    if low and along > -0.04:
        return move(scene, scene.hand + 0.06 * UP, scene.hand_rotation, OPEN)
    if np.linalg.norm((scene.hand - start)[:2]) < 0.02:
        return move(scene, start, rotation, CLOSE)
    return travel(scene, np.array([*start[:2], box.top + HOVER]), box.top + HOVER, rotation, CLOSE)


def _choose(scene: Scene, name: str, offer: list[Grasp], place: Place | None) -> tuple[Grasp, np.ndarray]:
    """Return the best grasp with its hand rotation: straight down if there is room, else leaning one way or another."""
    straight = [(option, pointing(scene, option.closing)) for option in offer]
    prefer = None if place is None else place.closing
    # Taken hold of at a slant, a tall thing tips over: its neighbours have to give way instead.
    box = scene.box(name)
    without = tuple(scene.objects) if box.top - box.bottom > 0.1 else (name,)
    costs, room, strains = _costs(scene, without, straight, prefer)
    if any(enough and strain < STRAINED for enough, strain in zip(room, strains, strict=True)):
        if place is not None:  # of those that have room here, one that also has room there
            costs = [cost + there for cost, there in zip(costs, _costs_there(scene, name, straight, place), strict=True)]
        return straight[int(np.argmin(costs))]
    # Tilted in the plane in which they close, the fingers do not go around anything wide.
    tilts = [
        (option, down, tilt) for option, down in straight for tilt in ((bowing, leaning) if option.width < 0.04 else (bowing,))
    ]
    # Little by little where the arm would have to fold: a little nearer to the robot is a little more. Past what stands in
    # the way, far enough at once.
    angles = LEANS if any(room) else LEANS[-1:]
    leans = [(option, tilt(down, sign * angle)) for option, down, tilt in tilts for angle in angles for sign in (1, -1)]
    ways = straight + leans
    costs += _costs(scene, without, leans, prefer)[0]
    return ways[int(np.argmin(costs))]


def _costs(
    scene: Scene, without: tuple[str, ...], ways: list[Way], prefer: np.ndarray | None
) -> tuple[list[float], list[bool], list[float]]:
    """Return what each way costs, whether it has room, and what the arm's reach is of its cost.

    Lower is better: little turning, the wanted closing axis, near hand and robot, room for fingers and palm.
    """
    costs, room, strains = [], [], []
    for (option, rotation), met in zip(ways, _met(scene, without, ways)[1], strict=True):
        cost = np.linalg.norm(rotation_error(scene, rotation)) + option.penalty
        strain = 60.0 * scene.strain(option.point, rotation[:, 2])
        cost += 4.0 * np.linalg.norm(option.point[:2] - scene.hand[:2]) + strain
        if prefer is not None:
            cost += 6.0 * (1.0 - abs(option.closing @ prefer))
        cost += LEANING * np.arccos(np.clip(-rotation[2, 2], -1.0, 1.0))
        parts = _parts_met(met)
        costs.append(float(cost + 1.0 * met[LOWEST].sum() + BLOCKED * parts))
        room.append(parts == 0)
        strains.append(strain)
    return costs, room, strains


def _costs_there(scene: Scene, name: str, ways: list[Way], place: Place) -> list[float]:
    """Lower is better: room for fingers and palm around the object at its place, where it comes to stand as it is held."""
    shift = place.point - _anchor(scene, name, place)
    shift[2] = place.point[2] + place.drop - scene.box(name).bottom
    there = [(replace(option, point=option.point + shift, opening=option.width), rotation) for option, rotation in ways]
    return [BLOCKED * _parts_met(met) for met in _met(scene, (name,), there)[1]]


def _hand(scene: Scene, option: Grasp, rotation: np.ndarray) -> np.ndarray:
    """Return points (n, 3) of the hand on its way down into a grasp, in the order of `PARTS`; the fingers' tips come first."""
    closing, ahead = rotation[:, 0], rotation[:, 2]
    fingers = option.point + (0.5 * option.opening + 0.01) * _SIDES * closing - ahead * _FINGERS
    palm = option.point + _PALM_WIDTH * closing - ahead * _PALM
    flange = option.point - 0.20 * ahead
    wrist = flange + np.array([np.zeros(3), 0.088 * scene.towards_base(flange)])[:, None] + _WRIST * UP
    return np.concatenate([fingers.reshape(-1, 3), palm.reshape(-1, 3), wrist.reshape(-1, 3)])


def _met(scene: Scene, without: tuple[str, ...], ways: list[Way]) -> tuple[np.ndarray, np.ndarray]:
    """Return the hand's points (ways, n, 3) and which of them would meet an obstacle (ways, n); all ways are asked at once."""
    points = np.stack([_hand(scene, *way) for way in ways])
    met = scene.crowded(points.reshape(-1, 3), without, np.tile(_MARGINS, len(ways)))
    return points, met.reshape(points.shape[:2])


def _parts_met(met: np.ndarray) -> int:
    """Return how many parts of the hand meet something, of one way's points (n,)."""
    return sum(bool(met[part].any()) for part in PARTS.values())


def _palm_obstacle(scene: Scene, option: Grasp, rotation: np.ndarray) -> np.ndarray | None:
    """Return the mean point (3,) at which the palm would meet something that does not give way, or None."""
    (points,), (met,) = _met(scene, tuple(scene.objects), [(option, rotation)])
    inside = points[PARTS["palm"]][met[PARTS["palm"]]]
    return inside.mean(0) if len(inside) else None


def _drag(scene: Scene, name: str, option: Grasp, obstacle: np.ndarray) -> EmbodiedAction:
    """Hook closed, leaning finger tips over the edge of a flat object and drag it to where there is room to take it."""
    box = scene.box(name)
    away = -np.sign((obstacle - option.point) @ option.closing) * option.closing
    rotation = pointing(scene, np.cross(UP, away), -UP - away)
    ahead = rotation[:, 2]
    edge = np.array([*(box.center - (box.extent @ np.abs(away)) * away)[:2], box.top])
    # The fingers' underside, a centimetre from their axis, lies on the edge; the tips reach past it.
    touch = edge + 0.011 * (UP - away) / np.sqrt(2) + 0.003 * ahead
    along, aside = off_line(scene, touch, ahead)
    closed = scene.opening < 0.02
    if closed and turned(scene, rotation, 0.2) and aside < 0.02 and along > -0.012:
        return move(scene, scene.hand + 0.015 * away - 0.008 * UP, rotation, CLOSE)
    return approach(scene, touch, rotation, CLOSE, ready=closed, press=0.01, without=(name,))


def _carry(scene: Scene, name: str, place: Place) -> EmbodiedAction:
    """Bring what is held over its place, lower it, let go."""
    anchor, (_, frame) = _anchor(scene, name, place), scene.pose(name)
    box, hand = scene.box(name), scene.hand
    rotation = scene.hand_rotation
    upright = _level(frame) @ rotation
    if upright[2, 2] > -0.7:  # it slips in the fingers: turning after it would only wind up the wrist
        upright = pointing(scene, flat(rotation[:, 0]))
    if place.along is not None:
        # Turn hand and object together; the object is as well either way round.
        axis = flat(frame[:, place.along])
        heading = place.heading if place.heading @ axis >= 0 else -place.heading
        angle = np.arctan2(np.cross(axis, heading)[2], axis @ heading)
        upright = about_z(angle) @ upright
    # While it still turns, the object swings around the hand: aim with the turned offset.
    offset = (upright @ rotation.T @ (anchor - hand))[:2]
    goal = place.point[:2] - offset
    hangs = hand[2] - box.bottom
    clear = place.clear
    if clear is None:  # a pan reaches far beyond the hand: what lies under its own way counts as well
        ways = ((hand, np.array([*goal, 0.0])), (box.center, box.center + place.point - anchor))
        clear = max(scene.highest_between(start, end, (name,)) for start, end in ways)
    safe = max(clear, place.point[2] + place.drop) + MARGIN + hangs
    out = scene.way_out(name, safe - hangs) if box.bottom < place.point[2] + place.drop else None
    if out is not None:
        return move(scene, np.array([*(hand + 0.06 * out)[:2], scene.table_height + 0.015 + hangs]), rotation, CLOSE)
    aside = np.linalg.norm(anchor[:2] - place.point[:2])
    release = place.point[2] + place.drop + hangs
    # It came down this far because it was over its place: half as far off again is no reason not to let go.
    low = hand[2] < release + 0.006
    slack = 1.5 if low else 1.0
    if aside < place.tolerance * slack and turned(scene, upright, 0.12 * slack):
        if low and scene.speed(name) > STILL:  # let go on the way, it slides on
            return move(scene, np.array([*goal, hand[2]]), upright, CLOSE)
        if low:
            return move(scene, hand, rotation, OPEN)
        return move(scene, np.array([*goal, release - 0.004]), upright, CLOSE)
    if aside < 2.5 * place.tolerance and hand[2] < release + 0.05 and turned(scene, upright, 0.25):
        return move(scene, np.array([*goal, hand[2]]), upright, CLOSE)
    mouth = release if place.clear is None else max(release, place.clear + 0.01 + hangs)
    above = mouth + funnel(scene, float(aside), place.tolerance, upright)
    if aside < NEAR and hand[2] > mouth - 0.01 and above < safe:
        return move(scene, np.array([*goal, above]), upright, CLOSE)
    return travel(scene, np.array([*goal, safe]), safe, upright, CLOSE)


def _level(frame: np.ndarray) -> np.ndarray:
    """Return the rotation (3, 3) that sets the object's most upright axis straight up, by the shortest turn."""
    axis = frame[:, np.argmax(np.abs(frame[2]))]
    axis = axis * np.sign(axis[2])
    turn = np.cross(axis, UP)
    return axis_angle_to_matrix(turn)
