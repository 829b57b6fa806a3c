"""Episode files: what is written is read, and nothing damaged is."""

import numpy as np
import pytest

from omniactor.data.episodes import read_episode, read_facts
from omniactor.errors import RecordError


@pytest.fixture
def file(strong, tmp_path):
    strong.write(tmp_path / "episode.npz")
    return tmp_path / "episode.npz"


def test_it_comes_back_as_it_was(strong, file):
    episode = read_episode(file)
    assert episode.facts == strong.facts == read_facts(file)
    for name in ("states", "actions", "labels", "robot_states", "latched", "actor"):
        stored = getattr(episode, name)
        assert stored.dtype == getattr(strong, name).dtype
        assert (stored == getattr(strong, name)).all()


def test_nothing_is_left_when_writing_fails(strong, file, monkeypatch):
    monkeypatch.setattr(np, "savez_compressed", lambda path, **arrays: path.write_bytes(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        strong.write(file.with_name("other.npz"))
    assert [path.name for path in file.parent.iterdir()] == ["episode.npz"]


def rewrite(file, **changes):
    with np.load(file) as archive:
        content = {**archive, **changes}
    np.savez(file, **content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:5000]),
        lambda file: file.write_bytes(b"no archive at all"),
        lambda file: rewrite(file, facts=np.frombuffer(b'{"format": "other"}', np.uint8)),
        lambda file: rewrite(file, facts=np.frombuffer(b"[" * 100_000, np.uint8)),
        lambda file: rewrite(file, actions=np.zeros((3, 7), np.float32)),
        lambda file: rewrite(file, states=np.full((4, 5), np.nan)),
        lambda file: rewrite(file, labels=np.array([{}], dtype=object)),
    ],
)
def test_damage_is_refused_in_one_line(file, damage):
    damage(file)
    with pytest.raises(RecordError) as caught:
        read_episode(file)
    assert len(str(caught.value).splitlines()) == 1
