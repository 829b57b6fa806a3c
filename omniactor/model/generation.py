"""Actions out of the model: one id after the other, or a whole chunk in one pass.

Only the K action ids are ever looked at, seven per action, so no end token is needed and nothing else can
come out. The head's other rows are not even computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from transformers.cache_utils import Cache, StaticCache, StaticLayer

from omniactor.actions.embodied import ACTION_SIZE, GRIPPER, target_offsets
from omniactor.errors import ModelError, ModelInputError
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.routing import Routing


@dataclass(frozen=True)
class ActionPrediction:
    """A chunk of actions for each sample of a batch of B.

    Attributes:
        values: (B, N, 7) what to do, in -1 to 1, float32: the middles of the chosen intervals, or the mean that lies in them.
        bins: (B, N, 7) interval numbers of the values.
        distribution: (B, N, 7, K) probabilities of all intervals, float32.
        targets: (B, 2, 3) where the thing and the place are that the goal asks about, seen from the gripper, metres;
            None without a target query.
    """

    values: torch.Tensor
    bins: torch.Tensor
    distribution: torch.Tensor
    targets: torch.Tensor | None = None

    @property
    def probabilities(self) -> torch.Tensor:
        """(B, N, 7) probabilities of the intervals of the values."""
        return self.distribution.gather(-1, self.bins.unsqueeze(-1)).squeeze(-1)


class ActionDecoder:
    """Decides on action chunks with a model, keeping between calls what does not change.

    Attributes:
        reused: positions of the last prompt that were taken over from the one before (its beginning, up to the
            first picture); autoregressive decoding of one sample only.
    """

    def __init__(self, model: OmniActorForConditionalGeneration, static_cache: int = 0, compiled: bool = False) -> None:
        """Prepare.

        Args:
            model: an OmniActor with an embodied expert.
            static_cache: positions of a key-value cache of fixed size, made once; 0 for one that grows.
            compiled: compile the decoding step (`torch.compile`, CUDA graphs on a GPU); needs a static cache.
        """
        if compiled and not static_cache:
            raise ModelInputError("expected a static cache for compiled decoding, got none; say how many positions it needs")
        self.model, self.config, self.static_cache = model, model.config, static_cache
        self._step = torch.compile(self._next, mode="reduce-overhead") if compiled else self._next
        self._cache: Cache | None = None
        self._cached_ids = torch.empty(0, dtype=torch.long)
        self.reused = 0

    @torch.inference_mode()
    def __call__(self, inputs, temperature: float = 0.0, generator: torch.Generator | None = None) -> ActionPrediction:
        """Decide.

        Args:
            inputs: what `OmniActorProcessor.encode` returned, left-padded, of embodied samples; on the model's device.
            temperature: 0 for the checkpoint's own readout (`config.action_readout`), else sample.
            generator: of the samples.

        Raises:
            ModelInputError: inputs of the other world, padded on the right, or longer than the static cache; no usable
                temperature.
            ModelError: the model computed NaN or infinity.
        """
        if not 0 <= temperature < math.inf:
            raise ModelInputError(f"expected a temperature of 0 or more, got {temperature}; 0 takes the likeliest")
        inputs = {name: value for name, value in inputs.items() if name not in ("labels", "action_labels")}
        routing = Routing.of(inputs.pop("world", None), len(inputs["input_ids"]), self.config, self.model.device)
        if any(world != "embodied" for world in routing.rows):
            raise ModelInputError(f"expected embodied samples to decide on actions, got {', '.join(routing.rows)}")

        def choose(logits: torch.Tensor) -> torch.Tensor:
            if temperature == 0:
                return logits.argmax(dim=-1)
            logits = logits.float() - logits.float().amax(dim=-1, keepdim=True)  # no overflow at a low temperature
            flat = (logits / temperature).softmax(dim=-1).flatten(0, -2)
            return torch.multinomial(flat, 1, generator=generator).view(logits.shape[:-1])

        if self.config.num_action_queries:
            queries = self.config.num_action_queries
            if (inputs["input_ids"][:, -queries:] != self.config.action_query_token_id).any():
                raise ModelInputError("expected samples that end in their action queries, got others; pad them on the left")
            kept = self.model.model(routing=routing, use_cache=False, states_to_keep=queries, **inputs).last_hidden_state
            logits = self.model.action_logits(kept.flatten(0, 1))
            bins = choose(_checked(logits))
        else:
            logits, bins = self._one_by_one(inputs, routing, choose)
        count, targets = self.config.chunk_size, None
        if self.config.target_query:
            values = self.config.action_bins.centre(logits[:, count].argmax(dim=-1).cpu().numpy())
            targets = torch.from_numpy(target_offsets(values))
        bins, distribution = bins[:, :count], logits[:, :count].float().softmax(dim=-1)
        intervals = self.config.action_bins
        centres = torch.from_numpy(intervals.centre(np.arange(intervals.count))).to(bins.device)
        values = centres[bins]
        if self.config.action_readout == "mean" and temperature == 0:
            values[..., :GRIPPER] = (distribution[..., :GRIPPER, :] @ centres).clamp(-1, 1)
            bins = torch.from_numpy(intervals.bin(values.cpu().numpy())).to(bins.device)
        return ActionPrediction(values, bins, distribution, targets)

    def _one_by_one(self, inputs: dict, routing: Routing, choose) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (B, N, 7, K) and bins (B, N, 7), each value given those before it."""
        config, ids, mask = self.config, inputs["input_ids"], inputs["attention_mask"]
        batch, length = ids.shape
        count = config.chunk_size * ACTION_SIZE
        positions, _ = self.model.model.get_rope_index(
            ids, inputs["mm_token_type_ids"], image_grid_thw=inputs.get("image_grid_thw"), attention_mask=mask
        )
        following = positions.amax(dim=(0, 2)) + 1  # the next free position of each sample
        padded = not bool(mask.all())
        cache, start = self._begin(ids, padded, length + count - 1)
        if start:  # the beginning, which holds no picture, is in the cache already
            inputs = {**inputs, "input_ids": ids[:, start:]}
        inputs = {k: v for k, v in inputs.items() if k not in ("attention_mask", "mm_token_type_ids")}
        hidden = self.model.model(
            routing=routing, attention_mask=mask if padded else None, position_ids=positions[..., start:],
            past_key_values=cache, use_cache=True, **inputs,
        ).last_hidden_state  # fmt: skip
        logits = [_checked(self.model.bin_logits(hidden[:, -1]))]
        chosen = [choose(logits[0])]
        for step in range(1, count):
            token = (chosen[-1] + config.first_action_id).unsqueeze(-1)
            if padded:
                mask = torch.cat([mask, mask.new_ones(batch, 1)], dim=1)
            position = (following + step - 1).view(1, batch, 1).expand(3, -1, -1)
            # A compiled step returns memory that its next run writes over, hence the copy.
            logits.append(_checked(self._step(token, position, mask if padded else None, cache, routing).clone()))
            chosen.append(choose(logits[-1]))
        self._cached_ids = ids[0] if batch == 1 and not padded else self._cached_ids[:0]
        shape = (batch, config.chunk_size, ACTION_SIZE)
        return torch.stack(logits, dim=1).view(*shape, -1), torch.stack(chosen, dim=1).view(shape)

    def _next(self, token, position, mask, cache: Cache, routing: Routing) -> torch.Tensor:
        """Return bin logits (B, K) of the position after `token` (B, 1)."""
        hidden = self.model.model(
            token, routing=routing, attention_mask=mask, position_ids=position, past_key_values=cache, use_cache=True
        ).last_hidden_state
        return self.model.bin_logits(hidden[:, -1])

    def _begin(self, ids: torch.Tensor, padded: bool, needed: int) -> tuple[Cache, int]:
        """Return a cache and how many positions of the prompt it already holds."""
        if self.static_cache and needed > self.static_cache:
            raise ModelInputError(
                f"expected a prompt and chunk of at most {self.static_cache} positions, got {needed}; enlarge static_cache"
            )
        common = 0
        if len(ids) == 1 and not padded and not self.config.prefix_attention:
            old, new = self._cached_ids.to(ids.device), ids[0]
            shorter = min(len(old), len(new) - 1)
            differs = (old[:shorter] != new[:shorter]) | (new[:shorter] == self.config.image_token_id)
            common = int(differs.nonzero()[0]) if differs.any() else shorter
        if self._cache is None or (not common and not self.static_cache) or self._batch_of(self._cache) != len(ids):
            common = 0
            self._cache = self._new_cache()
        _rewind(self._cache, common)
        self._cached_ids = self._cached_ids[:0]  # until this call has succeeded, nobody knows what the cache holds
        self.reused = common
        return self._cache, common

    def _new_cache(self) -> Cache:
        if not self.static_cache:
            return self.model.model.new_cache()
        layers = self.config.text_config.num_hidden_layers
        if self.config.router:
            return Cache(layers=[StaticLayer(self.static_cache) for _ in range(2 * layers - self.config.num_shared_layers)])
        return StaticCache(config=self.config.text_config, max_cache_len=self.static_cache)

    @staticmethod
    def _batch_of(cache: Cache) -> int | None:
        first = cache.layers[0] if cache.layers else None
        return len(first.keys) if first is not None and first.is_initialized else None


def _rewind(cache: Cache, length: int) -> None:
    """Forget everything after the first `length` positions, in place."""
    for layer in cache.layers:
        if not layer.is_initialized:
            continue
        if isinstance(layer, StaticLayer):
            layer.cumulative_length.fill_(length)  # what lies behind is masked, then written over
        else:
            layer.keys, layer.values = layer.keys[:, :, :length], layer.values[:, :, :length]


def _checked(logits: torch.Tensor) -> torch.Tensor:
    if not torch.isfinite(logits).all():
        raise ModelError("expected finite logits, got NaN or infinity; the checkpoint is broken or its dtype too narrow")
    return logits
