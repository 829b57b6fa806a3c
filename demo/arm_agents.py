"""Who can drive the arm on this page: the scripted expert, two that are not clever, and the models on offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from demo.agents import OfferedAgent
from demo.results import rates
from omniactor.errors import UnknownAgentError
from omniactor.experts.table import SKILLS
from omniactor.gui.peer import PREFIX

WEAK = 0.5
"""A task that a model solved less often than this carries a warning."""


@dataclass(frozen=True)
class ArmAgent:
    """An agent of the arm as visitors see it.

    Attributes:
        key: what is sent back.
        label: what visitors read.
        about: what it is, in a sentence or two.
        reads: what it makes of an instruction that is not the task's own.
        stands_for: the name that `make_agent` takes.
        rates: of a model that was evaluated: task id -> (episodes solved, episodes run) with the page's 3-D models; None where
            nothing is known.
    """

    key: str
    label: str
    about: str
    reads: str
    stands_for: str
    rates: Mapping[int, tuple[int, int]] | None = field(default=None, compare=False)

    def can_try(self, task_id: int) -> bool:
        """Tell whether it is able to try the task at all."""
        return self.key != "expert" or task_id in SKILLS

    def is_weak(self, task_id: int) -> bool:
        """Tell whether a visitor should be warned: measured and mostly failed, or measured on other tasks only."""
        if self.rates is None:
            return False
        solved, tried = self.rates.get(task_id, (0, 0))
        return solved < WEAK * tried or not tried

    def mark(self, task_id: int) -> str:
        """Return what stands before a task's caption, or ""."""
        if not self.can_try(task_id):
            return "No skill yet"
        if self.rates is None:
            return ""
        solved, tried = self.rates.get(task_id, (0, 0))
        return f"Solves {solved} of {tried}" if tried else "Not measured"

    def warning(self, task_id: int) -> str:
        """Return what to know before running the task, or ""."""
        if not self.can_try(task_id):
            return "The scripted expert has no skill for this task yet. Choose another task or another agent."
        if not self.is_weak(task_id):
            return ""
        solved, tried = self.rates.get(task_id, (0, 0))
        if not tried:
            return f"{self.label} was not measured on this task; expect it to fail."
        return f"{self.label} is bad at this task: it solved {solved} of {tried} episodes when it was measured."

    def summary(self, task_ids: list[int]) -> str:
        """Return how many of these tasks it can do, as half a sentence, or ""."""
        if self.key == "expert":
            return f"the scripted expert has a skill for {sum(self.can_try(task_id) for task_id in task_ids)} of them"
        if self.rates is None:
            return ""
        return f"{self.label} solves at least half of the episodes of {sum(not self.is_weak(task) for task in task_ids)} of them"


SIMPLE = (
    ArmAgent(
        "expert",
        "Scripted expert",
        "a program with a skill per task; it reads the simulator's state, not the pictures",
        "The scripted expert does not read instructions; it does the task's own.",
        "expert",
    ),
    ArmAgent(
        "random",
        "Random actions",
        "a baseline; it is not expected to solve anything",
        "Random actions do not depend on it.",
        "random",
    ),
    ArmAgent(
        "replay",
        "Replay a record",
        "repeats the actions of a record file downloaded here or made with --record",
        "A replay does not depend on it.",
        "replay",
    ),
)


def arm_agents(offered: Mapping[str, OfferedAgent] | None = None, assets: str = "standin") -> dict[str, ArmAgent]:
    """Return the agents of the arm by key, the models that the page offers first, with their rates on these 3-D models.

    Servers of other makers' models are left out: they answer about screens.
    """
    models = [_model(agent, assets) for agent in (offered or {}).values() if not agent.stands_for.startswith(PREFIX)]
    return {agent.key: agent for agent in (*models, *SIMPLE)}


def find_arm_agent(agents: Mapping[str, ArmAgent], key: str) -> ArmAgent:
    """Return the agent of a key; the first where it is empty.

    Raises:
        UnknownAgentError: none of that name.
    """
    if key == "":
        return next(iter(agents.values()))
    if not isinstance(key, str) or key not in agents:
        raise UnknownAgentError(f"Expected an agent ({', '.join(agents)}), got {str(key)[:80]!r}.")
    return agents[key]


def _model(agent: OfferedAgent, assets: str) -> ArmAgent:
    label = "OmniActor-mini" if agent.name == "mini" else agent.name
    reads = f"{label} reads it, but need not have learnt any other words than those of tasks."
    known = rates(agent.folder, assets) if agent.folder else None
    return ArmAgent(agent.name, label, agent.about, reads, agent.stands_for, known)
