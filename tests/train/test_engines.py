"""What the engine can do beside plain training: adapters, half precision, recomputed activations, curves, other numbers of processes."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from omniactor.errors import InputError
from omniactor.model.agent import load_checkpoint
from omniactor.model.presets import make_model
from omniactor.train.batches import Batches
from omniactor.train.mixture import Mixture
from omniactor.train.recipe import RECIPES, change
from omniactor.train.run import train
from omniactor.train.toy import ToySource

SMALL = (
    "max_steps=12", "save_every=4", "log_every=4", "eval_every=0", "eval_data=", "batch_size=4", "micro_batch_size=2", "world_block=2",
)  # fmt: skip


def recipe(*settings):
    return change(RECIPES["debug"], [*SMALL, *settings])


def weights(out):
    return load_file(out / "model" / "model.safetensors")


def losses(out):
    return [entry["loss"] for entry in map(json.loads, (out / "log.jsonl").read_text().splitlines()) if "loss" in entry]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run of one process with its checkpoints 4, 8 and 12."""
    out = tmp_path_factory.mktemp("engine") / "whole"
    train(recipe("keep=3"), out)
    return out


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same with both worlds in every step, one after the other."""
    out = tmp_path_factory.mktemp("engine") / "both"
    train(recipe("batch_size=8"), out)
    return out


def rewound(run, out, step):
    """Return a copy of a run as it was right after a checkpoint."""
    shutil.copytree(run, out)
    shutil.rmtree(out / "model")
    for path in out.glob("checkpoint-*"):
        if int(path.name.split("-")[1]) > step:
            shutil.rmtree(path)
    return out


@pytest.mark.parametrize("setting", ["bf16=true", "gradient_checkpointing=true"])
def test_cheaper_ways_to_compute_learn_about_the_same(whole, tmp_path, setting):
    train(recipe(setting), tmp_path / "run")
    assert losses(tmp_path / "run") == pytest.approx(losses(whole), rel=0.02)
    stored = weights(tmp_path / "run")
    assert {value.dtype for value in stored.values()} == {torch.float32}
    assert all(torch.isfinite(value).all() for value in stored.values())


def test_recomputed_activations_change_no_weight(whole, tmp_path):
    train(recipe("gradient_checkpointing=true"), tmp_path / "run")
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(tmp_path / "run")[name], value, atol=1e-6, rtol=1e-5, msg=name)


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    pytest.importorskip("peft")
    out = tmp_path_factory.mktemp("lora") / "run"
    train(recipe("lora_rank=4", "learning_rate=1e-2", "keep=3"), out)
    return out


def test_only_the_decoder_s_linear_layers_change_and_the_model_at_the_end_is_whole(adapted):
    before, after = make_model("debug")[0].state_dict(), weights(adapted)
    assert before.keys() == after.keys()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    linear = {name for name in before if "language_model.layers" in name and "_proj.weight" in name}
    assert changed and changed <= linear
    assert any(".experts.gui." in name for name in changed) and any(".experts.embodied." in name for name in changed)
    model, _ = load_checkpoint(adapted / "model")
    assert model.config.worlds == ["gui", "embodied"]


def test_a_checkpoint_holds_the_adapters_alone(adapted):
    names = {path.name for path in (adapted / "checkpoint-12").iterdir()}
    assert "adapter_model.safetensors" in names and "model.safetensors" not in names


def test_a_resumed_run_ends_with_the_same_weights(adapted, tmp_path):
    out = rewound(adapted, tmp_path / "resumed", 8)
    outcome = train(recipe("lora_rank=4", "learning_rate=1e-2", "keep=3"), out)
    assert outcome.resumed_from == 8
    for name, value in weights(adapted).items():
        assert torch.equal(value, weights(out)[name]), name


def test_without_peft_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(InputError, match="expected peft for lora_rank above 0, got none; pip install peft"):
        train(recipe("lora_rank=4"), tmp_path / "x")


@pytest.mark.parametrize("other", ["deepspeed=zero3", "fsdp=true"])
def test_adapters_and_shards_are_not_combined(other):
    with pytest.raises(InputError, match="expected LoRA without DeepSpeed and FSDP"):
        recipe("lora_rank=4", other)


def test_curves_and_samples_can_be_read_back_from_tensorboard(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    settings = ("eval_data=toy", "eval_every=4", "eval_batches=2", "eval_samples=1", "keep=3")
    for _ in range(2):  # the second goes on from checkpoint 8, and the steps after it are there once
        train(recipe(*settings), tmp_path / "run")
        events = accumulator.EventAccumulator(str(tmp_path / "run" / "tensorboard"), size_guidance={"tensors": 0, "scalars": 0})
        events.Reload()
        tags = events.Tags()
        assert [event.step for event in events.Scalars("train/loss")] == [4, 8, 12]
        assert [event.step for event in events.Scalars("eval/loss_gui")] == [4, 8, 12]
        logged = losses(tmp_path / "run")
        assert [event.value for event in events.Scalars("train/loss")] == pytest.approx(logged, rel=1e-6)
        assert {"train/loss_action_gripper", "train/learning_rate", "train/samples_per_second"} <= set(tags["scalars"])
        texts = events.Tensors("samples/gui/text_summary")
        assert sorted({event.step for event in texts}) == [4, 8, 12]  # TensorBoard forgets numbers of a resumed run, not texts
        assert b"wanted Action: Click on the" in texts[0].tensor_proto.string_val[0]
        shutil.rmtree(tmp_path / "run" / "checkpoint-12")
        shutil.rmtree(tmp_path / "run" / "model")


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_after_a_resume_the_processes_share_exactly_what_is_left(ranks):
    model, processor = make_model("debug")
    mixture = Mixture([ToySource(world) for world in ("gui", "embodied")], [1.0, 5.0], 2, 4, 0)
    parts = [Batches(mixture, processor, model.config, 48, start=16, rank=rank, ranks=ranks).numbers for rank in range(ranks)]
    assert sorted(number for part in parts for number in part) == list(range(16, 48))
    for together in zip(*parts, strict=True):  # all processes train the same expert
        assert len({mixture.world(number) for number in together}) == 1


def distributed(out, port, *settings):
    """Train in two processes over gloo."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}", "-m", "omniactor", "train",
               "debug", "--json", "--out", str(out), "--set", *SMALL, "keep=3", *settings]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=600)
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.strip().splitlines()[-1])


def assert_close(first, second):
    """Two processes add the same gradients up in another order; AdamW makes of a rounding error near 0 a step of its own."""
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], atol=2e-4, rtol=1e-2, msg=name)


def test_a_run_of_one_process_goes_on_in_two(whole, tmp_path):
    out = rewound(whole, tmp_path / "more", 8)
    assert distributed(out, 29671)["resumed_from"] == 8
    assert_close(weights(whole), weights(out))


def test_a_run_of_two_processes_goes_on_in_one(whole, tmp_path):
    distributed(tmp_path / "two", 29672)
    out = rewound(tmp_path / "two", tmp_path / "one", 8)
    assert train(recipe("keep=3"), out).resumed_from == 8
    assert_close(weights(whole), weights(out))


def test_a_sharded_run_goes_on_sharded(both, tmp_path):
    """FSDP2; the engine reads what it has sharded itself, so the recipe keeps it."""
    settings = ("batch_size=8", "fsdp=true")
    distributed(tmp_path / "two", 29673, *settings)
    assert_close(weights(both), weights(tmp_path / "two"))
    out = rewound(tmp_path / "two", tmp_path / "again", 8)
    assert distributed(out, 29674, *settings)["resumed_from"] == 8
    assert_close(weights(both), weights(out))
    with pytest.raises(InputError, match="other values of fsdp"):
        train(recipe("keep=3", "batch_size=8"), out)


def test_zero_3_trains_in_two_processes_and_goes_on(both, tmp_path):
    """Steps of both worlds: DeepSpeed takes an expert that a step did not use for one with gradients of zero."""
    pytest.importorskip("deepspeed")
    settings = ("batch_size=8", "deepspeed=zero3", "eval_data=toy", "eval_every=12", "eval_batches=2", "eval_samples=1")
    distributed(tmp_path / "zero", 29675, *settings)
    assert_close(weights(both), weights(tmp_path / "zero"))
    again = rewound(tmp_path / "zero", tmp_path / "again", 8)
    assert distributed(again, 29676, *settings)["resumed_from"] == 8
    assert_close(weights(tmp_path / "zero"), weights(again))


def test_without_deepspeed_the_reason_is_one_line(tmp_path, capsys, monkeypatch):
    from omniactor.cli import main

    monkeypatch.setitem(sys.modules, "deepspeed", None)
    assert main(["train", "debug", "--out", str(tmp_path / "x"), "--set", "deepspeed=zero3"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and "expected the package deepspeed for deepspeed, got none; pip install deepspeed" in lines[0]
