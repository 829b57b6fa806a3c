"""Small changes to what was seen, so that a small model does not learn its data by heart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from omniactor.train.mixture import Sample

_STATE_SCALE = np.array([1, 1, 1, 3, 3, 3, 0.1, 0.1], np.float32)  # noise of positions (m), angles (rad), fingers (m)


@dataclass(frozen=True)
class Changes:
    """What is changed in n of the arm's samples with c pictures each.

    Attributes:
        cameras: names of the pictures.
        steps: (n, c, 2) pixels that each picture is moved, down and right.
        lights: (n, c, 2) float32, what brightness and contrast are multiplied by.
        noise: (n, 8) float32, added to the arm's state.
    """

    cameras: tuple[str, ...]
    steps: np.ndarray
    lights: np.ndarray
    noise: np.ndarray

    @cached_property
    def tables(self) -> np.ndarray:
        """Each picture's light as a table: (n, c, 256) uint8, what becomes of every value of a pixel."""
        gain, contrast = self.lights[..., 0, None], self.lights[..., 1, None]
        return np.clip(((np.arange(256, dtype=np.float32) - 128) * contrast + 128) * gain, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Augmentation:
    """What is drawn anew for every sample.

    Attributes:
        shift: pixels that each camera's picture is moved, at most, along each axis.
        brightness: brightness and contrast are scaled by 1 plus or minus at most this.
        state_noise: standard deviation added to the gripper's position, metres; three times as many radians to its
            angles, a tenth to the fingers.
        state_dropout: share of samples whose state is hidden, so that a model learns to look: one that is always told
            where its hand is copies the demonstration's path instead.
        screen_shift: pixels that a screen is moved, at most, along each axis, and the action's points with it.
    """

    shift: int = 0
    brightness: float = 0.0
    state_noise: float = 0.0
    state_dropout: float = 0.0
    screen_shift: int = 0

    def draw(self, samples: int, cameras: tuple[str, ...], draw: np.random.Generator) -> Changes:
        """Draw what is changed in so many of the arm's samples, in the pictures of these names."""
        lights = draw.uniform(1 - self.brightness, 1 + self.brightness, (samples, len(cameras), 2)).astype(np.float32)
        steps = draw.integers(-self.shift, self.shift + 1, (samples, len(cameras), 2))
        noise = draw.normal(0, 1, (samples, len(_STATE_SCALE))).astype(np.float32) * self.state_noise * _STATE_SCALE
        return Changes(cameras, steps, lights, noise)

    def apply(self, sample: Sample, draw: np.random.Generator, changes: Changes | None = None, row: int = 0) -> Sample:
        """Return a changed copy; the same for the same generator.

        Args:
            sample: of either world.
            draw: generator.
            changes: for the arm, what was drawn already for a whole batch; drawn here when missing. Pictures of other names
                stay as they are.
            row: of the changes.
        """
        seen = sample.observation
        if seen.world != "embodied":
            return self._move_screen(sample, draw) if self.screen_shift else sample
        if changes is None:
            changes = self.draw(1, tuple(seen.images), draw)
        images = dict(seen.images)
        for camera, name in enumerate(changes.cameras):
            if name in images:
                moved = _moved(images[name], self.shift, changes.steps[row, camera])
                images[name] = changes.tables[row, camera][moved] if self.brightness else moved
        state = seen.state
        if state is not None and self.state_noise:
            state = state + changes.noise[row]
        return sample._replace(observation=replace(seen, images=images, state=state))

    def hide_states(self, ids: torch.Tensor, is_state: torch.Tensor, mark: int, draw: np.random.Generator) -> torch.Tensor:
        """Return ids (B, S) in which the state is hidden in some rows.

        Args:
            ids: tokens of a batch.
            is_state: (B, S) where they are the arm's state.
            mark: the id that says "not known".
            draw: generator.
        """
        if not self.state_dropout:
            return ids
        rows = torch.from_numpy(draw.uniform(size=len(ids)) < self.state_dropout)
        return torch.where(is_state & rows[:, None], mark, ids)

    @staticmethod
    def _steps(most: int, draw: np.random.Generator) -> np.ndarray:
        """Draw how far a picture is moved: pixels down and right."""
        return draw.integers(-most, most + 1, 2) if most else np.zeros(2, int)

    def _move_screen(self, sample: Sample, draw: np.random.Generator) -> Sample:
        """Return a sample whose screen and points are moved; as it was where a point would leave the screen."""
        screen, action = sample.observation.images["screen"], sample.action
        steps = self._steps(self.screen_shift, draw)
        share = steps[::-1] / (screen.shape[1], screen.shape[0])  # right, down
        points = {name: getattr(action, name) for name in ("point", "end") if getattr(action, name) is not None}
        points = {name: tuple(float(v) for v in np.round(point + share, 3)) for name, point in points.items()}
        if not all(0 <= value <= 1 for point in points.values() for value in point):
            return sample
        images = {"screen": _moved(screen, self.screen_shift, steps)}
        return sample._replace(observation=replace(sample.observation, images=images), action=replace(action, **points))


def _moved(image: np.ndarray, most: int, steps: np.ndarray) -> np.ndarray:
    """Return a picture moved by `steps` pixels (down, right), each at most `most`; its edges are drawn out."""
    if not most:
        return image
    height, width = image.shape[:2]
    top, left = most - steps
    padded = np.pad(image, [(most,) * 2, (most,) * 2, (0, 0)], mode="edge")
    return padded[top : top + height, left : left + width]
