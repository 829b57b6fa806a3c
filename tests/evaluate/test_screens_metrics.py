"""The numbers: conditional grounding, published omissions, whole episodes."""

import pytest

from omniactor.evaluate.judgement import judge
from omniactor.evaluate.screens_metrics import count, mean, whole_episodes
from omniactor.evaluate.statistics import wilson
from omniactor.gui.episodes import RecordedStep
from omniactor.types import GuiAction

SIZE = (1000, 1000)
HERE, FAR = (0.5, 0.5), (0.9, 0.9)
PAIRS = [
    (GuiAction("click", point=HERE), GuiAction("click", point=HERE)), (GuiAction("click", point=HERE), GuiAction("click", point=FAR)),
    (GuiAction("click", point=HERE), GuiAction("home")), (GuiAction("long_press", point=HERE), GuiAction("long_press", point=HERE)),
    (GuiAction("write", text="a"), GuiAction("write", text="b")), (GuiAction("home"), GuiAction("home")), (GuiAction("back"), None),
]  # fmt: skip


def judged(protocol):
    return [judge(protocol, RecordedStep(recorded, None), predicted, SIZE) for recorded, predicted in PAIRS]


@pytest.mark.parametrize(
    ("protocol", "grounding", "of"),
    [
        ("os-atlas", 2 / 3, 3), ("qwen2.5-vl", 2 / 3, 3), ("odyssey", 2 / 3, 3),
        ("os-atlas-published", 1 / 2, 2),  # long presses are not in it
        ("os-atlas-odyssey-published", 1 / 3, 3),  # long presses are in the denominator only
    ],
)  # fmt: skip
def test_grounding_is_of_the_steps_whose_kind_is_right(protocol, grounding, of):
    made = count(judged(protocol))
    assert made["grounding_accuracy"] == pytest.approx(grounding, abs=1e-6)
    assert made["grounding_n"] == of
    assert (made["n"], made["successes"], made["unparsed"]) == (7, 3, 1)
    assert made["step_success_rate"] == pytest.approx(3 / 7, abs=1e-6)
    assert made["type_accuracy"] == pytest.approx(5 / 7, abs=1e-6)
    assert made["wilson_95"] == pytest.approx(list(wilson(3, 7)), abs=1e-6)
    assert sum(row["n"] for row in made["per_kind"].values()) == 7


def test_nothing_has_no_rates():
    made = count([])
    assert (made["n"], made["step_success_rate"], made["type_accuracy"], made["grounding_accuracy"]) == (0, None, None, None)
    assert mean([None, None]) is None


def test_incomplete_episodes_fail_and_only_the_published_script_leaves_them_out():
    steps = {"a": [True, True], "b": [True, False], "c": [True], "d": []}
    lengths = {"a": 2, "b": 2, "c": 3, "d": 1}
    made = whole_episodes(steps, lengths)
    assert (made["episodes"], made["episode_successes"], made["incomplete_episodes"]) == (4, 1, 2)
    assert made["episode_success_rate"] == 0.25
    assert whole_episodes(steps, lengths, published=True)["episode_success_rate"] == 0.5
    assert mean([0.5, None, 1.0]) == 0.75
