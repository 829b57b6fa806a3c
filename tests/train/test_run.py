"""A run comes out the same however often it is killed, and bad numbers or a full disk cost nothing that was made."""

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from omniactor.errors import InputError, TrainingError
from omniactor.train import run as run_module
from omniactor.train import trainer as trainer_module
from omniactor.train.checkpoint import newest_valid, verify
from omniactor.train.recipe import RECIPES, change
from omniactor.train.run import train

SMALL = (
    "max_steps=12",
    "save_every=4",
    "log_every=4",
    "eval_every=0",
    "eval_data=",
    "batch_size=4",
    "micro_batch_size=2",
    "world_block=2",
)


def recipe(*settings):
    return change(RECIPES["debug"], [*SMALL, *settings])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run."""
    out = tmp_path_factory.mktemp("run") / "whole"
    return out, train(recipe(), out)


def weights(out):
    return load_file(out / "model" / "model.safetensors")


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_a_run_leaves_a_model_that_is_an_agent_and_a_log(whole):
    from omniactor.model.agent import ModelAgent, load_checkpoint
    from tests.model.conftest import arm

    out, outcome = whole
    assert (outcome.steps, outcome.resumed_from, outcome.stand_ins) == (12, 0, ["random weights", "toy data"])
    agent = ModelAgent(*load_checkpoint(outcome.path))
    agent.reset("x")
    assert len(agent.act(arm()).values) == 7
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    trained = [line for line in lines if "loss" in line]
    assert [line["step"] for line in trained] == [4, 8, 12]
    names = {name for line in trained for name in line}
    assert {"loss_gui", "loss_embodied", "loss_action_dx", "loss_action_gripper", "token_accuracy_gui", "bin_accuracy",
            "learning_rate", "samples_per_second", "minutes_left"} <= names  # fmt: skip
    assert trained[-1]["loss"] < trained[0]["loss"]


def test_the_same_recipe_gives_the_same_weights(whole, tmp_path):
    train(recipe(), tmp_path / "again")
    assert_same(weights(whole[0]), weights(tmp_path / "again"))


def test_a_run_killed_at_any_moment_ends_with_the_same_weights(whole, tmp_path):
    out, draw = tmp_path / "killed", random.Random(3)
    command = [sys.executable, "-m", "omniactor", "train", "debug", "--out", str(out), "--set", *SMALL]
    kills = 0
    for attempt in range(8):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        log, begun = out / "log.jsonl", time.monotonic()
        wanted = 4 * (attempt // 2 + 1)  # past one more line of the log every other time
        while process.poll() is None and time.monotonic() - begun < 120:
            if log.exists() and any(json.loads(x)["step"] >= wanted for x in log.read_text().splitlines() if x.endswith("}")):
                time.sleep(draw.uniform(0, 0.15))
                break
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        if process.wait() == 0:
            break
    else:
        assert subprocess.run(command, capture_output=True, timeout=120).returncode == 0
    assert kills >= 1
    assert_same(weights(whole[0]), weights(out))
    assert not list(out.glob(".staged*"))


def test_sigterm_saves_and_the_rest_follows_later(whole, tmp_path):
    out = tmp_path / "stopped"
    slow = subprocess.Popen(
        [sys.executable, "-m", "omniactor", "train", "debug", "--out", str(out), "--json", "--set", *SMALL],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    while not (out / "log.jsonl").exists():
        time.sleep(0.01)
    slow.terminate()
    line = json.loads(slow.communicate(timeout=60)[0].strip().splitlines()[-1])
    if line["path"] is None:  # it was quick enough to be stopped
        verify(newest_valid(out)[0])
        assert line["steps"] < 12 and line["checkpoint"].endswith(str(line["steps"]))
        assert train(recipe(), out).resumed_from == line["steps"]
    assert_same(weights(whole[0]), weights(out))


def test_a_damaged_checkpoint_is_passed_over_and_said(whole, tmp_path):
    out = tmp_path / "damaged"
    train(recipe("max_steps=12", "keep=3"), out)
    path = out / "checkpoint-12" / "optimizer.pt"
    path.write_bytes(path.read_bytes()[:-1])
    outcome = train(recipe("max_steps=12", "keep=3"), out)
    assert outcome.resumed_from == 8 and "checkpoint-12/optimizer.pt" in outcome.passed_over[0]
    assert_same(weights(whole[0]), weights(out))


@pytest.mark.parametrize("at", [5, 7])
def test_a_loss_that_is_nan_stops_before_it_does_harm(tmp_path, monkeypatch, at):
    original = trainer_module.OmniActorTrainer.compute_loss

    def broken(self, model, inputs, **kwargs):
        if self.state.global_step + 1 == at:
            inputs["pixel_values"] = inputs["pixel_values"] * float("nan")
        return original(self, model, inputs, **kwargs)

    monkeypatch.setattr(trainer_module.OmniActorTrainer, "compute_loss", broken)
    with pytest.raises(TrainingError, match=f"expected a finite loss, got nan at step {at}"):
        train(recipe(), tmp_path / "nan")
    path, reasons = newest_valid(tmp_path / "nan")
    assert path.name == "checkpoint-4" and not reasons
    stored = load_file(path / "model.safetensors")
    assert all(torch.isfinite(value).all() for value in stored.values())


def test_infinite_gradients_stop_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer_module.Trainer, "_clip_grad_norm", lambda *_: torch.tensor(float("inf")))
    with pytest.raises(TrainingError, match="expected finite gradients, got norm inf at step 1"):
        train(recipe(), tmp_path / "inf")


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "trainer_state.json", "manifest.json"])
def test_a_full_disk_leaves_the_checkpoint_before_intact(whole, tmp_path, monkeypatch, name):
    out, published = tmp_path / "full", []
    original = trainer_module.publish

    def full(staged, place):
        if place.name == "checkpoint-8":
            if name != "manifest.json":  # as if it had been cut off while it was written
                (staged / name).write_bytes((staged / name).read_bytes()[:100])
            raise OSError(28, "No space left on device")
        published.append(place.name)
        original(staged, place)

    monkeypatch.setattr(trainer_module, "publish", full)
    with pytest.raises(TrainingError, match="No space left on device; the last checkpoint is intact"):
        train(recipe(), out)
    assert newest_valid(out) == (out / "checkpoint-4", []) and not list(out.glob(".staged*"))
    monkeypatch.setattr(trainer_module, "publish", original)
    assert train(recipe(), out).resumed_from == 4
    assert_same(weights(whole[0]), weights(out))


def test_another_recipe_in_the_same_folder_is_refused(whole):
    with pytest.raises(InputError, match="other values of learning_rate; choose another --out"):
        train(recipe("learning_rate=1"), whole[0])


@pytest.mark.parametrize(("value", "goes_on"), [(0, True), (3, False)])
def test_a_setting_that_an_older_run_did_not_know_had_its_defaults_effect(tmp_path, value, goes_on):
    content = dataclasses.asdict(recipe())
    del content["screen_shift"]
    (tmp_path / "recipe.json").write_text(json.dumps(content))
    chosen = dataclasses.replace(recipe(), screen_shift=value)
    if goes_on:
        run_module._claim(chosen, tmp_path)
        assert json.loads((tmp_path / "recipe.json").read_text())["screen_shift"] == 0
    else:
        with pytest.raises(InputError, match="other values of screen_shift"):
            run_module._claim(chosen, tmp_path)


@pytest.mark.parametrize("variant", ["gui", "embodied", "dense", "hard", "router"])
def test_every_variant_trains(tmp_path, variant):
    outcome = train(recipe(f"variant={variant}", "max_steps=4"), tmp_path / variant)
    worlds = {name for name in ("loss_gui", "loss_embodied") if name in outcome.losses}
    assert worlds <= {"loss_gui", "loss_embodied"} and outcome.steps == 4
    if variant in ("gui", "embodied"):
        assert worlds == {f"loss_{variant}"}


@pytest.mark.parametrize("model", ["debug", "mini"])
def test_chunks_train(tmp_path, model):
    outcome = train(recipe("chunk_size=3", f"model={model}", "max_steps=2", "log_every=1"), tmp_path / model)
    assert outcome.steps == 2


def test_frozen_parameters_stay(tmp_path):
    from omniactor.model.presets import make_model

    train(recipe("freeze=model.visual", "max_steps=2"), tmp_path / "frozen")
    before = make_model("debug")[0].state_dict()
    after = weights(tmp_path / "frozen")
    assert torch.equal(before["model.visual.patch_embed.proj.weight"], after["model.visual.patch_embed.proj.weight"])
    assert not torch.equal(before["lm_head.gui.weight"], after["lm_head.gui.weight"])


def test_a_model_stored_in_bf16_is_half_the_size_and_computes_in_float32(whole, tmp_path):
    from omniactor.model.agent import load_checkpoint

    train(recipe("stored=bfloat16"), tmp_path / "out")
    stored, exact = weights(tmp_path / "out"), weights(whole[0])
    assert_same(stored, {name: value.to(torch.bfloat16) for name, value in exact.items()})
    model, _ = load_checkpoint(tmp_path / "out" / "model")
    assert {value.dtype for value in model.parameters()} == {torch.float32}


def test_data_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected a folder of samples or 'toy' as data, got 'nothing'"):
        train(recipe("data=nothing"), tmp_path / "x")


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """A checkpoint without experts, as a first stage leaves it."""
    from omniactor.model.presets import make_model

    folder = tmp_path_factory.mktemp("dense") / "start"
    for part in make_model("debug", "dense"):
        part.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("variant", ["gui", "dense", "hard", "router", "omniactor"])
def test_a_checkpoint_without_experts_becomes_the_variant_asked_for(dense, tmp_path, variant):
    from omniactor.model.configuration import read_config, variant_of

    settings = (f"model={dense}", f"variant={variant}", "shared_layers=1", "max_steps=1")
    config = read_config(train(recipe(*settings), tmp_path / variant).path)
    assert variant_of(config) == variant
    if variant in ("router", "omniactor"):
        assert config.num_shared_layers == 1


def test_a_checkpoint_with_experts_is_not_taken_for_another_variant(whole, tmp_path):
    with pytest.raises(
        InputError, match="expected a checkpoint of variant dense or one without experts to make it of, got omniactor"
    ):
        train(recipe(f"model={whole[1].path}", "variant=dense"), tmp_path / "x")


def test_two_runs_from_one_checkpoint_in_one_process_begin_with_the_same_weights(dense, tmp_path):
    for name in ("one", "two"):
        train(recipe(f"model={dense}", "variant=dense", "max_steps=2"), tmp_path / name)
    assert_same(weights(tmp_path / "one"), weights(tmp_path / "two"))


@pytest.mark.parametrize("engine", ["fsdp=false", "fsdp=true"])  # DDP, and FSDP2 under accelerate
def test_two_processes_train_together_over_gloo_as_one_would(whole, tmp_path, engine):
    out = tmp_path / "two"
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=29655", "-m", "omniactor", "train",
               "debug", "--out", str(out), "--set", *SMALL, engine]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=300)
    assert result.returncode == 0, result.stderr[-2000:]
    verify(newest_valid(out)[0])
    assert_same_up_to_rounding(weights(whole[0]), weights(out))


def assert_same_up_to_rounding(first, second):
    """Two processes add the same gradients up in another order."""
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], atol=2e-4, rtol=1e-2, msg=name)


def test_a_run_shorter_than_its_log_still_says_its_loss(tmp_path):
    assert 5 < train(recipe("max_steps=1", "log_every=10"), tmp_path / "short").losses["loss"] < 9
