"""Asking an agent about recorded steps, several at a time, and what becomes of its answers.

Every step is a question of its own, told the recorded history, unless the agent is to hear its own; then an episode is
asked about from its first step to its last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from omniactor.actions.gui import print_operation
from omniactor.agent import Agent
from omniactor.data.tally import Tally
from omniactor.errors import OmniActorError
from omniactor.evaluate.judgement import Judgement
from omniactor.evaluate.results import now
from omniactor.evaluate.screens import Plan, StepJob
from omniactor.gui.episodes import RecordedEpisode
from omniactor.gui.play import play
from omniactor.gui.recorded import PlayedStep

STATUSES = ("success", "failure", "error", "unusable")


@dataclass(frozen=True)
class StepOutcome:
    """How one step came out: one line of `results.jsonl`.

    Attributes:
        episode: its name.
        step: its number.
        status: "success", "failure", "error" (nothing was answered: a server that is down, say; asked again by the next run) or
            "unusable" (the screenshot is broken).
        length: steps of the episode.
        splits: see `RecordedEpisode`.
        category: see `RecordedEpisode`.
        recorded: operation.
        predicted: operation; None where the answer was no action.
        description: what the agent said of it.
        reason: why there is no action, or the error.
        judgement: see `Judgement.as_json`; None without one.
        seconds: of deciding.
        finished: UTC, ISO 8601.
    """

    episode: str
    step: int
    status: str
    length: int
    splits: list[str]
    category: str
    recorded: str | None = None
    predicted: str | None = None
    description: str = ""
    reason: str = ""
    judgement: dict | None = None
    seconds: float = 0.0
    finished: str = field(default_factory=now)

    @property
    def job(self) -> StepJob:
        """Which step this is."""
        return StepJob(self.episode, self.step)

    @property
    def sound(self) -> bool:
        """Whether it can be counted: what is read from a file may hold anything."""
        texts = isinstance(self.episode, str) and isinstance(self.category, str) and isinstance(self.splits, list)
        judged = self.status in ("error", "unusable") or isinstance(self.verdict, Judgement)
        return texts and isinstance(self.step, int) and isinstance(self.length, int) and self.status in STATUSES and judged

    @property
    def verdict(self) -> Judgement | None:
        """The judgement as an object."""
        return None if self.judgement is None else Judgement(**self.judgement)


def ask(plan: Plan, missing: set[StepJob], make: Callable[[], Agent | None], workers: int) -> Iterator[StepOutcome]:
    """Yield the outcomes of missing steps as they come in; an error is one, not an exception.

    Args:
        plan: what is evaluated.
        missing: what has no result yet.
        make: returns an agent; called once per worker.
        workers: how many questions at a time.
    """
    wanted: dict[str, list[int]] = {}
    for job in sorted(missing):
        wanted.setdefault(job.episode, []).append(job.step)
    idle = [make() for _ in range(workers)]  # an agent belongs to one question at a time
    with ThreadPoolExecutor(workers) as pool:
        running = {}
        try:
            for episode, steps in _questions(plan, wanted):
                while not idle:
                    yield from _collect(running, idle)
                agent = idle.pop()
                running[pool.submit(_ask, plan, agent, episode, steps)] = agent
            while running:
                yield from _collect(running, idle)
        finally:
            pool.shutdown(cancel_futures=True)


def _questions(plan: Plan, wanted: dict[str, list[int]]) -> Iterator[tuple[RecordedEpisode, list[int]]]:
    for episode in plan.episodes(Tally()):
        steps = wanted.pop(episode.id, [])
        if steps and plan.history == "own":
            yield episode, steps
        else:
            yield from ((episode, [step]) for step in steps if step < len(episode.steps))
        if not wanted:
            return


def _collect(running: dict, idle: list) -> Iterator[StepOutcome]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        idle.append(running.pop(future))
        yield from future.result()


def _ask(plan: Plan, agent: Agent | None, episode: RecordedEpisode, steps: list[int]) -> list[StepOutcome]:
    """Return the outcomes of some steps of an episode: of one, or with the agent's own history of all."""
    own = plan.history == "own"
    first, count = (0, None) if own else (steps[0], 1)
    made: list[StepOutcome] = []
    try:
        played = play(episode, agent, level=plan.level, history=plan.history, protocol=plan.protocol, first=first, steps=count)
        made += [_outcome(episode, step) for step in played if step.number in steps]
    except OmniActorError as error:
        reason = " ".join(str(error).split())[:300]
        ended = {outcome.step for outcome in made}
        made += [_bare(episode, step, "error", reason) for step in steps if step not in ended]
    return made


def _outcome(episode: RecordedEpisode, played: PlayedStep) -> StepOutcome:
    judged = played.judgement
    if judged is None:
        return _bare(episode, played.number, "unusable", played.reason or played.recorded.problem)
    action = played.predicted
    return StepOutcome(
        episode.id, played.number, "success" if judged.success else "failure", len(episode.steps), list(episode.splits),
        episode.category, print_operation(played.recorded.action, decimals=None),
        None if action is None else print_operation(action, decimals=None)[:2000],
        "" if action is None else action.description[:500], played.reason[:300], judged.as_json(), round(played.seconds, 3),
    )  # fmt: skip


def _bare(episode: RecordedEpisode, step: int, status: str, reason: str) -> StepOutcome:
    return StepOutcome(episode.id, step, status, len(episode.steps), list(episode.splits), episode.category, reason=reason[:300])
