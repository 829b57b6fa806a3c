"""Players and outcomes without a simulator, and the command with its last line parsed."""

import json

import pytest

from omniactor.cli import main
from omniactor.evaluate.results import Outcome
from omniactor.sim.tasks import TASKS


def outcome(task_id=47, episode=0, status="success", **more):
    steps = 0 if status == "error" else 50 + episode
    goals = {} if status == "error" else {"Done": status == "success"}
    reason = "it broke" if status == "error" else ""
    content = {"steps": steps, "goals": goals, "reason": reason, **more}
    return Outcome(task_id, TASKS[task_id].name, episode, status, **content)


class FakePlayer:
    """Answers at once, with what the test put into `statuses`: job -> status; everything else succeeds."""

    statuses, played = {}, []

    def __init__(self, plan=None, out=None, videos="none"):
        pass

    def play(self, job):
        FakePlayer.played.append(tuple(job))
        return outcome(*job, FakePlayer.statuses.get(tuple(job), "success"))

    def stop(self):
        pass

    def close(self):
        pass


@pytest.fixture
def fake(monkeypatch):
    """Run episodes with `FakePlayer`; the expert's table and the assets are the real ones."""
    monkeypatch.setattr("omniactor.evaluate.pool.EpisodePlayer", FakePlayer)
    FakePlayer.statuses, FakePlayer.played = {}, []
    return FakePlayer


@pytest.fixture
def evaluate(capsys, tmp_path):
    """Return a function: (*options) -> (exit status, last line of stdout as JSON or None, stderr)."""

    def run(*options, out=None, benchmark="libero-90"):
        arguments = ["evaluate", benchmark, "--out", str(out or tmp_path / "out"), "--assets", "standin", "--json", *options]
        status = main(arguments)
        captured = capsys.readouterr()
        lines = captured.out.strip().splitlines()
        return status, json.loads(lines[-1]) if lines else None, captured.err

    return run
