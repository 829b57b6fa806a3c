"""The LIBERO-90 benchmark: which episodes there are, and what is refused before the first one starts."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from omniactor.agent import ReplayAgent, make_agent
from omniactor.episode import EpisodeRequest, EpisodeResult
from omniactor.errors import InputError, RecordError, UnknownAgentError
from omniactor.evaluate.manifest import make_manifest, spans
from omniactor.evaluate.protocol import FIRST_FRESH_SEED, Protocol
from omniactor.evaluate.results import Outcome, now
from omniactor.evaluate.schedule import Job
from omniactor.record import versions
from omniactor.sim.assets import resolve_assets
from omniactor.sim.init_states import load_init_states
from omniactor.sim.tasks import ROOMS, TASKS, Task, parse_tasks


@dataclass(frozen=True)
class Plan:
    """Everything that says what is run; plain values, so that it can be sent to other machines.

    Attributes:
        agent: see `make_agent`.
        protocol: see `protocol`.
        tasks: in the order to run them.
        assets: "libero" or "standin".
        assets_origin: where they came from; for people.
        fingerprint: of the asset folder, see `AssetSource.fingerprint`.
    """

    agent: str
    protocol: Protocol
    tasks: tuple[Task, ...]
    assets: str
    assets_origin: str
    fingerprint: str

    def jobs(self) -> list[Job]:
        """Return every episode, task by task."""
        return [Job(task.id, episode) for task in self.tasks for episode in range(self.protocol.episodes)]

    def request(self, job: Job) -> EpisodeRequest:
        """Return what to run for a job."""
        init_state, seed = self.protocol.start(job.episode)
        return EpisodeRequest(
            task=job.task_id, agent=self.agent, assets=self.assets, init_state=init_state, seed=seed,
            max_steps=self.protocol.max_steps, settle_steps=self.protocol.settle_steps,
        )  # fmt: skip

    def outcome(self, job: Job, result: EpisodeResult, seconds: float, video: str | None = None, reason: str = "") -> Outcome:
        """Return what to keep of an episode that came to an end; `seconds` is its wall-clock time."""
        return Outcome(
            task_id=job.task_id, task=result.task, episode=job.episode, status="success" if result.success else "failure",
            steps=result.steps, seconds=round(seconds, 3), init_state=result.init_state, seed=result.seed,
            goals=result.goals, reason=reason, video=video,
        )  # fmt: skip

    def error(self, job: Job, reason: str, seconds: float) -> Outcome:
        """Return what to keep of an episode that did not come to an end."""
        init_state, seed = self.protocol.start(job.episode)
        line = " ".join(reason.split())[:300] or "no reason given"
        return Outcome(
            task_id=job.task_id, task=TASKS[job.task_id].name, episode=job.episode, status="error",
            seconds=round(seconds, 3), init_state=init_state, seed=seed, reason=line,
        )  # fmt: skip

    def manifest(self) -> dict:
        """Return the content of `manifest.json`."""
        protocol = self.protocol
        published = protocol.starts == "published"
        settings = {
            "benchmark": "libero-90",
            "agent": self.agent,
            "protocol": protocol.name,
            "starts": protocol.starts,
            "first start": "initial state 0, fixtures from seed 0" if published else f"seed {FIRST_FRESH_SEED}",
            "max steps": protocol.max_steps,
            "settle steps": protocol.settle_steps,
            "assets": self.assets,
            "assets fingerprint": self.fingerprint,
            "version of": versions(),
        }
        return make_manifest(settings, [task.id for task in self.tasks], protocol.episodes, now())

    def facts(self) -> dict:
        """Return the summary's head."""
        protocol = self.protocol
        return {
            "benchmark": "libero-90",
            "agent": self.agent,
            "assets": self.assets,
            "assets_origin": self.assets_origin,
            "protocol": {
                "name": protocol.name, "episodes": protocol.episodes, "max_steps": protocol.max_steps,
                "settle_steps": protocol.settle_steps, "starts": protocol.starts, "origin": protocol.origin,
            },
        }  # fmt: skip

    def groups(self) -> dict[str, dict[str, set[int]]]:
        """Return what tasks are counted together by: key of the summary -> name -> ids."""
        rooms = {room: {task.id for task in self.tasks if task.room == room} for room in ROOMS.values()}
        return {"per_room": {room: ids for room, ids in rooms.items() if ids}}


def make_plan(agent: str, tasks: str, protocol: Protocol, assets: str = "auto") -> Plan:
    """Check a request for an evaluation as far as that goes without a simulator.

    Args:
        agent: see `make_agent`.
        tasks: see `parse_tasks`.
        protocol: see `protocol.choose`.
        assets: "auto", "libero" or "standin".

    Raises:
        InputError: with the reason.
    """
    chosen = parse_tasks(tasks)
    check_agent(agent, chosen)
    if protocol.starts == "published":
        for task in chosen:
            count = len(load_init_states(task.init_states_file))
            if protocol.episodes > count:
                raise InputError(
                    f"expected at most {count} episodes, as many as task {task.id} has published initial states, "
                    f"got {protocol.episodes}; lower --episodes or use --starts fresh"
                )
    source = resolve_assets(assets)
    plan = Plan(agent, protocol, tuple(chosen), source.kind, source.origin, source.fingerprint)
    plan.request(Job(chosen[0].id, protocol.episodes - 1)).check()
    return plan


def check_agent(agent: str, tasks: list[Task]) -> None:
    """Refuse an agent that does not exist or cannot do one of the tasks.

    Raises:
        InputError: with the reason.
    """
    if agent == "expert":
        from omniactor.experts.table import SKILLS

        lacking = [task.id for task in tasks if task.id not in SKILLS]
        if lacking:
            able = [task.id for task in tasks if task.id in SKILLS]
            advice = f"use --tasks {spans(able)}" if able else "choose other tasks"
            raise UnknownAgentError(
                f"expected tasks that the expert has a skill for, got {spans(lacking)} without one; {advice} or another agent"
            )
        return
    # Agents get the environment only to read the simulator, which none but the expert does.
    made = make_agent(agent, SimpleNamespace(spec_task=tasks[0], unwrapped=None))
    if isinstance(made, ReplayAgent):
        own = made.record.task_id
        foreign = [task.id for task in tasks if task.name != made.record.task]
        if foreign:
            raise RecordError(f"expected only task {own}, which the record is of, got {spans(foreign)}; use --tasks {own}")
