"""Disturbances around any agent: noise, pushes, turns of the hand, a gripper that opens by mistake.

A policy that only ever saw clean demonstrations has never seen a mistake and cannot recover from
one. The disturbed action is executed; what the agent wanted stays readable as the label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omniactor.agent import Agent
from omniactor.errors import InputError
from omniactor.types import EmbodiedAction, Observation


@dataclass(frozen=True)
class Perturbation:
    """How much is disturbed. Action units: 1 commands 0.05 m, 0.5 rad or the gripper's direction."""

    noise: float = 0.0  # standard deviation added to the six arm values at every step, action units
    pushes: float = 0.0  # expected number of pushes per 100 steps
    push_steps: tuple[int, int] = (3, 6)  # a push lasts this many steps, both ends included
    push_size: float = 0.8  # length of a push's translation command, action units
    turns: float = 0.0  # expected number of turns of the hand per 100 steps, about an axis near the vertical
    turn_steps: tuple[int, int] = (4, 14)  # a turn lasts this many steps, both ends included
    turn_size: float = 0.5  # length of a turn's rotation command, action units
    openings: float = 0.0  # expected number of mistaken gripper openings per 100 steps
    opening_steps: tuple[int, int] = (3, 8)  # an opening lasts this many steps; a full stroke takes 8
    start_steps: tuple[int, int] = (0, 0)  # random steps of the arm before the episode begins, both ends included
    start_size: float = 0.8  # length of their translation command, action units


PERTURBATIONS = {
    "none": Perturbation(),
    "light": Perturbation(noise=0.05, pushes=0.7, turns=0.7, openings=0.2, start_steps=(0, 6)),
    "strong": Perturbation(noise=0.15, pushes=2.0, turns=2.0, openings=0.7, start_steps=(0, 12)),
}
"""Name -> what `--perturb` calls so."""


def choose_perturbation(name: str) -> Perturbation:
    """Return a perturbation by name.

    Raises:
        InputError: unknown name.
    """
    if name not in PERTURBATIONS:
        raise InputError(f"expected --perturb {', '.join(PERTURBATIONS)}, got {name[:120]!r}; choose one of them")
    return PERTURBATIONS[name]


class PerturbedAgent:
    """An agent whose actions are disturbed, the same way for the same seed.

    Attributes:
        agent: the wrapped agent; may be replaced between steps (a hand-over).
        label: the wrapped agent's own action at the last step, an `EmbodiedAction`; None before the first.
        disturbed: a push, a turn or a mistaken opening was under way at the last step. Noise alone does not count.
    """

    def __init__(self, agent: Agent, perturbation: Perturbation) -> None:
        """Wrap `agent`; nothing is drawn before `reset`."""
        self.agent, self._perturbation = agent, perturbation
        self.label: EmbodiedAction | None = None
        self.disturbed = False

    @property
    def name(self) -> str:
        """The wrapped agent's name."""
        return self.agent.name

    @property
    def needs_images(self) -> bool:
        """Whether the wrapped agent looks at images."""
        return self.agent.needs_images

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Reset the wrapped agent and restart the disturbances of `seed` (0 when none is given)."""
        self.agent.reset(instruction, seed)
        # A stream of its own: an agent that draws from the same seed must not be correlated with it.
        self._generator = np.random.default_rng([0 if seed is None else seed, 1])
        self._turn_generator = np.random.default_rng([0 if seed is None else seed, 5])
        self._push, self._turn = np.zeros(3), np.zeros(3)
        self._push_left = self._turn_left = self._opening_left = 0
        self.label, self.disturbed = None, False

    def act(self, observation: Observation) -> EmbodiedAction | None:
        """Return the wrapped agent's action, disturbed; None when it has nothing more to do."""
        self.label = self.agent.act(observation)
        if self.label is None:
            return None
        settings, draw = self._perturbation, self._generator
        # All draws happen at every step, so that one rate does not shift the others' sequence.
        noise, direction = draw.normal(0.0, 1.0, 6), draw.normal(0.0, 1.0, 3)
        chances = draw.uniform(0.0, 100.0, 2)
        push_steps = int(draw.integers(settings.push_steps[0], settings.push_steps[1] + 1))
        opening_steps = int(draw.integers(settings.opening_steps[0], settings.opening_steps[1] + 1))
        if self._push_left == 0 and chances[0] < settings.pushes:
            self._push_left, self._push = push_steps, settings.push_size * direction / np.linalg.norm(direction)
        if self._opening_left == 0 and chances[1] < settings.openings:
            self._opening_left = opening_steps
        self._draw_turn()

        values = self.label.values.astype(np.float64)
        if settings.noise:
            values[:6] += settings.noise * noise
        self.disturbed = bool(self._push_left or self._turn_left or self._opening_left)
        if self._push_left:
            self._push_left -= 1
            values[:3], values[3:6] = self._push, 0.0
        if self._turn_left:
            self._turn_left -= 1
            values[3:6] = self._turn
        if self._opening_left:
            self._opening_left -= 1
            values[6] = -1.0
        return EmbodiedAction(np.clip(values, -1.0, 1.0))

    def _draw_turn(self) -> None:
        # Mostly about the vertical: that is how a policy's hand goes astray while it hovers over a thing. From a stream of its
        # own, so that a seed's noise, pushes and openings are what they were before there were turns.
        settings, draw = self._perturbation, self._turn_generator
        chance, tilt, side = draw.uniform(0.0, 100.0), draw.normal(0.0, 0.2, 2), draw.choice([-1.0, 1.0])
        steps = int(draw.integers(settings.turn_steps[0], settings.turn_steps[1] + 1))
        if self._turn_left == 0 and chance < settings.turns:
            axis = np.array([*tilt, side])
            self._turn_left, self._turn = steps, settings.turn_size * axis / np.linalg.norm(axis)


def start_actions(perturbation: Perturbation, seed: int) -> list[EmbodiedAction]:
    """Return the random steps that move the arm to a drawn start pose: one direction, gripper held."""
    draw = np.random.default_rng([seed, 2])
    low, high = perturbation.start_steps
    steps, direction = int(draw.integers(low, high + 1)), draw.normal(0.0, 1.0, 3)
    values = np.zeros(7)
    values[:3] = perturbation.start_size * direction / np.linalg.norm(direction)
    return [EmbodiedAction(values)] * steps
