"""Recorded episodes: what somebody did on a screen, step by step, whatever format it was published in.

`read_episodes` takes AndroidControl, GUI-Odyssey, Aguvis and this project's own folders (`episode_folder`), and tells them
apart by what is in them. Screenshots are opened when somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from omniactor.data.sources.draft import UNREADABLE, Picture, ZipMember
from omniactor.data.tally import Tally
from omniactor.errors import ImageError, InputError
from omniactor.types import GuiAction

Box = tuple[float, float, float, float]

FORMATS = {
    "omniactor": "this project's folders, `episode.json` beside its screenshots",
    "android-control": "AndroidControl's TFRecord shards",
    "gui-odyssey": "GUI-Odyssey's annotations and screenshots",
    "aguvis": "Aguvis' rows of both stages",
}
"""Name -> what it is."""
_MARKS = {
    "android-control": ("android_control-*",), "gui-odyssey": ("annotations/*.json", "data/annotations/*.json"),
    "omniactor": ("episode.json", "*/episode.json", "*/*/episode.json"), "aguvis": ("*.json", "*.jsonl"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RecordedStep:
    """One screenshot and what was done on it.

    Attributes:
        action: None where what was recorded cannot be read; `problem` says why.
        picture: the screenshot as it is stored; None where it is missing.
        instruction: what to do now, in words ("low level"); may be empty.
        boxes: where the thing is that was acted on, (x0, y0, x1, y1) as fractions; empty where nobody knows.
        size: (width, height) in pixels as the source says it; None where it does not.
        problem: why there is no action, one line.
    """

    action: GuiAction | None
    picture: Picture | memoryview | None
    instruction: str = ""
    boxes: tuple[Box, ...] = ()
    size: tuple[int, int] | None = None
    problem: str = ""

    def screenshot(self) -> np.ndarray:
        """Return uint8 (height, width, 3), RGB, upright.

        Raises:
            ImageError: missing, or not a picture that is read.
        """
        return open_picture(self.picture)

    @property
    def words(self) -> str:
        """The step in words: its instruction, else what its action says of itself, else the operation."""
        return self.instruction or ("" if self.action is None else action_words(self.action))


@dataclass(frozen=True, eq=False)
class RecordedEpisode:
    """A task and the steps that somebody took.

    Attributes:
        id: the source's name of it.
        instruction: the whole task in words ("high level").
        steps: in order.
        source: which data it comes from.
        device: what it was recorded on, in words; may be empty.
        category: what kind of task it is, where the source says so.
        splits: the source's splits it belongs to, such as "app_unseen".
        last: the screenshot after the last step, where there is one.
        facts: more about it, JSON values; kept and shown, never needed.
    """

    id: str
    instruction: str
    steps: tuple[RecordedStep, ...]
    source: str = ""
    device: str = ""
    category: str = ""
    splits: tuple[str, ...] = ()
    last: Picture | memoryview | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def action_words(action: GuiAction) -> str:
    """Return an action in words: its own description, else the operation it stands for."""
    from omniactor.actions.gui import print_operation

    return action.description or print_operation(action)


def open_picture(picture: Picture | memoryview | None) -> np.ndarray:
    """Return a stored screenshot as uint8 (height, width, 3), RGB, upright.

    Raises:
        ImageError: missing, or not a picture that is read.
    """
    from omniactor.gui.images import open_image

    if picture is None:
        raise ImageError("expected a screenshot, got none: its file is missing")
    if isinstance(picture, ZipMember):
        try:
            picture = picture.read()
        except UNREADABLE as error:
            reason = " ".join(str(error).split())[:100]
            raise ImageError(f"expected a screenshot, got a member of an archive that cannot be read ({reason})") from None
    return open_image(picture)


def read_episodes(
    source: Path | str, kind: str = "auto", split: str = "all", tally: Tally | None = None, boxes: bool = True, **more
) -> Iterator[RecordedEpisode]:
    """Yield the episodes of a folder or file, one at a time in memory.

    Args:
        source: a folder, a shard, a file of rows. An archive is opened with `archive.opened`.
        kind: of `FORMATS`, or "auto" for what is found there.
        split: "train", "validation", "test" or "all", of sources that have splits.
        tally: counts what cannot be read at all; steps that cannot be read stay, with their `problem`.
        boxes: look for the targets of steps where that takes time, as in AndroidControl's accessibility trees.
        more: further `SourceOptions`, such as `split_by`.

    Raises:
        InputError: nothing there that is an episode.
    """
    source = Path(source)
    if kind not in (*FORMATS, "auto"):
        raise InputError(f"expected a format of episodes ({', '.join(FORMATS)}), got {kind[:60]!r}")
    found, source = find_format(source)
    kind = found if kind == "auto" else kind
    tally = Tally() if tally is None else tally
    if kind == "omniactor":
        from omniactor.gui.episode_folder import read_folder

        yield from read_folder(source, tally)
        return
    from omniactor.data.sources.options import SourceOptions

    options = SourceOptions(split=split, **more)
    if kind == "android-control":
        from omniactor.data.sources.android_control import episodes as shards

        yield from shards(source, options, tally, boxes)
        return
    if kind == "gui-odyssey":
        from omniactor.data.sources.gui_odyssey import episodes
    else:
        from omniactor.gui.aguvis_episodes import episodes
    yield from episodes(source, options, tally)


def find_format(source: Path) -> tuple[str, Path]:
    """Return which of `FORMATS` a folder or file holds, and in which folder inside it, since archives often have one around.

    Raises:
        InputError: none of them.
    """
    if not source.exists():
        raise InputError(f"expected a folder or file of episodes, got {source.name[:80]!r}, which is not there")
    if source.is_file():
        rows = source.suffix in (".json", ".jsonl")
        return ("omniactor" if source.name == "episode.json" else "aguvis" if rows else "android-control"), source
    folder = source
    while True:
        for kind, patterns in _MARKS.items():
            if any(any(folder.glob(pattern)) for pattern in patterns):
                return kind, folder
        inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1 or not inside[0].is_dir():
            break
        folder = inside[0]
    if any(folder.glob("*/*.json")):
        return "aguvis", folder
    wanted = "episode.json, annotations, android_control-* or rows of JSON"
    raise InputError(f"expected episodes ({wanted}) in {source.name[:80]!r}, got none")
