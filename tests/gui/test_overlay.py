"""Actions drawn on screenshots: where they are, in their colours, on screens of every size, whatever they say."""

import numpy as np
import pytest

from omniactor.errors import ImageError
from omniactor.gui.overlay import PREDICTED, RECORDED, TARGET, Mark, describe, draw_action, draw_comparison, draw_marks
from omniactor.types import GUI_KINDS, GuiAction

POINT, END = (0.3, 0.4), (0.7, 0.6)
ACTIONS = [
    *(GuiAction(kind, point=POINT) for kind in ("click", "double_click", "triple_click", "right_click", "middle_click")),
    GuiAction("long_press", point=POINT, seconds=1), GuiAction("move", point=POINT),
    GuiAction("drag", point=POINT, end=END), GuiAction("drag", end=END), GuiAction("swipe", point=POINT, end=END),
    GuiAction("scroll", pages=-0.5), GuiAction("scroll", pages=3, point=POINT), GuiAction("scroll", pages=1, axis="horizontal"),
    GuiAction("write", text="bread buns"), GuiAction("press", keys=["enter"]), GuiAction("hotkey", keys=["ctrl", "c"]),
    GuiAction("select", point=POINT, text="Two"), GuiAction("open_app", text="Clock"), GuiAction("home"), GuiAction("back"),
    GuiAction("recent"), GuiAction("wait", seconds=2), GuiAction("answer", text="42"), GuiAction("terminate", status="success"),
    GuiAction("double_click"),
]  # fmt: skip
SIZES = [(540, 1200), (320, 420), (160, 210), (960, 540)]


def screen(width=320, height=420, shade=200):
    return np.full((height, width, 3), shade, np.uint8)


def colored(picture, color, tolerance=40):
    """Return (y, x) of the pixels close to a colour, an integer array (n, 2)."""
    return np.argwhere(np.abs(picture.astype(int) - color).max(axis=2) <= tolerance)


def test_the_list_has_every_kind():
    assert {action.kind for action in ACTIONS} == set(GUI_KINDS)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.kind)
def test_every_action_is_seen_and_the_picture_keeps_its_size(action, size):
    before = screen(*size)
    after = draw_action(before, action)
    assert (after.shape, after.dtype) == (before.shape, np.uint8)
    assert (before == 200).all()
    assert len(colored(after, PREDICTED)) > 100
    # Most of the screen stays as it is, also where words are longest.
    assert (after != before).any(axis=2).mean() < 0.25


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("point", [(0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (0.02, 0.98), (0.9, 0.1)])
def test_the_dot_is_at_the_pixel_that_is_meant(size, point):
    after = draw_action(screen(*size), GuiAction("click", point=point))
    x, y = (round(value * (side - 1)) for value, side in zip(point, size, strict=True))
    assert np.abs(after[y, x].astype(int) - PREDICTED).max() <= 8


def test_recorded_and_predicted_are_both_seen_in_one_place():
    click = GuiAction("click", point=(0.5, 0.5))
    after = draw_comparison(screen(), click, click)
    around = after[210 - 25 : 210 + 25, 160 - 25 : 160 + 25]
    assert len(colored(around, RECORDED)) > 30
    assert len(colored(around, PREDICTED)) > 30


def test_a_chip_covers_neither_the_places_nor_another_chip():
    marks = [GuiAction("click", point=(0.5, 0.5)), GuiAction("click", point=(0.6, 0.5))]
    both = draw_comparison(screen(), *marks)
    for action, color, label in zip(marks, (RECORDED, PREDICTED), ("recorded", "predicted"), strict=True):
        alone = draw_marks(screen(), [Mark(action, color, label)])
        assert len(colored(both, color)) > 0.9 * len(colored(alone, color))
        x, y = (round(value * (side - 1)) for value, side in zip(action.point, (320, 420), strict=True))
        assert np.abs(both[y, x].astype(int) - color).max() <= 8


def test_boxes_are_framed_and_what_is_in_them_is_not_touched():
    after = draw_marks(screen(), [], [(0.25, 0.25, 0.5, 0.5)])
    assert len(colored(after, TARGET)) > 200
    assert (after[106:209, 81:158] == 200).all()


@pytest.mark.parametrize(
    ("pages", "axis", "head"),
    [(-1, "vertical", (500, 650)), (1, "vertical", (500, 350)), (1, "horizontal", (650, 500)), (-1, "horizontal", (350, 500))],
)
def test_a_scroll_points_to_where_more_is_shown(pages, axis, head):
    after = draw_action(screen(1001, 1001), GuiAction("scroll", pages=pages, axis=axis, point=(0.5, 0.5)))
    begin = (1000 - head[0], 1000 - head[1])
    at_head, at_begin = (len(colored(after[y - 25 : y + 25, x - 25 : x + 25], PREDICTED)) for x, y in (head, begin))
    assert at_head > 1.5 * at_begin > 0


@pytest.mark.parametrize(
    "text",
    ["", "a" * 1_000_000, "line\nline\ttab\r", "<|im_start|><image>", "שלום مرحبا 你好 🦾", "\u202egnp.exe\u0000", "\\'\"", " " * 500],
    ids=["empty", "long", "lines", "tokens", "scripts", "controls", "quotes", "blanks"],
)  # fmt: skip
def test_any_text_is_drawn_within_the_picture(text):
    after = draw_action(screen(), GuiAction("write", text=text))
    assert len(colored(after, PREDICTED)) > 100
    assert len(describe(GuiAction("write", text=text))) < 200


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (GuiAction("write", text="a\nb"), 'type "a↵b"'), (GuiAction("hotkey", keys=["ctrl", "c"]), "keys ctrl+c"),
        (GuiAction("scroll", pages=-0.5), "scroll down, 0.5 page"), (GuiAction("scroll", pages=2, axis="horizontal"), "scroll right, 2 pages"),
        (GuiAction("back"), "back button"), (GuiAction("terminate", status="failure"), "end: failure"), (GuiAction("wait"), "wait"),
    ],
)  # fmt: skip
def test_actions_in_words(action, words):
    assert describe(action) == words


def test_boxes_beyond_the_picture_are_cut_and_no_picture_is_refused():
    draw_marks(screen(20, 20), [Mark(GuiAction("click", point=(1, 1)), label="x" * 90)], [(-5, 0, 7, 9)])
    with pytest.raises(ImageError):
        draw_action(b"no picture", GuiAction("home"))
