"""What a model answers to held-out samples, beside what was right: the plain look that no loss replaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from omniactor.actions.embodied import hold_gripper
from omniactor.actions.gui import parse_response
from omniactor.data.turns import action_text
from omniactor.errors import ActionError
from omniactor.model.generation import ActionDecoder
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.processing import OmniActorProcessor
from omniactor.train.mixture import Sample
from omniactor.types import EmbodiedAction, World


@dataclass(frozen=True)
class Prediction:
    """One answer.

    Attributes:
        world: of the sample.
        instruction: what was asked.
        wanted: the right answer in words; of a chunk of arm actions the first.
        predicted: the model's, in the same words.
        error: distance of the two points in 0-1 of the screen, or mean absolute difference of the first arm action
            in the data's units; None where one of the answers has no point.
    """

    world: World
    instruction: str
    wanted: str
    predicted: str
    error: float | None

    def as_json(self) -> dict:
        """Return it as a JSON object."""
        return asdict(self)

    def __str__(self) -> str:
        """Return it in two short lines."""
        wanted, predicted = (" / ".join(text.split("\n")) for text in (self.wanted, self.predicted))
        return f"{self.world}: {self.instruction}\n    wanted {wanted[:150]}\n    got    {predicted[:150]}"


def predict(
    model: OmniActorForConditionalGeneration, processor: OmniActorProcessor, samples: Sequence[Sample], max_new_tokens: int = 96
) -> list[Prediction]:
    """Return the model's likeliest answers to samples of one world, in one batch.

    Args:
        model: in eval mode.
        processor: of the same model.
        samples: at least one, all of one world.
        max_new_tokens: longest answer about a screen.
    """
    inputs = processor.encode(model.config, [s.observation for s in samples]).to(model.device)
    world = samples[0].observation.world
    inputs["world"] = world
    if world == "embodied":
        values = processor.prompt.action_normaliser.denormalise(ActionDecoder(model)(inputs).values[:, 0].cpu().numpy())
        return [_arm(sample, row) for sample, row in zip(samples, hold_gripper(values), strict=True)]
    tokenizer = processor.tokenizer
    with torch.inference_mode():
        ids = model.generate(
            **inputs, max_new_tokens=max_new_tokens, do_sample=False, pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"),
        )  # fmt: skip
    length = inputs["input_ids"].shape[1]
    return [_screen(s, tokenizer.decode(row[length:], skip_special_tokens=True)) for s, row in zip(samples, ids, strict=True)]


def _arm(sample: Sample, values: np.ndarray) -> Prediction:
    action = sample.action
    wanted = np.atleast_2d(action.values if isinstance(action, EmbodiedAction) else action)[0]
    error = float(np.abs(values - wanted).mean())
    return Prediction("embodied", sample.observation.instruction, action_text(wanted), action_text(values), round(error, 5))


def _screen(sample: Sample, text: str) -> Prediction:
    try:
        point = parse_response(text).point
    except ActionError:
        point = None
    wanted = sample.action.point
    error = None if point is None or wanted is None else round(float(np.hypot(*np.subtract(point, wanted))), 5)
    return Prediction("gui", sample.observation.instruction, str(sample.action), text, error)
