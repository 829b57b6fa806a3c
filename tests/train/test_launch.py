"""What is looked at before a run begins."""

import pytest
import torch

from omniactor.cli import main
from omniactor.train import launch
from omniactor.train.launch import bf16_is_emulated


@pytest.mark.parametrize(("gpu", "instructions", "emulated"), [(True, False, False), (False, True, False), (False, False, True)])
def test_bf16_is_emulated_where_neither_gpu_nor_processor_has_it(monkeypatch, gpu, instructions, emulated):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: instructions)
    assert bf16_is_emulated() == emulated


@pytest.mark.parametrize(("bf16", "emulated"), [("true", True), ("true", False), ("false", True)])
def test_a_run_that_would_be_slow_says_so_first(monkeypatch, capsys, tmp_path, bf16, emulated):
    monkeypatch.setattr(launch, "bf16_is_emulated", lambda: emulated)
    settings = ["data=toy", "eval_every=0", "eval_data=", "max_steps=1", f"bf16={bf16}"]
    assert main(["train", "debug", "--out", str(tmp_path / "run"), "--set", *settings]) == 0
    assert ("set bf16=false" in capsys.readouterr().err) == (bf16 == "true" and emulated)
