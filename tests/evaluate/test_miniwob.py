"""Evaluating on MiniWoB++: which episodes, what counts, what is refused."""

import json

import pytest

from omniactor.cli import main
from omniactor.errors import InputError, SetupError, UnknownAgentError, UnknownTaskError
from omniactor.evaluate.miniwob import DEMO_SEEDS, PROTOCOL, PagePlan, check_agent, make_plan
from omniactor.evaluate.report import summarize, text
from omniactor.evaluate.results import Outcome
from omniactor.evaluate.schedule import Job
from omniactor.experts.web.table import SKILLS
from omniactor.gui.miniwob import PageSource
from omniactor.gui.pages import get_page


@pytest.fixture
def plan():
    source = PageSource("miniwob", "miniwob 1.1.0, Chromium 1", "0" * 16)
    pages = (get_page("click-test"), get_page("enter-text"))
    return PagePlan("expert", pages, 3, 50, source, {"miniwob": "1.1.0"})


def test_episode_i_is_the_instance_of_seed_i_below_those_of_demonstrations(plan):
    assert [plan.request(job).seed for job in plan.jobs()] == [0, 1, 2, 0, 1, 2]
    assert plan.request(Job(get_page("enter-text").id, 2)).task == "miniwob:enter-text"
    assert plan.episodes < DEMO_SEEDS


def test_errors_are_counted_apart_and_the_protocol_is_named(plan):
    one, two = (page.id for page in plan.tasks)
    outcomes = [
        Outcome(one, "miniwob:click-test", 0, "success", steps=1), Outcome(one, "miniwob:click-test", 1, "failure", steps=50),
        plan.error(Job(two, 0), "the page hangs\nbadly", 1.0),
    ]  # fmt: skip
    summary = summarize(plan, outcomes, {"episodes": 3, "seconds": 1.0, "workers": 1})
    assert (summary["n"], summary["successes"], summary["errors"], summary["success_rate"]) == (2, 1, 1, 0.5)
    assert summary["protocol"]["name"] == PROTOCOL
    assert summary["protocol"]["seeds"] == "0-2"
    assert summary["error_episodes"][0]["reason"] == "the page hangs badly"
    assert "per_room" not in summary
    assert PROTOCOL in text(summary)


def test_the_manifest_holds_whatever_changes_a_result(plan):
    settings = plan.manifest()["settings"]
    assert {"benchmark", "agent", "protocol", "first seed", "max steps", "step seconds", "pages fingerprint", "version of"} == (
        settings.keys()
    )


def test_the_expert_is_refused_pages_it_cannot_do_and_others_are_not():
    check_agent("expert", [get_page(name) for name in SKILLS])
    check_agent("random", [get_page("tic-tac-toe")])
    with pytest.raises(UnknownAgentError, match="tic-tac-toe without one"):
        check_agent("expert", [get_page("click-test"), get_page("tic-tac-toe")])
    with pytest.raises(UnknownAgentError):
        check_agent("nobody", [get_page("click-test")])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"tasks": "click-tset"}, UnknownTaskError), ({"tasks": "all"}, UnknownAgentError), ({"episodes": 0}, InputError),
        ({"episodes": DEMO_SEEDS + 1}, InputError), ({"max_steps": 0}, InputError),
    ],
)  # fmt: skip
def test_impossible_requests_are_refused(page_env, arguments, error):
    with pytest.raises(error):
        make_plan("expert", **{"tasks": "click-test", **arguments})


def test_without_chromium_it_is_refused_before_anything_is_written(page_env, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError):
        make_plan("expert", "click-test")
    out = tmp_path / "out"
    assert main(["evaluate", "miniwob", "--tasks", "click-test", "--out", str(out)]) == 1
    assert "chromium" in capsys.readouterr().err
    assert not out.exists()


def test_an_evaluation_runs_goes_on_and_adds_episodes(page_env, tmp_path, capsys):
    command = [
        "evaluate",
        "miniwob",
        "--tasks",
        "click-test,click-test-2",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    assert main([*command, "--episodes", "1"]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (first["n"], first["successes"], first["this_run"]["episodes"]) == (2, 2, 2)
    assert main([*command, "--episodes", "2"]) == 0
    second = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (second["n"], second["this_run"]["episodes"]) == (4, 2)
    assert second["wilson_95"][0] < second["success_rate"] == 1.0
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == second
