"""Files of samples (see `omniactor.data.sharegpt`) as sources of a mixture: any line at once, pictures when needed."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from omniactor.actions.gui import parse_response
from omniactor.data.sample_files import SampleFile, picture_path, real_folder, sample_files
from omniactor.data.sharegpt import Sample as Record
from omniactor.data.turns import read_question
from omniactor.errors import InputError, SampleError
from omniactor.gui.images import open_image
from omniactor.paths import atomic_path
from omniactor.train.mixture import Sample, Source
from omniactor.types import Observation

_MANY = 16  # files of demonstrations that are read by several processes


class RecordSource:
    """The samples of one `.jsonl` file, by number. A conversation about one screen counts once per question.

    Where each line begins is found once and kept beside the file (`.NAME.index.npy`), so that a set of millions
    opens at once and takes 16 bytes a sample.

    Attributes:
        name: of the file.
        world: of all its samples.
    """

    def __init__(self, path: Path, chunk: int = 1) -> None:
        """Read or make the index.

        Args:
            path: the file.
            chunk: arm actions per sample; a record may hold more or fewer.

        Raises:
            SampleError: a broken sample, with file and line.
            InputError: no samples, or samples of both worlds in one file.
        """
        self.path, self.name, self._chunk, self._root = Path(path), Path(path).stem, chunk, real_folder(Path(path).parent)
        self._kept: dict[str, np.ndarray] = {}
        self._index, worlds = self._read_index()
        if len(worlds) != 1:
            raise InputError(
                f"expected samples of one world in {self.path.name}, got {len(worlds)}; convert them into files of their own"
            )
        self.world = worlds[0]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self._index)

    def __getitem__(self, index: int) -> Sample:
        """Read one sample and its pictures.

        Raises:
            SampleError: it is broken; the message has file and place.
        """
        offset, turn = (int(v) for v in self._index[index])
        with self.path.open("rb") as file:
            file.seek(offset)
            record = Record.from_line(file.readline())
        try:
            return self._embodied(record) if self.world == "embodied" else self._gui(record, turn)
        except InputError as error:
            raise SampleError(f"{self.path}, byte {offset}: {error}", "content") from None

    def _embodied(self, record: Record) -> Sample:
        instruction, _ = read_question(record.turns[0][0])
        images = {camera: self._picture(name) for camera, name in zip(record.cameras, record.images, strict=True)}
        state = None if record.state is None else np.array(record.state, dtype=np.float32)
        return Sample(Observation("embodied", images, instruction, state=state), np.array(record.actions)[: self._chunk])

    def _gui(self, record: Record, turn: int) -> Sample:
        question, answer = record.turns[turn]
        instruction, history = read_question(question)
        return Sample(
            Observation("gui", {"screen": self._picture(record.images[0])}, instruction, history), parse_response(answer)
        )

    def keep_pictures(self) -> None:
        """Read all pictures into memory; processes that are forked from this one share them."""
        names = {name for record in SampleFile(self.path) for name in record.images}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self._kept = dict(zip(names, pool.map(self._picture, names), strict=True))

    def _picture(self, name: str) -> np.ndarray:
        return self._kept[name] if name in self._kept else open_image(Path(picture_path(self._root, name)))

    def _read_index(self) -> tuple[np.ndarray, list[str]]:
        """Return (samples, 2) byte offsets and questions, and the worlds."""
        cache = self.path.with_name(f".{self.path.stem}.index.npy")
        facts = self.path.stat()
        stamp = [facts.st_size, facts.st_mtime_ns]
        try:
            stored = np.load(cache, allow_pickle=False)
            if stored[0].tolist() == stamp:
                return stored[2:], [w for w, there in zip(("gui", "embodied"), stored[1], strict=True) if there]
        except (OSError, ValueError, IndexError):
            pass  # none yet, or not ours: it is made anew
        rows, worlds, offsets = [], set(), _line_offsets(self.path)
        for line, record in SampleFile(self.path).numbered():
            worlds.add(record.world)
            rows += [(offsets[line - 1], turn) for turn in range(1 if record.world == "embodied" else len(record.turns))]
        index = np.array(rows, dtype=np.int64).reshape(-1, 2)
        head = np.array([stamp, ["gui" in worlds, "embodied" in worlds]], dtype=np.int64)
        if os.access(self.path.parent, os.W_OK):
            with atomic_path(cache) as temporary, temporary.open("wb") as file:
                np.save(file, np.concatenate([head, index]))
        return index, [w for w in ("gui", "embodied") if w in worlds]


def _line_offsets(path: Path) -> np.ndarray:
    """Return the byte at which each line begins."""
    starts, at = [0], 0
    with path.open("rb") as file:
        for line in file:
            at += len(line)
            starts.append(at)
    return np.array(starts[:-1])


def folder_sources(folder: Path, worlds: list[str], chunk: int) -> list[Source]:
    """Return the sources of a folder's `.jsonl` and `_demo.hdf5` files, of the worlds asked for.

    Raises:
        InputError: no such folder, or no samples of these worlds in it.
    """
    if not folder.is_dir():
        raise InputError(f"expected a folder of samples or 'toy' as data, got {str(folder)!r}; make one with `omniactor convert`")
    sources: list[Source] = [RecordSource(path, chunk) for path in sample_files(folder)]
    demos = sorted(path for path in folder.glob("*_demo.hdf5") if path.name[0] != ".")
    if demos and "embodied" in worlds:
        from omniactor.train.demos import DemoSource  # only here does a run need h5py

        read = partial(DemoSource, chunk=chunk)
        if len(demos) < _MANY:
            arm = list(map(read, demos))
        else:  # seconds a file, and HDF5 lets one thread of a process in at a time
            with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("fork")) as pool:
                arm = list(pool.map(read, demos))
        # A task whose only correction ended before the expert took over has a file without a picture: nothing to learn, no fault.
        sources += [source for source in arm if len(source)]
    sources = [source for source in sources if source.world in worlds]
    if not sources:
        raise InputError(f"expected .jsonl or _demo.hdf5 files with samples of {' or '.join(worlds)} in {folder}, got none")
    return sources
