"""Is a folder of samples fit to train on? Everything that is not, by kind, with the first examples."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from omniactor.actions.dialects.coordinates import resized
from omniactor.actions.embodied import ACTION_SIZE, ActionBins
from omniactor.actions.gui import parse_response
from omniactor.data.sample_files import SampleFile, picture_path, real_folder, sample_files
from omniactor.data.sharegpt import Sample
from omniactor.data.turns import action_text
from omniactor.errors import ActionError, ImageError, InputError, SampleError

LETTERS_PER_TOKEN = 3.0
"""What is taken without a tokenizer: prose has about four, names and numbers about two."""
MESSAGE_TOKENS = 5
"""Role and marks around every message."""
FACTOR = 28
"""Pixels along the side of a token of Qwen2-VL, and its smallest picture."""
EXAMPLES = 3
BINS = ActionBins.on_rarest_ids(151_643)
"""Qwen2-VL's 256 rarest ids, which the paper's actions become."""


@dataclass(frozen=True)
class CheckSettings:
    """What is checked, and against what.

    Attributes:
        cutoff: tokens at which training cuts a sample.
        images: "read" decodes every picture, "exist" only looks for it, "skip" does neither.
        screen_pixels: most pixels a screen is shown with.
        camera_side: side to which the arm's pictures are resized.
    """

    cutoff: int = 8192
    images: str = "read"
    screen_pixels: int = 1280 * FACTOR * FACTOR
    camera_side: int = 448

    def __post_init__(self) -> None:
        """Refuse what cannot be checked."""
        if self.cutoff < 1 or self.screen_pixels < FACTOR * FACTOR:
            raise InputError(f"expected a cut-off and pixels of 1 token or more, got {self.cutoff} and {self.screen_pixels}")
        if self.images not in ("read", "exist", "skip"):
            raise InputError(f"expected --images read, exist or skip, got {self.images[:60]!r}")


@dataclass
class Findings:
    """What was found; see `as_json`."""

    problems: Counter = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, dict] = field(default_factory=dict)
    tasks: Counter = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=list)
    pictures: Counter = field(default_factory=Counter)
    low: np.ndarray = field(default_factory=lambda: np.full(ACTION_SIZE, np.inf))
    high: np.ndarray = field(default_factory=lambda: np.full(ACTION_SIZE, -np.inf))

    def add(self, kind: str, where: str, count: int = 1) -> None:
        """Count a problem."""
        self.problems[kind] += count
        examples = self.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(where[:300])

    def as_json(self) -> dict:
        """Return everything as plain JSON."""
        lengths, ranges = np.array(self.lengths or [0]), np.isfinite(self.low).all()
        counts = sorted(self.tasks.values()) or [0]
        return {
            "samples": sum(file["samples"] for file in self.files.values()), "files": self.files,
            "images": {name: self.pictures[name] for name in ("named", "distinct", "missing", "unreadable")},
            "tokens": {"longest": int(lengths.max()), "mean": round(float(lengths.mean()), 1)},
            "tasks": {"count": len(self.tasks), "fewest": counts[0], "median": counts[len(counts) // 2], "most": counts[-1]},
            "action_range": {"low": self.low.tolist(), "high": self.high.tolist()} if ranges else None,
            "problems": {kind: {"count": n, "examples": self.examples[kind]} for kind, n in self.problems.most_common()},
        }  # fmt: skip


def check_folder(folder: Path, settings: CheckSettings, count_tokens: Callable[[str], int] | None = None) -> dict:
    """Return what there is and what is wrong with it.

    Args:
        folder: with files of samples.
        settings: see `CheckSettings`.
        count_tokens: of a text; an estimate from its letters without one.

    Raises:
        InputError: no folder of samples.
    """
    if not folder.is_dir():
        raise InputError(f"expected a folder of samples, got {folder}")
    files = sample_files(folder)
    unfinished = sorted(folder.glob(".*.jsonl.part"))
    if not files and not unfinished:
        raise InputError(f"expected files of samples (*.jsonl) in {folder}, got none")
    findings = Findings()
    for path in unfinished:
        findings.add("conversion not finished", path.name)
    checker = _Checker(folder, settings, findings, count_tokens or estimate_tokens)
    for path in files:
        checker.file(path)
    _check_conversion(folder, findings)
    _check_dataset_info(folder, findings)
    result = findings.as_json()
    result["tokens"] |= {"cutoff": settings.cutoff, "counted": "with the tokenizer" if count_tokens else "estimated from letters"}
    return {"folder": str(folder), **result}


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return int(len(text) / LETTERS_PER_TOKEN) + 1


class _Checker:
    """Goes through samples; remembers what it has seen as digests of 8 bytes."""

    def __init__(self, folder: Path, settings: CheckSettings, findings: Findings, count_tokens: Callable[[str], int]) -> None:
        self._root, self._settings, self._findings, self._count = real_folder(folder), settings, findings, count_tokens
        self._sizes: dict[bytes, tuple[int, int] | None] = {}
        self._answers: dict[bytes, bytes] = {}
        self._texts: dict[str, int] = {}

    def file(self, path: Path) -> None:
        samples, worlds, reader = 0, Counter(), SampleFile(path, strict=False)
        for number, sample in reader.numbered():
            samples += 1
            worlds[sample.world] += 1
            self._sample(sample, f"{path.name}, line {number}")
        for kind, count in reader.problems.items():
            self._findings.add(f"broken sample: {kind}", reader.first_problems[kind], count)
        if not samples:
            self._findings.add("file without samples", path.name)
        if len(worlds) > 1:
            self._findings.add("both worlds in one file", path.name)
        self._findings.files[path.name] = {"samples": samples, "worlds": dict(worlds)}

    def _sample(self, sample: Sample, where: str) -> None:
        self._findings.tasks[sample.task or sample.source] += 1
        self._repetitions(sample, where)
        sizes = [self._picture(name, where) for name in sample.images]
        length = self._length(sample, sizes)
        self._findings.lengths.append(length)
        if length > self._settings.cutoff:
            self._findings.add("longer than the cut-off", f"{where}: {length} tokens")
        if sample.world == "embodied":
            self._actions(sample, where)
            return
        for _, answer in sample.turns:
            try:
                parse_response(answer)
            except ActionError as error:
                self._findings.add("answer that is no operation", f"{where}: {error}")

    def _actions(self, sample: Sample, where: str) -> None:
        rows = np.array(sample.actions)
        self._findings.low = np.minimum(self._findings.low, rows.min(0))
        self._findings.high = np.maximum(self._findings.high, rows.max(0))
        ids = BINS.encode(rows)
        back = BINS.decode(ids)
        # Half an interval, and what float32 adds to it.
        if np.abs(back - rows).max() > 1 / BINS.count + 1e-6 or (BINS.encode(back) != ids).any():
            self._findings.add("actions that do not come back from their ids", where)
        if sample.turns[-1][1] != action_text(sample.actions[0]):
            self._findings.add("answer that differs from its numbers", where)

    def _repetitions(self, sample: Sample, where: str) -> None:
        questions = _digest([sample.world, sample.images, [question for question, _ in sample.turns]])
        answers = _digest([[answer for _, answer in sample.turns], sample.actions])
        before = self._answers.get(questions)
        self._answers[questions] = answers
        if before is not None:
            kind = "the same sample again" if before == answers else "the same question with another answer"
            self._findings.add(kind, where)

    def _picture(self, name: str, where: str) -> tuple[int, int] | None:
        """Return the size of a picture, where it is known."""
        self._findings.pictures["named"] += 1
        key = _digest(name)
        if key in self._sizes:
            return self._sizes[key]
        self._findings.pictures["distinct"] += 1
        self._sizes[key] = size = self._look(name, where)
        return size

    def _look(self, name: str, where: str) -> tuple[int, int] | None:
        from omniactor.gui.images import open_image

        if self._settings.images == "skip":
            return None
        try:
            path = picture_path(self._root, name)
        except SampleError as error:
            self._findings.add("broken sample: path", f"{where}: {error}")
            return None
        if not os.path.isfile(path):
            self._findings.pictures["missing"] += 1
            self._findings.add("picture missing", f"{where}: {name}")
            return None
        if self._settings.images == "exist":
            return None
        try:
            height, width = open_image(path).shape[:2]
        except ImageError as error:
            self._findings.pictures["unreadable"] += 1
            self._findings.add("picture unreadable", f"{where}: {name}: {error}")
            return None
        if min(width, height) < FACTOR:
            self._findings.add(f"picture with a side below {FACTOR} pixels", f"{where}: {name}, {width}x{height}")
        return width, height

    def _length(self, sample: Sample, sizes: list[tuple[int, int] | None]) -> int:
        total = self._text(sample.system) + MESSAGE_TOKENS
        for question, answer in sample.turns:
            said = 0 if sample.actions is not None else self._count(answer)
            total += self._count(question.replace("<image>", "")) + said + 2 * MESSAGE_TOKENS
        total += ACTION_SIZE * len(sample.actions or ())
        for size in sizes:
            if sample.world == "embodied":
                across = down = self._settings.camera_side
            else:
                # An unknown screen is taken for one as large as screens are shown.
                across, down = resized(size, largest=self._settings.screen_pixels) if size else (self._settings.screen_pixels, 1)
            total += int(across * down / FACTOR**2) + 2
        return total

    def _text(self, system: str) -> int:
        if system not in self._texts and len(self._texts) < 100:
            self._texts[system] = self._count(system)
        return self._texts[system] if system in self._texts else self._count(system)


def _check_conversion(folder: Path, findings: Findings) -> None:
    """Look for tasks of the source of which nothing was kept."""
    try:
        report = json.loads((folder / "conversion.json").read_text(encoding="utf-8"))["report"] or {}
        empty = [str(task) for task in report.get("empty_tasks", [])]
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        findings.add("conversion.json unreadable", repr(error))
        return
    for task in empty:
        findings.add("task of which nothing was kept", task)


def _check_dataset_info(folder: Path, findings: Findings) -> None:
    """Compare `dataset_info.json` with the files: all screens described, and nothing of the arm."""
    screens = {name for name, file in findings.files.items() if file["worlds"].get("gui")}
    try:
        entries = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
        described = {str(entry["file_name"]) for entry in entries.values()}
    except FileNotFoundError:
        described = set()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        findings.add("dataset_info.json unreadable", repr(error))
        return
    for name in sorted(screens - described):
        findings.add("file of screens that dataset_info.json leaves out", name)
    for name in sorted(described - screens):
        findings.add("entry of dataset_info.json without samples of screens", name)


def _digest(content: object) -> bytes:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).digest()
