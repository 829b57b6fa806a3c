"""Small changes to what was seen, so that a small model does not learn its data by heart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from omniactor.train.mixture import Sample

_STATE_SCALE = np.array([1, 1, 1, 3, 3, 3, 0.1, 0.1], np.float32)  # noise of positions (m), angles (rad), fingers (m)


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

    def apply(self, sample: Sample, draw: np.random.Generator) -> Sample:
        """Return a changed copy; the same for the same generator."""
        seen = sample.observation
        if seen.world != "embodied":
            return self._move_screen(sample, draw) if self.screen_shift else sample
        images = {
            name: self._light(_moved(image, self.shift, self._steps(self.shift, draw)), draw)
            for name, image in seen.images.items()
        }
        state = seen.state
        if state is not None and self.state_noise:
            state = state + draw.normal(0, self.state_noise, len(state)).astype(np.float32) * _STATE_SCALE
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

    def _light(self, image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        if not self.brightness:
            return image
        gain, contrast = draw.uniform(1 - self.brightness, 1 + self.brightness, 2).astype(np.float32)
        # One table look-up per pixel: out = ((value - 128) * contrast + 128) * gain
        table = ((np.arange(256, dtype=np.float32) - 128) * contrast + 128) * gain
        return np.clip(table, 0, 255).astype(np.uint8)[image]


def _moved(image: np.ndarray, most: int, steps: np.ndarray) -> np.ndarray:
    """Return a picture moved by `steps` pixels (down, right), each at most `most`; its edges are drawn out."""
    if not most:
        return image
    height, width = image.shape[:2]
    top, left = most - steps
    padded = np.pad(image, [(most,) * 2, (most,) * 2, (0, 0)], mode="edge")
    return padded[top : top + height, left : left + width]
