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
    """Means since the last reading, kept on the device so that nobody waits for a number."""

    def __init__(self) -> None:
        self._sums: dict[str, list] = defaultdict(lambda: [0.0, 0])
        self.samples = self.tokens = 0

    def add(self, config: OmniActorConfig, inputs: dict, output: OmniActorOutput) -> None:
        """Take in one micro-batch."""
        world = inputs["world"]
        self.samples += len(inputs["input_ids"])
        self.tokens += inputs["input_ids"].numel()
        self._note(f"loss_{world}", output.loss)
        if output.gaze_loss is not None:
            self._note("loss_gaze", output.gaze_loss)
        with torch.no_grad():
            if output.action_logits is not None:
                logits, labels = output.action_logits, inputs["action_labels"]
                if config.target_query:
                    self._targets(config, logits[:, -1], labels[:, -1])
                    logits, labels = logits[:, :-1], labels[:, :-1]
                self._actions(logits.flatten(0, 1), labels.flatten(0, 1))
            logits, labels = output.logits[:, :-1], inputs["labels"][:, -output.logits.shape[1] :][:, 1:]
            asked = labels >= 0
            if not asked.any():
                return
            self._note(f"token_accuracy_{world}", (logits[asked].argmax(-1) == labels[asked]).float().mean())
            bins = labels[asked] - config.first_action_id
            acted = (bins >= 0) & (bins < config.num_action_bins)
            if world == "embodied" and acted.any() and int(acted.sum()) % ACTION_SIZE == 0:
                rows = slice(config.first_action_id, config.first_action_id + config.num_action_bins)
                values = logits[asked][acted][:, rows].unflatten(0, (-1, ACTION_SIZE))
                self._actions(values, bins[acted].unflatten(0, (-1, ACTION_SIZE)))

    def read(self) -> dict[str, float]:
        """Return the means and start again."""
        means = {name: float(total) / count for name, (total, count) in sorted(self._sums.items())}
        self._sums.clear()
        self.samples = self.tokens = 0
        return {name: round(value, 5) for name, value in means.items()}

    def _actions(self, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Note loss per dimension and accuracy over all, of logits (n, 7, K) and labels (n, 7)."""
        for dimension, name in enumerate(DIMENSIONS):
            asked = labels[:, dimension] >= 0
            if asked.any():
                loss = nn.functional.cross_entropy(logits[asked, dimension].float(), labels[asked, dimension])
                self._note(f"loss_action_{name}", loss)
        asked = labels >= 0
        best = logits.argmax(-1)
        self._note("bin_accuracy", (best[asked] == labels[asked]).float().mean())
        self._note("bin_error", (best[asked] - labels[asked]).abs().float().mean() * 2 / logits.shape[-1])

    def _targets(self, config: OmniActorConfig, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Note how far off the targets are, metres along an axis, of logits (n, 7, K) and labels (n, 7)."""
        asked = labels >= 0
        if asked.any():
            bins = (logits.argmax(-1)[asked] - labels[asked]).abs().float().mean()
            self._note("target_error", bins * 2 * TARGET_REACH / config.num_action_bins)

    def _note(self, name: str, value: torch.Tensor) -> None:
        entry = self._sums[name]
        entry[0], entry[1] = entry[0] + value.detach(), entry[1] + 1
