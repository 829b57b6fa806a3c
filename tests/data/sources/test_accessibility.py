"""What was acted on, from accessibility trees put together by hand from android_env's definitions."""

import pytest

from omniactor.data.sources.accessibility import find_boxes
from omniactor.types import GuiAction
from tests.data.sources.fixtures.android_control import field, varint

SIZE = (1080, 2400)


def number(key, value):
    return varint(key * 8) + varint(value)


def node(box, text="", about="", visible=True):
    rect = b"".join(number(key, value) for key, value in enumerate(box, 1) if value)
    words = (field(4, about.encode()) if about else b"") + (field(7, text.encode()) if text else b"")
    return number(1, 5) + field(2, rect) + field(3, b"android.view.View") + words + (number(23, 1) if visible else b"")


def forest(*windows):
    return b"".join(field(1, number(4, 1) + field(11, b"".join(field(1, one) for one in nodes))) for nodes in windows)


TREE = forest(
    [node((0, 0, 1080, 2400)), node((0, 0, 1080, 500)), node((100, 100, 300, 200), "Chrome"), node((120, 120, 180, 180))],
    [node((100, 1000, 400, 1300), about=" chrome "), node((130, 130, 150, 150), visible=False), node((1000, 2300, 1200, 2500))],
)


def at(x, y, kind="click"):
    return GuiAction(kind, point=(x / SIZE[0], y / SIZE[1]))


@pytest.mark.parametrize(
    ("action", "pixels"),
    [
        (at(140, 140), [(120, 120, 180, 180)]),
        (at(200, 150, "long_press"), [(100, 100, 300, 200)]),
        (at(500, 300), [(0, 0, 1080, 500)]),
        (at(500, 1800), []),  # only the whole screen is there, which is no target
        (at(1050, 2350), [(1000, 2300, 1080, 2400)]),  # cut where it leaves the screen
        (GuiAction("open_app", text="Chrome"), [(100, 100, 300, 200), (100, 1000, 400, 1300)]),
        (GuiAction("open_app", text="Clock"), []),
        (GuiAction("back"), []),
    ],
)
def test_the_smallest_visible_thing_around_a_place_is_the_target(action, pixels):
    found = find_boxes(TREE, SIZE, action)
    assert [tuple(round(side * end) for side, end in zip(box, SIZE * 2, strict=True)) for box in found] == pixels


def test_negative_sides_are_read():
    tree = forest([node((-40 % 2**64, 0, 100, 100))])
    assert find_boxes(tree, SIZE, at(10, 10)) == ((0.0, 0.0, 100 / 1080, 100 / 2400),)


@pytest.mark.parametrize("tree", [b"", b"\xff\xff\xff", TREE[:-7], b"\x0a\x05hello", b"\x08\x01"], ids=range(5))
def test_damaged_trees_have_no_targets(tree):
    assert find_boxes(tree, SIZE, at(1, 2399)) == ()
