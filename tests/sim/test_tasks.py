import collections

import pytest

from omniactor.errors import UnknownTaskError
from omniactor.sim.tasks import TASKS, get_task, parse_goal, parse_tasks


def test_there_are_90_tasks_in_liberos_order_and_rooms():
    assert [task.id for task in TASKS] == list(range(90))
    assert TASKS[0].name == "KITCHEN_SCENE10_close_the_top_drawer_of_the_cabinet"
    assert TASKS[49].language == "pick up the tomato sauce and put it in the basket"
    assert TASKS[89].scene == "STUDY_SCENE4"
    assert collections.Counter(task.room for task in TASKS) == {"Kitchen": 46, "Living room": 27, "Study": 17}


def test_the_order_is_that_of_the_installed_libero():
    from omniactor.sim.tasks import libero_folder

    source = (libero_folder() / "benchmark" / "libero_suite_task_map.py").read_text()
    listed = source[source.index('"libero_90"') :]
    places = [listed.index(f'"{task.name}"') for task in TASKS]
    assert places == sorted(places)


def test_every_task_has_its_bddl_file_its_states_and_a_goal():
    for task in TASKS:
        assert task.bddl_file.is_file()
        assert task.init_states_file.is_file()
        assert 1 <= len(task.goal) <= 2
    assert [str(p) for p in TASKS[63].goal] == [
        "On akita_black_bowl_1 akita_black_bowl_2",
        "In akita_black_bowl_2 wooden_tray_1_contain_region",
    ]


def test_goals_are_read_with_and_without_a_conjunction():
    assert [str(p) for p in parse_goal("(define (:goal (And (In a b) (Close c))) )")] == ["In a b", "Close c"]
    assert [str(p) for p in parse_goal("(:goal (Open c))")] == ["Open c"]


@pytest.mark.parametrize("key", [49, "49", " 49 ", TASKS[49].name, TASKS[49]])
def test_a_task_goes_by_number_or_name(key):
    assert get_task(key) is TASKS[49]


@pytest.mark.parametrize("key", [-1, 90, "91", "", "KITCHEN", "x" * 10_000, "close_the_drawer"])
def test_an_unknown_task_is_refused_in_one_short_line(key):
    with pytest.raises(UnknownTaskError) as caught:
        get_task(key)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_nearest_name_is_offered():
    with pytest.raises(UnknownTaskError, match="did you mean KITCHEN_SCENE3_turn_on_the_stove"):
        get_task("KITCHEN_SCENE3_turn_on_stove")


def test_selections():
    assert [t.id for t in parse_tasks("0-89")] == list(range(90))
    assert [t.id for t in parse_tasks("9,3,7-8,3")] == [9, 3, 7, 8]
    assert [t.id for t in parse_tasks(f"{TASKS[5].name}, 1")] == [5, 1]
    for bad in ("", ",", "5-3", "0-90", "a"):
        with pytest.raises(UnknownTaskError):
            parse_tasks(bad)
