"""What a training run says while it runs: a bar with the time left, and one readable line per log entry."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tqdm import tqdm
from transformers import TrainerCallback

from omniactor.train.predictions import Prediction

_SHOWN = {
    "loss": ("loss", "{:.3f}"), "loss_gui": ("gui", "{:.3f}"), "loss_embodied": ("arm", "{:.3f}"),
    "token_accuracy_gui": ("tokens right", "{:.1%}"), "bin_accuracy": ("bins right", "{:.1%}"),
    "bin_error": ("bin error", "{:.3f}"), "learning_rate": ("lr", "{:.1e}"), "grad_norm": ("norm", "{:.2f}"),
    "samples_per_second": ("samples/s", "{:.1f}"),
}  # fmt: skip


class Console(TrainerCallback):
    """A progress bar on a terminal, plain lines elsewhere; everything on stderr, by the first process alone."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def on_train_begin(self, args, state, control, **kwargs):
        """Open the bar where the run goes on."""
        if state.is_world_process_zero:
            hidden = not sys.stderr.isatty()
            self._bar = tqdm(total=state.max_steps, initial=state.global_step, unit="step", dynamic_ncols=True, disable=hidden)

    def on_step_end(self, args, state, control, **kwargs):
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n if not self._bar.disable else 0)

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Print one line of an entry."""
        if self._bar is not None and (line := log_line(state.global_step, state.max_steps, logs or {})):
            self.say(line)

    def on_train_end(self, args, state, control, **kwargs):
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()

    def say(self, text: str) -> None:
        """Print beside the bar, not into it."""
        tqdm.write(text, file=sys.stderr)

    def show(self, prediction: Prediction) -> None:
        """Print a prediction, indented."""
        self.say("\n".join(f"  {line}" for line in str(prediction).split("\n")))


def log_line(step: int, steps: int, logs: Mapping[str, float]) -> str:
    """Return an entry of the Trainer's log as one line; empty for entries that are for files only."""
    held_out = any(name.startswith("eval_") for name in logs)
    if not held_out and "loss" not in logs:
        return ""
    values = {name.removeprefix("eval_"): value for name, value in logs.items()}
    parts = [f"{label} {form.format(values[name])}" for name, (label, form) in _SHOWN.items() if name in values]
    if "minutes_left" in logs:
        parts.append(f"{_time(logs['minutes_left'])} left")
    return f"step {step:>{len(str(steps))}}/{steps}  {'held out  ' if held_out else ''}" + "  ".join(parts)


def _time(minutes: float) -> str:
    seconds = round(60 * minutes)
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 5400 else f"{minutes / 60:.1f} h"
