"""The published rules case by case, and against scripts written again from their description."""

import random
import re

import pytest

from omniactor.actions.dialects.os_atlas import write_verb
from omniactor.evaluate.judgement import judge
from omniactor.gui.episodes import RecordedStep
from omniactor.types import GuiAction

SIZE = (1080, 2400)
NEW, PUBLISHED, ODYSSEY_PUBLISHED = "os-atlas", "os-atlas-published", "os-atlas-odyssey-published"


def right(protocol, recorded, predicted, boxes=(), size=SIZE):
    made = judge(protocol, RecordedStep(recorded, None, "", tuple(boxes), size), predicted, size)
    return made.success


def typed(text):
    return GuiAction("write", text=text)


def click(x, y, kind="click"):
    return GuiAction(kind, point=(x, y))


@pytest.mark.parametrize(
    ("recorded", "predicted", "corrected", "published", "odyssey"),
    [
        ("bread buns", "bread buns", True, True, True),
        ("bread buns", "Bread Buns", True, True, True),
        ("bread buns", "bread rolls", False, True, False),  # only the first word counts; 1/2 with TYPE is no more than half
        (
            "bread",
            "bread buns",
            True,
            False,
            False,
        ),  # "[bread]" is not "[bread"; of TYPE, [bread] and TYPE, [bread, buns] one is shared
        ("one two three", "three two one", True, False, False),
        ("one two three", "one two", True, True, True),  # 2 of 3 and 2; one, two] and TYPE: TYPE [one two] shares TYPE and [one
        ("yes", "no", False, False, False),
    ],
)
def test_os_atlas_texts(recorded, predicted, corrected, published, odyssey):
    assert right(NEW, typed(recorded), typed(predicted)) is corrected
    assert right(PUBLISHED, typed(recorded), typed(predicted)) is published
    assert right(ODYSSEY_PUBLISHED, typed(recorded), typed(predicted)) is (shared(recorded, predicted) > 0.5)


def shared(recorded, predicted):
    """F1 of `TYPE [..]` as sets of words."""
    first, second = (set(f"TYPE [{text}]".lower().split()) for text in (recorded, predicted))
    common = len(first & second)
    precision, recall = common / len(second), common / len(first)
    return 2 * precision * recall / (precision + recall) if common else 0


def by_script(meant, said):
    """OS-Atlas' evaluation_unify.py for AndroidControl, from its description."""
    if meant.split()[0] != said.split()[0]:
        return False, False
    verb = meant.split()[0]
    if verb in ("CLICK", "LONG_PRESS"):
        (x, y), (u, v) = ([int(number) for number in re.findall(r"\d+", text)[:2]] for text in (meant, said))
        return True, ((x - u) ** 2 + (y - v) ** 2) ** 0.5 <= 0.14 * 1000
    if verb in ("OPEN_APP", "TYPE"):
        if meant == said:
            return True, True
        first, second = ({text.split()[1].lower()} for text in (meant, said))
        return True, first == second
    return True, meant == said


def test_the_published_rule_is_the_script_on_what_os_atlas_prints():
    draw = random.Random(1)
    words = ["bread", "Bread", "buns", "milk", "a", "Chrome", "Google"]

    def some():
        return draw.choice([
            lambda: click(draw.random(), draw.random()), lambda: click(draw.random(), draw.random(), "long_press"),
            lambda: click(0.5, 0.5 + draw.uniform(0.1, 0.2)),
            lambda: typed(" ".join(draw.choices(words, k=draw.randint(1, 3)))),
            lambda: GuiAction("open_app", text=" ".join(draw.choices(words, k=draw.randint(1, 2)))),
            lambda: GuiAction("scroll", pages=draw.choice([-1, 1]), axis=draw.choice(["vertical", "horizontal"])),
            lambda: GuiAction(draw.choice(["home", "back", "wait"])), lambda: GuiAction("terminate", status="success"),
        ])()  # fmt: skip

    seen = 0
    for _ in range(3000):
        recorded, predicted = some(), some()
        made = judge(PUBLISHED, RecordedStep(recorded, None), predicted, SIZE)
        assert (made.type_ok, made.success) == by_script(write_verb(recorded), write_verb(predicted))
        seen += made.success
    assert seen > 150


@pytest.mark.parametrize(
    ("recorded", "predicted", "ok"),
    [
        (GuiAction("scroll", pages=-0.5), GuiAction("scroll", pages=-3), True),
        (GuiAction("scroll", pages=-0.5), GuiAction("scroll", pages=0.5), False),
        (GuiAction("terminate", status="success"), GuiAction("terminate", status="failure"), False),
        (GuiAction("press", keys=["enter"]), GuiAction("press", keys=["tab"]), False),
        (GuiAction("hotkey", keys=["ctrl", "c"]), GuiAction("hotkey", keys=["ctrl", "v"]), False),
        (GuiAction("drag", point=(0.1, 0.1), end=(0.5, 0.5)), GuiAction("drag", point=(0.2, 0.1), end=(0.5, 0.6)), True),
        (GuiAction("drag", point=(0.1, 0.1), end=(0.5, 0.5)), GuiAction("drag", point=(0.1, 0.1), end=(0.5, 0.7)), False),
        (GuiAction("drag", point=(0.1, 0.1), end=(0.5, 0.5)), GuiAction("drag", end=(0.5, 0.5)), False),
        (GuiAction("double_click"), GuiAction("double_click", point=(0.1, 0.1)), True),
        (GuiAction("double_click", point=(0.1, 0.1)), GuiAction("double_click"), False),
        (GuiAction("select", point=(0.5, 0.5), text="Two"), GuiAction("select", point=(0.5, 0.5), text="One"), False),
        (GuiAction("select", point=(0.5, 0.5), text="Two"), GuiAction("select", point=(0.9, 0.5), text="Two"), False),
        (GuiAction("back"), GuiAction("home"), False),
        (GuiAction("wait"), GuiAction("wait", seconds=9), True),
        (GuiAction("open_app", text="Google Chrome"), GuiAction("open_app", text="chrome"), True),
        (click(0.5, 0.5), click(0.5, 0.5, "long_press"), False),
    ],
)  # fmt: skip
def test_os_atlas_corrected_on_every_other_kind(recorded, predicted, ok):
    assert right(NEW, recorded, predicted) is ok


def test_os_atlas_odyssey_published_takes_the_kind_alone():
    assert not right(NEW, GuiAction("terminate", status="success"), GuiAction("terminate", status="failure"))
    assert right(ODYSSEY_PUBLISHED, GuiAction("wait"), GuiAction("wait", seconds=5))
    assert not right(ODYSSEY_PUBLISHED, GuiAction("scroll", pages=1), GuiAction("scroll", pages=-1))


@pytest.mark.parametrize("size", [(1080, 2400), (2400, 1080), (1440, 3120)])
@pytest.mark.parametrize("away", [(0, 1), (1, 0), (0.6, 0.8)])
def test_qwens_distance_is_a_share_of_the_longer_side_in_pixels(size, away):
    # Multiples of 28 near the size, as the model gets the picture; 1440x3120 is within the limit of pixels.
    width, height = (round(side / 28) * 28 for side in size)
    limit = 0.04 * max(width, height)
    for share, ok in ((0.98, True), (1.02, False)):
        there = (0.5 + away[0] * share * limit / width, 0.5 + away[1] * share * limit / height)
        assert right("qwen2.5-vl", click(0.5, 0.5), click(*there), size=size) is ok


def test_qwens_boxes_are_made_a_fifth_larger_about_their_middle():
    box = (0.2, 0.1, 0.4, 0.2)
    recorded = click(0.9, 0.9)
    for x, y, ok in ((0.181, 0.15, True), (0.179, 0.15, False), (0.419, 0.209, True), (0.421, 0.209, False), (0.3, 0.211, False)):
        assert right("qwen2.5-vl", recorded, click(x, y), [(0.7, 0.7, 0.71, 0.71), box]) is ok
    assert right("qwen2.5-vl", recorded, click(0.9, 0.9), [box])
    assert not right("qwen2.5-vl", recorded, click(0.3, 0.15, "long_press"), [box])


@pytest.mark.parametrize(
    ("recorded", "predicted", "ok"),
    [
        (typed("Bread buns "), typed("bread"), True), (typed("bread"), typed("Fresh BREAD buns"), True), (typed("bread"), typed("milk"), False),
        (GuiAction("open_app", text="Google Chrome"), GuiAction("open_app", text="chrome"), True),
        (GuiAction("wait"), GuiAction("wait", seconds=3), True), (GuiAction("back"), GuiAction("home"), False),
        (GuiAction("back"), GuiAction("back"), True), (GuiAction("press", keys=["enter"]), GuiAction("press", keys=["enter"]), True),
        (GuiAction("scroll", pages=-1), GuiAction("scroll", pages=-0.1), True),
        (GuiAction("scroll", pages=-1), GuiAction("scroll", pages=-1, axis="horizontal"), False),
    ],
)  # fmt: skip
def test_qwens_rule_on_other_kinds(recorded, predicted, ok):
    assert right("qwen2.5-vl", recorded, predicted) is ok


def test_qwens_rule_lets_an_app_be_opened_by_its_icon_where_the_icon_is_known():
    recorded, icon = GuiAction("open_app", text="Clock"), (0.1, 0.1, 0.2, 0.2)
    made = judge("qwen2.5-vl", RecordedStep(recorded, None, "", (icon,)), click(0.15, 0.15), SIZE)
    assert (made.type_ok, made.success) == (True, True)
    assert not right("qwen2.5-vl", recorded, click(0.5, 0.5), [icon])
    made = judge("qwen2.5-vl", RecordedStep(recorded, None), click(0.15, 0.15), SIZE)
    assert (made.type_ok, made.success) == (False, False)
    assert not right("os-atlas", recorded, click(0.15, 0.15), [icon])


@pytest.mark.parametrize(
    ("recorded", "predicted", "corrected", "published"),
    [
        ("time: now", "time: later", True, True),  # 6 of 11 letters the same; the script sees "time" twice
        ("at 7: go", "at 7: zzzzzzzzzzzz", False, True),
        ("hello", "", False, True),
        ("hello", "ell", True, True),
        ("Hello", "hello", True, True),
        ("ab", "AB", False, False),
        ("abcd", "abxx", True, True),
        ("abcd", "axxx", False, False),
    ],
)
def test_gui_odyssey_texts(recorded, predicted, corrected, published):
    assert right("odyssey", typed(recorded), typed(predicted)) is corrected
    assert right("odyssey-published", typed(recorded), typed(predicted)) is published


def test_gui_odyssey_places_count_in_the_box_or_near():
    box = (0.1, 0.1, 0.9, 0.2)
    recorded = click(0.2, 0.15)
    for protocol in ("odyssey", "odyssey-published"):
        assert right(protocol, recorded, click(0.9, 0.2), [box])
        assert right(protocol, recorded, click(0.2, 0.28), [box])
        assert not right(protocol, recorded, click(0.95, 0.15), [box])
        assert not right(protocol, recorded, click(0.2, 0.15, "long_press"), [box])
    assert right("odyssey", recorded, recorded)
    made = judge("odyssey-published", RecordedStep(recorded, None), recorded, SIZE)
    assert (made.type_ok, made.success) == (True, False)


def test_gui_odyssey_other_kinds():
    for protocol in ("odyssey", "odyssey-published"):
        assert right(protocol, GuiAction("scroll", pages=-1), GuiAction("scroll", pages=-0.2))
        assert not right(protocol, GuiAction("scroll", pages=-1), GuiAction("scroll", pages=0.2))
        assert right(protocol, GuiAction("recent"), GuiAction("recent"))
        assert not right(protocol, GuiAction("home"), GuiAction("back"))
        assert not right(protocol, GuiAction("terminate", status="success"), GuiAction("terminate", status="failure"))


@pytest.mark.parametrize(
    ("predicted", "type_ok", "ok"),
    [
        (click(0.25, 0.5), True, True), (click(0.5, 0.75), True, True), (click(0.2499, 0.6), True, False),
        (click(0.4, 0.7501), True, False), (GuiAction("move", point=(0.3, 0.6)), True, True), (GuiAction("home"), False, False),
        (GuiAction("swipe", point=(0.3, 0.6), end=(0.3, 0.2)), False, False), (GuiAction("double_click"), False, False),
    ],
)  # fmt: skip
def test_point_in_box_has_its_edges_and_says_how_far_outside(predicted, type_ok, ok):
    recorded = RecordedStep(click(0.375, 0.625), None, "", ((0.25, 0.5, 0.5, 0.75),))
    made = judge("point-in-box", recorded, predicted, (1000, 1000))
    assert (made.type_ok, made.success) == (type_ok, ok)
    if type_ok and not ok:
        assert made.measures["distance"] == pytest.approx(0.1)
