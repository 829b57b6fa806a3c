import pytest

from omniactor.errors import InputError
from omniactor.instructions import MAX_HISTORY_LETTERS, MAX_LETTERS, MAX_STEPS, check_history, check_instruction


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("  Open the\n\tsettings ", "Open the settings"),
        ("\u05e4\u05ea\u05d7", "\u05e4\u05ea\u05d7"),
        ("<script>", "<script>"),
        ("x" * MAX_LETTERS, "x" * MAX_LETTERS),
    ],
)
def test_ordinary_and_odd_words_become_one_line(typed, line):
    assert check_instruction(typed) == line


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "in words, got nothing"),
        (" \n", "in words, got nothing"),
        ("\u200b", "in words, got nothing"),
        ("x" * (MAX_LETTERS + 1), "at most 4000 characters, got 4001"),
        ("a\0b", "without control characters, got U\\+0000"),
        ("\ud800", "half of a surrogate pair"),
        ("the <image> there", "without the marker <image>"),
        (None, "as text, got NoneType"),
        (5, "as text, got int"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(typed, says):
    with pytest.raises(InputError, match=says):
        check_instruction(typed)


def test_history_keeps_its_order_and_loses_empty_lines():
    assert check_history(["Open  it", "", " ", "Tap OK"]) == ("Open it", "Tap OK")
    assert check_history([]) == ()


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("Open it", "as a list of texts, got str"),
        (None, "got NoneType"),
        (["a"] * (MAX_STEPS + 1), "at most 200 earlier actions, got 201"),
        (["a", "b\ud800"], "earlier action 2 as Unicode"),
        (["a", 5], "earlier action 2 as text, got int"),
        (["x" * MAX_LETTERS] * (MAX_HISTORY_LETTERS // MAX_LETTERS + 1), "40000 characters in all"),
    ],
)
def test_a_history_that_cannot_be_used_is_refused_with_the_place(steps, says):
    with pytest.raises(InputError, match=says):
        check_history(steps)
