"""The 90 LIBERO-90 tasks, in LIBERO's own order: names, rooms, instructions, goals.

The list is LIBERO's `libero_task_map["libero_90"]`; goals are read from the BDDL files in the
hf-libero wheel. Nothing here imports LIBERO or robosuite, so listing the tasks is instant.
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from omniactor.errors import SetupError, UnknownTaskError

NAMES = (
    "KITCHEN_SCENE10_close_the_top_drawer_of_the_cabinet",
    "KITCHEN_SCENE10_close_the_top_drawer_of_the_cabinet_and_put_the_black_bowl_on_top_of_it",
    "KITCHEN_SCENE10_put_the_black_bowl_in_the_top_drawer_of_the_cabinet",
    "KITCHEN_SCENE10_put_the_butter_at_the_back_in_the_top_drawer_of_the_cabinet_and_close_it",
    "KITCHEN_SCENE10_put_the_butter_at_the_front_in_the_top_drawer_of_the_cabinet_and_close_it",
    "KITCHEN_SCENE10_put_the_chocolate_pudding_in_the_top_drawer_of_the_cabinet_and_close_it",
    "KITCHEN_SCENE1_open_the_bottom_drawer_of_the_cabinet",
    "KITCHEN_SCENE1_open_the_top_drawer_of_the_cabinet",
    "KITCHEN_SCENE1_open_the_top_drawer_of_the_cabinet_and_put_the_bowl_in_it",
    "KITCHEN_SCENE1_put_the_black_bowl_on_the_plate",
    "KITCHEN_SCENE1_put_the_black_bowl_on_top_of_the_cabinet",
    "KITCHEN_SCENE2_open_the_top_drawer_of_the_cabinet",
    "KITCHEN_SCENE2_put_the_black_bowl_at_the_back_on_the_plate",
    "KITCHEN_SCENE2_put_the_black_bowl_at_the_front_on_the_plate",
    "KITCHEN_SCENE2_put_the_middle_black_bowl_on_the_plate",
    "KITCHEN_SCENE2_put_the_middle_black_bowl_on_top_of_the_cabinet",
    "KITCHEN_SCENE2_stack_the_black_bowl_at_the_front_on_the_black_bowl_in_the_middle",
    "KITCHEN_SCENE2_stack_the_middle_black_bowl_on_the_back_black_bowl",
    "KITCHEN_SCENE3_put_the_frying_pan_on_the_stove",
    "KITCHEN_SCENE3_put_the_moka_pot_on_the_stove",
    "KITCHEN_SCENE3_turn_on_the_stove",
    "KITCHEN_SCENE3_turn_on_the_stove_and_put_the_frying_pan_on_it",
    "KITCHEN_SCENE4_close_the_bottom_drawer_of_the_cabinet",
    "KITCHEN_SCENE4_close_the_bottom_drawer_of_the_cabinet_and_open_the_top_drawer",
    "KITCHEN_SCENE4_put_the_black_bowl_in_the_bottom_drawer_of_the_cabinet",
    "KITCHEN_SCENE4_put_the_black_bowl_on_top_of_the_cabinet",
    "KITCHEN_SCENE4_put_the_wine_bottle_in_the_bottom_drawer_of_the_cabinet",
    "KITCHEN_SCENE4_put_the_wine_bottle_on_the_wine_rack",
    "KITCHEN_SCENE5_close_the_top_drawer_of_the_cabinet",
    "KITCHEN_SCENE5_put_the_black_bowl_in_the_top_drawer_of_the_cabinet",
    "KITCHEN_SCENE5_put_the_black_bowl_on_the_plate",
    "KITCHEN_SCENE5_put_the_black_bowl_on_top_of_the_cabinet",
    "KITCHEN_SCENE5_put_the_ketchup_in_the_top_drawer_of_the_cabinet",
    "KITCHEN_SCENE6_close_the_microwave",
    "KITCHEN_SCENE6_put_the_yellow_and_white_mug_to_the_front_of_the_white_mug",
    "KITCHEN_SCENE7_open_the_microwave",
    "KITCHEN_SCENE7_put_the_white_bowl_on_the_plate",
    "KITCHEN_SCENE7_put_the_white_bowl_to_the_right_of_the_plate",
    "KITCHEN_SCENE8_put_the_right_moka_pot_on_the_stove",
    "KITCHEN_SCENE8_turn_off_the_stove",
    "KITCHEN_SCENE9_put_the_frying_pan_on_the_cabinet_shelf",
    "KITCHEN_SCENE9_put_the_frying_pan_on_top_of_the_cabinet",
    "KITCHEN_SCENE9_put_the_frying_pan_under_the_cabinet_shelf",
    "KITCHEN_SCENE9_put_the_white_bowl_on_top_of_the_cabinet",
    "KITCHEN_SCENE9_turn_on_the_stove",
    "KITCHEN_SCENE9_turn_on_the_stove_and_put_the_frying_pan_on_it",
    "LIVING_ROOM_SCENE1_pick_up_the_alphabet_soup_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE1_pick_up_the_cream_cheese_box_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE1_pick_up_the_ketchup_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE1_pick_up_the_tomato_sauce_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE2_pick_up_the_alphabet_soup_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE2_pick_up_the_butter_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE2_pick_up_the_milk_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE2_pick_up_the_orange_juice_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE2_pick_up_the_tomato_sauce_and_put_it_in_the_basket",
    "LIVING_ROOM_SCENE3_pick_up_the_alphabet_soup_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE3_pick_up_the_butter_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE3_pick_up_the_cream_cheese_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE3_pick_up_the_ketchup_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE3_pick_up_the_tomato_sauce_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE4_pick_up_the_black_bowl_on_the_left_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE4_pick_up_the_chocolate_pudding_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE4_pick_up_the_salad_dressing_and_put_it_in_the_tray",
    "LIVING_ROOM_SCENE4_stack_the_left_bowl_on_the_right_bowl_and_place_them_in_the_tray",
    "LIVING_ROOM_SCENE4_stack_the_right_bowl_on_the_left_bowl_and_place_them_in_the_tray",
    "LIVING_ROOM_SCENE5_put_the_red_mug_on_the_left_plate",
    "LIVING_ROOM_SCENE5_put_the_red_mug_on_the_right_plate",
    "LIVING_ROOM_SCENE5_put_the_white_mug_on_the_left_plate",
    "LIVING_ROOM_SCENE5_put_the_yellow_and_white_mug_on_the_right_plate",
    "LIVING_ROOM_SCENE6_put_the_chocolate_pudding_to_the_left_of_the_plate",
    "LIVING_ROOM_SCENE6_put_the_chocolate_pudding_to_the_right_of_the_plate",
    "LIVING_ROOM_SCENE6_put_the_red_mug_on_the_plate",
    "LIVING_ROOM_SCENE6_put_the_white_mug_on_the_plate",
    "STUDY_SCENE1_pick_up_the_book_and_place_it_in_the_front_compartment_of_the_caddy",
    "STUDY_SCENE1_pick_up_the_book_and_place_it_in_the_left_compartment_of_the_caddy",
    "STUDY_SCENE1_pick_up_the_book_and_place_it_in_the_right_compartment_of_the_caddy",
    "STUDY_SCENE1_pick_up_the_yellow_and_white_mug_and_place_it_to_the_right_of_the_caddy",
    "STUDY_SCENE2_pick_up_the_book_and_place_it_in_the_back_compartment_of_the_caddy",
    "STUDY_SCENE2_pick_up_the_book_and_place_it_in_the_front_compartment_of_the_caddy",
    "STUDY_SCENE2_pick_up_the_book_and_place_it_in_the_left_compartment_of_the_caddy",
    "STUDY_SCENE2_pick_up_the_book_and_place_it_in_the_right_compartment_of_the_caddy",
    "STUDY_SCENE3_pick_up_the_book_and_place_it_in_the_front_compartment_of_the_caddy",
    "STUDY_SCENE3_pick_up_the_book_and_place_it_in_the_left_compartment_of_the_caddy",
    "STUDY_SCENE3_pick_up_the_book_and_place_it_in_the_right_compartment_of_the_caddy",
    "STUDY_SCENE3_pick_up_the_red_mug_and_place_it_to_the_right_of_the_caddy",
    "STUDY_SCENE3_pick_up_the_white_mug_and_place_it_to_the_right_of_the_caddy",
    "STUDY_SCENE4_pick_up_the_book_in_the_middle_and_place_it_on_the_cabinet_shelf",
    "STUDY_SCENE4_pick_up_the_book_on_the_left_and_place_it_on_top_of_the_shelf",
    "STUDY_SCENE4_pick_up_the_book_on_the_right_and_place_it_on_the_cabinet_shelf",
    "STUDY_SCENE4_pick_up_the_book_on_the_right_and_place_it_under_the_cabinet_shelf",
)

ROOMS = {"KITCHEN": "Kitchen", "LIVING_ROOM": "Living room", "STUDY": "Study"}

HF_LIBERO = "hf-libero==0.1.4"


@dataclass(frozen=True)
class Predicate:
    """One condition of a goal, for example `In(butter_1, basket_1_contain_region)`."""

    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        """Return the predicate as LIBERO writes it, without parentheses."""
        return " ".join((self.name, *self.arguments))


@dataclass(frozen=True)
class Task:
    """One of the 90 tasks.

    Attributes:
        id: position in LIBERO's list, 0 to 89.
        name: LIBERO's name, which is also the BDDL file's stem.
        scene: for example "KITCHEN_SCENE3".
        language: the instruction, from the file name as LIBERO's benchmark does
            (tasks 14, 17, 84 and 85 say something slightly different inside the BDDL file).
    """

    id: int
    name: str
    scene: str
    language: str

    @property
    def room(self) -> str:
        """Return "Kitchen", "Living room" or "Study"."""
        return ROOMS[self.scene.rsplit("_SCENE", 1)[0]]

    @property
    def bddl_file(self) -> Path:
        """Path of the task's BDDL file in the installed hf-libero."""
        return libero_folder() / "bddl_files" / "libero_90" / f"{self.name}.bddl"

    @property
    def init_states_file(self) -> Path:
        """Path of the 50 published initial states in the installed hf-libero."""
        return libero_folder() / "init_files" / "libero_90" / f"{self.name}.pruned_init"

    @functools.cached_property
    def goal(self) -> tuple[Predicate, ...]:
        """The predicates that must all hold, in the order of the BDDL file."""
        return parse_goal(self.bddl_file.read_text(encoding="utf-8"))


def libero_folder() -> Path:
    """Return the folder `libero/libero` of the installed hf-libero, without importing it.

    Raises:
        SetupError: hf-libero is not installed.
    """
    spec = importlib.util.find_spec("libero")
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(f"expected {HF_LIBERO} to be installed; run: python -m pip install --no-deps {HF_LIBERO}")
    return Path(next(iter(spec.submodule_search_locations))) / "libero"


def parse_goal(bddl: str) -> tuple[Predicate, ...]:
    """Read the conjunction in `(:goal (And (P a b) (Q c)))` of a BDDL text."""
    tokens = re.findall(r"[()]|[^\s()]+", bddl[bddl.index("(:goal") :])
    tree: list = []
    stack = [tree]
    for token in tokens:
        if token == "(":
            stack[-1].append([])
            stack.append(stack[-1][-1])
        elif token == ")":
            stack.pop()
            if len(stack) == 1:
                break
        else:
            stack[-1].append(token)
    (_, conjunction) = tree[0]
    clauses = conjunction[1:] if conjunction[0].lower() == "and" else [conjunction]
    return tuple(Predicate(clause[0], tuple(clause[1:])) for clause in clauses)


def _task(index: int, name: str) -> Task:
    scene, words = re.fullmatch(r"([A-Z_]+_SCENE\d+)_(.+)", name).groups()
    return Task(id=index, name=name, scene=scene, language=words.replace("_", " "))


TASKS = tuple(_task(index, name) for index, name in enumerate(NAMES))
_BY_NAME = {task.name: task for task in TASKS}


def get_task(key: int | str | Task) -> Task:
    """Return the task with this id (0-89, number or digits) or name.

    Raises:
        UnknownTaskError: no such task; the message offers the nearest names.
    """
    if isinstance(key, Task):
        return key
    text = str(key).strip()
    if re.fullmatch(r"-?\d+", text):
        if 0 <= int(text) < len(TASKS):
            return TASKS[int(text)]
        raise UnknownTaskError(f"expected a task id from 0 to {len(TASKS) - 1}, got {text}; see `omniactor tasks`")
    if text in _BY_NAME:
        return _BY_NAME[text]
    near = difflib.get_close_matches(text, NAMES, n=1, cutoff=0.3)
    hint = f"; did you mean {near[0]}?" if near else "; see `omniactor tasks`"
    raise UnknownTaskError(f"expected a task id from 0 to {len(TASKS) - 1} or a task name, got {text[:120]!r}{hint}")


def parse_tasks(text: str) -> list[Task]:
    """Read a selection: "0-89", "3,7,9", names, or any mix separated by commas; no repeats, given order."""
    chosen: dict[int, Task] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        span = re.fullmatch(r"(\d+)-(\d+)", part)
        if span:
            first, last = (get_task(end).id for end in span.groups())
            if first > last:
                raise UnknownTaskError(f"expected a range from low to high, got {part}; write {last}-{first}")
            chosen.update((task.id, task) for task in TASKS[first : last + 1])
        else:
            task = get_task(part)
            chosen[task.id] = task
    if not chosen:
        raise UnknownTaskError("expected at least one task, got none; write for example 0-89 or 3,7,9")
    return list(chosen.values())
