"""Anything that acts: the interface, the simple agents, and the names they go by."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from omniactor.errors import UnknownAgentError
from omniactor.types import Action, EmbodiedAction, GuiAction, Observation

NAMES = ("expert", "random", "replay:PATH", "mini", "a checkpoint folder", "a Hugging Face repository", "openai:URL#MODEL")
MINI = Path(__file__).resolve().parent.parent / "assets" / "checkpoints" / "omniactor-mini"
"""Where the bundled checkpoint lies."""


@runtime_checkable
class Agent(Protocol):
    """What every agent offers, whatever it is made of.

    Attributes:
        name: the string it was asked for by.
        needs_images: False when the next `act` will not look at `Observation.images`; nothing is rendered
            then unless somebody else watches.
    """

    name: str
    needs_images: bool

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Forget the last episode and take the new instruction."""
        ...

    def act(self, observation: Observation) -> Action | None:
        """Return the next action, or None when the agent has nothing more to do."""
        ...


class RandomAgent:
    """Uniform actions in [-1, 1], the same sequence for the same seed."""

    name = "random"
    needs_images = False

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Restart the sequence of `seed` (0 when none is given)."""
        self._generator = np.random.default_rng(0 if seed is None else seed)

    def act(self, observation: Observation) -> EmbodiedAction:
        """Draw an action."""
        return EmbodiedAction(self._generator.uniform(-1.0, 1.0, 7))


class RandomScreenAgent:
    """Random clicks, and now and then a scroll, a key, a drag or a letter; the same sequence for the same seed."""

    name = "random"
    needs_images = False

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Restart the sequence of `seed` (0 when none is given)."""
        self._generator = np.random.default_rng(0 if seed is None else seed)

    def act(self, observation: Observation) -> GuiAction:
        """Draw an action: a click (70 %), a scroll or a drag (10 % each), a key or a letter (5 % each)."""
        draw = self._generator
        x0, y0, x1, y1 = (round(float(share), 3) for share in draw.random(4))
        kind = str(draw.choice(["click", "scroll", "drag", "press", "write"], p=[0.7, 0.1, 0.1, 0.05, 0.05]))
        arguments = {
            "click": {"point": (x0, y0)},
            "scroll": {"pages": (-0.5, 0.5)[int(x1 < 0.5)], "point": (x0, y0)},
            "drag": {"point": (x0, y0), "end": (x1, y1)},
            "press": {"keys": (("enter", "tab", "backspace")[int(3 * x0)],)},
            "write": {"text": chr(97 + int(26 * x0))},
        }
        return GuiAction(kind, **arguments[kind])


class ReplayAgent:
    """Repeats the actions of a record, then stops."""

    needs_images = False

    def __init__(self, path: str) -> None:
        """Read and check the record; see `omniactor.record`."""
        from omniactor.record import read_record

        self.name = f"replay:{Path(path).name}"  # where it lay on this machine is nobody else's business
        self.record = read_record(path)

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Start from the first action."""
        screen = hasattr(self.record, "gui_actions")
        self._rest = iter(self.record.gui_actions() if screen else map(EmbodiedAction, self.record.actions))

    def act(self, observation: Observation) -> Action | None:
        """Return the next recorded action, None after the last."""
        return next(self._rest, None)


def make_agent(name: str, env) -> Agent:
    """Return the agent called `name` for `env`.

    Args:
        name: "expert", "random", "replay:PATH", "mini" (the bundled checkpoint), a checkpoint folder, the name of a
            Hugging Face repository ("owner/name"), or, for screens, "openai:URL#MODEL" (see `omniactor.gui.peer`).
        env: the environment it will act in (unwrapped); None for agents that only look at pictures. Only the
            expert reads it: a scripted expert looks at the simulator's state, not at pixels.

    Raises:
        UnknownAgentError: no such agent, or it cannot do this task.
        CheckpointError: a checkpoint that is broken or cannot be reached.
    """
    env = getattr(env, "unwrapped", None) or env
    world = None if env is None else getattr(env, "world", "embodied")
    if name == "random":
        return RandomScreenAgent() if world == "gui" else RandomAgent()
    if name == "expert":
        if world == "gui":
            from omniactor.experts.web import WebExpert

            return WebExpert(env)
        from omniactor.experts import ExpertAgent

        return ExpertAgent(env)
    if name.startswith("replay:") and len(name) > len("replay:"):
        return ReplayAgent(name.removeprefix("replay:"))
    if name.startswith("openai:"):
        if world == "embodied":
            raise UnknownAgentError(f"expected an agent that drives the arm, got {name[:80]!r}, which clicks on screens")
        from omniactor.gui.peer import PeerAgent

        return PeerAgent(name)
    if name == "mini":
        if not MINI.is_dir():
            raise UnknownAgentError(
                "expected an agent that is part of this version, got 'mini': the bundled checkpoint is not trained yet"
            )
        return _load_model(str(MINI), name)
    if Path(name).is_dir() or re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return _load_model(name, name)
    raise UnknownAgentError(f"expected an agent ({', '.join(NAMES)}), got {name[:120]!r}; see `omniactor rollout --help`")


def _load_model(path: str, name: str) -> Agent:
    """Return a fresh agent on weights that are read once per process, and again when the files change."""
    from omniactor.model.agent import ModelAgent

    stamp = max((file.stat().st_mtime_ns for file in Path(path).glob("*")), default=0)
    return ModelAgent(*_read_model(path, stamp), name=name if name == "mini" else Path(name).name)


@lru_cache(maxsize=1)
def _read_model(path: str, stamp: int):
    """Return the model and processor of a checkpoint; the last one is kept, since every episode asks for it."""
    from omniactor.model.agent import load_checkpoint

    return load_checkpoint(path)
