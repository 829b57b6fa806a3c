import os

import pytest

from omniactor.errors import OutputError, SetupError
from omniactor.paths import atomic_path, cache_dir, check_writable, write_json


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    write_json(target, {"kept": 1})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OutputError, match="No space left"):
        write_json(target, {"new": 2})
    monkeypatch.undo()
    assert target.read_text() == '{"kept": 1}\n'
    assert os.listdir(tmp_path) == ["a.json"]


def test_nan_never_reaches_a_json_file(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert not os.listdir(tmp_path)


def test_paths_that_cannot_be_written_are_refused_before_any_work(tmp_path):
    with pytest.raises(OutputError, match="existing folder"):
        check_writable(tmp_path / "missing" / "v.mp4")
    with pytest.raises(OutputError, match="got the folder"):
        check_writable(tmp_path)


def test_an_unusable_cache_folder_names_the_setting(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OMNIACTOR_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(SetupError, match="OMNIACTOR_CACHE"):
        cache_dir()
