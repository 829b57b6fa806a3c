import pytest

from omniactor.episode import EpisodeRunner
from omniactor.evaluate.libero90 import make_plan
from omniactor.evaluate.protocol import choose
from omniactor.evaluate.schedule import Job
from omniactor.record import read_record


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Return records of two steps under two protocols, made one after the other in one scene."""
    from dataclasses import replace

    folder, runner, found = tmp_path_factory.mktemp("records"), EpisodeRunner(), {}
    for name, starts in (("openvla", "published"), ("paper", "fresh")):
        plan = make_plan("random", "49", choose(name, starts, max_steps=2), "standin")
        found[name] = str(folder / f"{name}.json")
        list(runner.run(replace(plan.request(Job(49, 3)), record=found[name])))
    runner.close()
    return found


def test_jobs_are_every_episode_of_every_task_in_the_given_order():
    plan = make_plan("random", "7,3", choose("paper", episodes=2), "standin")
    assert plan.jobs() == [(7, 0), (7, 1), (3, 0), (3, 1)]


def test_the_protocol_reaches_the_simulator(records):
    openvla, paper = read_record(records["openvla"]), read_record(records["paper"])
    assert (openvla.settle_steps, openvla.init_state, openvla.seed, len(openvla.actions)) == (10, 3, 0, 2)
    assert (paper.settle_steps, paper.init_state, paper.seed, len(paper.actions)) == (5, None, 1_000_003, 2)
    assert openvla.start[0] - paper.start[0] == pytest.approx(5 * 0.05, abs=1e-9)  # five more steps have passed, in seconds


def test_a_replay_is_evaluated_only_on_the_task_of_its_record(records, fake, evaluate):
    agent = ["--agent", f"replay:{records['openvla']}", "--episodes", "1"]
    status, _, stderr = evaluate(*agent, "--tasks", "47-49")
    assert status == 2
    assert "expected only task 49, which the record is of, got 47-48" in stderr
    assert evaluate(*agent, "--tasks", "49")[0] == 0


def test_an_error_says_what_it_was_in_one_line():
    plan = make_plan("random", "49", choose("paper", "fresh"), "standin")
    error = plan.error(Job(49, 2), "first\nsecond " + "x" * 1000, 1.23456)
    assert (error.status, error.seconds, error.seed, error.steps) == ("error", 1.235, 1_000_002, 0)
    assert error.reason.startswith("first second x")
    assert len(error.reason) == 300
