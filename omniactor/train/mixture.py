"""Which sample comes when: a pure function of a number, so that a run can go on anywhere.

Micro-batches are numbered through a whole run, over all processes. Each is of one world. A number alone
decides the world and the samples; nothing has to be skipped or remembered when a run resumes, and the same
numbers give the same samples on one process or eight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from omniactor.errors import InputError
from omniactor.types import EmbodiedAction, GuiAction, Observation, World


class Sample(NamedTuple):
    """What was seen, and what was right to do.

    Attributes:
        observation: what was seen.
        action: a `GuiAction`, or for the arm the next actions (n, 7) as numbers.
        targets: arm: (2, 3), where the thing and the place are that the goal asks about, seen from the gripper, metres;
            None where that is not known.
    """

    observation: Observation
    action: GuiAction | EmbodiedAction | np.ndarray
    targets: np.ndarray | None = None


class Source(Protocol):
    """Samples of one world, by number.

    Attributes:
        name: for logs and messages.
        world: of all its samples.
    """

    name: str
    world: World

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def __getitem__(self, index: int) -> Sample:
        """Return one sample."""
        ...


class Mixture:
    """Sources with weights, as numbered micro-batches of one world each.

    A pass over a world shows every sample of a source `weight` times (a fraction: of a random part), in random
    order. Worlds take turns in blocks, as often as they have samples to show.
    """

    def __init__(self, sources: Sequence[Source], weights: Sequence[float], batch: int, block: int = 1, seed: int = 0) -> None:
        """Count what there is.

        Args:
            sources: at least one sample each.
            weights: one per source, above 0.
            batch: samples of a micro-batch.
            block: micro-batches in a row of one world.
            seed: of the orders.

        Raises:
            InputError: a source without samples.
        """
        for source in sources:
            if not len(source):
                raise InputError(f"expected samples in {source.name}, got none; check the folder")
        self.sources, self.weights, self.batch, self.block, self.seed = list(sources), list(weights), batch, block, seed
        self.worlds = [w for w in ("gui", "embodied") if any(s.world == w for s in sources)]
        self._sizes = {w: self._shown(w) for w in self.worlds}
        self._orders: dict[str, tuple[int, np.ndarray]] = {}
        first = self.worlds[0]
        self._share = self._sizes[first] / sum(self._sizes.values())  # of blocks, of the first world

    def world(self, number: int) -> World:
        """Return the world of a micro-batch."""
        return self._turn(number)[0]

    def picks(self, number: int) -> list[tuple[int, int]]:
        """Return the samples of a micro-batch as (source, index)."""
        world, turn = self._turn(number)
        return [self._pick(world, turn * self.batch + i) for i in range(self.batch)]

    def micro_batch(self, number: int) -> list[Sample]:
        """Return the samples of a micro-batch."""
        return [self.sources[source][index] for source, index in self.picks(number)]

    def _turn(self, number: int) -> tuple[World, int]:
        """Return a micro-batch's world and how many of that world came before it."""
        block, within = divmod(number, self.block)
        if len(self.worlds) == 1:
            return self.worlds[0], number
        before = int(np.floor(block * self._share + 0.5))  # blocks of the first world so far
        if int(np.floor((block + 1) * self._share + 0.5)) > before:
            return self.worlds[0], before * self.block + within
        return self.worlds[1], (block - before) * self.block + within

    def _shown(self, world: World) -> int:
        return sum(self._times(s, w) for s, w in zip(self.sources, self.weights, strict=True) if s.world == world)

    @staticmethod
    def _times(source: Source, weight: float) -> int:
        return max(1, round(len(source) * weight))

    def _pick(self, world: World, position: int) -> tuple[int, int]:
        """Return the source and index at a position of a world's endless stream."""
        epoch, offset = divmod(position, self._sizes[world])
        if self._orders.get(world, (None,))[0] != epoch:
            self._orders[world] = (epoch, self._order(world, epoch))
        return tuple(int(v) for v in self._orders[world][1][offset])

    def _order(self, world: World, epoch: int) -> np.ndarray:
        """Return one pass over a world: (shown, 2) sources and indices."""
        draw = np.random.default_rng([self.seed, epoch, self.worlds.index(world)])
        parts = []
        for number, (source, weight) in enumerate(zip(self.sources, self.weights, strict=True)):
            if source.world == world:
                whole, rest = divmod(self._times(source, weight), len(source))
                indices = np.concatenate([np.tile(np.arange(len(source)), whole), draw.permutation(len(source))[:rest]])
                parts.append(np.stack([np.full(len(indices), number), indices], axis=1))
        return draw.permutation(np.concatenate(parts)).astype(np.int64)
