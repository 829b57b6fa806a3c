"""This project's own recorded episodes: folders of `episode.json`, of pages, of the app, or of a person (`docs/gui.md`).

The history of a step is what was really done before it where the episode says that (`executed`), else the words of the steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from omniactor.actions.gui import parse_operation
from omniactor.data.sources.draft import Draft, counting, picture_suffix, place_name
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import instruction_of
from omniactor.data.tally import Tally
from omniactor.data.turns import gui_sample
from omniactor.errors import ActionError
from omniactor.gui.episode_folder import read_folder
from omniactor.gui.episodes import RecordedEpisode, action_words

KIND = "episodes"
OPTIONS = ("level",)


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield a sample for every step of every episode.

    Args:
        source: an episode's folder, or a folder of them.
        options: `level`.
        tally: counts what is left out.

    Raises:
        InputError: no episodes.
    """
    for number, episode in enumerate(read_folder(source, tally)):
        task = episode.category or episode.source or KIND
        tally.expect(task)
        if not episode.steps:
            tally.drop("episode without actions", episode.id)
        done = _done(episode)
        for step_number, step in enumerate(episode.steps):
            where = f"episode {episode.id}, step {step_number}"
            suffix = None if step.picture is None else picture_suffix(step.picture)
            with counting(tally, where):
                if step.action is None:
                    raise ActionError(step.problem or "expected an action, got none")
                if suffix is None:
                    tally.drop("screenshot missing or of no known format", where)
                    continue
                asked = instruction_of(episode.instruction, step.words, options.level)
                sample = gui_sample(
                    [(asked, done[:step_number], step.action)], place_name(f"{number:06d}", f"{step_number:03d}{suffix}"),
                    source=KIND, task=task, episode=episode.id[:300], step=step_number, box=step.boxes[0] if step.boxes else None,
                )  # fmt: skip
                yield Draft(sample, (step.picture,), task)


def _done(episode: RecordedEpisode) -> list[str]:
    """Return what was done at each step, in words."""
    executed = episode.facts.get("executed")
    try:
        words = [description or action_words(parse_operation(operation)) for operation, description in executed]
    except (TypeError, ValueError, ActionError):
        words = []
    return words if len(words) == len(episode.steps) else [step.words for step in episode.steps]
