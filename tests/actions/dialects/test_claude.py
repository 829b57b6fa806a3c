import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError
from omniactor.types import GuiAction

WIDE = (2560, 1600)  # shown as 1280x800


@pytest.mark.parametrize(
    ("answer", "kind", "fields"),
    [
        ({"action": "left_click", "coordinate": [640, 400]}, "click", {"point": (0.5, 0.5)}),
        ({"action": "double_click", "coordinate": [640, 400]}, "double_click", {"point": (0.5, 0.5)}),
        ({"action": "triple_click", "coordinate": [640, 400]}, "triple_click", {"point": (0.5, 0.5)}),
        ({"action": "right_click"}, "right_click", {}),
        ({"action": "mouse_move", "coordinate": [0, 800]}, "move", {"point": (0, 1)}),
        ({"action": "left_click_drag", "start_coordinate": [128, 80], "coordinate": [640, 400]}, "drag", {"point": (0.1, 0.1), "end": (0.5, 0.5)}),
        ({"action": "left_click_drag", "coordinate": [640, 400]}, "drag", {"end": (0.5, 0.5)}),
        ({"action": "scroll", "coordinate": [640, 400], "scroll_direction": "down", "scroll_amount": 3}, "scroll", {"point": (0.5, 0.5), "pages": -0.3, "axis": "vertical"}),
        ({"action": "scroll", "coordinate": [640, 400], "scroll_direction": "right", "scroll_amount": 10}, "scroll", {"point": (0.5, 0.5), "pages": 1, "axis": "horizontal"}),
        ({"action": "type", "text": "2+2"}, "write", {"text": "2+2"}),
        ({"action": "key", "text": "ctrl+s"}, "hotkey", {"keys": ("ctrl", "s")}),
        ({"action": "key", "text": "alt+Tab"}, "hotkey", {"keys": ("alt", "tab")}),
        ({"action": "key", "text": "Return"}, "press", {"keys": ("enter",)}),
        ({"action": "key", "text": "Down Down"}, "press", {"keys": ("down", "down")}),
        ({"action": "key", "text": "plus"}, "press", {"keys": ("+",)}),
        ({"action": "wait", "duration": 2}, "wait", {"seconds": 2}),
        ({"action": "screenshot"}, "wait", {"seconds": 0}),
        ({"type": "tool_use", "name": "computer", "input": {"action": "type", "text": "a"}}, "write", {"text": "a"}),
        ('{"action": "type", "text": "a"}', "write", {"text": "a"}),
    ],
)  # fmt: skip
def test_every_action_is_understood(near, answer, kind, fields):
    near("claude", WIDE, answer, kind, **fields)


@pytest.mark.parametrize(
    "answer",
    ["", {}, {"action": "left_click"}, {"action": "left_click", "coordinate": [1300, 5]}, {"action": "left_mouse_down"}, {"action": "key"},
     {"action": "key", "text": ""}, {"action": "scroll", "scroll_direction": "in"}, {"action": "scroll", "scroll_direction": "up", "scroll_amount": 0}],
)  # fmt: skip
def test_what_is_no_action_here_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["claude"].parse(answer, WIDE)


def test_actions_are_printed_in_pixels_of_the_scaled_display():
    claude = DIALECTS["claude"]
    assert claude.print(GuiAction("click", (0.5, 0.5)), WIDE) == '{"action": "left_click", "coordinate": [640, 400]}'
    assert claude.print(GuiAction("click", (0.5, 0.5)), (1000, 700)) == '{"action": "left_click", "coordinate": [500, 350]}'
    assert claude.print(GuiAction("hotkey", keys=["ctrl", "pagedown"]), WIDE) == '{"action": "key", "text": "ctrl+Page_Down"}'
