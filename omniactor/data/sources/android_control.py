"""AndroidControl: TFRecord shards with one Example per episode (google-research, `android_control/README.md`).

Action t is JSON in pixels of screenshot t; there is one screenshot more than actions. `scroll` names the side of
which more is shown, the opposite of the finger's way that the step's words may tell ("Swipe up" beside "down"). There is no
action that ends a task, and some episodes have no actions at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from omniactor.actions.dialects.android_world import ANDROID_WORLD
from omniactor.data.sources.boxes import plain_numbers
from omniactor.data.sources.draft import Draft, counting, place_name, suffix_of
from omniactor.data.sources.json_rows import read_json
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import instruction_of
from omniactor.data.sources.tfrecord import read_example, read_records
from omniactor.data.tally import Tally
from omniactor.data.turns import gui_sample
from omniactor.errors import ActionError, InputError
from omniactor.types import GuiAction

KIND = "android-control"
OPTIONS = ("level", "split")
_LISTS = ("screenshots", "screenshot_widths", "screenshot_heights", "step_instructions")


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield a sample for every step of the split's episodes.

    Args:
        source: the folder with the shards and `splits.json`, or one shard.
        options: `level` and `split`.
        tally: counts what is left out.

    Raises:
        InputError: no shards, a damaged one, or no `splits.json`.
    """
    folder = source if source.is_dir() else source.parent
    shards = [source] if source.is_file() else sorted(path for path in source.glob("android_control-*") if path.is_file())
    if not shards:
        raise InputError(f"expected shards named android_control-00000-of-00020 and so on in {source}, got none")
    wanted = _split(folder, options.split)
    for shard in shards:
        for number, payload in enumerate(read_records(shard)):
            where = f"{shard.name}, record {number}"
            try:
                example = read_example(payload)
                episode = _one(example, "episode_id")
                goal = _text(_one(example, "goal"))
            except (ValueError, TypeError) as error:
                tally.drop("record that is no episode", f"{where}: {error}")
                continue
            if wanted is not None and episode not in wanted:
                tally.note("episodes of other splits")
                continue
            yield from _episode_drafts(episode, goal, example, options, tally)


def _episode_drafts(episode: int, goal: str, example: dict, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    where = f"episode {episode}"
    actions = example.get("actions", [])  # left out of the record, not empty, where there are none
    if not actions:
        tally.drop("episode without actions", where)
        return
    lists = {name: example.get(name, []) for name in _LISTS}
    if any(len(values) < len(actions) for values in lists.values()):
        counts = ", ".join(f"{len(values)} {name}" for name, values in lists.items())
        tally.drop("episode whose lists are too short", f"{where}: {len(actions)} actions, {counts}")
        return
    try:
        steps = [_text(words) for words in lists["step_instructions"]]
    except (ValueError, TypeError) as error:
        tally.drop("record that is no episode", f"{where}: {error}")
        return
    for step, content in enumerate(actions):
        with counting(tally, f"{where}, step {step}"):
            suffix = suffix_of(bytes(lists["screenshots"][step][:16]))
            if suffix is None:
                tally.drop("picture that is no PNG, JPEG or WebP", f"{where}, step {step}")
                continue
            size = (lists["screenshot_widths"][step], lists["screenshot_heights"][step])
            action = _action(content, size, steps[step])
            asked = instruction_of(goal, steps[step], options.level)
            sample = gui_sample(
                [(asked, steps[:step], action)], place_name(str(episode), f"{step:03d}{suffix}"),
                source=KIND, episode=str(episode), step=step,
            )  # fmt: skip
            yield Draft(sample, (bytes(lists["screenshots"][step]),), KIND)


def _action(content: memoryview, size: tuple[int, int], words: str) -> GuiAction:
    try:
        given = json.loads(bytes(content))
    except (ValueError, RecursionError):
        raise ActionError("expected an action as JSON, got something else") from None
    if not isinstance(given, dict):
        raise ActionError(f"expected an action as a JSON object, got {type(given).__name__}")
    for axis in ("x", "y"):
        if isinstance(given.get(axis), str) and len(number := plain_numbers(given[axis])) == 1:
            given[axis] = number[0]
    fields = vars(ANDROID_WORLD.parse(given, size)) | {"description": words}
    return GuiAction(**fields)


def _split(folder: Path, split: str) -> set[int] | None:
    """Return the episodes of a split; None for all."""
    if split == "all":
        return None
    if not (folder / "splits.json").is_file():
        raise InputError(f"expected splits.json in {folder}, got none; put it there or give --split all")
    splits = read_json(folder / "splits.json")
    if not isinstance(splits, dict) or not isinstance(splits.get(split), list):
        raise InputError(f"expected the split {split} in {folder}/splits.json, got none")
    try:
        return {int(number) for number in splits[split]}
    except (TypeError, ValueError):
        raise InputError(f"expected numbers of episodes in {folder}/splits.json, got something else") from None


def _one(example: dict, name: str):
    values = example.get(name, [])
    if len(values) != 1:
        raise ValueError(f"{len(values)} values of {name}")
    return values[0]


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8")
