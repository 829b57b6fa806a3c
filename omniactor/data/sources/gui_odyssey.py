"""GUI-Odyssey: one JSON file per episode beside its screenshots (OpenGVLab/GUI-Odyssey, `introduction.md`).

Coordinates are thousandths whatever the device. SCROLL has the finger's way, from its first point to its second, so the
content shown lies on the other side. CLICK may also be a key (KEY_HOME, KEY_BACK, KEY_APPSELECT). INCOMPLETE, which the
description calls IMPOSSIBLE, says in `ps` why the task cannot be done. `sam2_bbox` is where the clicked thing is; it may be
empty. Splits name annotation files, with or without `.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from omniactor.actions.dialects.coordinates import THOUSANDTHS, to_point
from omniactor.actions.dialects.scrolls import scroll
from omniactor.data.sources.boxes import plain_numbers
from omniactor.data.sources.draft import Draft
from omniactor.data.sources.json_rows import read_json
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import Box, episode_drafts
from omniactor.data.tally import Tally
from omniactor.errors import ActionError, InputError
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.types import GuiAction

KIND = "gui-odyssey"
OPTIONS = ("level", "split", "split_by", "scrolls")
_KEYS = {
    "KEY_HOME": "home", "KEY_BACK": "back", "KEY_APPSELECT": "recent", "HOME": "home", "BACK": "back", "RECENT": "recent",
}  # fmt: skip


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield a sample for every step of the split's episodes.

    Args:
        source: the folder with `annotations`, `screenshots` and `splits`, or the one above it.
        options: `level`, `split`, `split_by` and `scrolls`.
        tally: counts what is left out.

    Raises:
        InputError: something of it is missing.
    """
    for episode in episodes(source, options, tally):
        yield from episode_drafts(KIND, episode, options.level, tally)


def episodes(source: Path, options: SourceOptions, tally: Tally) -> Iterator[RecordedEpisode]:
    """Yield the split's episodes, by the names of their files.

    Args:
        source: as in `drafts`.
        options: `split`, `split_by` and `scrolls`.
        tally: counts files that are no episode.

    Raises:
        InputError: as in `drafts`.
    """
    root = source / "data" if (source / "data/annotations").is_dir() else source
    if not (root / "annotations").is_dir():
        raise InputError(f"expected the folder annotations in {source}, got none")
    wanted = _split(root, options)
    for file in sorted((root / "annotations").glob("*.json")):
        if wanted is not None and file.stem not in wanted:
            tally.note("episodes of other splits")
            continue
        try:
            content = read_json(file)
            task, steps, name = content["task_info"], content["steps"], str(content["episode_id"])
            goal = task["instruction"]
            if not isinstance(goal, str) or not goal.strip() or not all(isinstance(step, dict) for step in steps):
                raise ValueError("no instruction or no steps")
        except (InputError, KeyError, TypeError, ValueError) as error:
            tally.drop("file that is no episode", f"{file.name}: {error}")
            continue
        if not steps:
            tally.drop("episode without actions", file.name)
            continue
        device = content.get("device_info")
        device = device if isinstance(device, dict) else {}
        size = (device.get("w"), device.get("h"))
        size = size if all(isinstance(side, int) and side > 0 for side in size) else None
        made = tuple(_step(root, name, number, step, size, options.scrolls, tally) for number, step in enumerate(steps))
        facts = {"step_length": content.get("step_length", len(steps))}
        yield RecordedEpisode(
            name, goal, made, KIND, _words(device.get("device_name")), _words(task.get("category")), facts=facts
        )


def _step(root: Path, episode: str, number: int, step: dict, size, scrolls: str, tally: Tally) -> RecordedStep:
    shown = step.get("screenshot")
    picture = root / "screenshots" / Path(shown if isinstance(shown, str) else f"{episode}_{number}.png").name
    words, action, problem = _words(step.get("low_level_instruction")), None, ""
    try:
        action = _action(step, words, scrolls)
    except ActionError as error:
        problem = str(error)
    box = _box(step.get("sam2_bbox"), tally)
    return RecordedStep(action, picture, words, () if box is None else (box,), size, problem)


def _action(step: dict, words: str, scrolls: str) -> GuiAction:
    kind, info = step.get("action"), step.get("info")
    if isinstance(info, list) and len(info) == 1 and isinstance(info[0], str) and info[0] in _KEYS:
        info = info[0]
    match kind:
        case "CLICK" if isinstance(info, str) and not plain_numbers(info):
            if info not in _KEYS:
                raise ActionError(f"expected a key ({', '.join(_KEYS)}), got {info[:40]!r}")
            return GuiAction(_KEYS[info], description=words)
        case "CLICK" | "LONG_PRESS":
            # Two points, of which the first is where the finger comes down.
            return GuiAction(kind.lower(), point=_points(info)[0], description=words)
        case "SCROLL":
            points = _points(info)
            if len(points) < 2 or points[0] == points[1]:
                raise ActionError("expected a scroll from one point to another, got one point")
            if scrolls == "swipe":
                return GuiAction("swipe", point=points[0], end=points[1], description=words)
            across, down = (end - begin for begin, end in zip(*points[:2], strict=True))
            finger = ("right" if across > 0 else "left") if abs(across) > abs(down) else ("down" if down > 0 else "up")
            return scroll(finger, finger=True, description=words)
        case "TEXT" | "TYPE":
            if not isinstance(info, str) or not info:
                raise ActionError("expected a text to type, got none")
            return GuiAction("write", text=info, description=words)
        case "COMPLETE":
            return GuiAction("terminate", status="success", description=words)
        case "HOME" | "BACK":
            return GuiAction(_KEYS[kind], description=words)
        case "INCOMPLETE" | "IMPOSSIBLE":
            why = step.get("ps")
            return GuiAction("terminate", status="failure", text=why if isinstance(why, str) and why else None, description=words)
    raise ActionError(f"expected an action of GUI-Odyssey, got {str(kind)[:40]!r}")


def _points(info: object) -> list[tuple[float, float]]:
    found = plain_numbers(info)
    if len(found) not in (2, 4):
        raise ActionError("expected one or two points, got none")
    return [to_point(found[at : at + 2], THOUSANDTHS) for at in range(0, len(found), 2)]


def _box(box: object, tally: Tally) -> Box | None:
    if not box:
        return None
    if isinstance(box, str) and not box.strip("[]() "):
        return None
    box = plain_numbers(box)
    if len(box) != 4 or not all(0 <= value <= 1000 for value in box) or box[0] > box[2] or box[1] > box[3]:
        tally.note("boxes that are none, left out of their samples")
        return None
    return tuple(value / 1000 for value in box)


def _words(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _split(root: Path, options: SourceOptions) -> set[str] | None:
    """Return the annotation files of a split; None for all."""
    if options.split == "all":
        return None
    file = root / "splits" / f"{options.split_by}_split.json"
    if not file.is_file():
        raise InputError(f"expected {file}, got nothing there; put it there or give --split all")
    splits = read_json(file)
    if not isinstance(splits, dict) or not isinstance(splits.get(options.split), list):
        raise InputError(f"expected the split {options.split} in {file}, got none; GUI-Odyssey has train and test")
    return {str(name).removesuffix(".json") for name in splits[options.split]}
