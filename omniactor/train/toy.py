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
GROUNDS = ((235, 235, 235), (90, 90, 90), (240, 200, 220), (190, 235, 240), (120, 80, 60), (50, 70, 90))
"""Colours of the ground, one per arrangement of squares, as an app's screens and a kitchen's tables have their own."""
_SIDE, _SQUARE, _PITCH = 56, 10, 18


class ToySource:
    """Numbered pictures of four squares on one of six grounds; the same number gives the same sample.

    On every ground the squares have places of their own, moved a little in every picture, and both worlds have the same
    ones. A screen is answered by where the square is, the arm's table by the way there in the arm's own directions.
    """

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
        ground, colour = int(draw.integers(len(GROUNDS))), str(draw.choice(list(COLOURS)))
        image = np.empty((_SIDE, _SIDE, 3), dtype=np.uint8)
        image[:] = np.clip(np.array(GROUNDS[ground]) + draw.integers(-12, 13), 0, 255)
        cells = np.random.default_rng(ground).permutation(9)[: len(COLOURS)]  # of a 3x3 grid
        for (name, shade), cell in zip(COLOURS.items(), cells, strict=True):
            y, x = (int(_PITCH * at + 2 + draw.integers(0, 5)) for at in divmod(int(cell), 3))
            image[y : y + _SQUARE, x : x + _SQUARE] = shade
            if name == colour:
                target = ((x + _SQUARE / 2) / _SIDE, (y + _SQUARE / 2) / _SIDE)
        if self.world == "gui":
            action = GuiAction("click", point=target, description=f"Click on the {colour} square.")
            return Sample(Observation("gui", {"screen": image}, f"Click on the {colour} square"), action)
        x, y = target
        way = np.array([1 - 2 * y, 1 - 2 * x])  # from the middle: away from the robot, and to its left
        actions = np.zeros((self._chunk, ACTION_SIZE))
        actions[:, :2] = way * np.linspace(1, 0.5, self._chunk)[:, None]
        actions[:, 6] = 1 if np.abs(way).max() < 0.4 else -1
        pictures = {"agentview": image, "wrist": np.ascontiguousarray(image[:, ::-1])}
        state = np.zeros(STATE_SIZE, np.float32)
        return Sample(Observation("embodied", pictures, f"reach the {colour} square", state=state), actions)
