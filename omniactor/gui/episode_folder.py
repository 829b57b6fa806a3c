"""This project's own episodes: a folder per episode with `episode.json` and its screenshots; `docs/gui.md` describes them.

An episode appears whole or not at all. Operations are written in the paper's grammar with all their digits, so that what is
read is what was recorded.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from omniactor.actions.gui import parse_operation, print_operation
from omniactor.data.sources.draft import Picture, picture_suffix, put
from omniactor.data.sources.json_rows import read_json
from omniactor.data.tally import Tally
from omniactor.errors import ActionError, InputError, OutputError
from omniactor.gui.episodes import Box, RecordedEpisode, RecordedStep
from omniactor.paths import atomic_folder, atomic_path

FORMAT, VERSION = "omniactor-episode", 1
FILE = "episode.json"
MAX_STEPS = 1000
MAX_LETTERS = 20_000
"""Of one text."""
MAX_BOXES = 100
_MAX_BYTES = 8_000_000


def write_episode(parent: Path | str, episode: RecordedEpisode, name: str = "") -> Path:
    """Write an episode into a new folder of its own and return it.

    Args:
        parent: where the folder is made; created if need be.
        episode: its screenshots may be files, bytes or pixels, which become PNG.
        name: of the folder; made of the episode's id where missing.

    Raises:
        OutputError: the folder is there already, or cannot be written.
        InputError: the episode is one that could not be read again.
    """
    folder = Path(parent) / (name or re.sub(r"[^A-Za-z0-9._-]+", "_", episode.id).strip("._")[:100] or "episode")
    try:
        Path(parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"expected a folder for episodes, got {parent} ({error.strerror}); choose another path") from error
    with atomic_folder(folder) as temporary:
        steps = [_as_json(step, _store(step.picture, temporary, number)) for number, step in enumerate(episode.steps)]
        content = {
            "format": FORMAT, "version": VERSION, "id": episode.id, "instruction": episode.instruction,
            "source": episode.source, "device": episode.device, "category": episode.category,
            "splits": list(episode.splits), "facts": dict(episode.facts), "steps": steps,
            "last_screenshot": _store(episode.last, temporary, len(steps)),
        }  # fmt: skip
        try:
            text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
            (temporary / FILE).write_text(text, encoding="utf-8")
        except (TypeError, ValueError) as error:
            raise InputError(f"expected an episode of texts and numbers, got: {str(error)[:100]}") from None
        read_episode(temporary / FILE)  # whatever could not be read again is refused now
    return folder


def zip_episode(archive: Path | str, episode: RecordedEpisode) -> Path:
    """Write an episode as a zip archive with its one folder in it and return the archive.

    Raises:
        OutputError: the archive cannot be written.
        InputError: the episode is one that could not be read again.
    """
    with atomic_path(archive) as temporary, tempfile.TemporaryDirectory(prefix="omniactor-episode-") as made:
        folder = write_episode(made, episode)
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as file:  # the screenshots are compressed already
            for path in sorted(folder.iterdir()):
                file.write(path, f"{folder.name}/{path.name}")
    return Path(archive)


def read_folder(source: Path, tally: Tally) -> Iterator[RecordedEpisode]:
    """Yield the episodes of a folder, or the one of a file or of an episode's own folder, by name.

    Args:
        source: where they are, at most two folders deep.
        tally: counts those that cannot be read.

    Raises:
        InputError: there are none, or none that can be read.
    """
    if source.is_file():
        yield read_episode(source)
        return
    files = sorted(file for pattern in (FILE, f"*/{FILE}", f"*/*/{FILE}") for file in source.glob(pattern))
    if not files:
        raise InputError(f"expected {FILE} in {source.name[:80]!r} or in folders inside it, got none")
    read, refused = 0, None
    for file in files:
        try:
            episode = read_episode(file)
        except InputError as error:
            tally.drop("file that is no episode", f"{file.parent.name}: {error}")
            refused = error
            continue
        read += 1
        yield episode
    if not read:
        raise refused


def read_episode(file: Path) -> RecordedEpisode:
    """Return the episode of an `episode.json`.

    A step whose operation cannot be read stays, with its `problem`; one whose screenshot is missing has none.

    Raises:
        InputError: not such a file.
    """
    content = read_json(file, _MAX_BYTES)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f'expected "format": "{FORMAT}" in {file.name}, got something else')
    if content.get("version") != VERSION:
        raise InputError(f"expected version {VERSION} of {FORMAT}, got {content.get('version')!r:.40}; update omniactor")
    steps = content.get("steps")
    if not isinstance(steps, list) or len(steps) > MAX_STEPS or not all(isinstance(step, dict) for step in steps):
        raise InputError(f"expected a list of at most {MAX_STEPS} steps in {file.name}, got something else")
    facts, splits = content.get("facts", {}), content.get("splits", [])
    if not isinstance(facts, dict) or not isinstance(splits, list):
        raise InputError(f"expected facts as an object and splits as a list in {file.name}, got something else")
    return RecordedEpisode(
        _text(content, "id", file) or file.parent.name, _text(content, "instruction", file),
        tuple(_step(step, file) for step in steps), _text(content, "source", file), _text(content, "device", file),
        _text(content, "category", file), tuple(_text({"split": split}, "split", file) for split in splits),
        _picture(content.get("last_screenshot"), file), facts,
    )  # fmt: skip


def _as_json(step: RecordedStep, screenshot: str | None) -> dict:
    action = step.action
    made: dict = {"screenshot": screenshot, "instruction": step.instruction}
    if action is not None:
        made["operation"] = print_operation(action, decimals=None)
        if action.description != " ".join(step.instruction.split()):
            made["description"] = action.description
    else:
        made["problem"] = step.problem
    if step.boxes:
        made["boxes"] = [list(box) for box in step.boxes]
    if step.size is not None:
        made["size"] = list(step.size)
    return made


def _store(picture: Picture | memoryview | None, folder: Path, number: int) -> str | None:
    """Bring a screenshot into the folder and return its name."""
    if picture is None:
        return None
    picture = bytes(picture) if isinstance(picture, memoryview) else picture
    if isinstance(picture, np.ndarray) and (picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3):
        raise InputError(f"expected a screenshot of uint8 (height, width, 3), got {picture.dtype} {picture.shape}")
    suffix = picture_suffix(picture)
    if suffix is None:
        raise InputError(f"expected a PNG, JPEG or WebP as screenshot of step {number}, got something else")
    name = f"{number:03d}{suffix}"
    put(picture, folder / name)
    return name


def _step(step: dict, file: Path) -> RecordedStep:
    words = _text(step, "instruction", file)
    description = _text(step, "description", file) if "description" in step else words
    action, problem = None, _text(step, "problem", file)
    try:
        if not problem or "operation" in step:
            action = parse_operation(step.get("operation"))
            action = type(action)(**vars(action) | {"description": description})
            problem = ""
    except ActionError as error:
        problem = str(error)
    return RecordedStep(
        action, _picture(step.get("screenshot"), file), words, _boxes(step.get("boxes"), file), _size(step.get("size")), problem
    )


def _picture(name: object, file: Path) -> Path | None:
    """Return where a screenshot lies; None where there is none, and for names that lead elsewhere."""
    if not isinstance(name, str) or not name or "\0" in name or len(name) > 300:
        return None
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"expected screenshots beside {file.name}, got {name[:80]!r}")
    found = file.parent / path
    inside = found.resolve().is_relative_to(file.parent.resolve())
    return found if inside and found.is_file() else None


def _boxes(boxes: object, file: Path) -> tuple[Box, ...]:
    if boxes is None:
        return ()
    if not isinstance(boxes, list) or len(boxes) > MAX_BOXES or not all(_is_box(box) for box in boxes):
        raise InputError(f"expected boxes [x0, y0, x1, y1] in fractions of the screen in {file.name}, got something else")
    return tuple(tuple(map(float, box)) for box in boxes)


def _is_box(box: object) -> bool:
    if not isinstance(box, list) or len(box) != 4:
        return False
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1 for value in box)
    return numbers and box[0] <= box[2] and box[1] <= box[3]


def _size(size: object) -> tuple[int, int] | None:
    fits = isinstance(size, list) and len(size) == 2 and all(type(side) is int and 0 < side <= 100_000 for side in size)
    return tuple(size) if fits else None


def _text(content: dict, key: str, file: Path) -> str:
    value = content.get(key, "")
    if not isinstance(value, str) or len(value) > MAX_LETTERS:
        raise InputError(f"expected {key} as a text of at most {MAX_LETTERS} letters in {file.name}, got something else")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"expected {key} as Unicode text in {file.name}, got half of a surrogate pair") from None
    return value
