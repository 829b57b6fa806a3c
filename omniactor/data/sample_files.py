"""Files of samples: read line by line in constant memory, written so that a kill loses at most one line."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from omniactor.data.sharegpt import MAX_LINE, Sample, short
from omniactor.errors import InputError, OutputError, SampleError
from omniactor.paths import check_writable, write_json


class SampleFile:
    """The samples of a file, in order; may be gone through again and again.

    Args:
        path: a `.jsonl` file.
        strict: the first broken sample ends it with an error; otherwise it is counted and left out.

    Attributes:
        problems: of the last pass: kind -> how many samples were left out.
        first_problems: kind -> what was said of the first of them.

    Raises:
        SampleError: when strict, of the first broken sample, with file and line.
        InputError: the file cannot be read.
    """

    def __init__(self, path: str | os.PathLike, strict: bool = True) -> None:
        """Open nothing yet."""
        self.path, self.strict = Path(path), strict
        self.problems: Counter[str] = Counter()
        self.first_problems: dict[str, str] = {}

    def __iter__(self) -> Iterator[Sample]:
        """Yield every good sample."""
        return (sample for _, sample in self.numbered())

    def numbered(self) -> Iterator[tuple[int, Sample]]:
        """Yield (number of the line from 1, sample)."""
        self.problems, self.first_problems = Counter(), {}
        root = real_folder(self.path.parent)
        for number, line in enumerate(_lines(self.path), 1):
            try:
                if len(line) <= MAX_LINE and not line.strip():
                    raise SampleError("expected a sample, got an empty line", "json")
                sample = Sample.from_line(line)
                for name in sample.images:
                    picture_path(root, name)
            except SampleError as error:
                message = f"{self.path}, line {number}: {error}"
                if self.strict:
                    raise SampleError(message, error.kind) from None
                self.problems[error.kind] += 1
                self.first_problems.setdefault(error.kind, message)
                continue
            yield number, sample


class SampleWriter:
    """Writes a file of samples that appears, complete, on `close()`; goes on where an earlier writer was killed.

    Args:
        path: of the file.

    Attributes:
        done: samples that an earlier writer left, in the order in which they were added.
        last: the last of them, or None.

    Raises:
        OutputError: the path cannot be written, or another writer is at it.
    """

    def __init__(self, path: Path) -> None:
        """Open the unfinished file, made now or found."""
        check_writable(path)
        self._path, self._unfinished = path, unfinished(path)
        try:
            self._file = self._unfinished.open("a+b")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                raise OutputError(f"expected {path.parent} to be free, got another run writing into it; wait for it") from None
            self.last: Sample | None = None
            self.done = self._keep_whole_lines()
        except OSError as error:
            raise self._failed(error) from error

    def add(self, sample: Sample) -> None:
        """Append a sample; it is handed to the operating system at once."""
        try:
            self._file.write(sample.to_line().encode())
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Finish the file."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._unfinished, self._path)
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def leave(self) -> None:
        """Leave the file unfinished, for a later writer; harmless after `close()`."""
        self._file.close()

    def _keep_whole_lines(self) -> int:
        """Cut off what a kill left of the last line; return how many samples are there."""
        self._file.seek(0)
        count, end = 0, 0
        for line in iter(lambda: self._file.readline(MAX_LINE + 1), b""):
            try:
                if not line.endswith(b"\n"):
                    break
                self.last = Sample.from_line(line)
            except SampleError:
                # A machine that lost power may leave zeros in the middle: everything from there on is made again.
                break
            count, end = count + 1, end + len(line)
        self._file.truncate(end)
        return count

    def _failed(self, error: OSError) -> OutputError:
        reason = error.strerror or error
        return OutputError(f"expected to write {self._path}, got: {reason}; free space or choose another --out")


def sample_files(folder: Path) -> list[Path]:
    """Return the files of samples in a folder, by name; `results.jsonl` is where `omniactor demos` keeps its progress."""
    return sorted(path for path in folder.glob("*.jsonl") if path.name[0] != "." and path.name != "results.jsonl")


def unfinished(path: Path) -> Path:
    """Return where a file of samples lies until it is complete."""
    return path.with_name(f".{path.name}.part")


def real_folder(folder: Path) -> str:
    """Return a folder's path without symbolic links, for `picture_path`."""
    return os.path.realpath(folder)


def picture_path(root: str, name: str) -> str:
    """Return the file of a sample's picture; it need not exist.

    Args:
        root: the samples' folder, from `real_folder`.
        name: from `Sample.images`.

    Raises:
        SampleError: a symbolic link leads out of the folder.
    """
    path = os.path.realpath(os.path.join(root, name))
    if os.path.commonpath([root, path]) != root:
        raise SampleError(f"expected a picture inside the folder, got {short(name)}, which leads out of it", "path")
    return path


def write_dataset_info(folder: Path, names: dict[str, str]) -> None:
    """Describe files of screens' samples in `dataset_info.json`, as LLaMA-Factory reads it.

    All columns and tags are named, because what is left out counts as absent there (its `data/parser.py`). Pictures are
    found when `media_dir` is left alone: their paths are relative to this folder.

    Args:
        folder: where the files are.
        names: name of the data set -> file.
    """
    columns = {"messages": "conversations", "images": "images", "system": "system"}
    tags = {
        "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
        "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system",
    }  # fmt: skip
    entries = {
        name: {"file_name": file, "formatting": "sharegpt", "columns": columns, "tags": tags} for name, file in names.items()
    }
    write_json(folder / "dataset_info.json", entries)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield lines with their line break, none longer than `MAX_LINE` and one byte."""
    try:
        if not path.is_file():
            raise InputError(f"expected a file of samples, got {path}; give the path of a .jsonl file")
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE + 1):
                yield line
                while len(line) > MAX_LINE and not line.endswith(b"\n"):  # the rest of a line that was too long
                    line = file.readline(MAX_LINE + 1)
                    if not line:
                        return
    except OSError as error:
        raise InputError(f"expected to read {path}, got: {error.strerror or error}") from error
