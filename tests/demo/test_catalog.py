from dataclasses import replace

import pytest
from PIL import Image

from demo import catalog
from demo.arm_agents import arm_agents
from omniactor.experts.table import SKILLS
from omniactor.sim.tasks import ROOMS, TASKS

AGENTS = arm_agents()


def test_the_rooms_divide_the_tasks():
    assert catalog.find() == list(range(90))
    assert sorted(task for room in ROOMS.values() for task in catalog.find(room)) == list(range(90))


@pytest.mark.parametrize(
    ("room", "search", "expected"),
    [
        ("All", "ketchup basket", [48]),
        ("All", "46", [46]),
        ("Kitchen", "moka", [19, 38]),
        ("Study", "moka", []),
        ("All", "  KITCHEN_SCENE7  ", [35, 36, 37]),
    ],
)
def test_search_needs_every_word(room, search, expected):
    assert catalog.find(room, search) == expected


def test_an_empty_search_result_says_what_to_do():
    assert "clear the search" in catalog.count_line([], AGENTS["expert"])


def test_the_default_task_is_one_the_expert_can_do():
    assert catalog.default_task(AGENTS["expert"]) in SKILLS


def test_a_measured_model_is_shown_with_the_task_it_does_best():
    model = replace(AGENTS["expert"], rates={46: (1, 8), 22: (8, 8), 20: (7, 8)})
    assert catalog.default_task(model) == 22
    assert catalog.default_task(replace(model, rates={7: (2, 2), **model.rates})) == 22


def test_tasks_without_a_skill_are_marked_for_the_expert_only():
    for task in TASKS:
        assert catalog.caption(task.id, AGENTS["expert"]).startswith("No skill yet") == (task.id not in SKILLS)
        assert not catalog.caption(task.id, AGENTS["random"]).startswith("No skill yet")


def test_every_scene_has_a_small_picture():
    assert len({task.scene for task in TASKS}) == 20
    for task in TASKS:
        picture = catalog.thumbnail(task)
        assert picture.stem == task.scene and picture.stat().st_size < 30_000
        assert Image.open(picture).size == (256, 256)
