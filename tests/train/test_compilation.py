"""Compiled parts compute what they computed, in both worlds, under the same names."""

import copy
import shutil

import pytest
import torch

from omniactor.errors import InputError
from omniactor.train import compilation
from omniactor.train.augmentation import Augmentation
from omniactor.train.batches import Batches
from omniactor.train.compilation import compile_parts
from omniactor.train.mixture import Mixture
from omniactor.train.toy import ToySource
from tests.model.conftest import lively


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler here")
def test_loss_and_gradients_stay_and_so_do_names():
    plain, processor = lively(preset="mini")
    compiled = copy.deepcopy(plain)
    assert compile_parts(compiled) == 9  # two shared layers, two of each world, three stems
    assert list(compiled.state_dict()) == list(plain.state_dict())
    sources = [ToySource(world, 8, plain.config.chunk_size, "train") for world in ("gui", "embodied")]
    mixture = Mixture(sources, [1.0, 1.0], 2, 1, 0)
    batches = Batches(mixture, processor, plain.config, 100, augmentation=Augmentation(screen_shift=4), gaze=0.25)
    numbers = [next(n for n in range(100) if mixture.world(n) == world) for world in mixture.worlds]
    assert len(numbers) == 2
    for number in numbers:
        losses = []
        for model in (plain, compiled):
            model.train()
            model.zero_grad()
            losses.append(model(**batches.encode(number)).loss)
            losses[-1].backward()
        torch.testing.assert_close(losses[1], losses[0], rtol=1e-4, atol=0)
        checked = 0
        for (name, one), other in zip(plain.named_parameters(), compiled.parameters(), strict=True):
            assert (one.grad is None) == (other.grad is None), name
            if one.grad is not None:
                torch.testing.assert_close(other.grad, one.grad, rtol=1e-3, atol=1e-5, msg=name)
                checked += 1
        assert checked > 30


def test_without_a_c_compiler_it_says_so(monkeypatch):
    def none():
        raise compilation.InvalidCxxCompiler

    monkeypatch.setattr(compilation, "get_cpp_compiler", none)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"^expected a C\+\+ compiler for compile=true, got none; install g\+\+"):
        compile_parts(lively(preset="mini")[0])
