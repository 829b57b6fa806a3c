"""A results folder: `manifest.json` says what is evaluated, `results.jsonl` holds one line per episode.

Covered: a run killed at any moment (the line being written is dropped and its episode runs again),
two runs in one folder, another folder given by mistake, other settings than the folder's.
Not covered: a file system that loses what was fsynced.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from omniactor.errors import InputError, OutputError
from omniactor.evaluate.manifest import extend, read_manifest
from omniactor.evaluate.schedule import Job
from omniactor.paths import write_json

STATUSES = ("success", "failure", "error")


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Outcome:
    """How one episode came out: one line of `results.jsonl`.

    Attributes:
        task_id: 0 to 89.
        task: its name.
        episode: number of the episode, from 0.
        status: "success", "failure", or "error": the episode did not come to an end, so it says nothing about the agent.
        steps: actions taken.
        seconds: wall-clock, with building the scene.
        init_state: number of the published initial state, or None.
        seed: of the fixtures, and of everything else without an `init_state`.
        goals: predicate -> held at the end.
        reason: of an error, or why there is no video; one line.
        video: path in the results folder, or None.
        finished: UTC, ISO 8601.
    """

    task_id: int
    task: str
    episode: int
    status: str
    steps: int = 0
    seconds: float = 0.0
    init_state: int | None = None
    seed: int | None = None
    goals: dict[str, bool] = field(default_factory=dict)
    reason: str = ""
    video: str | None = None
    finished: str = field(default_factory=now)

    @property
    def job(self) -> Job:
        """Which episode this is."""
        return Job(self.task_id, self.episode)

    @property
    def sound(self) -> bool:
        """Whether it can be counted: what is read from a file may hold anything."""
        numbers = isinstance(self.task_id, int) and isinstance(self.episode, int) and isinstance(self.steps, int)
        return numbers and isinstance(self.reason, str) and self.status in STATUSES


class ResultsFolder:
    """The results of one evaluation, held by one process at a time.

    Attributes:
        path: the folder.
        manifest: the content of `manifest.json`.
        outcomes: the latest outcome of each episode.
    """

    def __init__(self, path: str | os.PathLike, manifest: dict, kind: type = Outcome) -> None:
        """Create the folder, or open it to go on.

        Args:
            path: the folder.
            manifest: see `manifest.make_manifest`.
            kind: of the outcomes: a dataclass with `job` and `sound`.

        Raises:
            InputError: the folder is another one's, in use, damaged, or was begun with other settings.
            OutputError: it cannot be written.
        """
        self.path = Path(path)
        self._file, self._kind = None, kind
        known = read_manifest(self.path)
        if known is None:
            self._check_empty()
        else:
            manifest = extend(known, manifest, self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not os.access(self.path, os.W_OK):
                raise OutputError(f"expected a writable folder, got {self.path}; choose another --out or change its permissions")
            self._file = (self.path / "results.jsonl").open("a+b", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # falls with the process, however it ends
            if manifest != known:
                write_json(self.path / "manifest.json", manifest)
        except BlockingIOError as error:
            self.close()
            raise InputError(
                f"expected {self.path} to be free, but another evaluation is writing to it; wait or choose another --out"
            ) from error
        except OSError as error:
            self.close()
            raise OutputError(
                f"expected a folder that can be written, got {self.path} ({error.strerror}); choose another --out"
            ) from error
        self.manifest = manifest
        try:
            self.outcomes = {outcome.job: outcome for outcome in self._read()}
        except InputError:
            self.close()
            raise

    def add(self, outcome: Outcome) -> None:
        """Append an outcome; once this returns, it survives a kill and a power cut.

        Raises:
            OutputError: the disk refused.
        """
        line = json.dumps(asdict(outcome), ensure_ascii=False, allow_nan=False).encode() + b"\n"
        try:
            if self._file.write(line) != len(line):
                raise OSError(None, "the disk is full")
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(
                f"expected to write {self.path / 'results.jsonl'}, got: {error.strerror}; free space, then run again"
            ) from error
        self.outcomes[outcome.job] = outcome

    def close(self) -> None:
        """Let others open the folder; closing twice is fine."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _check_empty(self) -> None:
        try:
            # An empty results.jsonl is left by a run that was killed before it wrote its manifest.
            ours = {file.name for file in self.path.iterdir() if file.name == "results.jsonl" and not file.stat().st_size}
            strangers = sorted(n for n in os.listdir(self.path) if n not in ours and not n.startswith(".manifest."))
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(
                f"expected a folder for the results, got {self.path} ({error.strerror}); choose another --out"
            ) from error
        if strangers:
            raise InputError(
                f"expected a new folder or one of an earlier evaluation, got {self.path} with {strangers[0]} "
                "and no manifest.json; choose another --out"
            )

    def _read(self) -> list[Outcome]:
        self._file.seek(0)
        lines = self._file.read().split(b"\n")
        found, good = [], 0
        for number, line in enumerate(lines[:-1], 1):
            outcome = _parse(line, self._kind)
            if outcome is None and number < len(lines) - 1:
                raise InputError(
                    f"expected an episode in line {number} of {self.path / 'results.jsonl'}, got something else; "
                    "delete the line to run its episode again"
                )
            if outcome is not None:
                found.append(outcome)
                good += len(line) + 1
        self._file.truncate(good)  # what a kill left of the last line; the file is in append mode
        return found


def _parse(line: bytes, kind: type):
    try:
        content = json.loads(line)
        outcome = kind(**content)
        sound = content.keys() == {entry.name for entry in fields(kind)} and outcome.sound
    except (ValueError, TypeError, RecursionError, AttributeError):
        return None
    return outcome if sound else None
