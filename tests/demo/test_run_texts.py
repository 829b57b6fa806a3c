import pytest

from demo import run_texts as texts
from omniactor.episode import EpisodeResult, Update


def result(**changes):
    values = {
        "task": "t",
        "task_id": 0,
        "agent": "expert",
        "assets": "standin",
        "assets_origin": "",
        "instruction": "",
        "seed": 0,
        "init_state": 0,
        "success": False,
        "steps": 40,
        "seconds": 4.0,
        "steps_per_second": 10.0,
        "goals": {"On a b": False},
    }
    return EpisodeResult(**{**values, **changes})


def test_lights_can_be_read_as_words():
    html = texts.status(Update(3, {"On a b": True, "In <c> d": False}, False, 0.1), 50, 17.84)
    assert html.count("holds") == 1 and html.count("not yet") == 1 and "&lt;c&gt;" in html
    assert "step 3 of 50" in html and "17.8 steps a second" in html


def test_the_branch_of_a_model_that_decided_is_named():
    assert "embodied expert" in texts.status(Update(3, {}, False, 0.1), 50, expert="embodied")
    assert "expert" not in texts.status(Update(3, {}, False, 0.1), 50)


@pytest.mark.parametrize(
    ("changes", "reason", "start", "part"),
    [
        ({"success": True}, "", "Success: ", "40 steps in 4 s"),
        ({}, "", "Not solved: ", "the goal did not hold"),
        ({"goals": {"A": True, "B": False}}, "", "Not solved: ", "1 of 2 goal conditions"),
        ({"stopped": True}, "stopped", "Stopped after ", "40 steps"),
        ({"stopped": True}, "too long", "Stopped (too long) after ", "40 steps"),
    ],
)
def test_the_outcome_is_a_plain_sentence(changes, reason, start, part):
    sentence = texts.outcome(result(**changes), reason)
    assert sentence.startswith(start) and part in sentence and sentence.endswith(".")


def test_the_outcomes_colour_follows_its_words():
    kinds = [texts.outcome_box(s).split('"')[1] for s in ("Success: a.", "Stopped after a.", "Not solved: a.")]
    assert kinds == ["outcome good", "outcome neutral", "outcome bad"]
