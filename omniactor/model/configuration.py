"""OmniActor's configuration: a Qwen2-VL or Qwen2.5-VL, and how its layers part between two worlds.

One class covers every variant of the paper; `VARIANTS` names the settings that make each of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassError
from transformers import PreTrainedConfig
from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLTextConfig, Qwen2_5_VLVisionConfig
from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLTextConfig, Qwen2VLVisionConfig

from omniactor.actions.embodied import ACTION_SIZE, ActionBins
from omniactor.errors import CheckpointError, InputError
from omniactor.model.tensors import one_line

WORLDS = ("gui", "embodied")
"""The worlds in the order of their numbers: a `world` tensor holds 0 for GUI, 1 for embodied."""
SHARED = "shared"
"""The name of the one expert of a layer that both worlds use."""


@strict
class OmniActorStemConfig(PreTrainedConfig):
    """Small strided convolutions, one stack per camera, in place of a vision transformer.

    Attributes:
        cameras: names in the order of their numbers (`image_cameras`); each has weights of its own.
        channels: output channels of the convolutions; each halves the image, so `patch_size` is 2 ** len.
        hidden_size: width of the language model that takes the tokens.
        patch_size: pixels along a side that become one token.
    """

    model_type = "omniactor_stem"
    base_config_key = "vision_config"

    cameras: list[str] | tuple[str, ...] = ("agentview", "wrist", "screen")
    channels: list[int] | tuple[int, ...] = (32, 64, 128, 256)
    hidden_size: int = 256
    in_channels: int = 3
    patch_size: int = 16
    spatial_merge_size: int = 1
    temporal_patch_size: int = 1
    initializer_range: float = 0.02

    def __post_init__(self, **kwargs):
        """Check that the convolutions make tokens of `patch_size` pixels."""
        self.cameras, self.channels = list(self.cameras), list(self.channels)
        if 2 ** len(self.channels) != self.patch_size:
            raise InputError(
                f"expected patch_size = 2 ** (number of convolutions), got {self.patch_size} and {len(self.channels)}"
            )
        super().__post_init__(**kwargs)


_TEXT = {"qwen2_vl": Qwen2VLTextConfig, "qwen2_5_vl": Qwen2_5_VLTextConfig}
_VISION = {c.model_type: c for c in (Qwen2VLVisionConfig, Qwen2_5_VLVisionConfig, OmniActorStemConfig)}


@strict
class OmniActorConfig(PreTrainedConfig):
    """Everything that decides OmniActor's architecture (paper, sections 3.2 and 3.3).

    Attributes:
        text_config: the decoder, as in Qwen2-VL.
        vision_config: the vision tower of Qwen2-VL or Qwen2.5-VL, or an `OmniActorStemConfig`.
        base_model_type: "qwen2_vl" or "qwen2_5_vl", the family that `export` writes.
        worlds: the worlds it can act in. With one world, only that world's expert exists.
        num_shared_layers: K_share, how many of the first layers both worlds share.
        separate_heads: each world has its own final norm and output head.
        router: deep layers mix both experts by learned probabilities per token instead of choosing by world.
        router_aux_loss_coef: weight of the load-balancing loss of the routers.
        num_action_bins: K, intervals per action value.
        first_action_id: the token id of the first interval.
        action_decoding: "autoregressive" (one id after the other, as in the paper) or "parallel" (every
            position of the chunk in one pass, from learned queries that see each other).
        chunk_size: actions per decision.
        queries_per_action: parallel decoding only: 7 (one query per number) or 1 (one query per action,
            spread over its numbers by a linear layer).
        target_query: with one query per action only: one more query says where the thing and the place are that the
            goal asks about, as offsets from the gripper (see `actions.embodied.target_values`).
        action_query_token_id: the id that marks a query's place in the input.
        action_bin_sigma: width, in bins, of the Gaussian targets when training on parallel decoding; 0 = one-hot.
        action_readout: parallel decoding only: how a number is read off the probabilities of its intervals. "mode" takes the
            likeliest interval; "mean" the mean over all, but for the gripper, whose values lie apart. Corrections are
            spread over many intervals beside one for "leave it", so the likeliest never corrects (docs/mini.md).
        point_readout: where on a screen: "words" takes the digits that were written; "attention" the place that the last layer's
            first head looks at while they are written, where that is one place, see `gaze`.
        prefix_attention: the tokens of the prompt see each other in both directions (small models only;
            Qwen2-VL is causal).
    """

    model_type = "omniactor"
    sub_configs_defaults = {"text_config": Qwen2VLTextConfig, "vision_config": Qwen2VLVisionConfig}
    keys_to_ignore_at_inference = ["past_key_values"]

    text_config: dict[str, Any] | PreTrainedConfig | None = None
    vision_config: dict[str, Any] | PreTrainedConfig | None = None
    base_model_type: Literal["qwen2_vl", "qwen2_5_vl"] = "qwen2_vl"

    worlds: list[str] | tuple[str, ...] = field(default_factory=lambda: list(WORLDS))
    num_shared_layers: int = 8
    separate_heads: bool = True
    router: bool = False
    router_aux_loss_coef: float = 0.01

    num_action_bins: int = 256
    first_action_id: int = 151387
    action_decoding: Literal["autoregressive", "parallel"] = "autoregressive"
    chunk_size: int = 1
    queries_per_action: int = ACTION_SIZE
    target_query: bool = False
    action_query_token_id: int = 151654
    action_bin_sigma: float = 0.0
    action_readout: Literal["mode", "mean"] = "mode"
    point_readout: Literal["words", "attention"] = "words"
    prefix_attention: bool = False

    image_token_id: int = 151655
    video_token_id: int = 151656
    vision_start_token_id: int = 151652
    vision_end_token_id: int = 151653
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs):
        """Build the parts and refuse impossible combinations."""
        if self.base_model_type not in _TEXT:
            raise InputError(f"expected a base_model_type of {' or '.join(_TEXT)}, got {self.base_model_type!r}")
        if isinstance(self.text_config, dict):
            self.text_config = _TEXT[self.base_model_type](**self.text_config)
        if isinstance(self.vision_config, dict):
            kind = self.vision_config.get("model_type", f"{self.base_model_type}_vision")
            if kind not in _VISION:
                raise InputError(f"expected a vision_config of type {', '.join(_VISION)}, got {kind!r}")
            self.vision_config = _VISION[kind](**self.vision_config)
        self.worlds = list(self.worlds)
        super().__post_init__(**kwargs)
        self._check()

    def _check(self) -> None:
        layers, vocabulary = self.text_config.num_hidden_layers, self.text_config.vocab_size
        if not self.worlds or any(w not in WORLDS for w in self.worlds) or len(set(self.worlds)) != len(self.worlds):
            raise InputError(f"expected worlds out of {', '.join(WORLDS)}, got {self.worlds}")
        if layers > 1000:  # a broken or hostile file must not make us build this
            raise InputError(f"expected at most 1000 layers, got {layers}")
        if not 0 <= self.num_shared_layers <= layers:
            raise InputError(f"expected num_shared_layers in 0..{layers} (all layers), got {self.num_shared_layers}")
        if self.tie_word_embeddings or getattr(self.text_config, "tie_word_embeddings", False):
            raise InputError("expected untied output heads, got tie_word_embeddings=True; `upcycle` unties a tied base model")
        if self.router and len(self.worlds) < 2:
            raise InputError("expected both worlds for a router, got one; a router needs two experts to choose from")
        if self.action_bins.last_id >= vocabulary:
            raise InputError(
                f"expected action ids below {vocabulary} (vocabulary), got {self.first_action_id}..{self.action_bins.last_id}"
            )
        if self.action_decoding not in ("autoregressive", "parallel"):
            raise InputError(f"expected action_decoding autoregressive or parallel, got {self.action_decoding!r}")
        marks = [self.image_token_id, self.video_token_id, self.vision_start_token_id, self.vision_end_token_id]
        if self.num_action_queries:
            marks.append(self.action_query_token_id)
            if not 0 <= self.action_query_token_id < vocabulary:
                raise InputError(
                    f"expected action_query_token_id below the vocabulary size {vocabulary}, got {self.action_query_token_id}"
                )
        if len(set(marks)) < len(marks) or any(self.first_action_id <= m <= self.action_bins.last_id for m in marks):
            raise InputError(
                f"expected marks of images and queries with ids of their own, got {marks} beside the action ids "
                f"{self.first_action_id}..{self.action_bins.last_id}"
            )
        if not 0 <= self.action_bin_sigma < math.inf:
            raise InputError(f"expected an action_bin_sigma of 0 or more, got {self.action_bin_sigma}")
        if self.chunk_size < 1 or self.queries_per_action not in (1, ACTION_SIZE):
            raise InputError(
                f"expected chunk_size of 1 or more and queries_per_action of 1 or {ACTION_SIZE}, "
                f"got {self.chunk_size} and {self.queries_per_action}"
            )
        if self.action_readout not in ("mode", "mean"):
            raise InputError(f"expected an action_readout of mode or mean, got {self.action_readout!r}")
        if self.point_readout not in ("words", "attention"):
            raise InputError(f"expected a point_readout of words or attention, got {self.point_readout!r}")
        if self.point_readout == "attention" and not self.prefix_attention:
            raise InputError("expected prefix_attention with point_readout attention, got none; set point_readout words")
        if self.action_readout == "mean" and self.action_decoding != "parallel":
            raise InputError(
                "expected action_readout mode with autoregressive decoding, whose next number needs one id, got mean"
            )
        if self.target_query and (self.action_decoding != "parallel" or self.queries_per_action != 1):
            raise InputError("expected target_query only with parallel decoding and one query per action, got other settings")

    @property
    def action_bins(self) -> ActionBins:
        """The intervals and their ids."""
        return ActionBins(self.first_action_id, self.num_action_bins)

    @property
    def num_action_queries(self) -> int:
        """Query positions that parallel decoding adds to a prompt; 0 when autoregressive."""
        return self.num_query_rows * self.queries_per_action if self.action_decoding == "parallel" else 0

    @property
    def num_query_rows(self) -> int:
        """Rows of seven numbers that the queries answer with: the actions, then the targets if there is a query for them."""
        return self.chunk_size + self.target_query

    def layer_experts(self, index: int) -> tuple[str, ...]:
        """Names of the experts in decoder layer `index`: "shared", or the worlds."""
        return (SHARED,) if index < self.num_shared_layers else tuple(self.worlds)

    @property
    def head_experts(self) -> tuple[str, ...]:
        """Names of the output heads (and final norms): "shared", or the worlds."""
        return tuple(self.worlds) if self.separate_heads else (SHARED,)


Variant = Literal["gui", "embodied", "dense", "hard", "router", "omniactor"]


def variant_settings(variant: str, layers: int, num_shared_layers: int) -> dict:
    """Return the `OmniActorConfig` fields that make a variant of the paper's Table 2.

    Args:
        variant: "gui" and "embodied" (OmniActor-GUI, OmniActor-EA: one world, nothing to part), "dense"
            (OmniActor-EA&GUI: one set of weights for both), "hard" (nothing shared after the inputs),
            "router" or "omniactor".
        layers: decoder layers of the model.
        num_shared_layers: K_share, for "router" and "omniactor".

    Raises:
        InputError: no such variant.
    """
    both, all_shared = list(WORLDS), {"num_shared_layers": layers, "separate_heads": False, "router": False}
    variants = {
        "gui": {"worlds": ["gui"], **all_shared},
        "embodied": {"worlds": ["embodied"], **all_shared},
        "dense": {"worlds": both, **all_shared},
        "hard": {"worlds": both, "num_shared_layers": 0, "separate_heads": True, "router": False},
        "router": {"worlds": both, "num_shared_layers": num_shared_layers, "separate_heads": True, "router": True},
        "omniactor": {"worlds": both, "num_shared_layers": num_shared_layers, "separate_heads": True, "router": False},
    }
    if variant not in variants:
        raise InputError(f"expected a variant ({', '.join(variants)}), got {variant!r}")
    return variants[variant]


def variant_of(config: OmniActorConfig) -> str:
    """Return which of the paper's variants a configuration is."""
    if len(config.worlds) == 1:
        return config.worlds[0]
    if config.router:
        return "router"
    if not config.separate_heads and config.num_shared_layers == config.text_config.num_hidden_layers:
        return "dense"
    return "hard" if config.num_shared_layers == 0 else "omniactor"


VARIANTS = ("gui", "embodied", "dense", "hard", "router", "omniactor")


def read_config(folder: Path) -> OmniActorConfig:
    """Read the configuration of an OmniActor checkpoint."""
    try:
        content = json.loads((Path(folder) / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"expected a readable config.json in {Path(folder).name}, got {one_line(error)}") from None
    kind = content.get("model_type") if isinstance(content, dict) else type(content).__name__
    if kind != OmniActorConfig.model_type:
        raise CheckpointError(f"expected an OmniActor checkpoint, got one of type {kind!r}; make one with `omniactor upcycle`")
    try:
        return OmniActorConfig.from_dict(content)
    except (StrictDataclassError, TypeError, ValueError, KeyError) as error:
        raise CheckpointError(f"expected a valid config.json in {Path(folder).name}, got {one_line(error)}") from None
