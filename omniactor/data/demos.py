"""One demonstration in the simulator: an agent acts, is disturbed, is labelled, may be handed over."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from omniactor.agent import Agent, make_agent
from omniactor.data.episodes import ACTORS, Episode, EpisodeFacts
from omniactor.data.plan import DemoPlan
from omniactor.errors import SimulationError
from omniactor.evaluate.schedule import Job
from omniactor.perturb import PerturbedAgent, choose_perturbation, start_actions
from omniactor.record import versions
from omniactor.rollout import rollout
from omniactor.types import EmbodiedAction, Observation

EXPERT, AGENT, PERTURBATION = range(len(ACTORS))


class Demonstrator:
    """The agent of one demonstration: drawn start pose, then the agent, then perhaps the expert.

    Args:
        agent: who acts.
        expert: who labels and takes over; the same object as `agent` when the expert demonstrates; None without either.
        plan: what is made.
        seed: of the attempt.

    Attributes:
        start_steps: the first this many actions only move the arm to its start pose.
        turns: steps, counted after those, at which agent and expert take turns; the agent begins.
        label: float32 (7,), what should have been done at the last step.
        actor: number of who acted at the last step, see `ACTORS`.
    """

    def __init__(self, agent: Agent, expert: Agent | None, plan: DemoPlan, seed: int) -> None:
        """Draw the start steps and the hand-over."""
        perturbation = choose_perturbation(plan.perturb)
        self._agent, self._expert, self._own_labels = agent, expert, plan.labels == "agent"
        self._start = start_actions(perturbation, seed)
        self._perturbed = PerturbedAgent(agent, perturbation)
        self.name = agent.name
        self.start_steps = len(self._start)
        self.turns, self._expert_acts = plan.turns(seed), False
        self.label, self.actor = np.zeros(7, np.float32), EXPERT

    @property
    def needs_images(self) -> bool:
        """Whether whoever acts next looks at pictures."""
        return self._perturbed.needs_images

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Reset everybody."""
        self._taken, self._said = 0, (instruction, seed)
        self._perturbed.reset(instruction, seed)
        if self._expert is not None and self._expert is not self._agent:
            self._expert.reset(instruction, seed)
        self._take_turns(0)

    def act(self, observation: Observation) -> EmbodiedAction | None:
        """Return the next action; the label belongs to the state it is taken in."""
        step, self._taken = self._taken - self.start_steps, self._taken + 1
        if step < 0:
            return self._start[step]
        action = self._perturbed.act(observation)
        if action is None and self.turns and not self._expert_acts:
            self.turns = [turn for turn in self.turns if turn < step] + [step]  # the agent stopped before its turn was over
            self._take_turns(step)
            action = self._perturbed.act(observation)
        if action is None:
            return None
        by_expert = self._perturbed.agent is self._expert
        own = self._perturbed.label if self._own_labels or by_expert else self._expert.act(observation)
        self.label = own.values
        self.actor = PERTURBATION if self._perturbed.disturbed else EXPERT if by_expert else AGENT
        self._take_turns(step + 1)  # already now: whether pictures are needed depends on who comes next
        return action

    def _take_turns(self, step: int) -> None:
        """Let the expert intervene, or give back to the agent, which starts anew: its plan was for another state."""
        expert_acts = bisect_right(self.turns, step) % 2 == 1
        if expert_acts != self._expert_acts:
            self._perturbed.agent = self._expert if expert_acts else self._agent
            if not expert_acts:
                self._agent.reset(*self._said)
        self._expert_acts = expert_acts


@dataclass(frozen=True)
class Attempts:
    """What came of trying for one episode.

    Attributes:
        episode: what to keep, or None: no attempt succeeded.
        failed: attempts that did not succeed.
        diverged: how many of those ended because the physics diverged.
    """

    episode: Episode | None
    failed: int
    diverged: int


def demonstrate(env, plan: DemoPlan, job: Job, beat: Callable[[], None] = lambda: None) -> Attempts:
    """Draw starts for one episode until an attempt is worth keeping.

    Args:
        env: the task's environment.
        plan: what is made.
        job: which episode.
        beat: called at every step; may raise to stop.
    """
    env.settle_steps = plan.settle_steps
    agent = make_agent(plan.agent, env)
    expert = agent if plan.agent == "expert" else make_agent("expert", env) if plan.needs_expert else None
    diverged = 0
    for attempt in range(plan.attempts):
        try:
            episode = _attempt(env, agent, expert, plan, job, attempt, beat)
        except SimulationError:
            diverged += 1  # strong pushes can jam an object; the start is drawn again, and the count is reported
            continue
        if len(episode) and (episode.facts.success or plan.keep == "all"):
            return Attempts(episode, attempt, diverged)
    return Attempts(None, plan.attempts, diverged)


def _attempt(env, agent: Agent, expert: Agent | None, plan: DemoPlan, job: Job, attempt: int, beat) -> Episode:
    seed = plan.episode_seed(job, attempt)
    demonstrator = Demonstrator(agent, expert, plan, seed)
    skipped = demonstrator.start_steps
    states, robot_states, latched, actions, labels, actor = [], [], [], [], [], []
    for step in rollout(env, demonstrator, plan.max_steps + skipped, seed=seed):
        beat()
        if step.index < skipped:
            continue
        if step.index > skipped:
            actions.append(step.action.values)
            labels.append(demonstrator.label)
            actor.append(demonstrator.actor)
        states.append(env.flat_state())
        robot_states.append(step.observation.state)
        latched.append(env.controller.latched)
    # A goal that the start steps reached by accident shows nothing: without steps the attempt is dropped.
    facts = EpisodeFacts(
        task=env.task, task_id=env.spec_task.id, episode=job.episode, attempt=attempt, seed=seed,
        instruction=env.task_description, agent=agent.name, labels=plan.labels, perturb=plan.perturb,
        handover=demonstrator.turns[0] if demonstrator.turns else None, start_steps=skipped, settle_steps=plan.settle_steps,
        steps=len(actions), success=bool(step.success and actions), goals=dict(step.goals), assets=env.assets.kind,
        fingerprint=env.assets.fingerprint, fixtures=env.fixture_poses(), versions=versions(),
    )  # fmt: skip
    return Episode(
        facts, np.array(states, np.float64), np.array(actions, np.float32).reshape(-1, 7),
        np.array(labels, np.float32).reshape(-1, 7), np.array(robot_states, np.float32), np.array(latched, np.float64),
        np.array(actor, np.uint8),
    )  # fmt: skip


def restore(env, episode: Episode, step: int) -> None:
    """Put an environment of the same task into an episode's state before its action number `step`.

    The next `env.step` then repeats what happened up to the constraint solver's warm start, which is
    not stored: positions agree to about 1e-6, not bit by bit. Bit equality needs the episode's seed.
    """
    import mujoco

    env.reset(seed=episode.facts.seed)
    env.place_fixtures(episode.facts.fixtures)
    qpos, qvel = np.split(episode.states[step][1:], [env.model.nq])
    env.data.time, env.data.qpos[:], env.data.qvel[:] = episode.states[step][0], qpos, qvel
    mujoco.mj_forward(env.model, env.data)
    env.controller.restore(episode.latched[step])
