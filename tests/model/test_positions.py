"""Rotary positions found once per kind of prompt are those that Qwen2-VL finds sample by sample."""

import numpy as np
import pytest
import torch

from omniactor.model.modeling import OmniActorModel
from omniactor.model.positions import rope_positions
from omniactor.model.presets import make_model
from omniactor.types import Observation


@pytest.fixture(scope="module")
def made():
    return make_model("mini")


def arm(words):
    picture = np.zeros((112, 112, 3), np.uint8)
    return Observation("embodied", {"agentview": picture, "wrist": picture}, words, state=np.zeros(8, np.float32))


def screen(words, width=160):
    return Observation("gui", {"screen": np.zeros((160, width, 3), np.uint8)}, words)


@pytest.mark.parametrize("side", ["left", "right"])
def test_positions_are_qwens_for_any_mixture_of_prompts(made, side):
    model, processor = made
    seen = [arm("open it"), arm("open it"), screen("press ok"), arm("put the red mug on the plate"), screen("press ok", 96)]
    inputs = processor.encode(model.config, seen, padding_side=side)
    ids, types, grids, mask = (inputs[n] for n in ("input_ids", "mm_token_type_ids", "image_grid_thw", "attention_mask"))
    positions, offsets = rope_positions(model.config, ids, types, grids, mask)
    stock = super(OmniActorModel, model.model).get_rope_index(ids, types, grids, attention_mask=mask)
    assert torch.equal(positions, stock[0]) and torch.equal(offsets, stock[1])
    assert torch.equal(positions[:, 0], positions[:, 1]) and not torch.equal(positions[:, 0], positions[:, 3])


def test_without_a_mask_everything_counts(made):
    model, processor = made
    inputs = processor.encode(model.config, [screen("press ok"), screen("press ok")])
    parts = [inputs[n] for n in ("input_ids", "mm_token_type_ids", "image_grid_thw")]
    positions, offsets = rope_positions(model.config, *parts)
    stock = super(OmniActorModel, model.model).get_rope_index(*parts)
    assert torch.equal(positions, stock[0]) and torch.equal(offsets, stock[1])
