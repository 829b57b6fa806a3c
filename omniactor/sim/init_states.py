"""LIBERO's published initial states, read without running a pickle.

A `.pruned_init` file is a zip with one pickled numpy array of shape (50, D): each row is
[time, qpos, qvel] of the scene. `torch.load` would execute whatever the pickle says; here an
unpickler that knows four numpy names reads it and refuses everything else. Fixture poses are not
part of a row: they are set by the seed of the reset (see `Libero90Env.reset`).
"""

from __future__ import annotations

import functools
import io
import pickle
import zipfile
import zlib
from pathlib import Path

import numpy as np

from omniactor.errors import InitStateError
from omniactor.sim.tasks import Task

_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
_MAX_BYTES = 16_000_000
_UNFIT = (ValueError, TypeError, AttributeError)


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles one plain numpy array and nothing else."""

    def find_class(self, module: str, name: str):
        if (module, name) not in _ALLOWED:
            raise InitStateError(f"expected a plain numpy array, got a pickle that names {module}.{name}; do not use this file")
        if name == "_reconstruct":
            from numpy._core.multiarray import _reconstruct  # the old spelling warns in NumPy 2

            return _reconstruct
        return super().find_class(module, name)

    def persistent_load(self, pid):
        raise InitStateError("expected a plain numpy array, got a pickle with external storage; do not use this file")


@functools.lru_cache(maxsize=16)
def load_init_states(path: Path) -> np.ndarray:
    """Read all initial states of a file.

    Returns:
        float64 (n, D), finite, read-only.

    Raises:
        InitStateError: the file is missing, is not such a zip, or holds anything but a 2-D finite array.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith("data.pkl")]
            if len(members) != 1 or members[0].file_size > _MAX_BYTES:
                raise InitStateError(f"expected one data.pkl of at most {_MAX_BYTES} bytes in {path}; reinstall hf-libero")
            states = _ArrayUnpickler(io.BytesIO(archive.read(members[0]))).load()
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        raise InitStateError(f"expected LIBERO initial states in {path}, got: {error}; reinstall hf-libero") from error
    if not isinstance(states, np.ndarray) or states.dtype != np.float64 or states.ndim != 2 or not np.isfinite(states).all():
        raise InitStateError(f"expected a finite float64 array (n, D) in {path}, got something else; reinstall hf-libero")
    states.setflags(write=False)
    return states


def get_init_state(task: Task, index: int) -> np.ndarray:
    """Return published initial state `index` of `task`: float64 (D,) = [time, qpos, qvel].

    Raises:
        InitStateError: no such state.
    """
    states = load_init_states(task.init_states_file)
    if not isinstance(index, (int, np.integer)) or isinstance(index, bool) or not 0 <= index < len(states):
        raise InitStateError(f"expected an initial state from 0 to {len(states) - 1} for task {task.id}, got {index!r}")
    return states[index]
