"""How alike two texts are."""

import random
import time

import pytest

from omniactor.evaluate.texts import edit_distance, shared_words, similarity, within_each_other


@pytest.mark.parametrize(
    ("first", "second", "score"),
    [
        ("a b", "A  b", 1),
        ("a b", "b a", 1),
        ("a b", "a c", 0.5),
        ("a", "a b c", 0.5),
        ("a", "b", 0),
        ("", "", 0),
        ("a a a", "a", 1),
    ],
)
def test_shared_words(first, second, score):
    assert shared_words(first, second) == pytest.approx(score)
    assert shared_words(second, first) == pytest.approx(score)


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("abc", "abc", 0), ("ab", "ba", 2), ("flaw", "lawn", 2)],
)
def test_edit_distance(first, second, edits):
    assert edit_distance(first, second) == edits
    longest = max(len(first), len(second))
    assert similarity(first, second) == pytest.approx(1 - edits / longest if longest else 1)


def test_edits_obey_the_triangle_and_never_exceed_the_longer_text():
    draw = random.Random(0)
    texts = ["".join(draw.choices("ab", k=draw.randrange(8))) for _ in range(40)]
    for first, second, third in zip(texts, texts[1:], texts[2:], strict=False):
        assert edit_distance(first, third) <= edit_distance(first, second) + edit_distance(second, third)
        assert abs(len(first) - len(second)) <= edit_distance(first, second) <= max(len(first), len(second))


def test_a_million_letters_take_no_time():
    began = time.perf_counter()
    assert similarity("ab" * 500_000, "ba" * 500_000) > 0.9
    assert time.perf_counter() - began < 1.5


def test_within_each_other():
    assert within_each_other("", "x")
    assert within_each_other("ell", "hello")
    assert not within_each_other("hex", "hello")
