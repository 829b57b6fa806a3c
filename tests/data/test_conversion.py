"""A conversion goes on where it was stopped, and refuses a folder that is not its own."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from omniactor.cli import main
from omniactor.data import conversion
from omniactor.data.convert_command import KINDS
from omniactor.data.sources.options import SourceOptions
from omniactor.errors import InputError
from tests.data.sources.fixtures.libero import write_libero


@pytest.fixture
def source(tmp_path):
    actions = np.zeros((8, 7))
    actions[:, 0] = np.linspace(0.1, 0.8, 8)
    write_libero(tmp_path / "src" / "open_it_demo.hdf5", [actions, actions[::-1]])
    return tmp_path / "src"


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_kinds_of_the_command_are_those_there_are():
    assert tuple(conversion.KINDS) == KINDS
    for kind in KINDS:
        module = conversion.source_module(kind)
        assert kind == module.KIND
        assert set(module.OPTIONS) <= SourceOptions.__dataclass_fields__.keys()


@pytest.mark.parametrize("stop", [0, 1, 7, 13])
def test_after_a_stop_the_rest_is_made_with_the_same_bytes(source, tmp_path, monkeypatch, stop):
    whole = conversion.convert("libero-hdf5", source, tmp_path / "whole", SourceOptions())
    put, calls = conversion.put, []

    def failing(picture, path):
        if len(calls) == stop:
            raise KeyboardInterrupt
        calls.append(path)
        put(picture, path)

    monkeypatch.setattr(conversion, "put", failing)
    with pytest.raises(KeyboardInterrupt):
        conversion.convert("libero-hdf5", source, tmp_path / "again", SourceOptions())
    monkeypatch.setattr(conversion, "put", lambda picture, path: (calls.append(path), put(picture, path)))
    again = conversion.convert("libero-hdf5", source, tmp_path / "again", SourceOptions())
    assert again == whole | {"out": str(tmp_path / "again")}
    assert len(calls) == 14  # no picture was written twice
    left, right = content(tmp_path / "whole"), content(tmp_path / "again")
    left.pop("conversion.json"), right.pop("conversion.json")
    assert left == right


def test_a_conversion_that_is_killed_at_any_time_comes_out_the_same(source, tmp_path):
    write_libero(source / "more_demo.hdf5", [np.random.default_rng(n).uniform(-1, 1, (60, 7)) for n in range(12)], size=64)
    conversion.convert("libero-hdf5", source, tmp_path / "whole", SourceOptions())
    command = [sys.executable, "-m", "omniactor", "convert", "libero-hdf5", str(source), "--out", str(tmp_path / "again")]
    kills = 0
    for wanted in (1, 50, 400):
        process, part = subprocess.Popen(command), tmp_path / "again/.libero-hdf5.jsonl.part"
        while process.poll() is None and not (part.exists() and part.read_bytes().count(b"\n") >= wanted):
            time.sleep(0.005)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    assert kills
    assert subprocess.run(command, capture_output=True).returncode == 0
    left, right = content(tmp_path / "whole"), content(tmp_path / "again")
    reports = [json.loads(files.pop("conversion.json"))["report"] for files in (left, right)]
    assert reports[0] == reports[1] | {"out": str(tmp_path / "whole")}
    assert {name for name in right if ".part" not in name} == left.keys()
    assert all(left[name] == right[name] for name in left)


def test_a_finished_conversion_is_reported_again_and_not_made_again(source, tmp_path, monkeypatch):
    first = conversion.convert("libero-hdf5", source, tmp_path / "out", SourceOptions())
    monkeypatch.setattr(conversion, "put", lambda *_: pytest.fail("a picture was written"))
    assert conversion.convert("libero-hdf5", source, tmp_path / "out", SourceOptions()) == first


def test_other_settings_another_source_or_another_folder_are_refused(source, tmp_path):
    out = tmp_path / "out"
    conversion.convert("libero-hdf5", source, out, SourceOptions(), limit=5)
    with pytest.raises(InputError, match="chunk"):
        conversion.convert("libero-hdf5", source, out, SourceOptions(chunk=2), limit=5)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    with pytest.raises(InputError, match="new folder"):
        conversion.convert("libero-hdf5", source, tmp_path / "full", SourceOptions())
    (out / "conversion.json").write_text("{")
    with pytest.raises(InputError, match=r"conversion\.json"):
        conversion.convert("libero-hdf5", source, out, SourceOptions(), limit=5)


def test_a_source_that_changed_in_between_is_noticed(source, tmp_path, monkeypatch):
    put, calls = conversion.put, []
    monkeypatch.setattr(conversion, "put", lambda *a: _stop_after(5, calls, put, *a))
    with pytest.raises(KeyboardInterrupt):
        conversion.convert("libero-hdf5", source, tmp_path / "out", SourceOptions())
    monkeypatch.setattr(conversion, "put", put)
    write_libero(source / "open_it_demo.hdf5", [np.full((8, 7), 0.25)])
    with pytest.raises(InputError, match="another"):
        conversion.convert("libero-hdf5", source, tmp_path / "out", SourceOptions())
    write_libero(source / "open_it_demo.hdf5", [np.full((2, 7), 0.25)])
    with pytest.raises(InputError, match="shorter"):
        conversion.convert("libero-hdf5", source, tmp_path / "out", SourceOptions())


def _stop_after(count, calls, put, *arguments):
    if len(calls) == count:
        raise KeyboardInterrupt
    calls.append(1)
    put(*arguments)


def test_the_limit_counts_samples(source, tmp_path):
    assert conversion.convert("libero-hdf5", source, tmp_path / "out", SourceOptions(), limit=3)["kept"] == 3


@pytest.mark.parametrize(
    "arguments",
    [["no-such-kind", "."], ["lerobot", "/no/such/place"], ["libero-hdf5", ".", "--level", "low"], ["libero-hdf5", ".", "--limit", "0"],
     ["libero-hdf5", ".", "--chunk", "0"], ["libero-hdf5", ".", "--cameras", "rear"], ["libero-hdf5", ".", "--stored", "odd"],
     ["libero-hdf5", ".", "--no-ops", "perhaps"]],
)  # fmt: skip
def test_bad_arguments_are_refused_in_one_line(arguments, tmp_path, capsys):
    assert main(["convert", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_report_for_people_says_what_was_left_out_and_why(source, tmp_path, capsys):
    write_libero(source / "still_demo.hdf5", [np.zeros((1, 7))])
    assert main(["convert", "libero-hdf5", str(source), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "14 samples" in said
    assert "left out: 1 x episode without a step" in said
    assert "nothing kept of: still" in said
    report = json.loads((tmp_path / "out/conversion.json").read_text())["report"]
    assert report["kept"] == 14
