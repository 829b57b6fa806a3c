"""A mixture of samples in one order that a seed fixes: weighted sources, one world per micro-batch, any number of ranks.

Nothing is drawn one after the other: what is in a micro-batch follows from its number alone. So every rank works out its
own share without asking the others, and going on after a stop is a matter of one number.

Each world is an endless stream through its sources; after one round a source of weight 5 was seen five times, one of
weight 0.5 by half, another half in the next round. The worlds take turns as evenly as their sizes allow, and all ranks are in the
same world at the same step, because they must use the same experts.

    >>> files = ["data/aguvis/aguvis.jsonl", "data/libero/libero-hdf5.jsonl"]
    >>> mixture = Mixture([MixtureSource(file) for file in files], micro_batch=4)
    >>> batch = next(mixture)
    >>> batch.world, len(batch.samples)
    ('embodied', 4)
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from omniactor.data.sample_index import IndexedSamples
from omniactor.data.sharegpt import Sample
from omniactor.data.shuffle import Shuffled
from omniactor.errors import InputError, SampleError
from omniactor.types import World

RESAMPLING = {"gui": 1.0, "embodied": 5.0}
"""Weight of a source that is given none: the paper sees its data of the arm five times."""


@dataclass(frozen=True)
class MixtureSource:
    """A file of samples and how often it is seen.

    Attributes:
        path: of the file; all its samples are of one world.
        weight: visits per sample in one round; None for `RESAMPLING`.
    """

    path: str | os.PathLike
    weight: float | None = None


class MicroBatch(NamedTuple):
    """What one rank computes at once.

    Attributes:
        step: number of the step, the same for all ranks.
        world: of all its samples.
        samples: as many as asked for.
        folders: per sample, where its pictures lie.
    """

    step: int
    world: World
    samples: tuple[Sample, ...]
    folders: tuple[Path, ...]


class Mixture:
    """Micro-batches without end, for one rank of several.

    Args:
        sources: at least one.
        micro_batch: samples at once.
        seed: of the order.
        rank: which share.
        ranks: how many there are.

    Attributes:
        step: number of the next step.

    Raises:
        InputError: nothing to mix, or settings that do not fit.
        SampleError: a source whose first sample is broken.
    """

    def __init__(
        self, sources: Sequence[MixtureSource], micro_batch: int, seed: int = 0, rank: int = 0, ranks: int = 1
    ) -> None:  # fmt: skip
        """Find the lines of all sources."""
        if micro_batch < 1 or not 0 <= rank < ranks:
            raise InputError(f"expected a micro-batch from 1 and a rank below {ranks}, got {micro_batch} and {rank}")
        if not sources:
            raise InputError("expected at least one source to mix, got none")
        self._micro_batch, self._seed, self._rank, self._ranks, self.step = micro_batch, seed, rank, ranks, 0
        self._files = [IndexedSamples(source.path) for source in sources]
        self._worlds = [file[0].world for file in self._files]
        weights = [RESAMPLING[w] if s.weight is None else s.weight for s, w in zip(sources, self._worlds, strict=True)]
        if not all(isinstance(weight, (int, float)) and 0 < weight <= 1000 for weight in weights):
            raise InputError(f"expected weights above 0 and up to 1000, got {weights}")
        self._visits = [max(1, round(weight * len(file))) for weight, file in zip(weights, self._files, strict=True)]
        self._members = {w: [n for n, other in enumerate(self._worlds) if other == w] for w in dict.fromkeys(self._worlds)}
        self._sizes = {w: sum(self._visits[n] for n in members) for w, members in self._members.items()}

    def __iter__(self) -> Iterator[MicroBatch]:
        """Return itself; there is always a next one."""
        return self

    def __next__(self) -> MicroBatch:
        """Return the next micro-batch of this rank."""
        batch = self.batch(self.step)
        self.step += 1
        return batch

    @property
    def steps_per_round(self) -> int:
        """Steps after which every source was seen as often as its weight says, rounded up."""
        return -(-sum(self._sizes.values()) // (self._micro_batch * self._ranks))

    def batch(self, step: int) -> MicroBatch:
        """Return this rank's micro-batch of a step."""
        world, before = self._turn(step)
        first = (before * self._ranks + self._rank) * self._micro_batch
        places = [self._place(world, first + number) for number in range(self._micro_batch)]
        samples = tuple(self._files[source][line] for source, line in places)
        for sample, (source, line) in zip(samples, places, strict=True):
            if sample.world != world:
                where = f"{self._files[source].path}, line {line + 1}"
                raise SampleError(f"{where}: expected world {world} as in the first line, got {sample.world}", "world")
        return MicroBatch(step, world, samples, tuple(self._files[source].path.parent for source, _ in places))

    def state_dict(self) -> dict:
        """Return where it stands, as small JSON."""
        return {"step": self.step, "mixture": self._fingerprint()}

    def load_state_dict(self, state: dict) -> None:
        """Go on where another one of the same mixture stood.

        Raises:
            InputError: it is of another mixture.
        """
        step = state.get("step") if isinstance(state, dict) else None
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise InputError("expected the state of a mixture, with its step, got something else")
        if state.get("mixture") != self._fingerprint():
            raise InputError("expected the state of this mixture, got one of other sources, weights, seed, batch size or ranks")
        self.step = step

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def _turn(self, step: int) -> tuple[World, int]:
        """Return the world of a step and how many steps of that world came before it.

        The smaller world has the steps at which its share of all steps so far reaches the next whole number.
        """
        worlds = sorted(self._sizes, key=lambda world: (self._sizes[world], world))
        if len(worlds) == 1:
            return worlds[0], step
        rare, often = worlds
        share, total = self._sizes[rare], sum(self._sizes.values())
        before = step * share // total
        return (rare, before) if (step + 1) * share // total > before else (often, step - before)

    def _place(self, world: World, position: int) -> tuple[int, int]:
        """Return (source, line) of a position in a world's stream."""
        turn, inside = divmod(position, self._sizes[world])
        visit = _shuffled(self._sizes[world], self._seed, world, turn)[inside]
        for source in self._members[world]:
            if visit < self._visits[source]:
                break
            visit -= self._visits[source]
        # Visits go on counting from round to round, so that a source seen by half shows its other half next.
        again, line = divmod(turn * self._visits[source] + visit, len(self._files[source]))
        return source, _shuffled(len(self._files[source]), self._seed, source, again)[line]

    def _fingerprint(self) -> str:
        files = [[file.path.name, len(file), file.size, visits] for file, visits in zip(self._files, self._visits, strict=True)]
        content = json.dumps([files, self._micro_batch, self._seed, self._ranks])
        return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


@functools.lru_cache(maxsize=256)
def _shuffled(count: int, *seeds: object) -> Shuffled:
    return Shuffled(count, *seeds)
