"""What is watched while training: loss and accuracy per world, and per action dimension."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import nn

from omniactor.actions.embodied import ACTION_SIZE, TARGET_REACH
from omniactor.model.configuration import OmniActorConfig
from omniactor.model.modeling import OmniActorOutput

DIMENSIONS = ("dx", "dy", "dz", "drx", "dry", "drz", "gripper")


class Measures:
    """Means since the last reading, kept on the device so that nobody waits for a number.

    Nothing here asks the device what it holds before `read`: each question would make a GPU's queue run dry.
    """

    def __init__(self) -> None:
        self._sums: dict[str, list] = defaultdict(lambda: [0.0, 0])
        self.samples = self.tokens = 0

    def add(self, config: OmniActorConfig, inputs: dict, output: OmniActorOutput) -> None:
        """Take in one micro-batch."""
        world = inputs["world"]
        self.samples += len(inputs["input_ids"])
        self.tokens += inputs["input_ids"].numel()
        with torch.no_grad():
            self._note(f"loss_{world}", output.loss, 1)
            if output.gaze_loss is not None:
                self._note("loss_gaze", output.gaze_loss, 1)
            if output.action_logits is not None:
                logits, labels = output.action_logits, inputs["action_labels"]
                if config.target_query:
                    self._targets(config, logits[:, -1], labels[:, -1])
                    logits, labels = logits[:, :-1], labels[:, :-1]
                self._actions(logits.flatten(0, 1), labels.flatten(0, 1))
            logits, labels = output.logits[:, :-1], inputs["labels"][:, -output.logits.shape[1] :][:, 1:]
            if not labels.numel():
                return
            asked = labels >= 0
            self._note(f"token_accuracy_{world}", ((logits.argmax(-1) == labels) & asked).sum(), asked.sum())
            if world == "embodied" and not config.num_action_queries:
                self._words(config, logits, labels)

    def read(self) -> dict[str, float]:
        """Return the means and start again."""
        sums = {name: (float(total), int(count)) for name, (total, count) in sorted(self._sums.items())}
        means = {name: total / count for name, (total, count) in sums.items() if count}
        self._sums.clear()
        self.samples = self.tokens = 0
        return {name: round(value, 5) for name, value in means.items()}

    def _words(self, config: OmniActorConfig, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Note the actions of an answer in ids, of logits (B, S, vocabulary) and labels (B, S), where it is actions alone."""
        bins = labels - config.first_action_id
        acted = (bins >= 0) & (bins < config.num_action_bins)
        rows = slice(config.first_action_id, config.first_action_id + config.num_action_bins)
        values, asked = logits[acted][:, rows], bins[acted]
        if len(asked) and len(asked) % ACTION_SIZE == 0:
            self._actions(values.unflatten(0, (-1, ACTION_SIZE)), asked.unflatten(0, (-1, ACTION_SIZE)))

    def _actions(self, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Note loss per dimension and accuracy over all, of logits (n, 7, K) and labels (n, 7), negative where none is asked."""
        asked, known = labels >= 0, labels.clamp_min(0)
        losses = nn.functional.cross_entropy(logits.flatten(0, 1).float(), known.flatten(), reduction="none").view(labels.shape)
        for dimension, name in enumerate(DIMENSIONS):
            self._note(f"loss_action_{name}", (losses * asked)[:, dimension].sum(), asked[:, dimension].sum())
        away = (logits.argmax(-1) - labels).abs() * asked
        self._note("bin_accuracy", ((away == 0) & asked).sum(), asked.sum())
        self._note("bin_error", away.sum() * 2 / logits.shape[-1], asked.sum())

    def _targets(self, config: OmniActorConfig, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Note how far off the targets are, metres along an axis, of logits (n, 7, K) and labels (n, 7)."""
        asked = labels >= 0
        away = (logits.argmax(-1) - labels).abs() * asked
        self._note("target_error", away.sum() * 2 * TARGET_REACH / config.num_action_bins, asked.sum())

    def _note(self, name: str, total: torch.Tensor, count: torch.Tensor | int) -> None:
        entry = self._sums[name]
        entry[0], entry[1] = entry[0] + total.detach(), entry[1] + count
