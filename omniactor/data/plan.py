"""What a demonstrations folder holds: which episodes, from which seeds, by whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omniactor.errors import InputError
from omniactor.evaluate.libero90 import check_agent
from omniactor.evaluate.manifest import make_manifest
from omniactor.evaluate.results import now
from omniactor.evaluate.schedule import Job
from omniactor.perturb import choose_perturbation
from omniactor.record import versions
from omniactor.sim.assets import resolve_assets
from omniactor.sim.tasks import parse_tasks

LABELS = ("expert", "agent")
MAX_EPISODES = 100_000
AGENT_TURN, EXPERT_TURN = (8, 120), (12, 28)
"""With interventions, steps that the agent acts and then the expert, the least and the most: long enough to go astray, now and
then far astray, and to be led back."""


@dataclass(frozen=True)
class DemoPlan:
    """Everything that decides the episodes; plain values, so that they can be sent to other processes.

    Attributes:
        tasks: ids, in the order to run them.
        episodes: kept per task.
        agent: who acts, see `make_agent`.
        labels: whose actions are stored as labels: "expert", or "agent" (its own, undisturbed).
        assets: "libero" or "standin".
        fingerprint: of the asset folder.
        seed: everything random comes from it.
        perturb: name in `PERTURBATIONS`.
        handover: share of episodes that the expert takes over at a random step, 0 to 1.
        interventions: the expert takes over again and again, and gives back; see `AGENT_TURN`.
        alone: with interventions, the agent first acts for up to this many steps in a row, evenly drawn: then the expert
            begins where the agent has failed for long, which turns that are mostly short never reach. 0: a turn like the others.
        keep: "successes", or "all" (failures too, with `success` stored).
        max_steps: an attempt ends after this many actions.
        attempts: starts drawn for one episode before it is given up.
        settle_steps: zero actions inside the reset, so that objects land.
    """

    tasks: tuple[int, ...]
    episodes: int
    agent: str = "expert"
    labels: str = "expert"
    assets: str = "standin"
    fingerprint: str = ""
    seed: int = 0
    perturb: str = "none"
    handover: float = 0.0
    interventions: bool = False
    alone: int = 0
    keep: str = "successes"
    max_steps: int = 400
    attempts: int = 10
    settle_steps: int = 5

    def jobs(self) -> list[Job]:
        """Return every episode, task by task."""
        return [Job(task, episode) for task in self.tasks for episode in range(self.episodes)]

    def episode_seed(self, job: Job, attempt: int) -> int:
        """Return the seed of one attempt, 2**31 to 2**32 - 1: evaluation's fresh starts lie below, so none is ever shared."""
        mixed = np.random.SeedSequence([self.seed, job.task_id, job.episode, attempt]).generate_state(1)
        return int(mixed[0]) | 2**31

    @property
    def needs_expert(self) -> bool:
        """Whether an expert is needed beside the agent: not every task must have one."""
        return self.agent != "expert" and (self.labels == "expert" or self.handover > 0 or self.interventions)

    def turns(self, seed: int) -> list[int]:
        """Return the steps at which agent and expert take turns in the episode of `seed`; the agent begins."""
        if not self.interventions:
            draw = np.random.default_rng([seed, 3])
            share, step = draw.uniform(), int(draw.integers(0, self.max_steps // 2 + 1))
            return [step] if share < self.handover else []
        draw, steps = np.random.default_rng([seed, 4]), [0]
        if self.alone:
            steps.append(int(draw.integers(AGENT_TURN[0], self.alone + 1)))
        while steps[-1] < self.max_steps:
            low, high = EXPERT_TURN if len(steps) % 2 == 0 else AGENT_TURN
            steps.append(steps[-1] + round(float(np.exp(draw.uniform(np.log(low), np.log(high))))))  # mostly short
        return steps[1:]

    def manifest(self) -> dict:
        """Return the content of `manifest.json`: what a later run into the same folder must agree with."""
        settings = {
            "benchmark": "libero-90 demonstrations", "agent": self.agent, "labels": self.labels, "seed": self.seed,
            "perturb": self.perturb, "handover": self.handover, "keep": self.keep, "max steps": self.max_steps,
            "attempts": self.attempts, "settle steps": self.settle_steps, "assets": self.assets,
            "assets fingerprint": self.fingerprint, "version of": versions(),
        }  # fmt: skip
        if self.interventions:
            settings["interventions"] = True
        if self.alone:
            settings["alone"] = self.alone
        return make_manifest(settings, list(self.tasks), self.episodes, now())


def make_plan(tasks: str, episodes: int, assets: str = "auto", **settings) -> DemoPlan:
    """Check a request as far as that goes without a simulator.

    Args:
        tasks: see `parse_tasks`.
        episodes: kept per task.
        assets: "auto", "libero" or "standin".
        settings: the other fields of `DemoPlan`.

    Raises:
        InputError: with the reason.
    """
    chosen = parse_tasks(tasks)
    plan = DemoPlan(tuple(task.id for task in chosen), episodes, **settings)
    if not 1 <= episodes <= MAX_EPISODES:
        raise InputError(f"expected from 1 to {MAX_EPISODES} episodes per task, got {episodes}; change --episodes")
    if plan.labels not in LABELS:
        raise InputError(f"expected --labels {' or '.join(LABELS)}, got {plan.labels[:120]!r}; choose one of them")
    if not 0 <= plan.seed < 2**32:
        raise InputError(f"expected a seed from 0 to {2**32 - 1}, got {plan.seed}; change --seed")
    if not 0.0 <= plan.handover <= 1.0:  # NaN falls here too
        raise InputError(f"expected a share from 0 to 1 for --handover, got {plan.handover}")
    for name, used in (("--handover", plan.handover > 0), ("--interventions", plan.interventions)):
        if used and plan.agent == "expert":
            raise InputError(
                f"expected an agent other than the expert with {name}, got expert; drop {name} or choose another --agent"
            )
    if plan.handover and plan.interventions:
        raise InputError("expected --handover or --interventions, got both; choose one")
    if plan.alone and not plan.interventions:
        raise InputError("expected --interventions with --alone, got none; add it or drop --alone")
    if plan.alone and not AGENT_TURN[0] <= plan.alone < plan.max_steps:
        raise InputError(
            f"expected from {AGENT_TURN[0]} to {plan.max_steps - 1} steps, fewer than the attempt has, got {plan.alone}; "
            "change --alone or --max-steps"
        )
    if not 1 <= plan.max_steps <= 10_000:
        raise InputError(f"expected from 1 to 10000 steps, got {plan.max_steps}; change --max-steps")
    if not 1 <= plan.attempts <= 1000:
        raise InputError(f"expected from 1 to 1000 attempts, got {plan.attempts}; change --attempts")
    choose_perturbation(plan.perturb)
    check_agent(plan.agent, chosen)
    if plan.needs_expert:
        check_agent("expert", chosen)
    source = resolve_assets(assets)
    return DemoPlan(**{**vars(plan), "assets": source.kind, "fingerprint": source.fingerprint})
