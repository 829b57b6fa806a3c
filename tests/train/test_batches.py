"""Micro-batches: only what is asked for is computed."""

import pytest
import torch

from omniactor.model.presets import make_model
from omniactor.train.batches import Batches
from omniactor.train.mixture import Mixture
from omniactor.train.toy import ToySource


@pytest.mark.parametrize(("world", "keeps"), [("embodied", True), ("gui", False)])
def test_the_vocabulary_s_head_rests_where_no_word_is_asked_and_the_loss_is_the_same(world, keeps):
    model, processor = make_model("mini")
    mixture = Mixture([ToySource(world, 8, 8, "train")], [1.0], 4, 1, 0)
    inputs = Batches(mixture, processor, model.config, 1).encode(0)
    assert ("logits_to_keep" in inputs) == keeps
    with torch.no_grad():
        short = model(**inputs)
        whole = model(**{name: value for name, value in inputs.items() if name != "logits_to_keep"})
    assert torch.equal(short.loss, whole.loss)
    assert short.logits.shape[1] == (1 if keeps else inputs["input_ids"].shape[1])
