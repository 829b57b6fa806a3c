"""Tiny models of both base families: 4 layers, 64 wide, a real vision tower of 2 blocks."""

import functools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from transformers import (  # noqa: E402
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
)

from omniactor.model.presets import make_model  # noqa: E402
from omniactor.types import Observation  # noqa: E402

FAMILIES = ("qwen2_vl", "qwen2_5_vl")
LAYERS, IMAGE = 4, 290
TEXT = {
    "vocab_size": 300, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": LAYERS, "num_attention_heads": 4,
    "num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 2,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]},
}  # fmt: skip
VISION = {
    "qwen2_vl": {"depth": 2, "embed_dim": 32, "num_heads": 2, "hidden_size": 64},
    "qwen2_5_vl": {
        "depth": 2,
        "hidden_size": 32,
        "num_heads": 2,
        "out_hidden_size": 64,
        "intermediate_size": 48,
        "fullatt_block_indexes": [1],
    },
}
IDS = {"image_token_id": IMAGE, "video_token_id": 291, "vision_start_token_id": 292, "vision_end_token_id": 293}
SETTINGS = {"num_action_bins": 32, "first_action_id": 250, "action_query_token_id": 294}


def make_base(family, seed=0, **text):
    """A plain model with random weights; biases and norms too, so that a mix-up shows."""
    config_class, model_class = {
        "qwen2_vl": (Qwen2VLConfig, Qwen2VLForConditionalGeneration),
        "qwen2_5_vl": (Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration),
    }[family]
    torch.manual_seed(seed)
    model = model_class(config_class(text_config={**TEXT, **text}, vision_config=VISION[family], **IDS)).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "norm" in name or name.endswith("bias"):
                value.add_(torch.randn_like(value) * 0.1)
    return model


def make_inputs(batch=3, length=24, padded=(), side="left", seed=0):
    """Token ids with one 4x4-patch image (4 tokens) a sample; `padded` samples lose 3 positions."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 240, (batch, length), generator=generator)
    ids[:, 6:10] = IMAGE
    mask = torch.ones_like(ids)
    for row in padded:
        mask[row, :3] = 0
        if side == "right":
            mask[row] = mask[row].flip(0)
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "mm_token_type_ids": (ids == IMAGE).int(),
        "pixel_values": torch.randn(16 * batch, 3 * 2 * 14 * 14, generator=generator),
        "image_grid_thw": torch.tensor([[1, 4, 4]] * batch),
    }


def one_sample(inputs, row):
    """The inputs of one sample of `make_inputs`, alone."""
    alone = {k: v[row : row + 1] for k, v in inputs.items() if k != "pixel_values"}
    return {**alone, "pixel_values": inputs["pixel_values"][16 * row : 16 * row + 16]}


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def base(family):
    return make_base(family)


@functools.cache
def lively(variant="omniactor", preset="debug", **settings):
    """A small model and its processor; weights large enough that every input changes the numbers. Not to be changed."""
    model, processor = make_model(preset, variant, **settings)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(torch.randn(value.shape, generator=generator) * 0.1)
    return model.eval(), processor


def arm(seed=0, instruction="put the bowl on the plate", size=56):
    """What the arm sees, in noise."""
    draw = np.random.default_rng(seed)
    images = {name: draw.integers(0, 256, (size, size, 3), dtype=np.uint8) for name in ("agentview", "wrist")}
    return Observation("embodied", images, instruction, state=draw.uniform(-1, 1, 8).astype(np.float32))


def screen(seed=0, instruction="Click OK", history=(), size=(56, 56)):
    """A screen of noise."""
    image = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    return Observation("gui", {"screen": image}, instruction, history)
