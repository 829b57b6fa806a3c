from pathlib import Path

import pytest

from demo import arm_texts as texts
from demo.arm_agents import arm_agents
from omniactor.experts.table import SKILLS
from omniactor.sim.assets import AssetSource
from omniactor.sim.tasks import TASKS

AGENTS = arm_agents()


def test_the_models_in_use_and_the_reason_are_named():
    standin = texts.facts(AssetSource("standin", Path(), "the Hub <b>cannot</b> be reached"), AGENTS["expert"])
    assert "stand-in models" in standin and "&lt;b&gt;cannot" in standin and "Scripted expert" in standin
    assert "LIBERO&#x27;s own models (cache)" in texts.facts(AssetSource("libero", Path(), "cache"), AGENTS["random"])


def test_the_tasks_own_instruction_needs_no_note():
    assert texts.instruction_note(46, f"  {TASKS[46].language.upper()} ", AGENTS["expert"]) == ""
    assert texts.instruction_note(46, "", AGENTS["expert"]) == ""


@pytest.mark.parametrize("agent", AGENTS)
def test_another_instruction_gets_a_note_on_how_success_is_judged(agent):
    note = texts.instruction_note(46, "dance", AGENTS[agent])
    assert "In alphabet_soup_1 basket_1_contain_region" in note
    assert ("does not read instructions" in note) == (agent == "expert")


def test_a_task_without_a_skill_is_marked():
    without = next(task.id for task in TASKS if task.id not in SKILLS) if len(SKILLS) < len(TASKS) else None
    if without is not None:
        assert "no skill for this task" in texts.chosen(without, AGENTS["expert"])
        assert "no skill" not in texts.chosen(without, AGENTS["random"])
