import pytest

from omniactor.actions.dialects.scrolls import direction, scroll
from omniactor.errors import ActionError
from omniactor.types import GuiAction


@pytest.mark.parametrize(
    ("word", "axis", "pages"),
    [("down", "vertical", -0.5), ("UP", "vertical", 0.5), (" right ", "horizontal", 0.5), ("left", "horizontal", -0.5)],
)
def test_a_word_names_the_side_of_which_more_is_shown(word, axis, pages):
    assert scroll(word) == GuiAction("scroll", pages=pages, axis=axis)
    assert direction(scroll(word)) == word.strip().lower()


@pytest.mark.parametrize(("finger", "content"), [("up", "down"), ("down", "up"), ("left", "right"), ("right", "left")])
def test_a_finger_moves_the_other_way(finger, content):
    assert scroll(finger, finger=True) == scroll(content)
    assert direction(scroll(content), finger=True) == finger


@pytest.mark.parametrize("word", [None, "", "sideways", 5, ["down"]])
def test_other_words_are_refused(word):
    with pytest.raises(ActionError, match="direction"):
        scroll(word)
