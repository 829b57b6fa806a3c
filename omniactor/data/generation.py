"""The first pass: episodes by the hundred, each written before it is reported as done."""

from __future__ import annotations

import time
from pathlib import Path

from omniactor.data.demos import demonstrate
from omniactor.data.episodes import episode_path
from omniactor.data.plan import DemoPlan
from omniactor.data.processes import Child
from omniactor.errors import OmniActorError
from omniactor.evaluate.results import Outcome
from omniactor.evaluate.schedule import Job
from omniactor.sim.tasks import TASKS


class DemoPlayer:
    """Makes the episodes of a plan in a process of its own; fits `evaluate.pool.run_here`."""

    def __init__(self, plan: DemoPlan, folder: Path) -> None:
        """Start nothing yet."""
        self._plan, self._folder, self._child = plan, folder, Child()

    def play(self, job: Job) -> Outcome | None:
        """Make one episode; whatever goes wrong becomes an `error` outcome, tried again by the next run."""
        began = time.perf_counter()
        try:
            return self._child.call(make_demo, self._plan, self._folder, job)
        except (OmniActorError, OSError) as error:
            seconds = round(time.perf_counter() - began, 3)
            reason = " ".join(str(error).split())[:300] or "no reason given"
            return Outcome(job.task_id, TASKS[job.task_id].name, job.episode, "error", seconds=seconds, reason=reason)

    def stop(self) -> None:
        """End the episode in flight; nothing of it is kept."""
        self._child.stop()

    def close(self) -> None:
        """End the process."""
        self._child.close()


def make_demo(kept: dict, beat, plan: DemoPlan, folder: Path, job: Job) -> Outcome:
    """Make and write one episode (in the child)."""
    from omniactor.sim.assets import resolve_assets
    from omniactor.sim.libero import Libero90Env

    began = time.perf_counter()
    env = kept.get("env")
    if env is None or env.spec_task.id != job.task_id:
        if env is not None:
            env.close()
        source = resolve_assets(plan.assets)
        env = kept["env"] = Libero90Env(job.task_id, assets=source, obs_type="state", max_episode_steps=10**6)
    attempts = demonstrate(env, plan, job, beat)
    notes = [f"{attempts.failed} attempts failed"] if attempts.failed else []
    notes += [f"{attempts.diverged} diverged"] if attempts.diverged else []
    outcome = {"task_id": job.task_id, "task": env.task, "episode": job.episode, "reason": ", ".join(notes)}
    episode = attempts.episode
    if episode is None:
        return Outcome(**outcome, status="failure", seconds=round(time.perf_counter() - began, 3))
    path = episode_path(folder, job.task_id, job.episode)
    path.parent.mkdir(parents=True, exist_ok=True)
    episode.write(path)
    return Outcome(
        **outcome, status="success" if episode.facts.success else "failure", steps=len(episode),
        seconds=round(time.perf_counter() - began, 3), seed=episode.facts.seed, goals=episode.facts.goals,
    )  # fmt: skip
