"""The skills: each is a function from the scene's present state to one action.

A skill keeps no script position and no clock. It works out from the state where in the task it is
(free, above, around, holding, over the target), so it also answers in states that it would never
have reached itself, and a dropped object is simply picked up again.

The arguments are those of the goal's predicate. A new skill is one function
`skill(scene, *arguments) -> EmbodiedAction`.
"""

from __future__ import annotations

import numpy as np

from omniactor.experts.articulated import close_drawer, close_microwave, open_drawer, open_microwave, turn_off, turn_on
from omniactor.experts.grasps import object_type
from omniactor.experts.insert import insert
from omniactor.experts.motion import flat
from omniactor.experts.pick_place import Place, pick_place, placed, push_over
from omniactor.experts.scene import UP, Scene
from omniactor.types import EmbodiedAction

__all__ = [
    "close_drawer", "close_microwave", "open_drawer", "open_microwave", "put_in_caddy", "put_in_drawer", "put_into", "put_on",
    "put_on_rack", "put_on_region", "put_on_shelf", "put_under_shelf", "turn_off", "turn_on",
]  # fmt: skip


def put_into(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Drop `name` from just inside the rim of an open container: basket or tray."""
    container = scene.box(region.removesuffix("_contain_region"))
    inside = scene.region(region)
    rim = container.top - 0.02
    return pick_place(
        scene, name, Place(np.array([*inside.center[:2], rim]), drop=0.0, tolerance=0.03, settled=0.05, clear=container.top)
    )


def put_on(scene: Scene, name: str, target: str) -> EmbodiedAction:
    """Put `name` on the middle of another object: a plate, or a bowl that it nests in."""
    middle, _ = scene.pose(target)
    surface = scene.support(middle, 0.01, without=(name,))
    return pick_place(scene, name, Place(np.array([*middle[:2], surface]), drop=0.015, tolerance=0.01, settled=0.025))


def put_on_region(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Put `name` in the middle of a surface: cabinet top, stove, shelf top, a place on the table."""
    area = scene.region(region)
    surface = scene.support(area.center, 0.03, without=(name,))
    return pick_place(scene, name, Place(np.array([*area.center[:2], surface]), settled=0.8 * float(area.extent[:2].min())))


def put_in_drawer(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Lower `name` into an open drawer, nearer to its front, where the hand has room; what stands too tall is tipped over."""
    _, axis, body = scene.slide(region)
    drawer, inside = scene.box(body), scene.region(region)
    outward = -flat(axis)
    sideways = np.cross(UP, outward)
    origin, _ = scene.pose(name)
    box = scene.box(name)
    tall = origin[2] - box.bottom > 2 * inside.extent[2] - 0.01
    # A tall thing goes to one side, to fall towards the other.
    middle = inside.center + 0.015 * outward - (0.05 * sideways if tall else 0.0)
    place = Place(np.array([*middle[:2], inside.bottom]), drop=0.02, settled=0.05, closing=sideways, clear=drawer.top)
    if tall and placed(scene, name, place) and not scene.holds(name):
        return push_over(scene, name, sideways)
    return pick_place(scene, name, place)


def put_in_caddy(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Lower a book into a compartment of the desk caddy, its long side along the caddy's."""
    caddy = region.split("_1_")[0] + "_1"
    _, frame = scene.pose(caddy)
    inside = scene.region(region)
    floor = scene.support(inside.center, 0.0, below=inside.bottom + 0.03, without=(name,))
    height = scene.box(caddy).top
    place = Place(
        np.array([*inside.center[:2], floor]),
        drop=0.02,
        tolerance=0.008,
        settled=0.03,
        along=1,
        heading=flat(frame[:, 1]),
        by_center=True,
        clear=height,
    )
    return pick_place(scene, name, place)


def put_on_rack(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Stand `name` on the wine rack's sloping plank."""
    plank = scene.region(region)
    # LIBERO measures how far above the plank something is with the inverse of the plank's rotation.
    spot = plank.center + plank.rotation.T @ np.array([0.0, 0.0, 0.05])
    return pick_place(scene, name, Place(spot, drop=-0.01, tolerance=0.01, settled=0.03))


def put_on_shelf(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Push a book or a pan into the shelf, over its lower board."""
    if object_type(name) == "chefmate_8_frypan":
        return insert(scene, name, region, axis=0, lean=0.0, low=0.03)
    return insert(scene, name, region, axis=0, lean=0.6, low=0.035)


def put_under_shelf(scene: Scene, name: str, region: str) -> EmbodiedAction:
    """Push a book or a pan under the shelf's lower board."""
    if object_type(name) == "chefmate_8_frypan":
        return insert(scene, name, region, axis=0, lean=0.0, low=0.008)
    return insert(scene, name, region, axis=0, lean=0.8, low=0.022)
