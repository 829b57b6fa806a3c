import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError

SIZE = (1080, 2400)


@pytest.mark.parametrize(
    ("answer", "kind", "fields"),
    [
        ('{"action_type": "click", "x": 540, "y": 1200}', "click", {"point": (0.5, 0.5)}),
        ('{"action_type": "double_tap", "x": 540, "y": 1200}', "double_click", {"point": (0.5, 0.5)}),
        ('{"action_type": "long_press", "x": 540, "y": 1200}', "long_press", {"point": (0.5, 0.5)}),
        ('{"action_type": "input_text", "text": "hi", "index": 3}', "write", {"text": "hi"}),
        ('{"action_type": "keyboard_enter"}', "press", {"keys": ("enter",)}),
        ('{"action_type": "navigate_home"}', "home", {}),
        ('{"action_type": "navigate_back"}', "back", {}),
        ('{"action_type": "open_app", "app_name": "Clock"}', "open_app", {"text": "Clock"}),
        ('{"action_type": "scroll", "direction": "down", "index": 3}', "scroll", {"axis": "vertical", "pages": -0.5}),
        ('{"action_type": "swipe", "direction": "down"}', "scroll", {"axis": "vertical", "pages": 0.5}),
        # android_world/env/actuation.py: the finger starts at the top, but on the left for "left"
        ('{"action_type": "swipe", "direction": "left"}', "scroll", {"axis": "horizontal", "pages": -0.5}),
        ('{"action_type": "status", "goal_status": "complete"}', "terminate", {"status": "success"}),
        ('{"action_type": "status", "goal_status": "infeasible"}', "terminate", {"status": "failure"}),
        ('{"action_type": "answer", "text": "5"}', "answer", {"text": "5"}),
        ('{"action_type": "wait"}', "wait", {}),
        # AndroidControl's files, google-research `android_control/README.md`
        ({"action_type": "click", "x": 540, "y": 1200}, "click", {"point": (0.5, 0.5)}),
    ],
)
def test_every_action_is_understood(near, answer, kind, fields):
    near("android-world", SIZE, answer, kind, **fields)


def test_the_reason_is_the_description(near):
    answer = 'Reason: The list goes on.\nAction: {"action_type": "scroll", "direction": "down"}'
    near("android-world", SIZE, answer, "scroll", axis="vertical", pages=-0.5, description="The list goes on.")


def test_an_index_needs_the_list_of_elements():
    with pytest.raises(ActionError, match="index of an element"):
        DIALECTS["android-world"].parse('Reason: x\nAction: {"action_type": "click", "index": 5}', SIZE)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        '{"action_type": "unknown"}',
        '{"action_type": "click", "x": 5000, "y": 1}',
        '{"action_type": "scroll"}',
        '{"action_type": "status", "goal_status": "x"}',
    ],
)
def test_what_is_no_action_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["android-world"].parse(answer, SIZE)
