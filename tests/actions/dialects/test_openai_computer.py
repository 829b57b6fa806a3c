import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError
from omniactor.types import GuiAction

SIZE = (1024, 768)


@pytest.mark.parametrize(
    ("answer", "kind", "fields"),
    [
        ({"type": "click", "x": 512, "y": 384, "button": "left"}, "click", {"point": (0.5, 0.5)}),
        ({"type": "click", "x": 512, "y": 384, "button": "right"}, "right_click", {"point": (0.5, 0.5)}),
        ({"type": "click", "x": 512, "y": 384, "button": "wheel"}, "middle_click", {"point": (0.5, 0.5)}),
        ({"type": "double_click", "x": 512, "y": 384}, "double_click", {"point": (0.5, 0.5)}),
        ({"type": "move", "x": 512, "y": 384}, "move", {"point": (0.5, 0.5)}),
        ({"type": "scroll", "x": 512, "y": 384, "scroll_x": 0, "scroll_y": 384}, "scroll", {"point": (0.5, 0.5), "pages": -0.5, "axis": "vertical"}),
        ({"type": "scroll", "x": 512, "y": 384, "scroll_x": 512, "scroll_y": 0}, "scroll", {"point": (0.5, 0.5), "pages": 0.5, "axis": "horizontal"}),
        ({"type": "type", "text": "penguin"}, "write", {"text": "penguin"}),
        ({"type": "keypress", "keys": ["ENTER"]}, "press", {"keys": ("enter",)}),
        ({"type": "keypress", "keys": ["CTRL", "A"]}, "hotkey", {"keys": ("ctrl", "a")}),
        ({"type": "keypress", "keys": ["META", "ARROWLEFT"]}, "hotkey", {"keys": ("win", "left")}),
        ({"type": "drag", "path": [{"x": 0, "y": 0}, {"x": 9, "y": 9}, {"x": 512, "y": 384}]}, "drag", {"point": (0, 0), "end": (0.5, 0.5)}),
        ({"type": "wait", "ms": 1000}, "wait", {"seconds": 1}),
        ({"type": "wait"}, "wait", {"seconds": None}),
        ({"type": "screenshot"}, "wait", {"seconds": 0}),
        ({"type": "computer_call", "call_id": "call_1", "action": {"type": "type", "text": "a"}}, "write", {"text": "a"}),
        ({"actions": [{"type": "type", "text": "a"}, {"type": "screenshot"}]}, "write", {"text": "a"}),
    ],
)  # fmt: skip
def test_every_action_is_understood(near, answer, kind, fields):
    near("openai-computer", SIZE, answer, kind, **fields)


@pytest.mark.parametrize(
    "answer",
    ["", {}, {"type": "click"}, {"type": "click", "x": 2000, "y": 1}, {"type": "click", "x": 1, "y": 1, "button": "side"}, {"type": "drag", "path": []},
     {"type": "drag", "path": [{"x": 1}, {"y": 1}]}, {"type": "keypress"}, {"type": "scroll", "x": 1, "y": 1}, {"type": "computer_call"}, {"actions": []}],
)  # fmt: skip
def test_what_is_no_action_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["openai-computer"].parse(answer, SIZE)


def test_a_scroll_is_printed_in_pixels_downwards():
    text = DIALECTS["openai-computer"].print(GuiAction("scroll", pages=-0.5), SIZE)
    assert text == '{"type": "scroll", "x": 512, "y": 384, "scroll_x": 0, "scroll_y": 384}'
