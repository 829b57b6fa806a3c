"""A toy of both worlds, drawn by the program: squares to click on, and squares to reach for.

It stands in where real data is too much: in the `debug` recipe, in tests and in timings. Whoever trains on it
gets a model that knows squares, and the log says so.
"""

from __future__ import annotations

import numpy as np

from omniactor.actions.embodied import ACTION_SIZE, STATE_SIZE
from omniactor.train.mixture import Sample
from omniactor.types import GuiAction, Observation, World

COLOURS = {"red": (220, 50, 40), "green": (40, 180, 70), "blue": (50, 80, 220), "yellow": (230, 200, 40)}
_SIDE = 56


class ToySource:
    """Numbered pictures with one square of each of three colours; the same number gives the same sample."""

    def __init__(self, world: World, count: int = 2000, chunk: int = 1, split: str = "train") -> None:
        """Say how many samples there are.

        Args:
            world: "gui" (click on it) or "embodied" (move towards it).
            count: samples.
            chunk: actions per embodied sample.
            split: "train" or "eval"; no sample is in both.
        """
        self.name, self.world, self._count, self._chunk, self._split = f"toy {world}", world, count, chunk, split

    def __len__(self) -> int:
        """Return the number of samples."""
        return self._count

    def __getitem__(self, index: int) -> Sample:
        """Draw one sample."""
        draw = np.random.default_rng([index, self.world == "gui", self._split == "eval"])
        image = np.full((_SIDE, _SIDE, 3), draw.integers(180, 250), dtype=np.uint8)
        colours = list(draw.permutation(list(COLOURS)))[:3]
        cells = draw.permutation(9)[:3]  # one square per cell of a 3x3 grid, so that none covers another
        for colour, cell in zip(colours, cells, strict=True):
            y, x = 18 * (cell // 3) + draw.integers(1, 9), 18 * (cell % 3) + draw.integers(1, 9)
            image[y : y + 9, x : x + 9] = COLOURS[colour]
            if colour == colours[0]:
                target = ((x + 4.5) / _SIDE, (y + 4.5) / _SIDE)
        if self.world == "gui":
            action = GuiAction("click", point=target, description=f"Click on the {colours[0]} square.")
            return Sample(Observation("gui", {"screen": image}, f"Click on the {colours[0]} square"), action)
        way = 2 * np.array(target) - 1  # from the middle, where the hand is; the pictures alone tell it
        actions = np.zeros((self._chunk, ACTION_SIZE))
        actions[:, :2] = way * np.linspace(1, 0.5, self._chunk)[:, None]
        actions[:, 6] = 1 if np.abs(way).max() < 0.4 else -1
        pictures = {"agentview": image, "wrist": np.ascontiguousarray(image[:, ::-1])}
        state = np.zeros(STATE_SIZE, np.float32)
        return Sample(Observation("embodied", pictures, f"reach the {colours[0]} square", state=state), actions)
