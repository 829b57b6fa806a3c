"""Archives of episodes: the good ones are read and gone afterwards, every attack is one line and leaves nothing."""

import io
import os
import shutil
import stat
import struct
import tempfile
import time
import zipfile
from pathlib import Path

import pytest

from omniactor.errors import InputError
from omniactor.gui import archive
from omniactor.gui.archive import opened
from omniactor.gui.episode_folder import write_episode
from omniactor.gui.episodes import read_episodes
from omniactor.types import GuiAction
from tests.gui.conftest import make_episode, picture


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Unpack into a folder that can be looked at."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def packed(tmp_path, episode):
    write_episode(tmp_path / "src", episode)
    write_episode(tmp_path / "src", make_episode(GuiAction("home"), id="e2"))
    return shutil.make_archive(str(tmp_path / "good"), "zip", tmp_path / "src")


def made(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def test_the_episodes_are_read_and_their_screenshots_while_it_is_open(packed, episode):
    with opened(packed) as folder:
        first, second = read_episodes(folder)
        assert (first.id, second.id) == ("e1", "e2")
        assert [step.action for step in first.steps] == [step.action for step in episode.steps]
        assert first.steps[3].screenshot()[0, 0, 0] == 30
    assert not folder.exists()


def test_folders_and_other_files_are_given_back_as_they_are(tmp_path):
    (tmp_path / "rows.json").write_text("[]")
    for path in (tmp_path, tmp_path / "rows.json"):
        with opened(path) as same:
            assert same == path


def test_what_no_episode_is_made_of_stays_packed(tmp_path, scratch):
    path = made(
        tmp_path / "a.zip", [("run.sh", "x"), ("a/b.PNG", picture()), ("__MACOSX/a.png", b"x"), ("a/.DS_Store.json", b"x")]
    )
    with opened(path) as folder:
        assert [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()] == ["a/b.PNG"]


NAMES = ["../out.png", "a/../../out.png", "/etc/out.png", "C:\\out.png", "..\\out.png", "a/" * 9 + "out.png", "a" * 220 + ".png"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_out_are_refused(tmp_path, name):
    refused(made(tmp_path / "a.zip", [("ok.png", picture()), (name, picture())]))


def refused(path, words=""):
    began = time.perf_counter()
    with pytest.raises(InputError) as caught, opened(path):
        pass
    assert time.perf_counter() - began < 0.5
    assert "\n" not in str(caught.value)
    assert words in str(caught.value)
    assert not any(name.startswith("out") for name in os.listdir(path.parent))


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(made(tmp_path / "a.zip", [(link, "/etc/passwd")]), "link")


def test_a_member_twice_is_refused_also_in_other_letters(tmp_path):
    with pytest.warns(UserWarning):
        twice = made(tmp_path / "a.zip", [("a.png", b"1"), ("a.png", b"2")])
    refused(twice, "twice")
    refused(made(tmp_path / "b.zip", [("a.png", b"1"), ("A.PNG", b"2")]), "twice")


def test_bombs_are_refused_by_what_they_say_and_by_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED", 3_000_000)
    monkeypatch.setattr(archive, "MAX_MEMBER", 2_000_000)
    zeros = bytes(2_500_000)
    refused(made(tmp_path / "a.zip", [("a.png", zeros)]), "at most 3 MB")
    refused(made(tmp_path / "b.zip", [("a.png", zeros[:1_500_000]), ("b.png", zeros[:1_600_000])]), "at most 3 MB")
    # The list of members says 10 bytes; the data says more.
    path = made(tmp_path / "c.zip", [("a.png", zeros)])
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(content)
    refused(path)


def test_too_many_files_and_too_long_lists_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    path = made(tmp_path / "a.zip", [(f"{number}.png", b"") for number in range(4)])
    refused(path, "at most 3 files")
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 100)
    refused(path, "longer list")


def test_a_password_damage_and_a_cut_are_refused(tmp_path, packed):
    content = Path(packed).read_bytes()
    secret = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := secret.find(mark, at)) >= 0:
            secret[at + offset] |= 1
            at += 4
    for name, made_of, words in (
        ("secret", bytes(secret), "password"), ("cut", content[:-30], "without its end"), ("half", content[: len(content) // 2], ""),
        ("short", b"PK\x03\x04", ""), ("turned", content[:200] + bytes(200) + content[400:], ""),
        ("text", b"hello", "without its end"), ("empty", b"", ""),
    ):  # fmt: skip
        path = tmp_path / f"{name}.zip"
        path.write_bytes(made_of)
        refused(path, words)


def test_a_zip64_end_is_refused_since_nothing_that_small_needs_one(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("a.png", b"x")
    content = stream.getvalue()
    at = content.rfind(b"PK\x05\x06")
    path = tmp_path / "a.zip"
    path.write_bytes(content[:at] + b"PK\x06\x07" + bytes(16) + content[at:])
    refused(path, "longer list")


def test_a_large_archive_is_refused_unread(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(archive, "MAX_ARCHIVE", 1000)
    refused(Path(packed), "at most 0 MB")
