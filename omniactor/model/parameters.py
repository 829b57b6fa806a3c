"""How many parameters a configuration has, part by part, from its numbers alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from omniactor.actions.embodied import ACTION_SIZE
from omniactor.model.configuration import SHARED, OmniActorConfig, OmniActorStemConfig


@dataclass(frozen=True)
class Parameters:
    """Parameters of a model.

    Attributes:
        vision: the tower or stem.
        embeddings: of tokens and action queries.
        layer: one decoder layer (one expert of it).
        shared: all decoder layers that both worlds use.
        expert: all decoder layers of one world.
        head: one final norm and output head.
        other: routers and the linear layer that spreads a query over an action.
        total: everything.
        active: what one sample runs through: the tower, the shared layers, one world's experts and head
            (with a router, both worlds' experts).
    """

    vision: int
    embeddings: int
    layer: int
    shared: int
    expert: int
    head: int
    other: int
    total: int
    active: int


def count_parameters(config: OmniActorConfig) -> Parameters:
    """Return the parameter counts of a configuration's model."""
    text = config.text_config
    hidden, layers = text.hidden_size, text.num_hidden_layers
    narrow = hidden // text.num_attention_heads * text.num_key_value_heads  # width of keys and of values
    attention = (hidden * hidden + hidden) + 2 * (hidden * narrow + narrow) + hidden * hidden
    layer = attention + 3 * hidden * text.intermediate_size + 2 * hidden
    shared_layers = sum(SHARED in config.layer_experts(index) for index in range(layers))
    worlds = len(config.worlds)
    expert = (layers - shared_layers) * layer
    head = hidden + hidden * text.vocab_size
    embeddings = hidden * (text.vocab_size + config.num_action_queries)
    routers = (layers - shared_layers) * hidden * worlds if config.router else 0
    spread = (
        hidden * ACTION_SIZE * hidden + ACTION_SIZE * hidden
        if config.num_action_queries and config.queries_per_action == 1
        else 0
    )
    vision, shared, other = _vision(config.vision_config), shared_layers * layer, routers + spread
    outside = vision + embeddings + shared + other
    return Parameters(
        vision, embeddings, layer, shared, expert, head, other,
        total=outside + worlds * expert + len(config.head_experts) * head,
        active=outside + (worlds if config.router else 1) * expert + head,
    )  # fmt: skip


def _vision(config) -> int:
    if isinstance(config, OmniActorStemConfig):
        widths = [config.in_channels + 2, *config.channels]
        convolutions = sum(9 * before * after + after for before, after in pairwise(widths))
        return len(config.cameras) * (convolutions + widths[-1] * config.hidden_size + config.hidden_size)
    newer = config.model_type == "qwen2_5_vl_vision"
    width, out = (config.hidden_size, config.out_hidden_size) if newer else (config.embed_dim, config.hidden_size)
    patch = config.in_channels * config.temporal_patch_size * config.patch_size**2 * width
    attention = (3 * width * width + 3 * width) + (width * width + width)
    if newer:  # RMS norms without bias, gated feed-forward
        inner = config.intermediate_size
        block = 2 * width + attention + 3 * width * inner + 2 * inner + width
    else:
        inner = int(width * config.mlp_ratio)
        block = 4 * width + attention + 2 * width * inner + inner + width
    merged = width * config.spatial_merge_size**2
    merger = (width if newer else 2 * width) + (merged * merged + merged) + (merged * out + out)
    return patch + config.depth * block + merger
