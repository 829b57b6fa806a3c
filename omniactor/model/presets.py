"""Model sizes by name, and models of that size with random weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from omniactor.actions import embodied, gui
from omniactor.actions.embodied import ActionBins, Normaliser
from omniactor.errors import InputError
from omniactor.model.configuration import OmniActorConfig, OmniActorStemConfig, variant_settings
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.processing import OmniActorProcessor, PromptSettings
from omniactor.model.tokenizer import train_tokenizer

_BINS = 256


def _small(tokenizer: PreTrainedTokenizerBase, variant: str, layers: int, shared: int, **settings) -> OmniActorConfig:
    """Return a configuration around a small vocabulary of our own."""
    ids = tokenizer.convert_tokens_to_ids
    bins = ActionBins.on_rarest_ids(tokenizer.vocab_size, _BINS)
    text = settings.pop("text_config")
    return OmniActorConfig(
        text_config={
            "vocab_size": len(tokenizer), "num_hidden_layers": layers, "bos_token_id": None, "max_position_embeddings": 2048,
            "eos_token_id": ids("<|im_end|>"), "pad_token_id": ids("<|endoftext|>"), "rms_norm_eps": 1e-6, **text,
        },
        first_action_id=bins.first_id, num_action_bins=bins.count, action_query_token_id=ids("<|vision_pad|>"),
        image_token_id=ids("<|image_pad|>"), video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"), vision_end_token_id=ids("<|vision_end|>"),
        **{**variant_settings(variant, layers, shared), **settings},
    )  # fmt: skip


def _debug(tokenizer: PreTrainedTokenizerBase, variant: str, **settings) -> OmniActorConfig:
    """Qwen2-VL in every part, as small as it goes: for tests, seconds on a CPU."""
    settings = {
        "text_config": {
            "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]},
        },
        "vision_config": {"model_type": "qwen2_vl_vision", "depth": 2, "embed_dim": 32, "num_heads": 2, "hidden_size": 64},
        **settings,
    }  # fmt: skip
    return _small(tokenizer, variant, 4, settings.pop("num_shared_layers", 2), **settings)


def _mini(tokenizer: PreTrainedTokenizerBase, variant: str, **settings) -> OmniActorConfig:
    """Made for two CPU cores: convolutions in place of the vision transformer, a chunk of 8 actions in one pass."""
    text = {"hidden_size": 192, "intermediate_size": 512, "mrope_section": [6, 9, 9]}
    return _convolutional(tokenizer, variant, 4, text, **settings)


def _mini_wide(tokenizer: PreTrainedTokenizerBase, variant: str, **settings) -> OmniActorConfig:
    """As mini, wider and deeper: to train on a GPU, to act on two CPU cores."""
    text = {"hidden_size": 256, "intermediate_size": 768, "mrope_section": [8, 12, 12]}
    return _convolutional(tokenizer, variant, 6, text, **settings)


def _convolutional(tokenizer: PreTrainedTokenizerBase, variant: str, layers: int, text: dict, **settings) -> OmniActorConfig:
    """Return a configuration with a convolutional stem per camera, two of its layers shared."""
    sections = text.pop("mrope_section")
    settings = {
        "text_config": {
            "num_attention_heads": 4, "num_key_value_heads": 2, **text,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": sections},
        },
        "vision_config": OmniActorStemConfig(hidden_size=text["hidden_size"]).to_dict(),
        "action_decoding": "parallel", "chunk_size": 8, "queries_per_action": 1, "prefix_attention": True,
        "target_query": True, "action_bin_sigma": 1.5, "action_readout": "mean", "point_readout": "attention",
        **settings,
    }  # fmt: skip
    return _small(tokenizer, variant, layers, settings.pop("num_shared_layers", 2), **settings)


def _7b(tokenizer: PreTrainedTokenizerBase | None, variant: str, **settings) -> OmniActorConfig:
    """The paper's: Qwen2-VL 7B, 8 of 28 layers shared. Its vocabulary comes with the base checkpoint."""
    shared = settings.pop("num_shared_layers", 8)
    return OmniActorConfig(
        text_config={
            "vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
            "num_attention_heads": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
        vision_config={"model_type": "qwen2_vl_vision"},
        **{**variant_settings(variant, 28, shared), **settings},
    )  # fmt: skip


PRESETS: dict[str, Callable[..., OmniActorConfig]] = {"debug": _debug, "mini": _mini, "mini-wide": _mini_wide, "7b": _7b}

_CAMERAS = ("agentview", "wrist")
# Where LIBERO's arm can be: metres over its three tables, radians, metres of a finger. A hand that points down has the first
# component of its rotation vector at pi, so there must be room beyond it.
_REACH = Normaliser(
    (-0.5, -0.6, 0.4, -4.0, -np.pi, -np.pi, -0.04, -0.04), (0.5, 0.6, 1.5, 4.0, np.pi, np.pi, 0.04, 0.04), "minmax"
)
_MINI_PROMPT = PromptSettings(
    _CAMERAS, camera_size=(112, 112), screen_pixels=(96 * 96, 176 * 224), state=True, compact=True, state_normaliser=_REACH
)
_PROMPTS = {
    "debug": PromptSettings(_CAMERAS, camera_size=(56, 56), screen_pixels=(28 * 28, 56 * 56), state=True, compact=True),
    "mini": _MINI_PROMPT,
    "mini-wide": _MINI_PROMPT,
}


def make_config(preset: str, variant: str = "omniactor", tokenizer=None, **settings) -> OmniActorConfig:
    """Return the configuration of a preset.

    Args:
        preset: "debug", "mini", "mini-wide" or "7b".
        variant: see `variant_settings`.
        tokenizer: the vocabulary of a small preset; `small_tokenizer()` when missing.
        settings: other fields of `OmniActorConfig`, such as `num_shared_layers` or `chunk_size`.

    Raises:
        InputError: no such preset or variant.
    """
    if preset not in PRESETS:
        raise InputError(f"expected a preset ({', '.join(PRESETS)}), got {preset!r}")
    if tokenizer is None and preset in _PROMPTS:
        tokenizer = small_tokenizer()
    return PRESETS[preset](tokenizer, variant, **settings)


def make_model(
    preset: str, variant: str = "omniactor", seed: int = 0, **settings
) -> tuple[OmniActorForConditionalGeneration, OmniActorProcessor]:
    """Return a small model with random weights and its processor; the same for the same arguments.

    Raises:
        InputError: no such preset or variant, or "7b", whose vocabulary comes with a base checkpoint.
    """
    if preset in PRESETS and preset not in _PROMPTS:
        raise InputError(
            f"expected a preset with a vocabulary of its own ({', '.join(_PROMPTS)}), got {preset!r}; upcycle a checkpoint"
        )
    tokenizer = small_tokenizer()
    config = make_config(preset, variant, tokenizer, **settings)
    torch.manual_seed(seed)
    model = OmniActorForConditionalGeneration(config)
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model, OmniActorProcessor(image_processor(config), tokenizer, settings=_PROMPTS[preset].as_json())


def image_processor(config: OmniActorConfig) -> Qwen2VLImageProcessorPil:
    """Return Qwen2-VL's image processor with the patch sizes of a configuration."""
    vision = config.vision_config
    return Qwen2VLImageProcessorPil(
        patch_size=vision.patch_size, temporal_patch_size=vision.temporal_patch_size, merge_size=vision.spatial_merge_size
    )


def small_tokenizer() -> PreTrainedTokenizerBase:
    """Return the vocabulary of the small presets, trained on the words of LIBERO-90 and of the GUI grammar."""
    from omniactor.sim.tasks import TASKS

    words = [embodied.user_turn(task.language) for task in TASKS]
    words += [gui.system_prompt(), gui.user_turn("Click on the button", ["Click on the menu"])] * 2
    return train_tokenizer(words, vocabulary=768, num_action_bins=_BINS)
