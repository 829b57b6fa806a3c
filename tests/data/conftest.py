"""Demonstrations made once: in the simulator of the test process, and by the command."""

import json

import pytest

from omniactor.cli import main
from omniactor.data.demos import demonstrate
from omniactor.data.plan import make_plan
from omniactor.evaluate.schedule import Job


@pytest.fixture(scope="session")
def make(standin_env):
    """Return a function (task, episode=0, **settings of the plan) -> `Attempts`."""

    def run(task=47, episode=0, **settings):
        plan = make_plan(str(task), 1, "standin", **settings)
        return demonstrate(standin_env(task), plan, Job(task, episode))

    return run


@pytest.fixture(scope="session")
def strong(make):
    """One strongly disturbed episode of task 47."""
    return make(episode=2, perturb="strong", seed=2).episode


COMMAND = [
    "demos", "--tasks", "47", "--episodes", "2", "--assets", "standin", "--perturb", "light", "--workers", "1", "--json",
    "--image-size", "64", "--format", "hdf5,lerobot", "--grounding", "20", "--scenes",
]  # fmt: skip


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """What `COMMAND` made: two episodes of task 47 in both formats."""
    out = tmp_path_factory.mktemp("demos") / "out"
    assert main([*COMMAND, "--out", str(out)]) == 0
    return out


@pytest.fixture
def demos(capsys):
    """Return a function (*options) -> (exit status, last line of stdout as JSON or None, stderr)."""

    def run(*options):
        status = main(["demos", *map(str, options)])
        captured = capsys.readouterr()
        lines = captured.out.strip().splitlines()
        return status, json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None, captured.err

    return run
