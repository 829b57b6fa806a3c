import json

import pytest

from demo import agents as module
from demo.agents import find_agent, offered_agents
from omniactor.errors import InputError, PeerError, UnknownAgentError

PEER = "openai:http://user-data.internal:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct"


@pytest.fixture(autouse=True)
def no_bundled_checkpoint(monkeypatch, tmp_path):
    """Let what ships with this version make no difference."""
    monkeypatch.setattr(module, "MINI", tmp_path / "none")


def test_the_hosts_choices_are_offered_by_names_that_tell_no_place(tmp_path):
    folder = tmp_path / "my-run"
    folder.mkdir()
    offered = offered_agents(f"{folder} ; {PEER};someone/model")
    assert list(offered) == ["my-run", "openai:Qwen/Qwen2.5-VL-7B-Instruct", "someone/model"]
    shown = " ".join(agent.name + agent.about for agent in offered.values())
    assert "internal" not in shown and str(tmp_path) not in shown
    assert "does not say what it was trained on" in offered["my-run"].about


def test_a_checkpoint_tells_what_it_was_trained_on(tmp_path, monkeypatch):
    (tmp_path / "recipe.json").write_text(json.dumps({"data": ["toy"], "max_steps": 5, "batch_size": 8, "model": "debug"}))
    monkeypatch.setattr(module, "MINI", tmp_path)
    offered = offered_agents("")
    assert list(offered) == ["mini"] and "Trained for 5 steps of 8 samples on squares" in offered["mini"].about
    assert list(offered_agents("someone/model")) == ["someone/model", "mini"]  # the host's choice comes first


def test_without_a_choice_there_is_none(monkeypatch):
    monkeypatch.delenv(module.SETTING, raising=False)
    assert offered_agents() == {}
    with pytest.raises(UnknownAgentError, match="got none"):
        find_agent({}, "")


@pytest.mark.parametrize("setting", ["expert", "/nowhere/at/all", "openai:ftp://x#m", "openai:http://x", "random"])
def test_a_choice_that_is_no_agent_for_screens_is_refused_at_the_start(setting):
    with pytest.raises(InputError):
        offered_agents(setting)


@pytest.mark.parametrize("asked", [PEER, "/etc", "someone/else", "openai:http://169.254.169.254/#m", "x" * 10**6, "\ud800"])
def test_a_visitor_gets_only_what_is_offered(asked):
    with pytest.raises(UnknownAgentError) as caught:
        find_agent(offered_agents("someone/model"), asked)
    assert len(str(caught.value)) < 250 and str(caught.value).encode()


def test_no_name_means_the_first():
    assert find_agent(offered_agents("a/b;c/d"), "").name == "a/b"


def test_a_server_that_fails_is_not_named_to_visitors():
    offered = offered_agents(PEER)["openai:Qwen/Qwen2.5-VL-7B-Instruct"]
    error = offered.discreet(PeerError("expected an answer from user-data.internal:8000 within 60 s, got none in time"))
    assert str(error) == "expected an answer from the model's server within 60 s, got none in time"
