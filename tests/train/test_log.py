"""A log that a resumed run writes on, without what came after the checkpoint."""

import json

import pytest

from omniactor.train.log import rewind


def lines(*steps):
    return "".join(json.dumps({"step": step, "loss": 1.0}) + "\n" for step in steps)


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        (lines(4, 8, 12), 8, lines(4, 8)),
        (lines(4, 8, 8), 8, lines(4, 8, 8)),
        (lines(4, 8), 0, ""),
        (lines(4) + '{"step": 8, "lo', 8, lines(4)),
        (lines(4) + '{"step": 8}', 8, lines(4)),
        (lines(4) + "\0\0\0\n[1]\n{}\n" + lines(8), 8, lines(4, 8)),
        ("", 8, ""),
    ],
)
def test_what_came_after_a_step_and_what_is_broken_goes(tmp_path, before, step, after):
    path = tmp_path / "log.jsonl"
    path.write_text(before)
    rewind(path, step)
    assert path.read_text() == after


def test_a_log_that_is_not_there_is_none(tmp_path):
    rewind(tmp_path / "log.jsonl", 3)
    assert not list(tmp_path.iterdir())
