"""Small changes to what was seen, so that a small model does not learn its data by heart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from omniactor.train.mixture import Sample

_STATE_SCALE = np.array([1, 1, 1, 3, 3, 3, 0.1, 0.1], np.float32)  # noise of positions (m), angles (rad), fingers (m)


@dataclass(frozen=True)
class Augmentation:
    """What is drawn anew for every sample of the arm; screens stay as they are, their points are exact.

    Attributes:
        shift: pixels that each camera's picture is moved, at most, along each axis.
        brightness: brightness and contrast are scaled by 1 plus or minus at most this.
        state_noise: standard deviation added to the gripper's position, metres; three times as many radians to its
            angles, a tenth to the fingers.
        state_dropout: share of samples whose state is hidden, so that a model learns to look: one that is always told
            where its hand is copies the demonstration's path instead.
    """

    shift: int = 0
    brightness: float = 0.0
    state_noise: float = 0.0
    state_dropout: float = 0.0

    def apply(self, sample: Sample, draw: np.random.Generator) -> Sample:
        """Return a changed copy; the same for the same generator."""
        seen = sample.observation
        if seen.world != "embodied":
            return sample
        images = {name: self._light(self._move(image, draw), draw) for name, image in seen.images.items()}
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

    def _move(self, image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        if not self.shift:
            return image
        down, right = draw.integers(0, 2 * self.shift + 1, 2)
        height, width = image.shape[:2]
        padded = np.pad(image, [(self.shift,) * 2, (self.shift,) * 2, (0, 0)], mode="edge")
        return padded[down : down + height, right : right + width]

    def _light(self, image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        if not self.brightness:
            return image
        gain, contrast = draw.uniform(1 - self.brightness, 1 + self.brightness, 2).astype(np.float32)
        # One table look-up per pixel: out = ((value - 128) * contrast + 128) * gain
        table = ((np.arange(256, dtype=np.float32) - 128) * contrast + 128) * gain
        return np.clip(table, 0, 255).astype(np.uint8)[image]
