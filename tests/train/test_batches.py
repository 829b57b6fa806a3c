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
    assert short.logits.shape[1] == (1 if keeps else inputs["states_to_keep"])


@pytest.mark.parametrize("world", ["embodied", "gui"])
def test_the_states_kept_begin_where_the_first_sample_is_asked(world):
    model, processor = make_model("mini")
    mixture = Mixture([ToySource(world, 8, 8, "train")], [1.0], 4, 1, 0)
    inputs = Batches(mixture, processor, model.config, 1).encode(0)
    ids, labels = inputs["input_ids"], inputs["labels"]
    asked = ids == model.config.action_query_token_id if world == "embodied" else labels.roll(-1, 1) >= 0
    first = min(int(row.nonzero()[0]) for row in asked)
    assert inputs["states_to_keep"] == ids.shape[1] - first
