"""The shared vocabulary: what agents see, what they do, what a rollout yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from omniactor.errors import ActionError

ACTION_SCALE = np.array([0.05, 0.05, 0.05, 0.5, 0.5, 0.5, 1.0])
"""What an embodied action of 1 commands: metres, radians, gripper direction."""

World = Literal["gui", "embodied"]


@dataclass(frozen=True)
class Observation:
    """What an agent is shown at one step.

    Attributes:
        world: "embodied" (robot arm) or "gui" (screens).
        images: name -> uint8 array (height, width, 3), RGB, upright as a person sees the scene.
            Embodied names: "agentview", "wrist". GUI name: "screen". Empty when nobody looks.
        instruction: the task in words.
        history: earlier actions in words, oldest first (GUI); empty for the arm.
        state: float32 (8,): end-effector position in the world frame (3, metres), its orientation
            as an axis-angle vector (3, radians), the two finger positions (2, metres). None for GUI.
        step: number of actions already taken.
    """

    world: World
    images: Mapping[str, np.ndarray]
    instruction: str
    history: tuple[str, ...] = ()
    state: np.ndarray | None = None
    step: int = 0


@dataclass(frozen=True, eq=False)
class EmbodiedAction:
    """One control command for the arm, LIBERO's OSC_POSE convention at 20 Hz.

    Attributes:
        values: float32 (7,) in [-1, 1]: dx dy dz (1 = 0.05 m, world frame), drx dry drz
            (1 = 0.5 rad, world axes), gripper (+1 closes, -1 opens, 0 holds).

    Raises:
        ActionError: not seven finite numbers in [-1, 1].
    """

    values: np.ndarray

    def __post_init__(self) -> None:
        """Check and convert; the stored array is our own copy and read-only."""
        object.__setattr__(self, "values", check_embodied_action(self.values))

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Let numpy (and `env.step`) read the action as a plain array."""
        return np.array(self.values, dtype=dtype or np.float32)

    def __eq__(self, other: object) -> bool:
        """Two actions are equal when their seven numbers are."""
        return isinstance(other, EmbodiedAction) and np.array_equal(self.values, other.values)


Action = EmbodiedAction


@dataclass(frozen=True)
class Step:
    """What `rollout()` yields: the initial observation (index 0), then one per action.

    Attributes:
        index: number of actions taken so far.
        observation: what the agent will see next.
        action: the action that led here; None at index 0.
        success: the task's goal holds now.
        goals: predicate text -> holds now, in the order of the task's goal.
        done: the episode is over (success, step limit, or the agent had nothing more to do).
        seconds: wall-clock time of this step: deciding, simulating and rendering.
    """

    index: int
    observation: Observation
    action: Action | None
    success: bool
    goals: Mapping[str, bool] = field(default_factory=dict)
    done: bool = False
    seconds: float = 0.0


def check_embodied_action(action: object) -> np.ndarray:
    """Return `action` as a read-only float32 (7,) array in [-1, 1].

    Raises:
        ActionError: wrong shape, not numbers, NaN or infinite, or out of range.
    """
    try:
        values = np.asarray(action, dtype=np.float32)
    except (TypeError, ValueError):
        raise ActionError(
            f"expected an action of 7 numbers (dx dy dz drx dry drz gripper), got {type(action).__name__}; "
            "pass a float array of shape (7,)"
        ) from None
    if values.shape != (7,):
        raise ActionError(f"expected an action of shape (7,), got {values.shape}; order is dx dy dz drx dry drz gripper")
    if not np.isfinite(values).all():
        raise ActionError(f"expected finite action values, got {values.tolist()}; the agent produced NaN or infinity")
    # float32 rounding of a clipped float64 can land a hair outside; a real overshoot is refused.
    if np.abs(values).max() > 1.0 + 1e-6:
        raise ActionError(f"expected action values in [-1, 1], got {values.tolist()}; clip or normalise the action first")
    values = np.clip(values, -1.0, 1.0)
    values.setflags(write=False)
    return values
