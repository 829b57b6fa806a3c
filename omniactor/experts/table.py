"""Which skill solves which task: one line per task."""

from __future__ import annotations

from omniactor.experts.skills import close_drawer, pick_into

SKILLS = {
    0: (close_drawer, "wooden_cabinet_1_top_region"),
    22: (close_drawer, "white_cabinet_1_bottom_region"),
    28: (close_drawer, "white_cabinet_1_top_region"),
    46: (pick_into, "alphabet_soup_1", "basket_1_contain_region"),
    47: (pick_into, "cream_cheese_1", "basket_1_contain_region"),
    48: (pick_into, "ketchup_1", "basket_1_contain_region"),
    49: (pick_into, "tomato_sauce_1", "basket_1_contain_region"),
    50: (pick_into, "alphabet_soup_1", "basket_1_contain_region"),
    51: (pick_into, "butter_1", "basket_1_contain_region"),
    52: (pick_into, "milk_1", "basket_1_contain_region"),
    53: (pick_into, "orange_juice_1", "basket_1_contain_region"),
    54: (pick_into, "tomato_sauce_1", "basket_1_contain_region"),
}
"""Task id -> (skill, its arguments by LIBERO's names)."""
