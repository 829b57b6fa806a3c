"""Decoder layers: one that exists once per world, and the last one, which need not answer where nobody asks.

Dimensions: B batch, S sequence, H hidden, E experts, D of an attention head.
"""

from __future__ import annotations

import torch
from torch import nn
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLTextConfig
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLDecoderLayer, apply_rotary_pos_emb, eager_attention_forward

from omniactor.model.configuration import OmniActorConfig
from omniactor.model.routing import Routing, take


class FinalLayer(Qwen2VLDecoderLayer):
    """Qwen2-VL's decoder layer, and the same for the last positions alone.

    Behind the last layer only the states are looked at that predict something: an action's queries, an answer's words.
    The prompt before them, mostly pictures, is there to be attended to; its keys and values are enough. In a small model
    that sees two cameras this saves a quarter of a training step.
    """

    def forward(
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values=None,
        use_cache: bool | None = False,
        position_embeddings: tuple[torch.Tensor, torch.Tensor] | None = None,
        keep: int = 0,
        attentions: list[torch.Tensor] | None = None,
        **arguments,
    ) -> torch.Tensor:
        """Run the layer.

        Args:
            hidden_states: (B, S, H).
            attention_mask: (B, 1, S, S), or what else the attention in use takes.
            position_ids: (B, S).
            past_key_values: the cache.
            use_cache: fill it.
            position_embeddings: cosines and sines, (B, S, D) each.
            keep: compute the last so many positions only; 0 = all.
            attentions: gets (B, heads, keep, S), where each kept position looked; only with `keep`.
            arguments: for the attention.

        Returns:
            (B, keep, H); all S positions where there is nothing to save: no or as many to keep, a cache, or an attention
            that takes no 4-D mask.
        """
        masked = isinstance(attention_mask, torch.Tensor) and attention_mask.dim() == 4
        if not 0 < keep < hidden_states.shape[1] or past_key_values is not None or not masked:
            return super().forward(
                hidden_states, attention_mask, position_ids, past_key_values, use_cache, position_embeddings, **arguments
            )
        attention, (cosine, sine) = self.self_attn, position_embeddings
        seen, kept = self.input_layernorm(hidden_states), hidden_states[:, -keep:]

        def heads(states: torch.Tensor) -> torch.Tensor:
            return states.view(*states.shape[:2], -1, attention.head_dim).transpose(1, 2)

        queries = heads(attention.q_proj(seen[:, -keep:]))
        keys, values = heads(attention.k_proj(seen)), heads(attention.v_proj(seen))
        queries, _ = apply_rotary_pos_emb(queries, queries, cosine[:, -keep:], sine[:, -keep:])
        keys, _ = apply_rotary_pos_emb(keys, keys, cosine, sine)
        mask = attention_mask[:, :, -keep:]
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(attention.config._attn_implementation, eager_attention_forward)
        if attentions is not None and mask.dtype == torch.bool:  # only the plain computation says where it looked
            attend = eager_attention_forward
            mask = torch.zeros_like(mask, dtype=queries.dtype).masked_fill(~mask, torch.finfo(queries.dtype).min)
        mixed, weights = attend(
            attention, queries, keys, values, mask, dropout=attention.attention_dropout * self.training,
            scaling=attention.scaling, sliding_window=attention.sliding_window, **arguments,
        )  # fmt: skip
        if attentions is not None:
            attentions.append(weights)
        kept = kept + attention.o_proj(mixed.reshape(*kept.shape[:2], -1))
        return kept + self.mlp(self.post_attention_layernorm(kept))


def decoder_layer(text: Qwen2VLTextConfig, index: int) -> Qwen2VLDecoderLayer:
    """Return a new decoder layer for a place in the decoder."""
    return (FinalLayer if index == text.num_hidden_layers - 1 else Qwen2VLDecoderLayer)(text, index)


class MoELayer(nn.Module):
    """A decoder layer that exists once per world: norms, attention and feed-forward.

    The world of a sample picks its expert, and only that one runs. With a router, both run and each token's
    output is their mean, weighted by probabilities computed from the token itself; two copies of one layer
    therefore give what that layer gives, whatever the router says.
    """

    def __init__(self, config: OmniActorConfig, index: int):
        super().__init__()
        text = config.text_config
        self.experts = nn.ModuleDict({world: decoder_layer(text, index) for world in config.layer_experts(index)})
        self.router = nn.Linear(text.hidden_size, len(self.experts), bias=False) if config.router else None
        if self.router is not None:  # both experts run on every token, so each needs a place in the cache
            extra = text.num_hidden_layers + index - config.num_shared_layers
            list(self.experts.values())[1].self_attn.layer_idx = extra

    def forward(
        self, hidden: torch.Tensor, routing: Routing, position_embeddings, attention_mask, position_ids, **arguments
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the layer's output (B, S, H) and, with a router, its probabilities (B, S, E)."""

        def run(expert: nn.Module, rows: torch.Tensor | None) -> torch.Tensor:
            cosine, sine = position_embeddings
            return expert(
                take(hidden, rows),
                position_embeddings=(take(cosine, rows), take(sine, rows)),
                attention_mask=take(attention_mask, rows),
                position_ids=take(position_ids, rows),
                **arguments,
            )

        if self.router is None:
            return routing.dispatch(self.experts, run), None
        probabilities = self.router(hidden).float().softmax(dim=-1)
        outputs = torch.stack([run(expert, None) for expert in self.experts.values()], dim=-1)
        shares = probabilities[:, -outputs.shape[1] :].to(outputs.dtype)  # of the last positions, where only those were computed
        return (outputs * shares.unsqueeze(-2)).sum(dim=-1), probabilities
