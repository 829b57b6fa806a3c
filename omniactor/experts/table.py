"""Which skills solve which task: one line per task.

A task is a tuple of stages, done in this order. A stage is the goal's predicate, the skill that
brings it about, and the predicate's arguments by LIBERO's names, which are the skill's as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omniactor.experts.skills import (
    close_drawer,
    close_microwave,
    open_drawer,
    open_microwave,
    put_in_caddy,
    put_in_drawer,
    put_into,
    put_on,
    put_on_rack,
    put_on_region,
    put_on_shelf,
    put_under_shelf,
    turn_off,
    turn_on,
)


@dataclass(frozen=True)
class Stage:
    """One predicate of a goal and the skill that makes it true."""

    predicate: str
    skill: Callable
    arguments: tuple[str, ...]

    @property
    def goal(self) -> str:
        """The predicate as the environment's `goals()` spells it."""
        return " ".join((self.predicate, *self.arguments))


def _in(skill: Callable, *arguments: str) -> Stage:
    return Stage("In", skill, arguments)


def _on(skill: Callable, *arguments: str) -> Stage:
    return Stage("On", skill, arguments)


def _make(predicate: str, skill: Callable, argument: str) -> Stage:
    return Stage(predicate, skill, (argument,))


BASKET, TRAY = "basket_1_contain_region", "wooden_tray_1_contain_region"
WOODEN, WHITE, SHELF = "wooden_cabinet_1_", "white_cabinet_1_", "wooden_two_layer_shelf_1_"
BOWL, BOWL2, BOWL3 = "akita_black_bowl_1", "akita_black_bowl_2", "akita_black_bowl_3"
STOVE, BURNER, PAN, CADDY = "flat_stove_1", "flat_stove_1_cook_region", "chefmate_8_frypan_1", "desk_caddy_1_"

SKILLS: dict[int, tuple[Stage, ...]] = {
    0: (_make("Close", close_drawer, WOODEN + "top_region"),),
    1: (_make("Close", close_drawer, WOODEN + "top_region"), _on(put_on_region, BOWL, WOODEN + "top_side")),
    2: (_in(put_in_drawer, BOWL, WOODEN + "top_region"),),
    3: (_in(put_in_drawer, "butter_2", WOODEN + "top_region"), _make("Close", close_drawer, WOODEN + "top_region")),
    4: (_in(put_in_drawer, "butter_1", WOODEN + "top_region"), _make("Close", close_drawer, WOODEN + "top_region")),
    5: (_in(put_in_drawer, "chocolate_pudding_1", WOODEN + "top_region"), _make("Close", close_drawer, WOODEN + "top_region")),
    6: (_make("Open", open_drawer, WOODEN + "bottom_region"),),
    7: (_make("Open", open_drawer, WOODEN + "top_region"),),
    8: (_make("Open", open_drawer, WOODEN + "top_region"), _in(put_in_drawer, BOWL, WOODEN + "top_region")),
    9: (_on(put_on, BOWL, "plate_1"),),
    10: (_on(put_on_region, BOWL, WOODEN + "top_side"),),
    11: (_make("Open", open_drawer, WOODEN + "top_region"),),
    12: (_on(put_on, BOWL3, "plate_1"),),
    13: (_on(put_on, BOWL, "plate_1"),),
    14: (_on(put_on, BOWL2, "plate_1"),),
    15: (_on(put_on_region, BOWL2, WOODEN + "top_side"),),
    16: (_on(put_on, BOWL, BOWL2),),
    17: (_on(put_on, BOWL2, BOWL3),),
    18: (_on(put_on_region, PAN, BURNER),),
    19: (_on(put_on_region, "moka_pot_1", BURNER),),
    20: (_make("Turnon", turn_on, STOVE),),
    21: (_make("Turnon", turn_on, STOVE), _on(put_on_region, PAN, BURNER)),
    22: (_make("Close", close_drawer, WHITE + "bottom_region"),),
    23: (_make("Close", close_drawer, WHITE + "bottom_region"), _make("Open", open_drawer, WHITE + "top_region")),
    24: (_in(put_in_drawer, BOWL, WHITE + "bottom_region"),),
    25: (_on(put_on_region, BOWL, WHITE + "top_side"),),
    26: (_in(put_in_drawer, "wine_bottle_1", WHITE + "bottom_region"),),
    27: (_on(put_on_rack, "wine_bottle_1", "wine_rack_1_top_region"),),
    28: (_make("Close", close_drawer, WHITE + "top_region"),),
    29: (_in(put_in_drawer, BOWL, WHITE + "top_region"),),
    30: (_on(put_on, BOWL, "plate_1"),),
    31: (_on(put_on_region, BOWL, WHITE + "top_side"),),
    32: (_in(put_in_drawer, "ketchup_1", WHITE + "top_region"),),
    33: (_make("Close", close_microwave, "microwave_1"),),
    34: (_on(put_on_region, "white_yellow_mug_1", "kitchen_table_porcelain_mug_front_region"),),
    35: (_make("Open", open_microwave, "microwave_1"),),
    36: (_on(put_on, "white_bowl_1", "plate_1"),),
    37: (_on(put_on_region, "white_bowl_1", "kitchen_table_plate_right_region"),),
    38: (_on(put_on_region, "moka_pot_1", BURNER),),
    39: (_make("Turnoff", turn_off, STOVE),),
    40: (_in(put_on_shelf, PAN, SHELF + "top_region"),),
    41: (_on(put_on_region, PAN, SHELF + "top_side"),),
    42: (_in(put_under_shelf, PAN, SHELF + "bottom_region"),),
    43: (_on(put_on_region, "white_bowl_1", SHELF + "top_side"),),
    44: (_make("Turnon", turn_on, STOVE),),
    45: (_make("Turnon", turn_on, STOVE), _on(put_on_region, PAN, BURNER)),
    46: (_in(put_into, "alphabet_soup_1", BASKET),),
    47: (_in(put_into, "cream_cheese_1", BASKET),),
    48: (_in(put_into, "ketchup_1", BASKET),),
    49: (_in(put_into, "tomato_sauce_1", BASKET),),
    50: (_in(put_into, "alphabet_soup_1", BASKET),),
    51: (_in(put_into, "butter_1", BASKET),),
    52: (_in(put_into, "milk_1", BASKET),),
    53: (_in(put_into, "orange_juice_1", BASKET),),
    54: (_in(put_into, "tomato_sauce_1", BASKET),),
    55: (_in(put_into, "alphabet_soup_1", TRAY),),
    56: (_in(put_into, "butter_1", TRAY),),
    57: (_in(put_into, "cream_cheese_1", TRAY),),
    58: (_in(put_into, "ketchup_1", TRAY),),
    59: (_in(put_into, "tomato_sauce_1", TRAY),),
    60: (_in(put_into, BOWL, TRAY),),
    61: (_in(put_into, "chocolate_pudding_1", TRAY),),
    62: (_in(put_into, "new_salad_dressing_1", TRAY),),
    # Nested bowls leave no room for a finger between them: the lower one goes into the tray first.
    63: (_in(put_into, BOWL2, TRAY), _on(put_on, BOWL, BOWL2)),
    64: (_in(put_into, BOWL, TRAY), _on(put_on, BOWL2, BOWL)),
    65: (_on(put_on, "red_coffee_mug_1", "plate_1"),),
    66: (_on(put_on, "red_coffee_mug_1", "plate_2"),),
    67: (_on(put_on, "porcelain_mug_1", "plate_1"),),
    68: (_on(put_on, "white_yellow_mug_1", "plate_2"),),
    69: (_on(put_on_region, "chocolate_pudding_1", "living_room_table_plate_left_region"),),
    70: (_on(put_on_region, "chocolate_pudding_1", "living_room_table_plate_right_region"),),
    71: (_on(put_on, "red_coffee_mug_1", "plate_1"),),
    72: (_on(put_on, "porcelain_mug_1", "plate_1"),),
    73: (_in(put_in_caddy, "black_book_1", CADDY + "front_contain_region"),),
    74: (_in(put_in_caddy, "black_book_1", CADDY + "left_contain_region"),),
    75: (_in(put_in_caddy, "black_book_1", CADDY + "right_contain_region"),),
    76: (_on(put_on_region, "white_yellow_mug_1", "study_table_desk_caddy_right_region"),),
    77: (_in(put_in_caddy, "black_book_1", CADDY + "back_contain_region"),),
    78: (_in(put_in_caddy, "black_book_1", CADDY + "front_contain_region"),),
    79: (_in(put_in_caddy, "black_book_1", CADDY + "left_contain_region"),),
    80: (_in(put_in_caddy, "black_book_1", CADDY + "right_contain_region"),),
    81: (_in(put_in_caddy, "black_book_1", CADDY + "front_contain_region"),),
    82: (_in(put_in_caddy, "black_book_1", CADDY + "left_contain_region"),),
    83: (_in(put_in_caddy, "black_book_1", CADDY + "right_contain_region"),),
    84: (_on(put_on_region, "red_coffee_mug_1", "study_table_desk_caddy_right_region"),),
    85: (_on(put_on_region, "porcelain_mug_1", "study_table_desk_caddy_right_region"),),
    86: (_in(put_on_shelf, "black_book_1", SHELF + "top_region"),),
    87: (_on(put_on_region, "yellow_book_2", SHELF + "top_side"),),
    88: (_in(put_on_shelf, "yellow_book_1", SHELF + "top_region"),),
    89: (_in(put_under_shelf, "yellow_book_1", SHELF + "bottom_region"),),
}
"""Task id -> stages."""
