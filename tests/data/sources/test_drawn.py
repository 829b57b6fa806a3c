"""Screens drawn at random say truly where things are, and come out of their seed alone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from omniactor.actions.gui import parse_response
from omniactor.data.turns import read_question

WORDS = Path(__file__).parents[3] / "assets" / "words.txt"


def questions(samples):
    return [(sample, read_question(asked)[0], parse_response(answer)) for sample in samples for asked, answer in sample.turns]


def test_what_is_at_the_answered_place_has_the_colour_that_was_asked_for(convert, tmp_path):
    samples, report = convert("drawn", WORDS, "--screens", 12)
    assert report["kept"] + report["dropped"].get("screen with nothing to single out", 0) == 12
    found = 0
    for sample, _, action in questions(samples):
        kind = action.description.split()[-1]
        if kind not in ("box", "circle", "triangle", "rectangle") or "text" in action.description:
            continue
        picture = np.asarray(Image.open(tmp_path / "out" / sample.images[0]).convert("RGB"))
        assert picture.shape == (420, 320, 3)
        x, y = int(action.point[0] * 320), int(action.point[1] * 420)
        assert tuple(picture[y, x]) == ImageColor.getrgb(action.description.split()[2])
        found += 1
    assert found >= 10


def test_a_question_is_answered_by_one_thing_only_and_pairs_limit_them(convert):
    samples, _ = convert("drawn", WORDS, "--screens", 8, "--pairs", 3)
    for sample in samples:
        assert 1 <= len(sample.turns) <= 3
        described = [parse_response(answer).description for _, answer in sample.turns]
        assert len(set(described)) == len(described)
    for _, instruction, action in questions(samples):
        name = action.description.removeprefix("Click ")
        assert instruction in (f"Click {name}.", f"Click on {name}.", name)
        assert action.kind == "click"


def test_a_seed_gives_the_same_screens_and_another_one_others(convert, tmp_path):
    first, _ = convert("drawn", WORDS, "--screens", 3, "--seed", 5, out="a")
    again, _ = convert("drawn", WORDS, "--screens", 3, "--seed", 5, out="b")
    other, _ = convert("drawn", WORDS, "--screens", 3, "--seed", 6, out="c")
    assert first == again
    assert first != other
    for sample in first:
        assert (tmp_path / "a" / sample.images[0]).read_bytes() == (tmp_path / "b" / sample.images[0]).read_bytes()


def test_words_that_look_like_markup_are_shown_as_they_are(convert, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("\n".join([f"<i>{n}</i> & \"'" for n in range(10)]), encoding="utf-8")
    samples, _ = convert("drawn", words, "--screens", 6)
    assert any("<i>" in action.description for _, _, action in questions(samples))


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"one\ntwo\n", b"", b"x" * 25 + b"\n"])
def test_what_is_no_file_of_words_is_refused(refused, tmp_path, content):
    words = tmp_path / "words.txt"
    if content is None:
        words.mkdir()
    else:
        words.write_bytes(content)
    assert "expected" in refused("drawn", words)


@pytest.mark.parametrize("option", [("--screens", 0), ("--seed", -1), ("--screens", 10**9)])
def test_settings_that_nothing_can_be_drawn_from_are_refused(refused, option):
    assert option[0] in refused("drawn", WORDS, *option)
