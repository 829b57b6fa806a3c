"""Aguvis, both stages: JSON rows with one picture each (xlang-ai/aguvis; `xlangai/aguvis-stage1` and `-stage2`).

Stage 1 asks for one thing after the other on one screen: "Click on the search bar", `pyautogui.click(x=0.8018, y=0.6183)`.
Stage 2 has one step per row, answered in two turns in a row, first words to `all`, then code to `os`; they become
one turn, because LLaMA-Factory drops rows whose roles do not alternate. A negative `page` scrolls down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from omniactor.actions.dialects.aguvis import AGUVIS
from omniactor.actions.dialects.scrolls import PAGES, scroll
from omniactor.actions.gui import parse_operation
from omniactor.data.sharegpt import IMAGE
from omniactor.data.sources.draft import Draft, counting, picture_suffix, place_name
from omniactor.data.sources.finder import PictureFinder, files_of
from omniactor.data.sources.json_rows import read_rows
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import Target, target_drafts
from omniactor.data.tally import Tally
from omniactor.data.turns import gui_sample
from omniactor.errors import ActionError, InputError
from omniactor.types import GuiAction

KIND = "aguvis"
OPTIONS = ("pairs",)
_FOLDERS = {
    "seeclick": "seeclick/seeclick_web_imgs", "seeclick_mi": "seeclick/seeclick_web_imgs", "guienv": "guienvs/images",
    "omniact_fix": "omniact/images", "aitw-l1": "aitw-v1/images", "guide": "guide-v2/images", "miniwob-l1": "miniwob/images",
}  # fmt: skip
"""File -> where its pictures lie, where that is not `<file's name>/images`."""
_TASK = re.compile(r"Instruction:[ \t]*(.*?)\s*^Previous actions:[ \t]*(.*)\Z", re.DOTALL | re.MULTILINE)
_STEP = re.compile(r"^[ \t]*Step \d+:[ \t]*", re.MULTILINE)
_BARE_SCROLL = re.compile(r"\s*pyautogui\.scroll\(\s*\)\s*\Z")
_WAY = re.compile(r"\b(up|down)(?:wards?)?\b", re.IGNORECASE)
_LEVEL = re.compile(r"-l\d\Z")
_FLAG = 0.1
_SIZE = (1000, 1000)  # Aguvis counts in fractions, so its dialect never looks at the size


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield the samples of a file, or of all files of a folder.

    Args:
        source: `<subset>.json`, or the folder with these files and the pictures.
        options: `pairs`.
        tally: counts what is left out.

    Raises:
        InputError: no such file, or one that is damaged.
    """
    root = source if source.is_dir() else source.parent
    for file in files_of(source, ".json", ".jsonl"):
        hints = [_FOLDERS.get(file.stem, _LEVEL.sub("", file.stem))]  # one set of pictures for all levels of detail
        finder = PictureFinder(root, file, hints)
        for number, row in enumerate(read_rows(file)):
            where = f"{file.name}, row {number}"
            images, turns = row.get("image"), _turns(row.get("conversations"))
            images = [images] if isinstance(images, str) else images
            if not isinstance(images, list) or not images or not all(isinstance(name, str) for name in images):
                tally.drop("row without a picture", where)
            elif turns is None:
                tally.drop("row whose turns are not questions and answers", where)
            elif len(turns) == 1 and len(images) == 1 and (task := _TASK.search(turns[0][0])):
                yield from _step(file.stem, finder, images[0], task, turns[0][1], where, tally)
            else:
                yield from _questions(file.stem, finder, images, turns, where, options, tally)


def _step(
    subset: str, finder: PictureFinder, image: str, task: re.Match, answers: list, where: str, tally: Tally
) -> Iterator[Draft]:
    """Yield the sample of a row of stage 2."""
    tally.expect(subset)
    picture = finder.find(image)
    suffix = None if picture is None else picture_suffix(picture)
    if suffix is None:
        tally.drop("picture missing or of no known format", f"{where}: {image}")
        return
    with counting(tally, where):
        history = [said for said in (part.strip() for part in _STEP.split(task[2])[1:]) if said]
        stem = PurePosixPath(image.replace("\\", "/")).stem
        episode, _, step = stem.rpartition("_")
        step = int(step) if step.isdigit() and len(step) < 6 else len(history)
        sample = gui_sample(
            [(task[1], history, _answer(subset, answers, tally))], _place(subset, image, suffix),
            source=KIND, task=subset, episode=episode or stem, step=step,
        )  # fmt: skip
        yield Draft(sample, (picture,), subset)


def _questions(
    subset: str, finder: PictureFinder, images: list[str], turns: list, where: str, options: SourceOptions, tally: Tally
) -> Iterator[Draft]:
    """Yield the samples of a row of stage 1; with several pictures, one belongs to each question."""
    tally.expect(subset)
    if len(images) not in (1, len(turns)):
        tally.drop("row whose pictures do not fit its questions", where)
        return
    groups: dict[str, list[Target]] = {}
    for number, (question, answers) in enumerate(turns):
        with counting(tally, f"{where}, question {number}"):
            words = " ".join(question.replace(IMAGE, " ").split())
            if not words:
                raise InputError("expected a question, got none")
            action = replace(_answer(subset, answers, tally), description=words)
            groups.setdefault(images[number if len(images) > 1 else 0], []).append(Target(words, action))
    for image, targets in groups.items():
        yield from target_drafts(KIND, f"{subset}/{image}", finder.find(image), targets, options, tally, subset)


def _answer(subset: str, answers: list[str], tally: Tally) -> GuiAction:
    """Return the action of an answer's turns: words, then code; or both, or code alone, in one turn."""
    *said, code = answers
    if not said and "\n" in code.strip() and "Action:" in code:
        return _same_pages(subset, AGUVIS.parse(code, _SIZE), tally)
    words = "\n".join(said)
    words = " ".join(words[words.rfind("Action:") + 7 if "Action:" in words else 0 :].split())
    if _BARE_SCROLL.match(code):
        ways = {way.lower() for way in _WAY.findall(words)}
        if len(ways) != 1:
            raise ActionError("expected a scroll whose words say up or down, got neither or both")
        tally.note("scrolls without a direction, taken from their words")
        return scroll(ways.pop(), description=words)
    lines = code.strip().splitlines()
    if len(lines) == 2 and lines[1].lstrip().startswith("pyautogui.dragTo"):
        # A drag in two calls: to where it begins, then to where it ends.
        begin, drag = map(parse_operation, lines)
        if begin.kind != "move" or drag.point is not None:
            raise ActionError("expected a drag that begins where the pointer was moved to, got another pair of operations")
        return GuiAction("drag", point=begin.point, end=drag.end, description=words)
    return _same_pages(subset, replace(parse_operation(code.strip()), description=words), tally)


def _same_pages(subset: str, action: GuiAction, tally: Tally) -> GuiAction:
    """Return a scroll with the pages of everybody else where 0.1 only marks the direction."""
    if action.kind == "scroll" and subset.startswith("android_control") and abs(action.pages) == _FLAG:
        tally.note(f"scrolls of {_FLAG} pages, which only mark a direction, taken for {PAGES}")
        return replace(action, pages=PAGES if action.pages > 0 else -PAGES)
    return action


def _turns(messages: object) -> list[tuple[str, list[str]]] | None:
    """Return (question, the turns of its answer), system messages left out; None for anything else."""
    if not isinstance(messages, list):
        return None
    turns: list[tuple[str, list[str]]] = []
    for message in messages:
        role, text = (message.get("from"), message.get("value")) if isinstance(message, dict) else (None, None)
        if role == "system":
            continue
        if not isinstance(text, str) or role not in ("human", "gpt") or (role == "gpt" and not turns):
            return None
        if role == "human":
            turns.append((text, []))
        else:
            turns[-1][1].append(text)
    return turns if turns and all(answers for _, answers in turns) else None


def _place(subset: str, image: str, suffix: str) -> str:
    path = PurePosixPath(image.replace("\\", "/"))
    return place_name(subset, *(part for part in path.parent.parts if part not in (".", "..", "/")), path.stem + suffix)
