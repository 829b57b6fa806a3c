import os
import pickle
import zipfile

import numpy as np
import pytest

from omniactor.errors import InitStateError
from omniactor.sim.init_states import get_init_state, load_init_states
from omniactor.sim.tasks import TASKS


def test_all_90_files_are_finite_arrays_of_50_states():
    for task in TASKS:
        states = load_init_states(task.init_states_file)
        assert states.shape[0] == 50
        assert states.dtype == np.float64
        assert np.isfinite(states).all()
        assert len(np.unique(states, axis=0)) == 50


@pytest.mark.parametrize("index", [-1, 50, 1.0, "3", True, None])
def test_a_state_that_does_not_exist_is_refused(index):
    with pytest.raises(InitStateError, match="from 0 to 49"):
        get_init_state(TASKS[0], index)


class _RunsACommand:
    def __reduce__(self):
        return os.system, ("touch canary",)


class _Evaluates:
    def __reduce__(self):
        return eval, ("open('canary', 'w')",)


@pytest.mark.parametrize(
    "content", [_RunsACommand(), _Evaluates(), [1, 2], np.array([object()]), np.zeros(3), np.full((2, 2), np.nan)]
)
def test_anything_but_a_plain_array_is_refused_and_never_run(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.pruned_init"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
    with pytest.raises(InitStateError):
        load_init_states(path)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("raw", [b"", b"PK", b"not a zip" * 100])
def test_a_file_that_is_no_zip_is_refused(raw, tmp_path):
    path = tmp_path / "bad.pruned_init"
    path.write_bytes(raw)
    with pytest.raises(InitStateError, match="reinstall"):
        load_init_states(path)
