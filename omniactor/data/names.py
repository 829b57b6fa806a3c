"""Plain words for LIBERO's objects, fixtures and regions, as its task texts use them."""

from __future__ import annotations

import re

import numpy as np

from omniactor.sim.scene import SceneFacts

WORDS = {
    "akita_black_bowl": "black bowl", "chefmate_8_frypan": "frying pan", "porcelain_mug": "white mug",
    "red_coffee_mug": "red mug",
    "white_yellow_mug": "yellow and white mug", "new_salad_dressing": "salad dressing", "wooden_tray": "tray",
    "wooden_cabinet": "cabinet", "white_cabinet": "cabinet", "flat_stove": "stove", "wooden_two_layer_shelf": "shelf",
    "desk_caddy": "caddy",
}  # fmt: skip
"""LIBERO's category -> words, where they differ."""

POSITIONS = {
    "left": "on the left",
    "right": "on the right",
    "front": "at the front",
    "back": "at the back",
    "middle": "in the middle",
}
SIDES = {"left": (1, -1), "right": (1, 1), "front": (0, 1), "back": (0, -1)}
"""Word -> (axis, sign) in the world: the camera looks along -x with +y on its right, and LIBERO speaks from there."""

_PARTS = {
    "top_side": "top of the {}", "contain_region": "inside of the {}", "cook_region": "burner of the {}",
    "heating_region": "inside of the {}",
    **{f"{side}_contain_region": side + " compartment of the {}" for side in ("front", "back", "left", "right")},
}  # fmt: skip
_DRAWERS = {f"{level}_region": level + " drawer of the {}" for level in ("top", "middle", "bottom")}
_SHELF = {"top_region": "upper level of the {}", "bottom_region": "space under the {}"}
_RACK = {"top_region": "top of the {}"}
_SIDES = {
    "front": "space in front of the {}", "right": "space to the right of the {}", "left": "space to the left of the {}",
    "behind": "space behind the {}", "front_left_contain": "space in front of the {} on the left",
}  # fmt: skip


def category(name: str) -> str:
    """Return "akita_black_bowl" for "akita_black_bowl_2"."""
    return re.sub(r"_\d+$", "", name)


def plain(name: str) -> str:
    """Return the words for an object or fixture, without its position."""
    return WORDS.get(category(name), category(name).replace("_", " "))


def region_words(name: str, parent: str) -> str:
    """Return the words for a region; `parent` is the object or fixture it is part of, or ""."""
    if parent:
        part, words = name.removeprefix(f"{parent}_"), plain(parent)
        special = _SHELF if "shelf" in parent else _RACK if "rack" in parent else _DRAWERS if "cabinet" in parent else {}
        return {**_PARTS, **special}.get(part, part.removesuffix("_region").replace("_", " ") + " of the {}").format(words)
    rest = re.sub(r"^(kitchen|living_room|study)_table_", "", name).removesuffix("_region")
    for side in sorted(_SIDES, key=len, reverse=True):
        if rest.endswith(f"_{side}"):
            return _SIDES[side].format(plain(rest.removesuffix(f"_{side}")))
    return rest.replace("_", " ") + " area"


def object_words(facts: SceneFacts, positions: dict[str, np.ndarray]) -> dict[str, str]:
    """Return the words for each object and fixture that can be told apart now.

    Where several look alike, the side word comes from LIBERO's own start region. It describes the
    start; an object that has left that order (or a stack) gets no name, because no picture shows
    which one was meant.

    Args:
        facts: of the scene.
        positions: object or fixture -> origin in the world (3,), metres.
    """
    alike: dict[str, list[str]] = {}
    for name in (*facts.objects, *facts.fixtures):
        alike.setdefault(plain(name), []).append(name)
    found = {}
    for words, names in alike.items():
        if len(names) == 1:
            found[names[0]] = words
            continue
        sides = {name: _side(facts.starts.get(name, "")) for name in names}
        for name, side in sides.items():
            others = np.array([positions[other] for other in names if other != name])
            if _holds(side, positions[name], others, [sides[o] for o in names if o != name]):
                found[name] = f"{words} {POSITIONS[side]}"
    return found


def is_sided(words: str) -> bool:
    """Tell whether words speak from where the agentview camera stands; in another camera's picture they mislead."""
    return re.search(r"\b(left|right|front|back|behind)\b|in the middle", words) is not None


def _side(region: str) -> str:
    words = set(region.split("_"))
    return next((side for side in POSITIONS if side in words), "")


def _holds(side: str, own: np.ndarray, others: np.ndarray, their_sides: list[str], margin: float = 0.03) -> bool:
    if side in SIDES:
        axis, sign = SIDES[side]
        return bool((sign * (own[axis] - others[:, axis]) > margin).all())
    if side == "middle":
        for low, high in (("left", "right"), ("back", "front")):
            if {low, high} <= set(their_sides):
                axis = SIDES[high][0]
                return bool(others[:, axis].min() + margin < own[axis] < others[:, axis].max() - margin)
    return False
