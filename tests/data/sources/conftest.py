"""Publishers' files written by `fixtures/`, and the command that converts them."""

import json

import pytest

from omniactor.cli import main
from omniactor.data.check import CheckSettings, check_folder
from omniactor.data.sample_files import SampleFile


@pytest.fixture
def convert(tmp_path, capsys):
    """Return a function (kind, source, *options, out=...) -> (samples, report); fails where the command does."""

    def run(kind, source, *options, out="out"):
        folder = tmp_path / out
        status = main(["convert", kind, str(source), "--out", str(folder), "--json", *map(str, options)])
        captured = capsys.readouterr()
        assert status == 0, captured.err
        problems = check_folder(folder, CheckSettings(images="exist"))["problems"]
        # What a source itself has (tasks without samples, answers twice) is no fault of the conversion.
        assert problems.keys() <= {
            "task of which nothing was kept",
            "file without samples",
            "the same question with another answer",
        }
        return list(SampleFile(folder / f"{kind}.jsonl")), json.loads(captured.out.strip().splitlines()[-1])

    return run


@pytest.fixture
def refused(tmp_path, capsys):
    """Return a function (kind, source, *options) -> the one line with which the command refuses."""

    def run(kind, source, *options):
        assert main(["convert", kind, str(source), "--out", str(tmp_path / "refused"), *map(str, options)]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1
        return lines[0]

    return run
