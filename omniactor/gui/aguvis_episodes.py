"""Aguvis' rows put together: the steps of a task in a row become an episode again, a question about a screen one of its own.

Places have the three decimals of this project's samples (Aguvis has four).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from omniactor.actions.gui import parse_response
from omniactor.data.sources import aguvis
from omniactor.data.sources.draft import Draft
from omniactor.data.sources.options import SourceOptions
from omniactor.data.tally import Tally
from omniactor.data.turns import read_question
from omniactor.gui.episodes import RecordedEpisode, RecordedStep


def episodes(source: Path, options: SourceOptions, tally: Tally) -> Iterator[RecordedEpisode]:
    """Yield the episodes of a file of rows, or of all of a folder.

    Args:
        source: as `aguvis.drafts` takes it.
        options: none of them matters.
        tally: counts what cannot be used.

    Raises:
        InputError: no such file, or one that is damaged.
    """
    drafts = aguvis.drafts(source, options, tally)
    for (subset, name, goal), group in itertools.groupby(drafts, key=_episode_of):
        if goal is not None:
            yield RecordedEpisode(f"{subset}/{name}", goal, tuple(_step(draft) for draft in group), aguvis.KIND, category=subset)
            continue
        for draft in group:
            for number, (question, answer) in enumerate(draft.sample.turns):
                asked, _ = read_question(question)
                step = RecordedStep(parse_response(answer), draft.pictures[0], asked)
                yield RecordedEpisode(
                    f"{subset}/{name}#{draft.sample.step}.{number}", asked, (step,), aguvis.KIND, category=subset
                )


def _episode_of(draft: Draft) -> tuple[str, str, str | None]:
    """Return (subset, name, goal) of a step's episode; the goal is None for questions about one screen."""
    sample = draft.sample
    instruction, _ = read_question(sample.turns[0][0])
    answer = parse_response(sample.turns[0][1])
    alone = len(sample.turns) > 1 or answer.description == instruction
    return sample.task, sample.episode, None if alone else instruction


def _step(draft: Draft) -> RecordedStep:
    action = parse_response(draft.sample.turns[0][1])
    return RecordedStep(action, draft.pictures[0], action.description)
