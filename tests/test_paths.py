import os

import pytest

from omniactor.errors import OutputError, SetupError
from omniactor.paths import atomic_folder, atomic_path, cache_dir, check_writable, write_json


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


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "a").write_text("1")
        assert not (tmp_path / "out").exists()
    assert os.listdir(tmp_path) == ["out"] and (tmp_path / "out" / "a").read_text() == "1"


@pytest.mark.parametrize(("raised", "expected"), [(RuntimeError("x"), RuntimeError), (OSError(28, "No space left"), OutputError)])
def test_nothing_is_left_of_a_folder_that_failed(tmp_path, raised, expected):
    with pytest.raises(expected), atomic_folder(tmp_path / "out") as folder:
        (folder / "below").mkdir()
        (folder / "below" / "a").write_text("half")
        raise raised
    assert not os.listdir(tmp_path)


def test_a_full_disk_is_told_in_one_line(tmp_path):
    with pytest.raises(OutputError, match="No space left") as caught, atomic_folder(tmp_path / "out"):
        raise OSError(28, "No space left on device")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "file", "full"])
def test_an_existing_folder_is_refused_and_kept(tmp_path, kind):
    out = tmp_path / "out"
    out.write_text("old") if kind == "file" else out.mkdir()
    if kind == "full":
        (out / "a").write_text("old")
    with pytest.raises(OutputError, match="which exists"), atomic_folder(out):
        pytest.fail("the body must not run")
    assert os.listdir(tmp_path) == ["out"]
    assert kind == "folder" or (out if kind == "file" else out / "a").read_text() == "old"


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError), atomic_folder(tmp_path / "file" / "out"):
        pytest.fail("the body must not run")
    assert os.listdir(tmp_path) == ["file"]
