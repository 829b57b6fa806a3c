"""The OmniActor model: Qwen2-VL whose deep layers exist once per world (paper, section 3.3).

Read from the bottom up: `OmniActorForConditionalGeneration` turns hidden states into words or actions,
`OmniActorModel` puts images and text into one sequence, `OmniActorTextModel` runs the decoder layers, and
`MoELayer` (`layer`) is where GUI and embodied samples part ways. Attention, feed-forward, norms, rotary positions
and vision towers are transformers' own Qwen2-VL and Qwen2.5-VL classes, so a layer computes exactly what
it computes there.

Dimensions: B batch, S sequence, H hidden, E experts, N actions in a chunk, K bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import initialization as init
from transformers.cache_utils import Cache, DynamicCache
from transformers.masking_utils import create_causal_mask, create_sliding_window_causal_mask
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VisionTransformerPretrainedModel
from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLTextConfig
from transformers.models.qwen2_vl.modeling_qwen2_vl import (
    Qwen2VisionTransformerPretrainedModel,
    Qwen2VLForConditionalGeneration,
    Qwen2VLModel,
    Qwen2VLPreTrainedModel,
    Qwen2VLRMSNorm,
    Qwen2VLRotaryEmbedding,
)

from omniactor.actions.embodied import ACTION_SIZE
from omniactor.errors import CheckpointError, ModelInputError
from omniactor.model.configuration import SHARED, OmniActorConfig, read_config
from omniactor.model.layer import MoELayer, decoder_layer
from omniactor.model.loss import action_loss, gaze_loss, load_balancing_loss
from omniactor.model.positions import rope_positions
from omniactor.model.routing import Routing, take
from omniactor.model.stem import VisionStem
from omniactor.model.tensors import check_fit, local_folder, one_line, stored_tensors

_TOWERS = {
    "qwen2_vl_vision": Qwen2VisionTransformerPretrainedModel._from_config,
    "qwen2_5_vl_vision": Qwen2_5_VisionTransformerPretrainedModel._from_config,
    "omniactor_stem": VisionStem,
}


@dataclass
class OmniActorOutput(CausalLMOutputWithPast):
    """What the model returns.

    Attributes:
        loss: mean cross-entropy of `labels` and `action_labels`, plus the routers' balancing loss and the one on attention.
            None without labels.
        logits: (B, S, vocabulary), each sample through its world's head.
        past_key_values: the cache; None for a batch that mixes worlds.
        hidden_states: with `output_hidden_states`, the input of every decoder layer and the output of the last,
            (B, S, H) each.
        router_probabilities: variant "router" only: per deep layer, (B, S, E) in the order of `config.worlds`.
        action_logits: parallel decoding only: (samples with queries, N, 7, K).
        gaze_loss: with `gaze_weight`: the loss on attention, a number, not yet weighted.
    """

    router_probabilities: tuple[torch.Tensor, ...] | None = None
    action_logits: torch.Tensor | None = None
    gaze_loss: torch.Tensor | None = None


@dataclass
class _Decoded(BaseModelOutputWithPast):
    router_probabilities: tuple[torch.Tensor, ...] | None = None


class OmniActorTextModel(Qwen2VLPreTrainedModel):
    """Qwen2-VL's decoder with shared shallow layers and one set of deep layers per world."""

    config_class = Qwen2VLTextConfig
    config: Qwen2VLTextConfig

    def __init__(self, config: OmniActorConfig):
        text = config.text_config
        super().__init__(text)
        self.embed_tokens = nn.Embedding(text.vocab_size, text.hidden_size, text.pad_token_id)
        self.layers = nn.ModuleList(
            decoder_layer(text, index) if SHARED in config.layer_experts(index) else MoELayer(config, index)
            for index in range(text.num_hidden_layers)
        )
        self.norm = nn.ModuleDict({name: Qwen2VLRMSNorm(text.hidden_size, text.rms_norm_eps) for name in config.head_experts})
        self.rotary_emb = Qwen2VLRotaryEmbedding(text)

    def forward(
        self,
        embeddings: torch.Tensor,
        routing: Routing,
        attention_mask: torch.Tensor | dict | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool = False,
        bidirectional: torch.Tensor | None = None,
        output_hidden_states: bool = False,
        states_to_keep: int = 0,
        attentions: list[torch.Tensor] | None = None,
    ) -> _Decoded:
        """Run the layers; arguments as in `OmniActorForConditionalGeneration.forward`."""
        if position_ids is None:
            seen = past_key_values.get_seq_length() if past_key_values is not None else 0
            position_ids = (torch.arange(embeddings.shape[1], device=embeddings.device) + seen).view(1, 1, -1)
            position_ids = position_ids.expand(3, embeddings.shape[0], -1)
        # generate() puts the plain text positions in front of the three rotary ones, as Qwen2-VL has it.
        text_positions, position_ids = (position_ids[0], position_ids[1:]) if len(position_ids) == 4 else (None, position_ids)
        masks = self._masks(embeddings, attention_mask, past_key_values, text_positions, bidirectional)
        arguments = {
            "position_embeddings": self.rotary_emb(embeddings, position_ids),
            "position_ids": text_positions,
            "past_key_values": past_key_values,
            "use_cache": use_cache,
        }
        hidden, states, probabilities = embeddings, [embeddings], []
        for index, layer in enumerate(self.layers):
            mask = masks[self.config.layer_types[index]]
            if index == len(self.layers) - 1:
                arguments |= {"keep": states_to_keep, "attentions": attentions}
            if isinstance(layer, MoELayer):
                hidden, routed = layer(hidden, routing, attention_mask=mask, **arguments)
                probabilities += [] if routed is None else [routed]
            else:
                hidden = layer(hidden, attention_mask=mask, **arguments)
            states.append(hidden)
        hidden = states[-1] = hidden[:, -states_to_keep:]  # 0 leaves all
        hidden = routing.dispatch(self.norm, lambda norm, rows: norm(take(hidden, rows)))
        return _Decoded(
            last_hidden_state=hidden,
            past_key_values=past_key_values,
            hidden_states=tuple(states) if output_hidden_states else None,
            router_probabilities=tuple(probabilities) or None,
        )

    def _masks(self, embeddings, attention_mask, cache, text_positions, bidirectional) -> dict:
        """Return the causal masks by layer type, opened between the tokens marked as bidirectional."""
        prefill = cache is None or cache.get_seq_length() == 0
        if isinstance(attention_mask, dict):
            if bidirectional is not None and prefill:
                raise ModelInputError(
                    "expected a 2-D attention mask beside `bidirectional`, got prepared masks; use the dynamic cache"
                )
            return attention_mask
        arguments = {
            "config": self.config, "inputs_embeds": embeddings, "attention_mask": attention_mask,
            "past_key_values": cache, "position_ids": text_positions,
        }  # fmt: skip
        blocks = torch.where(bidirectional.bool(), 0, -1) if bidirectional is not None and prefill else None
        masks = {"full_attention": create_causal_mask(**arguments, block_sequence_ids=blocks)}
        if "sliding_attention" in self.config.layer_types:
            masks["sliding_attention"] = create_sliding_window_causal_mask(**arguments, block_sequence_ids=blocks)
        return masks


class OmniActorModel(Qwen2VLModel):
    """Images and text in one sequence, through the decoder. Rotary positions come from Qwen2-VL's class."""

    config_class = OmniActorConfig
    config: OmniActorConfig

    def __init__(self, config: OmniActorConfig):
        Qwen2VLPreTrainedModel.__init__(self, config)
        self.visual = _TOWERS[config.vision_config.model_type](config.vision_config)
        self.language_model = OmniActorTextModel(config)
        queries = config.num_action_queries
        self.action_queries = nn.Embedding(queries, config.text_config.hidden_size) if queries else None
        self.rope_deltas = None
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Initialise as Qwen2-VL does; convolutions by their fan-in, since nothing normalises between them.

        It stands here and not in the model around this one: transformers asks the innermost model of a module.
        """
        super()._init_weights(module)
        if isinstance(module, nn.Conv2d):
            init.kaiming_normal_(module.weight, nonlinearity="relu")

    def get_input_embeddings(self) -> nn.Module:
        """Return the token embeddings."""
        return self.language_model.embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the token embeddings."""
        self.language_model.embed_tokens = value

    def forward(
        self,
        input_ids: torch.Tensor | None,
        routing: Routing,
        attention_mask: torch.Tensor | dict | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        use_cache: bool = False,
        pixel_values: torch.Tensor | None = None,
        image_grid_thw: torch.Tensor | None = None,
        image_cameras: torch.Tensor | None = None,
        mm_token_type_ids: torch.Tensor | None = None,
        **arguments,
    ) -> _Decoded:
        """Embed, place images and queries, find positions, decode; see `OmniActorForConditionalGeneration.forward`."""
        embeddings = self.get_input_embeddings()(input_ids) if inputs_embeds is None else inputs_embeds
        if pixel_values is not None:
            tokens = self.image_tokens(pixel_values, image_grid_thw, image_cameras)
            embeddings = _place(embeddings, input_ids == self.config.image_token_id, tokens, "image")
        if self.action_queries is not None and input_ids is not None:
            marked = input_ids == self.config.action_query_token_id
            queries = self.action_queries.weight.repeat(int(marked.any(dim=1).sum()), 1)
            embeddings = _place(embeddings, marked, queries, "action query")
        if position_ids is None:
            position_ids = self.compute_3d_position_ids(
                input_ids=input_ids, inputs_embeds=embeddings, image_grid_thw=image_grid_thw,
                attention_mask=None if isinstance(attention_mask, dict) else attention_mask,
                past_key_values=past_key_values, mm_token_type_ids=mm_token_type_ids,
            )  # fmt: skip
        if use_cache and past_key_values is None:
            past_key_values = self.new_cache()
        return self.language_model(embeddings, routing, attention_mask, position_ids, past_key_values, use_cache, **arguments)

    def get_rope_index(
        self, input_ids, mm_token_type_ids, image_grid_thw=None, video_grid_thw=None, attention_mask=None, **arguments
    ):
        """Return Qwen2-VL's positions and offsets; see `positions`."""
        if video_grid_thw is not None or image_grid_thw is None:
            return super().get_rope_index(
                input_ids, mm_token_type_ids, image_grid_thw, video_grid_thw, attention_mask, **arguments
            )
        return rope_positions(self.config, input_ids, mm_token_type_ids, image_grid_thw, attention_mask)

    def image_tokens(self, pixel_values: torch.Tensor, grid: torch.Tensor, cameras: torch.Tensor | None) -> torch.Tensor:
        """Return the visual tokens of all images, one after the other: (tokens, H)."""
        if grid is None or int(grid.prod(dim=-1).sum()) != len(pixel_values):
            raise ModelInputError(
                f"expected image_grid_thw to cover {len(pixel_values)} patches, got {None if grid is None else grid.tolist()}"
            )
        pixel_values = pixel_values.to(self.visual.dtype)
        if not isinstance(self.visual, VisionStem):
            return self.visual(pixel_values, grid_thw=grid).pooler_output
        if cameras is None:
            raise ModelInputError("expected image_cameras beside the images of a model with a stem per camera, got none")
        return self.visual(pixel_values, grid, cameras)

    def new_cache(self) -> DynamicCache:
        """Return an empty cache; with routers it has a second place per deep layer."""
        return DynamicCache() if self.config.router else DynamicCache(config=self.config.text_config)


class OmniActorForConditionalGeneration(Qwen2VLForConditionalGeneration):
    """OmniActor with its output heads: words for GUIs, action ids for the arm."""

    config_class = OmniActorConfig
    config: OmniActorConfig
    # What stays on one device and is sharded as a whole. An expert pair does, since a batch may need both.
    _no_split_modules = [
        "MoELayer",
        "Qwen2VLDecoderLayer",
        "FinalLayer",
        "Qwen2VLVisionBlock",
        "Qwen2_5_VLVisionBlock",
        "VisionStem",
    ]
    _tied_weights_keys = {}
    # Every micro-batch counts the same in a step, whichever world and however many tokens it has.
    accepts_loss_kwargs = False

    def __init__(self, config: OmniActorConfig):
        Qwen2VLPreTrainedModel.__init__(self, config)
        hidden, vocabulary = config.text_config.hidden_size, config.text_config.vocab_size
        self.model = OmniActorModel(config)
        self.lm_head = nn.ModuleDict({name: nn.Linear(hidden, vocabulary, bias=False) for name in config.head_experts})
        spread = config.num_action_queries and config.queries_per_action == 1
        self.action_spread = nn.Linear(hidden, ACTION_SIZE * hidden) if spread else None
        self.post_init()
        present = {type(module).__name__ for module in self.modules()}
        self._no_split_modules = [name for name in type(self)._no_split_modules if name in present]  # FSDP wants no others

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | dict | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        pixel_values: torch.Tensor | None = None,
        image_grid_thw: torch.Tensor | None = None,
        image_cameras: torch.Tensor | None = None,
        mm_token_type_ids: torch.Tensor | None = None,
        world: torch.Tensor | list[str] | str | None = None,
        bidirectional: torch.Tensor | None = None,
        action_labels: torch.Tensor | None = None,
        logits_to_keep: int = 0,
        states_to_keep: int = 0,
        gaze_queries: torch.Tensor | None = None,
        gaze_targets: torch.Tensor | None = None,
        gaze_weight: float = 0.0,
        output_hidden_states: bool = False,
        return_dict: bool = True,
        **loss_arguments,
    ) -> OmniActorOutput | tuple:
        """Run the model.

        Args:
            input_ids: (B, S) token ids; images and action queries are marked by their placeholder ids.
            attention_mask: (B, S), 0 for padding (left or right).
            position_ids: (3, B, S) rotary positions; computed from the images' grids when missing.
            past_key_values: keys and values of what came before; needs a batch of one world.
            inputs_embeds: (B, S, H) instead of input_ids.
            labels: (B, S) ids to predict, -100 where nothing is asked; shifted by one inside.
            use_cache: return a cache; by default only where nothing is learnt. Ignored for a batch that mixes worlds.
            pixel_values: (patches, patch size) of all images, as Qwen2-VL's image processor cuts them.
            image_grid_thw: (images, 3) patches per image: time (1), rows, columns.
            image_cameras: (images,) camera numbers; models with a stem per camera only.
            mm_token_type_ids: (B, S), 1 at image tokens, else 0.
            world: each sample's world: "gui" or "embodied" for all, a list of B such names, or a (B,) tensor of
                0 and 1. May be left out when the model makes no difference.
            bidirectional: (B, S), 1 for tokens that see each other regardless of order.
            action_labels: (B, N, 7) bins to predict in parallel decoding, -100 where nothing is asked.
            logits_to_keep: compute `logits` for the last so many positions only; 0 = all.
            states_to_keep: compute the last layer and everything behind it for the last so many positions only; 0 = all.
                Everything asked about must lie there: queries, and the position before each label.
            gaze_queries: (B, S) bool, positions whose attention is trained; see `gaze`.
            gaze_targets: (B, S) where it should look.
            gaze_weight: of that loss; above 0 it needs a batch of one world and `states_to_keep`.
            output_hidden_states: return the states between layers; the last of them is cut by `states_to_keep`.
            return_dict: False for a tuple.
            loss_arguments: for transformers' loss function (`num_items_in_batch`).

        Raises:
            ModelInputError: unknown or missing world, placeholders that do not match images, a cache
                together with a batch that mixes worlds, or `states_to_keep` that leave out what is asked.
        """
        tokens = input_ids if inputs_embeds is None else inputs_embeds
        if tokens is None:
            raise ModelInputError("expected input_ids or inputs_embeds, got neither")
        routing = Routing.of(world, len(tokens), self.config, tokens.device)
        if routing.mixed and past_key_values is not None:
            raise ModelInputError("expected one world per batch beside a cache, got both; call once per world")
        if use_cache is None:
            use_cache = self.config.text_config.use_cache and labels is None and not states_to_keep
        use_cache = use_cache and not routing.mixed
        attentions = [] if gaze_weight else None
        decoded = self.model(
            input_ids, routing, attention_mask, position_ids, past_key_values, inputs_embeds, use_cache,
            pixel_values, image_grid_thw, image_cameras, mm_token_type_ids,
            bidirectional=bidirectional, output_hidden_states=output_hidden_states, states_to_keep=states_to_keep,
            attentions=attentions,
        )  # fmt: skip
        if states_to_keep and labels is not None and (labels[:, : 1 - states_to_keep or None] >= 0).any():
            raise ModelInputError(f"expected labels within the last {states_to_keep - 1} positions, got earlier ones; keep more")
        labels = None if labels is None else labels[:, -states_to_keep:]
        hidden = decoded.last_hidden_state
        kept = hidden[:, -logits_to_keep:] if logits_to_keep else hidden
        output = OmniActorOutput(
            logits=routing.dispatch(self.lm_head, lambda head, rows: head(take(kept, rows))),
            past_key_values=decoded.past_key_values,
            hidden_states=decoded.hidden_states,
            router_probabilities=decoded.router_probabilities,
        )
        losses = []
        if labels is not None and not (labels[:, 1:] >= 0).any():
            losses.append(output.logits[:0].sum())  # queries alone: no word is asked, and the mean of nothing is NaN
        elif labels is not None:
            vocabulary = self.config.text_config.vocab_size
            losses.append(self.loss_function(logits=output.logits, labels=labels, vocab_size=vocabulary, **loss_arguments))
        if self.model.action_queries is not None and input_ids is not None:
            marked = input_ids == self.config.action_query_token_id
            if states_to_keep and marked[:, :-states_to_keep].any():
                raise ModelInputError(f"expected action queries within the last {states_to_keep} positions, got earlier ones")
            marked = marked[:, -states_to_keep:]
            output.action_logits = self.action_logits(hidden[marked]) if marked.any() else None
            if action_labels is not None and output.action_logits is not None:
                losses.append(action_loss(output.action_logits, action_labels[marked.any(dim=1)], self.config.action_bin_sigma))
        if gaze_weight and len(attentions) != 1:
            raise ModelInputError(
                "expected a batch of one world and fewer states_to_keep than positions for a loss on attention, got others"
            )
        if gaze_weight:
            output.gaze_loss = gaze_loss(attentions[0], gaze_queries, gaze_targets)
            losses.append(gaze_weight * output.gaze_loss)
        if losses and decoded.router_probabilities:
            balance = load_balancing_loss(decoded.router_probabilities, attention_mask)
            losses.append(self.config.router_aux_loss_coef * balance)
        output.loss = sum(losses) if losses else None
        return output if return_dict else output.to_tuple()

    def get_output_embeddings(self) -> nn.Module | None:
        """Return the one output head of a model that shares it; None where each world has its own."""
        return self.lm_head[SHARED] if self.config.head_experts == (SHARED,) else None

    def action_logits(self, queries: torch.Tensor) -> torch.Tensor:
        """Return bin logits (samples, rows, 7, K) for the hidden states (samples * queries, H) of action queries.

        The rows are the actions of the chunk and, with a target query, one more for the targets.
        """
        if self.action_spread is not None:
            queries = self.action_spread(queries)
        logits = self.bin_logits(queries.reshape(-1, self.config.text_config.hidden_size))
        return logits.view(-1, self.config.num_query_rows, ACTION_SIZE, self.config.num_action_bins)

    def bin_logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return logits (..., K) of the action bins alone for final hidden states (..., H) of embodied samples.

        They are the rows of the output head that belong to the K action ids, so a bin means the same in both
        ways of decoding.
        """
        head = self.lm_head[SHARED if SHARED in self.lm_head else "embodied"]
        rows = slice(self.config.first_action_id, self.config.first_action_id + self.config.num_action_bins)
        return nn.functional.linear(hidden, head.weight[rows])

    def generate(self, *args, world=None, **arguments) -> torch.Tensor:
        """Generate text as transformers does; `world` is one name for the whole batch.

        Raises:
            ModelInputError: the batch mixes worlds; generate once per world.
        """
        if world is not None and not isinstance(world, str):
            routing = Routing.of(world, len(world), self.config, self.device)
            if routing.mixed:
                raise ModelInputError("expected one world per call of generate, got both; call it once per world")
            world = next(iter(routing.rows))
        if self.config.num_action_queries:  # a mark that asks for an action; it cannot stand among words
            arguments.setdefault("suppress_tokens", [self.config.action_query_token_id])
        if self.config.router and arguments.get("past_key_values") is None:
            arguments["past_key_values"] = self.model.new_cache()
        return super().generate(*args, world=world, **arguments)

    @classmethod
    def from_pretrained(cls, path: str | Path, *args, worlds: Sequence[str] | None = None, **arguments):
        """Load a checkpoint as transformers does, but refuse one that does not fit instead of filling the gaps.

        Args:
            path: folder or Hub name.
            args: for transformers.
            worlds: load only these worlds' experts, which takes the memory of those alone.
            arguments: for transformers: `dtype`, `device_map`, `quantization_config`, `attn_implementation`, ...

        Raises:
            CheckpointError: tensors missing, unknown, of another shape, or broken files.
            ModelInputError: no such expert in the checkpoint.
        """
        hub = {k: arguments.pop(k) for k in ("revision", "cache_dir", "local_files_only", "token") if k in arguments}
        folder = local_folder(path, **hub)
        config = arguments.pop("config", None) or read_config(folder)
        stored = list(config.worlds)
        if worlds is not None:
            if config.router or not set(worlds) <= set(stored) or not worlds:
                has = "routers, which need both experts" if config.router else f"experts for {', '.join(stored)}"
                raise ModelInputError(f"expected worlds to load that the checkpoint can part, got {list(worlds)}; it has {has}")
            config.worlds = [w for w in stored if w in worlds]
        left = tuple(f".{w}." for w in stored if w not in config.worlds)
        tensors, shapes = stored_tensors(folder), cls.expected_shapes(config)
        check_fit(
            missing=[name for name in shapes if name not in tensors],
            unexpected=[name for name in tensors if name not in shapes and not any(w in name for w in left)],
            misshapen=[
                f"{name} {tensors[name].shape} instead of {shape}"
                for name, shape in shapes.items()
                if name in tensors and tensors[name].shape != shape
            ],
        )
        try:
            return super().from_pretrained(folder, *args, config=config, use_safetensors=True, **arguments)
        except SafetensorError as error:
            raise CheckpointError(f"expected an intact OmniActor checkpoint in {folder.name}, got {one_line(error)}") from None

    @classmethod
    def expected_shapes(cls, config: OmniActorConfig) -> dict[str, tuple[int, ...]]:
        """Return tensor name -> shape of a configuration's model, without the memory for it."""
        with torch.device("meta"):
            return {name: tuple(value.shape) for name, value in cls(config).state_dict().items()}


def _place(embeddings: torch.Tensor, marked: torch.Tensor, tokens: torch.Tensor, what: str) -> torch.Tensor:
    """Put tokens (n, H) into the marked positions of embeddings (B, S, H), in order."""
    count = int(marked.sum())
    if count != len(tokens):
        raise ModelInputError(f"expected {len(tokens)} {what} tokens in input_ids to match the inputs, got {count}")
    return embeddings.masked_scatter(marked.unsqueeze(-1), tokens.to(embeddings.dtype))
