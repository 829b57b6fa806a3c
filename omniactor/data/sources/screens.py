"""What the sources of screens share: the words of a task at two levels, and many questions about one picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from omniactor.actions.gui import one_line
from omniactor.data.sources.draft import Draft, Picture, counting, picture_suffix, place_name
from omniactor.data.sources.options import SourceOptions
from omniactor.data.tally import Tally
from omniactor.data.turns import gui_sample
from omniactor.errors import ActionError, InputError
from omniactor.gui.episodes import Box, RecordedEpisode
from omniactor.types import GuiAction

MAX_INSTRUCTION = 2000
"""Letters; a longer one names no thing on a screen."""


def instruction_of(goal: str, step: str, level: str) -> str:
    """Return what the model is told: the task, and at level "low" also what to do now, in OS-Atlas' words."""
    return f"{goal} You need to: {step}" if level == "low" else goal


def episode_drafts(kind: str, episode: RecordedEpisode, level: str, tally: Tally) -> Iterator[Draft]:
    """Yield a sample for every step of an episode; its history are the words of the steps before it.

    Args:
        kind: of source.
        episode: whose steps they are.
        level: "high" or "low", see `instruction_of`.
        tally: counts what is left out.
    """
    words = [step.instruction for step in episode.steps]
    for number, step in enumerate(episode.steps):
        where = f"episode {episode.id}, step {number}"
        with counting(tally, where):
            suffix = None if step.picture is None else picture_suffix(step.picture)
            if suffix is None:
                tally.drop("screenshot missing or of no known format", where)
                continue
            if level == "low" and not words[number]:
                tally.drop("step without words at level low", where)
                continue
            if step.action is None:
                raise ActionError(step.problem)
            asked, said = instruction_of(episode.instruction, words[number], level), [text for text in words[:number] if text]
            sample = gui_sample(
                [(asked, said, step.action)], place_name(episode.id, f"{number:03d}{suffix}"),
                source=kind, episode=episode.id, step=number, box=step.boxes[0] if step.boxes else None,
            )  # fmt: skip
            yield Draft(sample, (step.picture,), kind)


@dataclass(frozen=True)
class Target:
    """Something on a screen that an instruction means.

    Attributes:
        instruction: words.
        action: what to do there.
        box: where it is, as fractions, if known.
    """

    instruction: str
    action: GuiAction
    box: Box | None = None


def click_target(instruction: object, place: Sequence[float]) -> Target:
    """Return the click on a point (x, y), or on the middle of a box (x0, y0, x1, y1), in fractions.

    The description is the instruction: when the model later says what it will do before it does it, this is how its
    words and its coordinates hang together.

    Raises:
        InputError: no words.
        ActionError: no place on the screen.
    """
    words = _words(instruction)
    box = None
    if len(place) == 4:
        x0, y0, x1, y1 = place
        box, place = (float(x0), float(y0), float(x1), float(y1)), ((x0 + x1) / 2, (y0 + y1) / 2)
    action = GuiAction("click", point=tuple(place), description=words)
    inside = box is not None and 0 <= box[0] <= box[2] <= 1 and 0 <= box[1] <= box[3] <= 1
    return Target(words, action, box if inside else None)


def target_drafts(
    source: str,
    name: str,
    picture: Picture | None,
    targets: Sequence[Target],
    options: SourceOptions,
    tally: Tally,
    task: str = "",
) -> Iterator[Draft]:
    """Yield the samples of one picture: its targets in conversations of at most `options.pairs` questions.

    Args:
        source: the kind of source.
        name: of the picture, no other of the source has it.
        picture: None where it is missing.
        targets: what is asked; the same question with the same answer counts once.
        options: see `SourceOptions.pairs`.
        tally: counts what is left out.
        task: what the samples are counted under; the source where there is nothing better.
    """
    unique = list(dict.fromkeys(targets))
    if len(unique) < len(targets):
        tally.drop("the same question about the same picture again", name, len(targets) - len(unique))
    if not unique:
        return
    suffix = None if picture is None else picture_suffix(picture)
    if suffix is None:
        reason = "picture missing" if picture is None else "picture that is no PNG, JPEG or WebP"
        tally.drop(f"question about a {reason}", name, len(unique))
        return
    file = place_name(*_without_suffix(name).split("/")) + suffix
    for number, first in enumerate(range(0, len(unique), options.pairs)):
        group = unique[first : first + options.pairs]
        with counting(tally, name):
            box = group[0].box if len(group) == 1 else None
            asked = [(target.instruction, (), target.action) for target in group]
            sample = gui_sample(asked, file, source=source, task=task, episode=_without_suffix(name)[-300:], step=number, box=box)
            yield Draft(sample, (picture,), task or source)


def _without_suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and len(suffix) <= 5 and "/" not in suffix and stem else name


def _words(instruction: object) -> str:
    if not isinstance(instruction, str) or not instruction.strip():
        raise InputError("expected an instruction in words, got none")
    if len(instruction) > MAX_INSTRUCTION:
        raise InputError(f"expected an instruction of at most {MAX_INSTRUCTION} letters, got {len(instruction)}")
    return one_line(instruction)
