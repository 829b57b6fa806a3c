"""Demonstrations on live pages: an agent acts, the expert says what should have been done, an episode's folder is written.

Episodes are of this project's own format (`gui.episode_folder`, described in docs/gui.md): a step's action is its label, and
`facts` has what was really done, the seed and how it ended. `page_samples` makes training samples of them.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from omniactor.actions.gui import print_operation
from omniactor.agent import make_agent
from omniactor.data.page_samples import visible_texts
from omniactor.data.processes import Child
from omniactor.episode import ReadableAgent
from omniactor.errors import InputError, OmniActorError
from omniactor.evaluate.manifest import make_manifest
from omniactor.evaluate.miniwob import DEMO_SEEDS, GROUPS, check_agent
from omniactor.evaluate.results import Outcome, now
from omniactor.evaluate.schedule import Job
from omniactor.gui.episode_folder import write_episode
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.gui.miniwob import STEP_SECONDS, page_source
from omniactor.gui.pages import PAGES, parse_pages
from omniactor.rollout import rollout
from omniactor.types import GuiAction, Observation

BENCHMARK = "miniwob demonstrations"
LABELS = ("expert", "agent")
MAX_EPISODES = 100_000


@dataclass(frozen=True)
class PageDemoPlan:
    """Everything that decides the episodes; plain values, so that they can be sent to other processes.

    Attributes:
        tasks: ids of pages, in the order to run them.
        episodes: kept per page.
        agent: who acts, see `make_agent`.
        labels: whose actions are stored as labels: "expert" or "agent".
        seed: episode i is the instance of seed 1000 + i, a million further on for every failed attempt, and a thousand
            million further on for every number here.
        keep: "successes" or "all".
        max_steps: an attempt ends after this many actions.
        attempts: instances tried for one episode before it is given up.
        scale: screenshot pixels per CSS pixel.
        grounding: texts that are seen are noted with their boxes in every K-th screenshot; 0: in none.
        fingerprint: of the pages, see `PageSource`.
        versions: of what the episodes depend on.
    """

    tasks: tuple[int, ...]
    episodes: int
    agent: str = "expert"
    labels: str = "expert"
    seed: int = 0
    keep: str = "successes"
    max_steps: int = 50
    attempts: int = 10
    scale: float = 2.0
    grounding: int = 0
    fingerprint: str = ""
    versions: tuple[tuple[str, str], ...] = ()

    def jobs(self) -> list[Job]:
        """Return every episode, page by page."""
        return [Job(task, episode) for task in self.tasks for episode in range(self.episodes)]

    def episode_seed(self, job: Job, attempt: int) -> int:
        """Return the seed of one attempt, 1000 and up: evaluation's lie below, so none is ever shared."""
        return DEMO_SEEDS + job.episode + 10**6 * attempt + 10**9 * self.seed

    def manifest(self) -> dict:
        """Return the content of `manifest.json`: what a later run into the same folder must agree with."""
        settings = {
            "benchmark": BENCHMARK, "agent": self.agent, "labels": self.labels, "seed": self.seed, "keep": self.keep,
            "max steps": self.max_steps, "attempts": self.attempts, "scale": self.scale, "grounding": self.grounding,
            "step seconds": STEP_SECONDS, "pages fingerprint": self.fingerprint, "version of": dict(self.versions),
        }  # fmt: skip
        return make_manifest(settings, list(self.tasks), self.episodes, now())


def make_page_plan(tasks: str, episodes: int, **settings) -> PageDemoPlan:
    """Check a request, and that pages can be opened here.

    Args:
        tasks: see `parse_pages`; also "expert" and "all".
        episodes: kept per page.
        settings: the other fields of `PageDemoPlan`.

    Raises:
        InputError: with the reason.
        SetupError: no Chromium or no package miniwob.
    """
    pages = parse_pages(tasks, GROUPS)
    plan = PageDemoPlan(tuple(page.id for page in pages), episodes, **settings)
    for name, value, low, high in (
        ("episodes per page", episodes, 1, MAX_EPISODES), ("--seed", plan.seed, 0, 10_000), ("steps", plan.max_steps, 1, 1000),
        ("attempts", plan.attempts, 1, 1000), ("--grounding", plan.grounding, 0, 1000), ("--scale", plan.scale, 0.5, 8),
    ):  # fmt: skip
        if not low <= value <= high:
            raise InputError(f"expected {name} from {low} to {high}, got {value}; change it")
    if plan.labels not in LABELS:
        raise InputError(f"expected --labels {' or '.join(LABELS)}, got {plan.labels[:120]!r}; choose one of them")
    check_agent(plan.agent, pages)
    if plan.labels == "expert":
        check_agent("expert", pages)
    source, versions = page_source()
    return PageDemoPlan(**{**vars(plan), "fingerprint": source.fingerprint, "versions": tuple(versions.items())})


def episode_folder(folder: Path, job: Job) -> Path:
    """Return where an episode lies in a demonstrations folder."""
    return folder / "episodes" / f"{PAGES[job.task_id].short_name}-{job.episode:05d}"


class PageDemoPlayer:
    """Makes the episodes of a plan in a process of its own; fits `evaluate.pool.run_here`."""

    def __init__(self, plan: PageDemoPlan, folder: Path) -> None:
        """Start nothing yet."""
        self._plan, self._folder, self._child = plan, folder, Child()

    def play(self, job: Job) -> Outcome | None:
        """Make one episode; whatever goes wrong becomes an `error` outcome, tried again by the next run."""
        began = time.perf_counter()
        try:
            return self._child.call(make_page_demo, self._plan, self._folder, job)
        except (OmniActorError, OSError) as error:
            seconds = round(time.perf_counter() - began, 3)
            reason = " ".join(str(error).split())[:300] or "no reason given"
            return Outcome(job.task_id, PAGES[job.task_id].name, job.episode, "error", seconds=seconds, reason=reason)

    def stop(self) -> None:
        """End the episode in flight; nothing of it is kept."""
        self._child.stop()

    def close(self) -> None:
        """End the process."""
        self._child.close()


def make_page_demo(kept: dict, beat, plan: PageDemoPlan, folder: Path, job: Job) -> Outcome:
    """Make and write one episode (in the child)."""
    from omniactor.gui.miniwob import MiniWobEnv

    began, page = time.perf_counter(), PAGES[job.task_id]
    env = kept.get("env")
    if env is None or env.spec_task != page:
        if env is not None:
            env.close()
        env = kept["env"] = MiniWobEnv(page, scale=plan.scale, obs_type="none", max_episode_steps=10**6)
    attempt, episode = 0, None
    for attempt in range(plan.attempts):
        episode = demonstrate(env, plan, job, plan.episode_seed(job, attempt), beat)
        if episode.steps and (episode.facts["success"] or plan.keep == "all"):
            break
        episode = None
    facts = {"task_id": page.id, "task": page.name, "episode": job.episode}
    if episode is None:
        seconds = round(time.perf_counter() - began, 3)
        return Outcome(**facts, status="failure", seconds=seconds, reason=f"{plan.attempts} attempts failed")
    target = episode_folder(folder, job)
    shutil.rmtree(target, ignore_errors=True)  # of a run that was killed after writing it and before saying so
    write_episode(target.parent, episode, target.name)
    return Outcome(
        **facts, status="success" if episode.facts["success"] else "failure", steps=len(episode.steps),
        seconds=round(time.perf_counter() - began, 3), seed=episode.facts["seed"],
        reason=f"{attempt} attempts failed" if attempt else "",
    )  # fmt: skip


def demonstrate(env, plan: PageDemoPlan, job: Job, seed: int, beat=lambda: None) -> RecordedEpisode:
    """Run one attempt and return it as an episode; its steps have no more than happened.

    Args:
        env: a `MiniWobEnv` of the job's page.
        plan: what is made.
        job: which episode.
        seed: of the instance.
        beat: called at every step; may raise to stop.
    """
    acting = ReadableAgent(make_agent(plan.agent, env))
    expert = make_agent("expert", env) if plan.labels == "expert" else None
    watcher = _Labeller(acting, expert, env, plan.grounding)
    last = None
    for step in rollout(env, watcher, plan.max_steps, seed=seed, look_every=1):
        beat()
        last = step
    done = watcher.executed[: last.index]
    facts = {
        "seed": seed, "success": last.success, "agent": acting.name, "labels": plan.labels, "raw_reward": env.raw_reward,
        "reason": acting.problem or env.outcome, "executed": [[print_operation(a, None), a.description] for a in done],
        "versions": env.versions(), "fingerprint": env.assets.fingerprint,
    }  # fmt: skip
    if plan.grounding:
        facts["texts"] = {str(number): texts for number, texts in watcher.texts.items() if number < last.index}
    screen = last.observation.images["screen"]
    return RecordedEpisode(
        id=f"{env.spec_task.short_name}-{job.episode}", instruction=env.task_description,
        steps=tuple(watcher.steps[: last.index]),
        source="miniwob", device=f"Chromium {screen.shape[1]}x{screen.shape[0]}", category=env.spec_task.short_name, last=screen,
        facts=facts,
    )  # fmt: skip


class _Labeller:
    """The agent of a demonstration: acts as `agent` does and notes at every step what `expert` would have done.

    Attributes:
        steps: what is seen and what should be done, one per decision.
        executed: what was done.
        texts: number of the step -> texts on the screen with their boxes.
    """

    needs_images = True

    def __init__(self, agent: ReadableAgent, expert, env, grounding: int) -> None:
        self._agent, self._expert, self._env, self._grounding = agent, expert, env, grounding
        self.name = agent.name

    def reset(self, instruction: str, seed: int | None = None) -> None:
        self.steps: list[RecordedStep] = []
        self.executed: list[GuiAction] = []
        self.texts: dict[int, list] = {}
        self._agent.reset(instruction, seed)
        if self._expert is not None:
            self._expert.reset(instruction, seed)

    def act(self, observation: Observation) -> GuiAction | None:
        number = len(self.executed)
        if self._grounding and number % self._grounding == 0:
            self.texts[number] = visible_texts(self._env)
        wanted = None if self._expert is None else self._expert.act(observation)
        action = wanted if self._expert is not None and self._agent.name == "expert" else self._agent.act(observation)
        if action is None:
            return None
        label = action if self._expert is None else wanted
        box = getattr(self._expert, "target", None)
        screen = observation.images["screen"]
        self.steps.append(RecordedStep(
            label, screen, "" if label is None else label.description, () if box is None or label is None else (box,),
            (screen.shape[1], screen.shape[0]), "" if label is not None else "the expert does not know this state of the page",
        ))  # fmt: skip
        self.executed.append(action)
        return action
