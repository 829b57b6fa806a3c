"""Micro-batches as the model takes them, from any number on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from omniactor.errors import ModelInputError
from omniactor.model.configuration import OmniActorConfig
from omniactor.model.gaze import gaze_inputs
from omniactor.model.positions import rope_positions
from omniactor.model.processing import OmniActorProcessor
from omniactor.train.augmentation import Augmentation
from omniactor.train.mixture import Mixture


class Batches(IterableDataset):
    """The micro-batches of one process, encoded, from number `start` to the end of the run."""

    def __init__(
        self,
        mixture: Mixture,
        processor: OmniActorProcessor,
        config: OmniActorConfig,
        stop: int,
        start: int = 0,
        rank: int = 0,
        ranks: int = 1,
        max_length: int = 4096,
        augmentation: Augmentation | None = None,
        gaze: float = 0.0,
        resident: bool = False,
    ) -> None:
        """Say which.

        Args:
            mixture: what is in them.
            processor: how samples become tensors.
            config: the model's.
            stop: number of micro-batches of the whole run, over all processes.
            start: the first one; those of all processes together.
            rank: this process.
            ranks: processes.
            max_length: longest sample in tokens.
            augmentation: of what was seen; none when missing.
            gaze: weight of the loss on where screens' answers look; 0 for none.
            resident: leave the cutting of pictures to `ResidentPictures`: of the arm's, say which they are and how they are
                changed; screens come whole, where a batch has them in one size. Positions are found here, by the readers.
        """
        self.mixture, self.processor, self.config = mixture, processor, config
        self.numbers = range(start + rank, stop, ranks)
        self.max_length, self.augmentation, self.gaze = max_length, augmentation or Augmentation(), gaze
        self.resident = resident

    def __iter__(self) -> Iterator[dict]:
        """Yield the model's inputs; readers of a DataLoader take turns, which keeps the order."""
        reader = get_worker_info()
        numbers = self.numbers if reader is None else self.numbers[reader.id :: reader.num_workers]
        for number in numbers:
            yield self.encode(number)

    def encode(self, number: int) -> dict:
        """Return the inputs of one micro-batch, padded on the right.

        Raises:
            ModelInputError: a sample is too long.
        """
        picks, world = self.mixture.picks(number), self.mixture.world(number)
        arm = self.resident and world == "embodied"
        sources = [self.mixture.sources[source] for source, _ in picks]
        samples = [s.without_pictures(i) if arm else s[i] for s, (_, i) in zip(sources, picks, strict=True)]
        draw = np.random.default_rng([self.mixture.seed, number])
        changes = self.augmentation.draw(len(samples), self.processor.prompt.cameras, draw) if world == "embodied" else None
        samples = [self.augmentation.apply(sample, draw, changes, row) for row, sample in enumerate(samples)]
        seen, done = [s.observation for s in samples], [s.action for s in samples]
        targets = [s.targets for s in samples]
        encoded = self.processor.encode(self.config, seen, done, padding_side="right", targets=targets, pixels=not self.resident)
        inputs = dict(encoded)
        if arm:
            inputs["pictures"] = torch.tensor(picks)
            inputs["picture_steps"], inputs["picture_tables"] = torch.from_numpy(changes.steps), torch.from_numpy(changes.tables)
        ids, bins = inputs["input_ids"], self.config.action_bins
        # Action ids that are not asked for are the arm's state.
        state = (ids >= bins.first_id) & (ids <= bins.last_id) & (inputs["labels"] < 0)
        inputs["input_ids"] = self.augmentation.hide_states(ids, state, self.processor.tokenizer.pad_token_id, draw)
        length = inputs["input_ids"].shape[1]
        if length > self.max_length:
            names = sorted({source.name for source in sources})
            raise ModelInputError(
                f"expected samples of at most {self.max_length} tokens, got {length} in {', '.join(names)}; "
                "raise max_length or make the pictures smaller"
            )
        inputs["world"] = world
        if self.gaze and world == "gui":
            images = inputs["input_ids"] == self.config.image_token_id
            grids = inputs["image_grid_thw"] // torch.tensor([1, *[self.processor.image_processor.merge_size] * 2])
            inputs |= gaze_inputs(done, inputs["labels"], images, grids, self.processor.tokenizer)
            inputs["gaze_weight"] = self.gaze
        if self.resident:
            parts = (inputs[name] for name in ("input_ids", "mm_token_type_ids", "image_grid_thw", "attention_mask"))
            inputs["position_ids"], _ = rope_positions(self.config, *parts)
        inputs["states_to_keep"] = length - self._first_asked(inputs)
        if not (inputs["labels"] >= 0).any():
            inputs["logits_to_keep"] = 1  # queries answer, no word is asked: the vocabulary's head has nothing to do
        return inputs

    def _first_asked(self, inputs: dict) -> int:
        """Return the first position of a batch whose state predicts something: before a label, or at a query."""
        asked = inputs["labels"].roll(-1, dims=1) >= 0
        if self.config.num_action_queries:
            asked |= inputs["input_ids"] == self.config.action_query_token_id
        return int(asked.any(dim=0).int().argmax())

    def loader(self, workers: int = 0) -> DataLoader:
        """Return a loader that yields them in order."""
        # A batch of screens takes a reader many times as long as one of the arm.
        ahead = {"prefetch_factor": 4} if workers else {}
        return DataLoader(self, batch_size=None, num_workers=workers, pin_memory=torch.cuda.is_available(), **ahead)
