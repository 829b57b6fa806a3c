"""Any agent played through a recorded episode, by the same `rollout()` as everywhere, every step judged as it comes."""

from __future__ import annotations

from collections.abc import Iterator

from omniactor.agent import Agent
from omniactor.errors import ActionError
from omniactor.gui.episodes import RecordedEpisode
from omniactor.gui.recorded import NoAction, PlayedStep, RecordedEnv
from omniactor.rollout import rollout
from omniactor.types import GuiAction, Observation


def play(
    episode: RecordedEpisode,
    agent: Agent | None,
    *,
    level: str = "high",
    history: str = "recorded",
    protocol: str = "os-atlas",
    seed: int | None = None,
    first: int = 0,
    steps: int | None = None,
) -> Iterator[PlayedStep]:
    """Run an agent through a recorded episode and yield every step as soon as it is judged.

    Args:
        episode: what was recorded.
        agent: who acts; None for the recorded actions themselves.
        level: see `RecordedEnv`.
        history: see `RecordedEnv`.
        protocol: see `RecordedEnv`.
        seed: given to the agent.
        first: the step to begin with.
        steps: how many, at most.

    Raises:
        InputError: an episode without steps, an unknown choice, or an agent of the arm.
        PeerError: the agent's server cannot be used; what was yielded before is kept.
    """
    env = RecordedEnv(episode, level, history, protocol, obs_type="none")
    left = len(episode.steps) - first
    acting = Tolerant(RecordedAgent(env) if agent is None else agent)
    for step in rollout(
        env, acting, left if steps is None else min(steps, left), seed=seed, options={"step": first}, stop_on_success=False
    ):
        if step.action is not None:
            yield env.played[-1]


def as_json(episode: RecordedEpisode, played: list[PlayedStep], **how) -> dict:
    """Return what was played of an episode, with its summary, as plain JSON to save.

    Args:
        episode: what was recorded.
        played: its steps, from `play`.
        how: what else is worth keeping: agent, level, history, protocol.
    """
    from omniactor.evaluate.screens_metrics import count

    judgements = [step.judgement for step in played if step.judgement is not None]
    return {
        "format": "omniactor-played-episode", "version": 1, **how, "episode": episode.id, "source": episode.source,
        "instruction": episode.instruction, "steps_recorded": len(episode.steps), "not_judged": len(played) - len(judgements),
        "summary": count(judgements), "steps": [step.as_json() for step in played],
    }  # fmt: skip


class Tolerant:
    """Lets an agent go on after an answer that is no action: that answer becomes a `NoAction`.

    Only an `ActionError` is such an answer; that a server is down, or any other fault, still ends the episode.
    """

    def __init__(self, agent: Agent) -> None:
        """Wrap an agent."""
        self.agent, self.name, self.needs_images = agent, agent.name, agent.needs_images

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Reset the agent."""
        self.agent.reset(instruction, seed)

    def act(self, observation: Observation) -> GuiAction | NoAction:
        """Return the agent's action, or why there is none."""
        if self.needs_images and not observation.images:
            return NoAction("the screenshot cannot be read", asked=False)
        try:
            action = self.agent.act(observation)
        except ActionError as error:
            return NoAction(str(error))
        return NoAction("the agent had nothing more to do") if action is None else action


class RecordedAgent:
    """Does what was recorded: what an agent could do at best, and a check of the rules."""

    name = "recorded"
    needs_images = False

    def __init__(self, env: RecordedEnv) -> None:
        """Take the environment whose episode it knows."""
        self._env = env

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Do nothing: it keeps no state of its own."""

    def act(self, observation: Observation) -> GuiAction | None:
        """Return the recorded action of the present step; None where it is not known."""
        return self._env.episode.steps[self._env.at].action
