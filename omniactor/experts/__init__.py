"""Scripted experts: agents that read the simulator's state and solve tasks with skills.

`table` says which skill solves which task, `skills` how, `scene` what they read.
"""

from __future__ import annotations

from omniactor.errors import UnknownAgentError
from omniactor.experts.scene import Scene
from omniactor.experts.table import SKILLS, Stage
from omniactor.types import EmbodiedAction, Observation


class ExpertAgent:
    """The scripted expert for one task.

    Args:
        env: the `Libero90Env` it acts in; it reads the simulator's state, never pixels.

    Raises:
        UnknownAgentError: no skill for this task yet.
    """

    name = "expert"
    needs_images = False

    def __init__(self, env) -> None:
        """Look up the skill of the environment's task."""
        self._env = getattr(env, "unwrapped", env)
        task = self._env.spec_task
        if task.id not in SKILLS:
            raise UnknownAgentError(
                f"expected a task that the expert has a skill for ({', '.join(map(str, sorted(SKILLS)))}), "
                f"got {task.id} ({task.name}); choose one of those or another agent"
            )
        self._stages = SKILLS[task.id]
        self._scene = Scene(self._env)

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Do nothing: the expert keeps no memory, and does its own task whatever the instruction says."""

    def act(self, observation: Observation) -> EmbodiedAction:
        """Return the skill's action for the simulator's present state."""
        for stage in self._stages:
            if self._busy(stage) or stage is self._stages[-1]:
                return stage.skill(self._scene, *stage.arguments)
        raise AssertionError("a task has at least one stage")

    def _busy(self, stage: Stage) -> bool:
        """Tell whether a stage still has something to do: its predicate is false, or its object is in the hand."""
        if not self._scene.goal_holds(stage.goal):
            return True
        return stage.arguments[0] in self._scene.objects and self._scene.holds(stage.arguments[0])
