"""Gymnasium's spaces of the world of screens: a screenshot of any size, an action."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from omniactor.types import GuiAction


class Screens(spaces.Space):
    """Screenshots of any size: uint8 (height, width, 3), RGB."""

    def __init__(self, seed: int | None = None) -> None:
        """Take the seed of `sample`."""
        super().__init__(None, np.uint8, seed)

    @property
    def is_np_flattenable(self) -> bool:
        """A screen of unknown size has no fixed number of values."""
        return False

    def sample(self, mask=None, probability=None) -> np.ndarray:
        """Return a small screen of noise."""
        return self.np_random.integers(0, 256, (60, 40, 3), dtype=np.uint8)

    def contains(self, x: object) -> bool:
        """Say whether it is a screenshot."""
        return isinstance(x, np.ndarray) and x.dtype == np.uint8 and x.ndim == 3 and x.shape[2] == 3 and x.size > 0


class GuiActions(spaces.Space):
    """Everything that can be done on a screen; `sample` clicks anywhere."""

    def __init__(self, seed: int | None = None) -> None:
        """Take the seed of `sample`."""
        super().__init__(None, None, seed)

    @property
    def is_np_flattenable(self) -> bool:
        """An action holds texts."""
        return False

    def sample(self, mask=None, probability=None) -> GuiAction:
        """Return a click somewhere."""
        return GuiAction("click", point=tuple(self.np_random.random(2).tolist()))

    def contains(self, x: object) -> bool:
        """Say whether it is an action."""
        return isinstance(x, GuiAction)
