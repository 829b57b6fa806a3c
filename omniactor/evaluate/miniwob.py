"""MiniWoB++: which episodes there are, what counts as success, and what is refused before the first one starts.

The rule is the field's usual one: an episode succeeds when the page gives its full reward of 1 before the steps run out
(`get_binary_reward` of the package). BrowserGym counts any reward above 0, which is more on the few pages with partial
rewards; rates of the two are not comparable.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from omniactor.agent import make_agent
from omniactor.episode import EpisodeRequest, EpisodeResult
from omniactor.errors import InputError, RecordError, UnknownAgentError
from omniactor.evaluate.manifest import make_manifest
from omniactor.evaluate.results import Outcome, now
from omniactor.evaluate.schedule import Job
from omniactor.experts.web.table import SKILLS
from omniactor.gui.miniwob import STEP_SECONDS, PageSource, page_source
from omniactor.gui.pages import NAMES, PAGES, Page, parse_pages

BENCHMARK = "miniwob"
PROTOCOL = "miniwob-full-reward"
EPISODES, MAX_STEPS = 50, 50
ORIGIN = "success: raw reward 1; episode i is the page's instance of seed i; the page's own time limit is lifted"
DEMO_SEEDS = 1000
"""Demonstrations take their seeds from here on, evaluation below."""
GROUPS = {"expert": tuple(SKILLS), "all": NAMES}
"""Name of a selection -> its pages."""


@dataclass(frozen=True)
class PagePlan:
    """Everything that says what is run; plain values, so that it can be sent to other processes.

    Attributes:
        agent: see `make_agent`.
        tasks: in the order to run them.
        episodes: per page; episode i is the instance of seed i.
        max_steps: an episode has failed after this many actions.
        source: what the pages are made of.
        versions: of what results depend on.
    """

    agent: str
    tasks: tuple[Page, ...]
    episodes: int
    max_steps: int
    source: PageSource
    versions: dict[str, str]

    def jobs(self) -> list[Job]:
        """Return every episode, page by page."""
        return [Job(page.id, episode) for page in self.tasks for episode in range(self.episodes)]

    def request(self, job: Job) -> EpisodeRequest:
        """Return what to run for a job."""
        return EpisodeRequest(
            task=PAGES[job.task_id].name, agent=self.agent, seed=job.episode, max_steps=self.max_steps
        )  # fmt: skip

    def outcome(self, job: Job, result: EpisodeResult, seconds: float, video: str | None = None, reason: str = "") -> Outcome:
        """Return what to keep of an episode that came to an end; `seconds` is its wall-clock time."""
        return Outcome(
            task_id=job.task_id, task=result.task, episode=job.episode, status="success" if result.success else "failure",
            steps=result.steps, seconds=round(seconds, 3), seed=result.seed, goals=result.goals,
            reason=" ".join(filter(None, (result.reason, reason)))[:300], video=video,
        )  # fmt: skip

    def error(self, job: Job, reason: str, seconds: float) -> Outcome:
        """Return what to keep of an episode that did not come to an end."""
        line = " ".join(reason.split())[:300] or "no reason given"
        return Outcome(
            task_id=job.task_id, task=PAGES[job.task_id].name, episode=job.episode, status="error",
            seconds=round(seconds, 3), seed=job.episode, reason=line,
        )  # fmt: skip

    def manifest(self) -> dict:
        """Return the content of `manifest.json`."""
        settings = {
            "benchmark": BENCHMARK, "agent": self.agent, "protocol": PROTOCOL, "first seed": 0, "max steps": self.max_steps,
            "step seconds": STEP_SECONDS, "pages fingerprint": self.source.fingerprint, "version of": self.versions,
        }  # fmt: skip
        return make_manifest(settings, [page.id for page in self.tasks], self.episodes, now())

    def facts(self) -> dict:
        """Return the summary's head."""
        return {
            "benchmark": BENCHMARK,
            "agent": self.agent,
            "assets": self.source.kind,
            "assets_origin": self.source.origin,
            "protocol": {
                "name": PROTOCOL, "episodes": self.episodes, "max_steps": self.max_steps, "seeds": f"0-{self.episodes - 1}",
                "step_seconds": STEP_SECONDS, "origin": ORIGIN,
            },
        }  # fmt: skip

    def groups(self) -> dict[str, dict[str, set[int]]]:
        """Return no groups: pages are counted one by one and all together."""
        return {}


def make_plan(agent: str, tasks: str, episodes: int | None = None, max_steps: int | None = None) -> PagePlan:
    """Check a request for an evaluation, and that pages can be opened here.

    Args:
        agent: see `make_agent`.
        tasks: see `parse_pages`; also "expert" and "all".
        episodes: per page.
        max_steps: per episode.

    Raises:
        InputError: with the reason.
        SetupError: no Chromium or no package miniwob.
    """
    episodes, max_steps = EPISODES if episodes is None else episodes, MAX_STEPS if max_steps is None else max_steps
    if not 1 <= episodes <= DEMO_SEEDS:
        raise InputError(f"expected from 1 to {DEMO_SEEDS} episodes per page, got {episodes}; the seeds beyond are for training")
    chosen = parse_pages(tasks, GROUPS)
    check_agent(agent, chosen)
    source, versions = page_source()
    plan = PagePlan(agent, tuple(chosen), episodes, max_steps, source, versions)
    plan.request(Job(chosen[0].id, 0)).check()
    return plan


def check_agent(agent: str, pages: list[Page]) -> None:
    """Refuse an agent that does not exist or cannot do one of the pages.

    Raises:
        InputError: with the reason.
    """
    if agent == "expert":
        lacking = [page.short_name for page in pages if page.short_name not in SKILLS]
        if lacking:
            raise UnknownAgentError(
                f"expected pages that the expert has a skill for, got {', '.join(lacking)[:200]} without one; "
                "use --tasks expert or another agent"
            )
        return
    made = make_agent(agent, SimpleNamespace(world="gui", spec_task=pages[0], unwrapped=None))
    record = getattr(made, "record", None)
    foreign = [page.name for page in pages if record is not None and page.name != record.task]
    if foreign:
        raise RecordError(f"expected only {record.task}, which the record is of, got {foreign[0]}; use --tasks {record.task}")
