"""Benchmarks of recorded screens: which steps there are, and which of them are asked about."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from omniactor.actions.gui import one_line
from omniactor.data.tally import Tally
from omniactor.errors import InputError
from omniactor.evaluate.judgement import PROTOCOLS, find_rule
from omniactor.gui.episodes import RecordedEpisode, RecordedStep, read_episodes
from omniactor.gui.recorded import HISTORIES, LEVELS

SUBSET_SEED = 800
"""What chooses the steps of a subset, see `choose`; published so that everybody can ask about the same ones."""


class StepJob(NamedTuple):
    """One step: the episode's name and the step's number, from 0."""

    episode: str
    step: int

    def __str__(self) -> str:
        """Print it as it is written out: `15283/4`."""
        return f"{self.episode}/{self.step}"


@dataclass(frozen=True)
class Plan:
    """What is evaluated.

    Attributes:
        benchmark: its name.
        source: folder or file.
        agent: see `make_agent`; "recorded" does what was recorded.
        protocol: rule, see `judgement.PROTOCOLS`.
        level: "high" or "low".
        history: "recorded", "own" or "none".
        split: which part of the source; "" where it has none.
        split_by: of GUI-Odyssey, which of its four ways to split; "" elsewhere.
        subset: how many steps are drawn; None for all.
        boxes: of ScreenSpot, how boxes are written.
        name: of the source, in results; its folder's where missing.

    Raises:
        InputError: choices that do not go together.
    """

    benchmark: str
    source: Path
    agent: str
    protocol: str
    level: str = "high"
    history: str = "recorded"
    split: str = ""
    split_by: str = ""
    subset: int | None = None
    boxes: str = "auto"
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be evaluated."""
        find_rule(self.protocol)
        for name, choices in (("level", LEVELS), ("history", HISTORIES)):
            if getattr(self, name) not in choices:
                raise InputError(f"expected --{name} {', '.join(choices)}, got {getattr(self, name)!r:.40}; choose one of them")
        if self.subset is not None and self.subset < 1:
            raise InputError(f"expected a subset of at least 1 step, got {self.subset}; give --subset a number from 1")
        if self.subset is not None and self.history == "own":
            raise InputError("expected all steps with --history own, got a subset; an agent's own history needs every step")

    def episodes(self, tally: Tally, boxes: bool = True) -> Iterator[RecordedEpisode]:
        """Yield the source's episodes; counts what is no episode. `boxes` as `read_episodes` has it."""
        if self.benchmark == "screenspot":
            from omniactor.evaluate.screenspot import read_targets

            yield from read_targets(self.source, self.boxes, tally)
            return
        more = {"split_by": self.split_by} if self.split_by else {}
        kind = "auto" if self.benchmark == "episodes" else self.benchmark
        yield from read_episodes(self.source, kind, self.split or "all", tally, boxes, **more)

    @property
    def agent_name(self) -> str:
        """The agent as results name it: without the address of a server or the place of a folder, which may change."""
        if self.agent.startswith("openai:"):
            return f"openai:{self.agent.partition('#')[2]}"
        return Path(self.agent).name if Path(self.agent).is_dir() else self.agent

    @property
    def source_name(self) -> str:
        """The source as results name it."""
        return self.name or self.source.resolve().name

    def settings(self) -> dict:
        """Return everything that can change a result, for the manifest."""
        return {
            "benchmark": self.benchmark, "source": self.source_name, "agent": self.agent_name,
            "protocol": self.protocol, "level": self.level, "history": self.history, "split": self.split,
            "split by": self.split_by, "subset": self.subset or "all", "boxes": self.boxes,
        }  # fmt: skip


def find_steps(plan: Plan) -> tuple[list[StepJob], Tally]:
    """Return every step that can be asked about and judged, in the source's order; counts the others by reason.

    Raises:
        InputError: there is none, or the source cannot be read.
    """
    tally, found, names, boxed = Tally(), [], set(), 0
    for episode in plan.episodes(tally, boxes=False):
        if episode.id in names:
            tally.drop("episode of a name that another has", episode.id)
            continue
        names.add(episode.id)
        for number, step in enumerate(episode.steps):
            reason = _unusable(plan, episode, step, number)
            if reason:
                tally.drop(reason, f"{episode.id}/{number}: {step.problem}")
                continue
            found.append(StepJob(episode.id, number))
            boxed += bool(step.boxes)
    if not found:
        why = ", ".join(f"{count} {reason}" for reason, count in tally.dropped.items()) or "nothing is there"
        raise InputError(f"expected steps to evaluate in {plan.source_name}, got none ({why})")
    if plan.protocol == "odyssey-published" and not boxed:
        raise InputError("expected boxes (sam2_bbox), without which the published script fails, got none; use --protocol odyssey")
    return found, tally


def choose(steps: list[StepJob], subset: int | None, seed: int = SUBSET_SEED) -> list[StepJob]:
    """Return a subset, in the order given: those whose `SHA-256("SEED:EPISODE/STEP")` comes first.

    The same steps are drawn in whatever order, and on whatever machine, they are listed.

    Raises:
        InputError: fewer steps than asked for.
    """
    if subset is None:
        return steps
    if subset > len(steps):
        raise InputError(f"expected a subset of at most {len(steps)} steps, as many as there are, got {subset}; lower --subset")
    drawn = set(sorted(steps, key=lambda job: hashlib.sha256(f"{seed}:{job}".encode()).digest())[:subset])
    return [job for job in steps if job in drawn]


def digest(steps: list[StepJob]) -> str:
    """Return what tells one choice of steps from another."""
    return hashlib.sha256("\n".join(map(str, steps)).encode()).hexdigest()[:16]


def _unusable(plan: Plan, episode: RecordedEpisode, step: RecordedStep, number: int) -> str:
    """Return why a step cannot be asked about; "" where it can."""
    if step.action is None:
        return "step whose action cannot be read"
    if step.picture is None or (isinstance(step.picture, Path) and not step.picture.is_file()):
        return "step without a screenshot"
    if plan.level == "low" and not step.instruction:
        return "step without words at level low"
    told = [episode.instruction, *([step.instruction] if plan.level == "low" else [])]
    if plan.history == "recorded":
        told += [before.words for before in itertools.islice(episode.steps, number)]
    try:
        for text in told:
            one_line(text)
    except InputError:
        return "step whose words hold the marker of pictures"
    return ""


def protocols_of(benchmark: str) -> list[str]:
    """Return the rules that a benchmark may be judged by, the default first."""
    if benchmark == "screenspot":
        return ["point-in-box"]
    names = [name for name in PROTOCOLS if name != "point-in-box"]
    first = "odyssey" if benchmark == "gui-odyssey" else "os-atlas"
    return [first, *(name for name in names if name != first)]


def steps_by_episode(steps: list[StepJob]) -> Counter[str]:
    """Return episode -> how many of its steps are among these."""
    return Counter(job.episode for job in steps)
