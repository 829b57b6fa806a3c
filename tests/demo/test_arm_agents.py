import json
from dataclasses import replace

import pytest

from demo.agents import OfferedAgent
from demo.arm_agents import arm_agents, find_arm_agent
from demo.catalog import caption, count_line
from omniactor.errors import UnknownAgentError

SUMMARY = {
    "agent": "mini",
    "assets": "libero",
    "protocol": {"starts": "published"},
    "success_rate": 0.525,
    "n": 40,
    "wilson_95": [0.375, 0.671],
    "per_task": {
        "46": {"successes": 18, "n": 20, "success_rate": 0.9},
        "7": {"successes": 3, "n": 20, "success_rate": 0.15},
    },
}


@pytest.fixture
def mini(tmp_path):
    (tmp_path / "evaluation").mkdir()
    for assets in ("libero", "standin"):
        summary = {**SUMMARY, "assets": assets}
        if assets == "standin":
            summary["per_task"] = {"46": {"successes": 4, "n": 20, "success_rate": 0.2}}
        (tmp_path / "evaluation" / f"libero-90-{assets}.json").write_text(json.dumps(summary))
    return OfferedAgent("mini", "A small model.", "mini", tmp_path)


def test_models_come_first_and_servers_for_screens_do_not_drive_the_arm(mini):
    server = OfferedAgent("peer", "Another's.", "openai:http://127.0.0.1#m")
    assert list(arm_agents({"mini": mini, "peer": server})) == ["mini", "expert", "random", "replay"]
    assert list(arm_agents()) == ["expert", "random", "replay"]


def test_a_models_rates_with_the_models_in_use_stand_at_every_task(mini):
    agent = arm_agents({"mini": mini}, "libero")["mini"]
    assert caption(46, agent).startswith("Solves 18 of 20 \N{MIDDLE DOT} 46")
    assert caption(0, agent).startswith("Not measured")
    assert count_line([46, 7, 0], agent).endswith("OmniActor-mini solves at least half of the episodes of 1 of them.")


def test_of_two_evaluations_of_a_task_the_longer_one_counts(mini):
    short = {**SUMMARY, "per_task": {name: {"successes": 1, "n": 1, "success_rate": 1.0} for name in ("46", "0")}}
    for name in ("libero-90-a.json", "libero-90-z.json"):  # read before and after the other
        (mini.folder / "evaluation" / name).write_text(json.dumps(short))
    agent = arm_agents({"mini": mini}, "libero")["mini"]
    assert agent.rates == {46: (18, 20), 7: (3, 20), 0: (1, 1)}


def test_tasks_a_model_is_bad_at_say_so(mini):
    assert "it solved 4 of 20" in arm_agents({"mini": mini}, "standin")["mini"].warning(46)
    agent = arm_agents({"mini": mini}, "libero")["mini"]
    assert agent.warning(46) == ""
    assert agent.warning(7) == "OmniActor-mini is bad at this task: it solved 3 of 20 episodes when it was measured."
    assert "was not measured on this task" in agent.warning(0)


def test_a_model_that_was_never_measured_carries_no_marks(mini, tmp_path):
    agent = arm_agents({"mini": replace(mini, folder=tmp_path / "evaluation")})["mini"]
    assert (agent.rates, agent.mark(7), agent.warning(7)) == (None, "", "")


def test_the_first_agent_is_meant_where_none_is_named(mini):
    agents = arm_agents({"mini": mini})
    assert find_arm_agent(agents, "").key == "mini"
    with pytest.raises(UnknownAgentError, match="Expected an agent"):
        find_arm_agent(agents, "/etc/passwd")
