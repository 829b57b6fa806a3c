"""A run that ends with its time instead of its steps: for machines that are lent by the minute."""

from __future__ import annotations

import math
import time

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from transformers import TrainerCallback


class Clock(TrainerCallback):
    """Stops a run after so many minutes, with the learning rate at its end by then.

    How far a run has come is the larger of two shares: of its steps and of its minutes. A machine that is faster than
    thought ends with its steps, a slower one with its time, and both with a learning rate that has come down to 0: a model
    that was cut off before that is worth far less.

    Attributes:
        spent: minutes of training so far, those before it was resumed included.
    """

    def __init__(self, minutes: float, spent: float = 0.0) -> None:
        """Start nothing; time counts from `on_train_begin` on.

        Args:
            minutes: in all.
            spent: of them, before this process.
        """
        self._minutes, self._before, self._began = minutes, spent, None

    @property
    def spent(self) -> float:
        """Minutes so far."""
        return self._before + (0.0 if self._began is None else (time.monotonic() - self._began) / 60)

    def on_train_begin(self, args, state, control, **kwargs):
        """Begin to count."""
        self._began = time.monotonic()

    def on_step_end(self, args, state, control, **kwargs):
        """Ask for the end when the time is over; with the last line of the log and a checkpoint, so that the run is over."""
        if self.spent >= self._minutes:
            control.should_training_stop = control.should_log = control.should_save = True
        return control

    def scheduler(self, optimizer: Optimizer, steps: int, warmup: int) -> LambdaLR:
        """Return a learning rate that rises and then falls as a cosine with how far the run has come.

        Args:
            optimizer: whose.
            steps: of the run, at most.
            warmup: as many of them are how far it rises.
        """
        rise = warmup / steps

        def share(step: int) -> float:
            done = min(1.0, max(step / steps, self.spent / self._minutes))
            if done < rise:
                return done / rise
            return 0.5 * (1 + math.cos(math.pi * (done - rise) / max(1 - rise, 1e-9)))

        return LambdaLR(optimizer, share)
