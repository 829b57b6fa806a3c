"""Runs that end with their time."""

import json

import pytest
import torch
from safetensors.torch import load_file

from omniactor.errors import InputError, TrainingError
from omniactor.train import clock as module
from omniactor.train.clock import Clock
from omniactor.train.recipe import RECIPES, change
from omniactor.train.run import train
from omniactor.train.trainer import training_arguments


class Control:
    should_training_stop = False


@pytest.fixture
def now(monkeypatch):
    """A clock that stands still until it is set, in seconds."""
    seconds = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: seconds[0])
    return seconds


def test_the_run_stops_when_its_minutes_are_over_and_earlier_ones_count(now):
    clock, control = Clock(minutes=2, spent=0.5), Control()
    clock.on_train_begin(None, None, None)
    now[0] = 89
    assert not clock.on_step_end(None, None, control).should_training_stop and clock.spent == pytest.approx(0.5 + 89 / 60)
    now[0] = 90
    assert clock.on_step_end(None, None, control).should_training_stop


@pytest.mark.parametrize(("seconds", "step", "share"), [(0, 5, 0.5), (0, 10, 1.0), (0, 55, 0.5), (0, 100, 0.0), (33, 20, 0.5),
                                                        (60, 20, 0.0), (10, 55, 0.5), (600, 20, 0.0), (3, 0, 0.5)])  # fmt: skip
def test_the_learning_rate_falls_with_the_steps_or_the_time_whichever_is_further(now, seconds, step, share):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    clock = Clock(minutes=1)
    schedule = clock.scheduler(optimizer, steps=100, warmup=10)
    clock.on_train_begin(None, None, None)
    now[0] = seconds
    assert schedule.lr_lambdas[0](step) == pytest.approx(share, abs=1e-9)


def test_a_run_of_a_fraction_of_a_minute_leaves_a_model_and_says_how_long_it_took(tmp_path):
    settings = ["minutes=0.05", "max_steps=100000", "save_every=100000", "log_every=10", "eval_every=0", "eval_data="]
    outcome = train(change(RECIPES["debug"], settings), tmp_path / "run")
    assert outcome.path is not None and 0 < outcome.steps < 100000
    entries = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    minutes, rates = ([entry[name] for entry in entries if "minutes" in entry] for name in ("minutes", "learning_rate"))
    assert minutes == sorted(minutes) and minutes[-1] >= 0.05 and rates[-1] < 0.05 * max(rates)
    assert outcome.checkpoint.endswith(f"checkpoint-{outcome.steps}")
    before = load_file(tmp_path / "run" / "model" / "model.safetensors")
    again = train(change(RECIPES["debug"], settings), tmp_path / "run")  # the time is over: nothing is learnt any more
    assert again.resumed_from == outcome.steps and again.steps <= outcome.steps + 1
    for name, value in load_file(tmp_path / "run" / "model" / "model.safetensors").items():
        assert torch.allclose(value, before[name], atol=1e-6), name


def test_minutes_that_mean_nothing_are_refused(tmp_path):
    with pytest.raises(InputError, match="minutes above 0, or none, got 0"):
        change(RECIPES["debug"], ["minutes=0"])
    with pytest.raises(TrainingError, match="one process with minutes"):
        training_arguments(change(RECIPES["debug"], ["minutes=1"]), tmp_path, 2)
