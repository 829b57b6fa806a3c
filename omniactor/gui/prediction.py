"""One screenshot, one instruction, one predicted action: what the command line and the page both ask for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from omniactor.actions.gui import print_operation
from omniactor.agent import Agent
from omniactor.errors import ActionError, InputError
from omniactor.gui.images import open_image
from omniactor.instructions import check_history, check_instruction
from omniactor.types import GuiAction, Observation


@dataclass(frozen=True)
class Prediction:
    """What an agent wants to do on a screen.

    Attributes:
        agent: its name.
        size: (width, height) of the upright screenshot in pixels.
        seconds: from the picture to the decision.
        action: None where the agent said something that is no action.
        problem: why there is no action; "" where there is one.
        text: what the model wrote; None for agents that are no models.
        expert: whose deep layers of the model ran, see `Decision`; None for other agents.
    """

    agent: str
    size: tuple[int, int]
    seconds: float
    action: GuiAction | None = None
    problem: str = ""
    text: str | None = None
    expert: str | None = None

    def as_json(self) -> dict:
        """Return plain JSON content; `action` is the description in words, `pixel` and `end_pixel` are [x, y]."""
        action = self.action
        return {
            "action": action and action.description,
            "operation": action and print_operation(action),
            "kind": action and action.kind,
            "point": list(action.point) if action and action.point else None,
            "pixel": _listed(pixel(action.point, self.size)) if action else None,
            "end_pixel": _listed(pixel(action.end, self.size)) if action else None,
            "size": list(self.size),
            "seconds": round(self.seconds, 3),
            "agent": self.agent,
            "expert": self.expert,
            "text": self.text,
            "problem": self.problem,
        }


def observe_screen(image: object, instruction: str, history: Sequence[str] = ()) -> Observation:
    """Return what an agent is shown, having checked all of it; texts come before the picture, which takes longer.

    Args:
        image: what `open_image` takes.
        instruction: the task in words.
        history: what was done so far, in words, oldest first.

    Raises:
        InputError: the texts or the picture cannot be used.
    """
    instruction, history = check_instruction(instruction), check_history(history)
    return Observation("gui", {"screen": open_image(image)}, instruction, history, step=len(history))


def predict(agent: Agent, observation: Observation) -> Prediction:
    """Let an agent decide on one action for a screen.

    Raises:
        InputError: the agent does not act on screens.
        PeerError: a peer model's server did not answer.
    """
    if not agent.needs_images:
        raise InputError(f"expected an agent that looks at pictures, got {agent.name!r}; give a checkpoint or openai:URL#MODEL")
    started, action, problem = time.perf_counter(), None, ""
    agent.reset(observation.instruction)
    try:
        action = agent.act(observation)
    except ActionError as error:
        problem = " ".join(str(error).split())
    if action is not None and not isinstance(action, GuiAction):
        raise InputError(f"expected an agent that acts on screens, got {agent.name!r}, which moves the arm")
    if action is None and not problem:
        problem = "expected an action, got nothing: the agent has nothing more to do"
    decision, (height, width, _) = getattr(agent, "decision", None), observation.images["screen"].shape
    return Prediction(
        agent.name, (width, height), time.perf_counter() - started, action, problem,
        None if decision is None else decision.text, None if decision is None else decision.expert,
    )  # fmt: skip


def pixel(point: tuple[float, float] | None, size: tuple[int, int]) -> tuple[int, int] | None:
    """Return the pixel (x, y) that a point in fractions falls into, counted from 0; None for no point."""
    if point is None:
        return None
    return tuple(min(int(value * side), side - 1) for value, side in zip(point, size, strict=True))


def _listed(value: tuple[int, int] | None) -> list[int] | None:
    return None if value is None else list(value)
