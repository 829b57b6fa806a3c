import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError

SIZE = (1280, 720)


def test_the_published_answers_are_understood(near):
    # OS-Copilot/OS-Atlas: README (Pro and Base), eval/data/ac_low_test.jsonl
    near("os-atlas", SIZE, "actions:\nCLICK <point>[[493,544]]</point><|im_end|>", "click", point=(0.493, 0.544))
    answer = "thoughts:\nlong press the file\nactions:\nLONG_PRESS <point>[[108,272]]</point>"
    near("os-atlas", SIZE, answer, "long_press", point=(0.108, 0.272), description="long press the file")
    answer = "<|object_ref_start|>language switch<|object_ref_end|><|box_start|>(576,12),(592,42)<|box_end|><|im_end|>"
    near("os-atlas", SIZE, answer, "click", point=(0.584, 0.027))


@pytest.mark.parametrize(
    ("verb", "kind", "fields"),
    [
        ("TYPE [Shanghai shopping mall]", "write", {"text": "Shanghai shopping mall"}),
        ("TYPE [a [b]\nc]", "write", {"text": "a [b]\nc"}),
        ("SCROLL [UP]", "scroll", {"axis": "vertical", "pages": 0.5}),
        ("SCROLL [RIGHT]", "scroll", {"axis": "horizontal", "pages": 0.5}),
        ("OPEN_APP [Google Chrome]", "open_app", {"text": "Google Chrome"}),
        ("PRESS_BACK", "back", {}),
        ("PRESS_HOME", "home", {}),
        ("PRESS_RECENT", "recent", {}),
        ("ENTER", "press", {"keys": ("enter",)}),
        ("WAIT", "wait", {}),
        ("COMPLETE", "terminate", {"status": "success"}),
        ("IMPOSSIBLE", "terminate", {"status": "failure"}),
        ("HOTKEY [CTRL_A]", "hotkey", {"keys": ("ctrl", "a")}),
        ("HOTKEY [COMMAND+V]", "hotkey", {"keys": ("command", "v")}),
        ("DOUBLECLICK <point>[[101, 872]]</point>", "double_click", {"point": (0.101, 0.872)}),
        ("DOUBLE_CLICK <point>[[101, 872]]</point>", "double_click", {"point": (0.101, 0.872)}),
        ("RIGHTCLICK <point>[[101, 872]]</point>", "right_click", {"point": (0.101, 0.872)}),
        ("MOVETO <point>[[101, 872]]</point>", "move", {"point": (0.101, 0.872)}),
        ("CLICK <point>[[101, 872]]</point>\nTYPE [x]", "click", {"point": (0.101, 0.872)}),
    ],
)
def test_every_verb_is_understood_and_of_several_the_first(near, verb, kind, fields):
    near("os-atlas", SIZE, f"actions:\n{verb}", kind, **fields)
    near("os-atlas", SIZE, f"Actions:\n{verb}<|im_end|>", kind, **fields)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "actions:",
        "actions:\nCLICK",
        "actions:\nCLICK <point>[[1200,5]]</point>",
        "actions:\nFLY [x]",
        "actions:\nSCROLL [IN]",
        "actions:\nHOTKEY []",
        "click it",
    ],
)
def test_what_is_no_verb_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["os-atlas"].parse(answer, SIZE)


def test_scroll_points_the_other_way_in_the_words_of_odyssey(near):
    near("os-atlas-odyssey", SIZE, "actions:\nSCROLL [UP]", "scroll", axis="vertical", pages=-0.5)
    near("os-atlas-odyssey", SIZE, "actions:\nSCROLL [LEFT]", "scroll", axis="horizontal", pages=0.5)
