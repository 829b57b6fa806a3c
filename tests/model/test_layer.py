"""The last layer for the last positions alone: the same numbers and gradients, and nothing asked is left out."""

import pytest
import torch

from omniactor.errors import ModelInputError
from omniactor.model.presets import make_model
from omniactor.train.batches import Batches
from omniactor.train.mixture import Mixture
from omniactor.train.toy import ToySource


def batch(preset, world, variant="omniactor", attention="sdpa"):
    """Return a model with random weights in training mode, and a padded micro-batch of a world."""
    model, processor = make_model(preset, variant)
    model.set_attn_implementation({"text_config": attention})
    mixture = Mixture([ToySource(world, 8, model.config.chunk_size, "train")], [1.0], 4, 1, 0)
    return model.train(), Batches(mixture, processor, model.config, 1).encode(0)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("variant", ["omniactor", "dense", "router"])
@pytest.mark.parametrize("world", ["gui", "embodied"])
@pytest.mark.parametrize("preset", ["debug", "mini"])
def test_what_is_asked_comes_out_the_same_with_the_same_gradients(preset, world, variant, attention):
    model, inputs = batch(preset, world, variant, attention)
    kept = inputs.pop("states_to_keep")
    assert 1 < kept < inputs["input_ids"].shape[1]
    results = []
    for settings in ({}, {"states_to_keep": kept}):
        model.zero_grad()
        output = model(**inputs, **settings)
        output.loss.backward()
        gradients = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
        results.append((output.loss.detach(), gradients))
    (whole, expected), (short, ours) = results
    torch.testing.assert_close(short, whole, atol=1e-6, rtol=1e-5)
    assert ours.keys() == expected.keys()
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-5, rtol=1e-3, msg=name)


def test_the_states_kept_are_the_last_of_all():
    model, inputs = batch("mini", "embodied")
    model.eval()
    for unused in ("states_to_keep", "logits_to_keep", "labels", "action_labels"):
        inputs.pop(unused, None)
    with torch.no_grad():
        whole, short = (model(**inputs, use_cache=False, states_to_keep=keep).logits for keep in (0, 12))
    assert short.shape[1] == 12
    torch.testing.assert_close(short, whole[:, -12:], atol=1e-5, rtol=1e-4)


def test_the_last_layer_computes_less():
    model, inputs = batch("mini", "embodied")
    seen = []
    model.model.language_model.layers[-1].experts["embodied"].mlp.register_forward_hook(
        lambda _, args, __: seen.append(args[0].shape[1])
    )
    model(**inputs)
    assert seen == [inputs["states_to_keep"]]
    assert inputs["states_to_keep"] < inputs["input_ids"].shape[1] / 4


@pytest.mark.parametrize("world", ["gui", "embodied"])
def test_leaving_out_what_is_asked_is_refused(world):
    model, inputs = batch("mini", world)
    with pytest.raises(ModelInputError, match="got earlier ones"):
        model(**{**inputs, "states_to_keep": 3})
