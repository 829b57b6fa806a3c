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
from omniactor.data.sources.accessibility import find_boxes
from omniactor.data.sources.boxes import plain_numbers
from omniactor.data.sources.draft import Draft
from omniactor.data.sources.json_rows import read_json
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import episode_drafts
from omniactor.data.sources.tfrecord import read_example, read_records
from omniactor.data.tally import Tally
from omniactor.errors import ActionError, InputError
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
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
    for episode in episodes(source, options, tally, boxes=False):
        yield from episode_drafts(KIND, episode, options.level, tally)


def episodes(source: Path, options: SourceOptions, tally: Tally, boxes: bool = True) -> Iterator[RecordedEpisode]:
    """Yield the split's episodes, with the test set's sub-splits where `test_subsplits.json` is there.

    Args:
        source: as in `drafts`.
        options: `split`.
        tally: counts records that are no episode.
        boxes: look into the accessibility trees for what was acted on.

    Raises:
        InputError: as in `drafts`.
    """
    folder = source if source.is_dir() else source.parent
    shards = [source] if source.is_file() else sorted(path for path in source.glob("android_control-*") if path.is_file())
    if not shards:
        raise InputError(f"expected shards named android_control-00000-of-00020 and so on in {source}, got none")
    wanted, parts = _split(folder, options.split), _subsplits(folder)
    for shard in shards:
        for number, payload in enumerate(read_records(shard)):
            where = f"{shard.name}, record {number}"
            try:
                example = read_example(payload)
                name = _one(example, "episode_id")
                goal = _text(_one(example, "goal"))
            except (ValueError, TypeError) as error:
                tally.drop("record that is no episode", f"{where}: {error}")
                continue
            if wanted is not None and name not in wanted:
                tally.note("episodes of other splits")
                continue
            splits = tuple(part for part, members in parts.items() if name in members)
            found = _episode(name, goal, example, splits, boxes, tally)
            if found is not None:
                yield found


def _episode(name: int, goal: str, example: dict, splits: tuple[str, ...], boxes: bool, tally: Tally) -> RecordedEpisode | None:
    where = f"episode {name}"
    actions = example.get("actions", [])  # left out of the record, not empty, where there are none
    if not actions:
        tally.drop("episode without actions", where)
        return None
    lists = {key: example.get(key, []) for key in _LISTS}
    if any(len(values) < len(actions) for values in lists.values()):
        counts = ", ".join(f"{len(values)} {key}" for key, values in lists.items())
        tally.drop("episode whose lists are too short", f"{where}: {len(actions)} actions, {counts}")
        return None
    try:
        words = [_text(step) for step in lists["step_instructions"]]
    except (ValueError, TypeError) as error:
        tally.drop("record that is no episode", f"{where}: {error}")
        return None
    screenshots, trees, steps = lists["screenshots"], example.get("accessibility_trees", []), []
    for step, content in enumerate(actions):
        size = (lists["screenshot_widths"][step], lists["screenshot_heights"][step])
        action, problem, found = None, "", ()
        try:
            action = _action(content, size, words[step])
        except ActionError as error:
            problem = str(error)
        if boxes and action is not None and step < len(trees):
            found = find_boxes(trees[step], size, action)
        steps.append(RecordedStep(action, bytes(screenshots[step]), words[step], found, size, problem))
    last = bytes(screenshots[len(actions)]) if len(screenshots) > len(actions) else None
    return RecordedEpisode(str(name), goal, tuple(steps), KIND, splits=splits, last=last)


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


def _subsplits(folder: Path) -> dict[str, set]:
    """Return sub-split -> episodes of the test set (IDD, app_unseen, task_unseen, category_unseen); they overlap."""
    file = folder / "test_subsplits.json"
    content = read_json(file) if file.is_file() else {}
    if not isinstance(content, dict) or not all(isinstance(members, list) for members in content.values()):
        raise InputError(f"expected lists of episodes by sub-split in {file}, got something else; download it again")
    try:
        return {part: set(members) for part, members in content.items()}
    except TypeError:
        raise InputError(f"expected numbers of episodes in {file}, got something else; download it again") from None


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
