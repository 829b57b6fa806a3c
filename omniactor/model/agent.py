"""A checkpoint as an agent: it looks, and acts on screens and with the arm."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers.utils import logging

from omniactor.actions.embodied import hold_gripper
from omniactor.actions.gui import parse_response
from omniactor.errors import ActionError, CheckpointError, ModelError, ModelInputError
from omniactor.model.configuration import SHARED
from omniactor.model.gaze import LEAST_SHARE, digits_of_point, has_one_point, read_point
from omniactor.model.generation import ActionDecoder
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.processing import OmniActorProcessor
from omniactor.model.routing import Routing
from omniactor.model.tensors import local_folder, one_line
from omniactor.types import Action, Decision, EmbodiedAction, Observation


class ModelAgent:
    """Acts with an OmniActor checkpoint.

    For the arm, the model decides on a chunk of actions at a time and the agent hands out the first
    `execute` of them before it looks again. For a screen, every call is a decision.

    Attributes:
        decision: the last decision; None before the first.
        chunk_position: which action of its chunk the last one was, counted from 0.
    """

    def __init__(
        self,
        model: OmniActorForConditionalGeneration,
        processor: OmniActorProcessor,
        name: str = "model",
        execute: int | None = None,
        temperature: float = 0.0,
        max_new_tokens: int = 256,
    ) -> None:
        """Prepare to act.

        Args:
            model: the weights, in eval mode.
            processor: tokenizer, pictures and prompt of the same checkpoint.
            name: what the agent is called in records.
            execute: actions carried out per decision; all of the chunk when missing.
            temperature: of sampled decisions; 0 for the likeliest.
            max_new_tokens: longest answer about a screen.
        """
        chunk = model.config.chunk_size
        if execute is not None and not 1 <= execute <= chunk:
            raise ModelInputError(f"expected to execute 1 to {chunk} actions of a chunk, got {execute}")
        self.name, self.model, self.processor = name, model.eval(), processor
        self.execute, self.temperature, self.max_new_tokens = execute or chunk, temperature, max_new_tokens
        self.decoder = ActionDecoder(model)
        self.decision: Decision | None = None
        self.chunk_position = 0
        self._left: deque[np.ndarray] = deque()
        self._generator = torch.Generator(device=model.device)

    @property
    def needs_images(self) -> bool:
        """False while actions of the last chunk are left: nobody has to render for those."""
        return not self._left

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Drop the rest of the last chunk; restart the samples of `seed`."""
        self._left.clear()
        self.decision = None
        self._generator.manual_seed(0 if seed is None else seed)

    def act(self, observation: Observation) -> Action:
        """Return the next action.

        Raises:
            ActionError: the model wrote something that is no action; `decision.text` has it.
            ModelError: the model computed NaN.
        """
        if observation.world == "gui":
            return self._act_on_screen(observation)
        if not self._left:
            self._decide(observation)
        self.chunk_position = self.execute - len(self._left)
        return EmbodiedAction(self._left.popleft())

    def _decide(self, observation: Observation) -> None:
        started = time.perf_counter()
        inputs = self.processor.encode(self.model.config, [observation]).to(self.model.device)
        prediction = self.decoder(inputs, self.temperature, self._generator)
        bins = prediction.bins[0].cpu().numpy()
        values = self.processor.prompt.action_normaliser.denormalise(prediction.values[0].cpu().numpy())
        self._left.extend(np.clip(hold_gripper(values), -1.0, 1.0)[: self.execute])
        targets = None if prediction.targets is None else observation.state[:3] + prediction.targets[0].numpy()
        self.decision = Decision(
            "embodied", self._expert("embodied"), time.perf_counter() - started,
            bins=bins, probabilities=prediction.probabilities[0].cpu().numpy(), targets=targets,
        )  # fmt: skip

    def _act_on_screen(self, observation: Observation) -> Action:
        started = time.perf_counter()
        inputs = self.processor.encode(self.model.config, [observation]).to(self.model.device)
        inputs["world"] = "gui"
        with torch.inference_mode(), self._seeded():
            ids = self.model.generate(
                **inputs, max_new_tokens=self.max_new_tokens, do_sample=self.temperature > 0,
                pad_token_id=self.processor.tokenizer.pad_token_id,
                eos_token_id=self.processor.tokenizer.convert_tokens_to_ids("<|im_end|>"),
                **({"temperature": self.temperature} if self.temperature > 0 else {}),
            )  # fmt: skip
        text = self.processor.tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        try:
            action = parse_response(text)
        except ActionError as error:
            self.decision = Decision("gui", self._expert("gui"), time.perf_counter() - started, text=text)
            raise ActionError(f"expected the model to write an action, got {text[:80]!r} ({one_line(error)})") from None
        if self.model.config.point_readout == "attention" and has_one_point(action):
            looked = self._look(inputs, ids)
            if looked is not None:
                action = replace(action, point=looked)
                text = str(action)
        self.decision = Decision("gui", self._expert("gui"), time.perf_counter() - started, text=text)
        return action

    @torch.inference_mode()
    def _look(self, inputs: dict, ids: torch.Tensor) -> tuple[float, float] | None:
        """Return the place that was looked at while the digits of `ids` (1, S) were written; None if it was not one place."""
        start = inputs["input_ids"].shape[1]
        decided = digits_of_point(ids[0, start:], self.processor.tokenizer)
        if not decided.any():
            return None
        seen = {k: v for k, v in inputs.items() if k not in ("input_ids", "attention_mask", "world")}
        for name in ("mm_token_type_ids", "bidirectional"):  # neither a picture nor seen in both directions: the answer
            seen[name] = torch.nn.functional.pad(seen[name], (0, len(decided)))
        attentions: list[torch.Tensor] = []
        self.model.model(
            ids, Routing.of("gui", 1, self.model.config, ids.device), torch.ones_like(ids),
            states_to_keep=len(decided), attentions=attentions, **seen,
        )  # fmt: skip
        if not attentions:
            raise ModelError("expected attention that says where it looked (sdpa or eager), got another; load the model with one")
        merge = self.processor.image_processor.merge_size
        rows, columns = (int(v) // merge for v in inputs["image_grid_thw"][0, 1:])
        looks = attentions[0][0, 0][decided][:, (ids == self.model.config.image_token_id)[0]]
        point, share = read_point(looks.mean(0), rows, columns)
        return point if share >= LEAST_SHARE else None

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        """Let transformers' sampling, which knows only the global generator, follow ours; put the global one back."""
        device = self.model.device
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            if self.temperature > 0:
                torch.manual_seed(torch.randint(2**62, (1,), generator=self._generator, device=device).item())
            yield

    def _expert(self, world: str) -> str:
        config = self.model.config
        if config.router:
            return "router"
        alone = SHARED in config.head_experts and config.num_shared_layers == config.text_config.num_hidden_layers
        return SHARED if alone else world


_SMALL = 10**9  # parameters: twice their memory in float32 is no matter


def load_checkpoint(path: str | Path, device: str = "cpu") -> tuple[OmniActorForConditionalGeneration, OmniActorProcessor]:
    """Return the model and processor of a checkpoint folder or Hub repository, for `ModelAgent`.

    A small model that is stored in 16 bits computes in float32 on a processor: most have no instructions for less, and all
    then give the same answers.

    Raises:
        CheckpointError: weights or processor missing or broken.
    """
    logging.disable_progress_bar()  # it would run into our own lines
    folder = local_folder(path)
    model = OmniActorForConditionalGeneration.from_pretrained(folder).to(device).eval()
    if model.device.type == "cpu" and model.num_parameters() < _SMALL:
        model = model.float()
    try:
        processor = OmniActorProcessor.from_pretrained(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"expected a processor in {folder.name}, got {one_line(error)}; save it beside the weights"
        ) from None
    return model, processor
