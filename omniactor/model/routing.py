"""Which samples of a batch go to which expert."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import nn

from omniactor.errors import ModelInputError
from omniactor.model.configuration import SHARED, WORLDS, OmniActorConfig


@dataclass(frozen=True)
class Routing:
    """The rows of a batch, by world.

    Attributes:
        rows: world -> indices of its samples, or None when the whole batch is of this world. Empty when
            the model makes no difference between worlds and none was named.
    """

    rows: dict[str, torch.Tensor | None]

    @property
    def mixed(self) -> bool:
        """The batch holds samples of more than one world."""
        return len(self.rows) > 1

    @classmethod
    def of(cls, world, batch: int, config: OmniActorConfig, device: torch.device) -> Routing:
        """Read the `world` argument of the model.

        Args:
            world: a name for the whole batch, a sequence of names, a (batch,) tensor of 0 ("gui") and 1
                ("embodied"), or None where the model has a single world or shares everything.
            batch: number of samples.
            config: the model's.
            device: where the row numbers are needed.

        Raises:
            ModelInputError: no such world, not one per sample, missing, or the model has no expert for it.
        """
        if world is None:
            if len(config.worlds) == 1:
                return cls({config.worlds[0]: None})
            if config.head_experts == (SHARED,) and config.num_shared_layers == config.text_config.num_hidden_layers:
                return cls({})
            raise ModelInputError(
                "expected world='gui' or 'embodied' (or one per sample), got None; this model has an expert for each"
            )
        if isinstance(world, str):
            return cls({_known(world, config): None})
        if isinstance(world, torch.Tensor):
            names = [WORLDS[int(w)] if w in (0, 1) else str(w) for w in world.flatten().tolist()]
        elif isinstance(world, Iterable):
            names = list(world)
        else:
            raise ModelInputError(f"expected world='gui' or 'embodied' (or one per sample), got {world!r:.60}")
        if len(names) != batch:
            raise ModelInputError(f"expected one world per sample ({batch}), got {len(names)}")
        names = [_known(name, config) for name in names]
        present = [w for w in WORLDS if w in names]
        if len(present) == 1:
            return cls({present[0]: None})
        return cls({w: torch.tensor([i for i, n in enumerate(names) if n == w], device=device) for w in present})

    def dispatch(self, experts: nn.ModuleDict, run: Callable[[nn.Module, torch.Tensor | None], torch.Tensor]) -> torch.Tensor:
        """Run each expert on its rows and put the results back in the order of the batch.

        Args:
            experts: "shared" alone, or one per world.
            run: called as run(expert, rows); rows None means the whole batch. Returns (rows, ...).
        """
        if SHARED in experts:
            return run(experts[SHARED], None)
        if not self.mixed:
            world, rows = next(iter(self.rows.items()))
            return run(experts[world], rows)
        parts = torch.cat([run(experts[world], rows) for world, rows in self.rows.items()])
        return parts[torch.cat(list(self.rows.values())).argsort()]


def _known(world: str, config: OmniActorConfig) -> str:
    if world not in config.worlds:
        raise ModelInputError(f"expected a world that this model has ({', '.join(config.worlds)}), got {world!r}")
    return world


def take(tensor: torch.Tensor | None, rows: torch.Tensor | None) -> torch.Tensor | None:
    """Return the rows of a batch; all of them when rows is None or the tensor holds one row for everybody."""
    if tensor is None or rows is None or tensor.shape[0] == 1:
        return tensor
    return tensor[rows]
