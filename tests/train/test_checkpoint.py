"""A checkpoint is whole or it is not used."""

import json

import pytest

from omniactor.errors import CheckpointError
from omniactor.train.checkpoint import checkpoints, newest_valid, prune, publish, verify


def make(run, step, content=b"weights" * 100):
    staged = run / ".staged-1" / f"checkpoint-{step}"
    (staged / "inner").mkdir(parents=True)
    (staged / "model.safetensors").write_bytes(content)
    (staged / "inner" / "state.json").write_text(json.dumps({"step": step}))
    publish(staged, run / f"checkpoint-{step}")
    return run / f"checkpoint-{step}"


@pytest.fixture
def run(tmp_path):
    for step in (5, 10, 100):
        make(tmp_path, step)
    return tmp_path


def test_the_newest_comes_first_by_number_not_by_name(run):
    assert [p.name for p in checkpoints(run)] == ["checkpoint-100", "checkpoint-10", "checkpoint-5"]
    assert newest_valid(run) == (run / "checkpoint-100", [])


def damage_cut(path, where):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * where)])


def damage_flip(path, where):
    content = bytearray(path.read_bytes())
    content[int(len(content) * where)] ^= 1
    path.write_bytes(bytes(content))


def damage_remove(path, where):
    path.unlink()


@pytest.mark.parametrize("where", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("damage", [damage_cut, damage_flip, damage_remove])
@pytest.mark.parametrize("name", ["model.safetensors", "inner/state.json"])
def test_any_damage_is_noticed_and_the_one_before_is_taken(run, damage, name, where):
    damage(run / "checkpoint-100" / name, where)
    with pytest.raises(CheckpointError, match=name.split("/")[-1]):
        verify(run / "checkpoint-100")
    path, reasons = newest_valid(run)
    assert path == run / "checkpoint-10" and len(reasons) == 1 and "checkpoint-100" in reasons[0]


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"files": 3}', '{"files": {"a": 1}}'])
def test_a_broken_manifest_is_not_whole(run, content):
    manifest = run / "checkpoint-100" / "manifest.json"
    manifest.unlink() if content is None else manifest.write_text(content)
    assert newest_valid(run)[0] == run / "checkpoint-10"


def test_swapped_checkpoints_are_noticed(run):
    make(run, 7, b"others")
    (run / "checkpoint-7" / "model.safetensors").rename(run / "checkpoint-100" / "model.safetensors")
    assert newest_valid(run)[0] == run / "checkpoint-10"


def test_none_is_none(tmp_path):
    assert newest_valid(tmp_path) == (None, [])


def test_pruning_keeps_the_newest_and_clears_what_was_half_written(run):
    (run / ".staged-77").mkdir()
    (run / ".staged-77" / "half").write_text("x")
    prune(run, run / "checkpoint-100", 2)
    assert sorted(p.name for p in run.iterdir()) == ["checkpoint-10", "checkpoint-100"]


def test_pruning_never_removes_the_one_just_written_for_a_later_one_of_a_damaged_run(run):
    prune(run, run / "checkpoint-10", 1)
    assert [p.name for p in run.iterdir()] == ["checkpoint-10"]


def test_publishing_again_replaces(run):
    make(run, 100, b"new")
    assert (run / "checkpoint-100" / "model.safetensors").read_bytes() == b"new"
    verify(run / "checkpoint-100")
