import json

import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError
from omniactor.types import GuiAction

PHONE = (1080, 2400)


def call(name="mobile_use", **arguments):
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def test_the_answers_of_the_mobile_cookbook_land_where_it_draws_them(near):
    # QwenLM/Qwen2.5-VL, cookbooks/mobile_agent.ipynb: a 1080x2400 screen shown as 1092x2408, a 720x1280 one as 728x1288
    answer = '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "click", "coordinate": [935, 406]}}\n</tool_call>'
    near("qwen2.5-vl", PHONE, answer, "click", point=(935 / 1092, 406 / 2408))
    answer = '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "click", "coordinate": [639, 1095]}}\n</tool_call>'
    near("qwen2.5-vl", (720, 1280), answer, "click", point=(639 / 728, 1095 / 1288))


def test_qwen3_speaks_of_a_screen_of_999_and_says_what_it_does(near):
    # QwenLM/Qwen3-VL, cookbooks/mobile_agent.ipynb
    answer = (
        "Thought: To search for Musk in X, I need to click on the search bar at the top of the screen.\n"
        'Action: "I tapped on the search bar to begin searching for Musk."\n'
        '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "click", "coordinate": [447, 81]}}\n</tool_call>'
    )
    said = "I tapped on the search bar to begin searching for Musk."
    near("qwen3-vl", PHONE, answer, "click", point=(447 / 999, 81 / 999), description=said)


def test_a_broken_end_and_emoji_after_the_call_do_not_matter(near):
    # answers of a fine-tuned Qwen2.5-VL, as found in a public training repository
    answer = '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "swipe", "coordinate": [567, 1480], "coordinate2": [567, 555]}}\n📐\n\n⚗️'
    near("qwen2.5-vl", PHONE, answer, "swipe", point=(567 / 1092, 1480 / 2408), end=(567 / 1092, 555 / 2408))
    answer = '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "click", "coordinate": [560, 1716]}}\n⚗\n'
    near("qwen2.5-vl", PHONE, answer, "click", point=(560 / 1092, 1716 / 2408))


@pytest.mark.parametrize(
    ("arguments", "kind", "fields"),
    [
        ({"action": "long_press", "coordinate": [546, 1204], "time": 2}, "long_press", {"point": (0.5, 0.5), "seconds": 2}),
        ({"action": "type", "text": "hello"}, "write", {"text": "hello"}),
        ({"action": "system_button", "button": "Back"}, "back", {}),
        ({"action": "system_button", "button": "home"}, "home", {}),
        ({"action": "system_button", "button": "Menu"}, "recent", {}),
        ({"action": "system_button", "button": "Enter"}, "press", {"keys": ("enter",)}),
        ({"action": "open", "text": "File Manager"}, "open_app", {"text": "File Manager"}),
        ({"action": "wait", "time": 3}, "wait", {"seconds": 3}),
        ({"action": "wait"}, "wait", {"seconds": None}),
        ({"action": "key", "text": "volume_up"}, "press", {"keys": ("volume_up",)}),
        ({"action": "terminate", "status": "success"}, "terminate", {"status": "success"}),
        ({"action": "terminate", "status": "fail"}, "terminate", {"status": "failure"}),
        ({"action": "answer", "text": "42"}, "answer", {"text": "42"}),
        ({"action": "swipe", "coordinate1": [0, 0], "coordinate2": [546, 1204]}, "swipe", {"point": (0, 0), "end": (0.5, 0.5)}),
        ({"action": "swipe", "direction": "up"}, "scroll", {"axis": "vertical", "pages": -0.5}),
    ],
)
def test_every_mobile_action_is_understood(near, arguments, kind, fields):
    near("qwen2.5-vl", PHONE, call(**arguments), kind, **fields)
    near("uitron", PHONE, call(**arguments), kind, **fields)
    near("qwen2.5-vl", PHONE, arguments, kind, **fields)
    near("qwen2.5-vl", PHONE, {"name": "mobile_use", "arguments": json.dumps(arguments)}, kind, **fields)


@pytest.mark.parametrize(
    ("arguments", "kind", "fields"),
    [
        ({"action": "left_click", "coordinate": [966, 546]}, "click", {"point": (0.5, 0.5)}),
        ({"action": "double_click", "coordinate": [966, 546]}, "double_click", {"point": (0.5, 0.5)}),
        ({"action": "right_click"}, "right_click", {}),
        ({"action": "mouse_move", "coordinate": [1932, 1092]}, "move", {"point": (1, 1)}),
        ({"action": "left_click_drag", "coordinate": [966, 546]}, "drag", {"end": (0.5, 0.5)}),
        ({"action": "key", "keys": ["ctrl", "a"]}, "hotkey", {"keys": ("ctrl", "a")}),
        ({"action": "key", "keys": ["Return"]}, "press", {"keys": ("enter",)}),
        ({"action": "scroll", "pixels": -546}, "scroll", {"pages": -0.5, "axis": "vertical"}),
        ({"action": "scroll", "pixels": -3}, "scroll", {"pages": pytest.approx(-0.3), "axis": "vertical"}),
        ({"action": "hscroll", "pixels": 546}, "scroll", {"pages": 0.5, "axis": "horizontal"}),
    ],
)
def test_every_computer_action_is_understood(near, arguments, kind, fields):
    near("qwen2.5-vl-computer", (1920, 1080), call("computer_use", **arguments), kind, **fields)


@pytest.mark.parametrize(
    "answer",
    ["", "click", "{}", call(), call(action="fly"), call(action="click"), call(action="click", coordinate=[1, 2, 3]), call(action="click", coordinate=[1200, 5]),
     call(action="system_button", button="Power"), call(action="terminate", status="done"), call(action="scroll"), call(action="key"), '{"name": "mobile_use", "arguments": [1]}'],
)  # fmt: skip
def test_what_is_no_action_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["qwen2.5-vl"].parse(answer, PHONE)


def test_an_action_is_printed_as_the_model_would():
    action = GuiAction("click", (0.5, 0.5), description="Tap it.")
    assert DIALECTS["qwen2.5-vl"].print(action, PHONE) == call(action="click", coordinate=[546, 1204])
    assert DIALECTS["qwen2.5-vl-computer"].print(action, PHONE) == call(
        "computer_use", action="left_click", coordinate=[546, 1204]
    )
    assert DIALECTS["qwen3-vl"].print(action, PHONE) == 'Action: "Tap it."\n' + call(action="click", coordinate=[500, 500])


def test_the_prompt_declares_the_screen_and_the_tool():
    system, user = DIALECTS["qwen2.5-vl"].prompt("Open Chrome", ["Go home."], PHONE)
    tool = json.loads(system["content"].split("<tools>\n")[1].split("\n</tools>")[0])
    assert "1092x2408" in tool["function"]["description"]
    assert tool["function"]["name"] == "mobile_use"
    assert tool["function"]["parameters"]["properties"]["action"]["enum"][:3] == ["key", "click", "long_press"]
    assert user["content"] == (
        "The user query:  Open Chrome\n"
        "Task progress (You have done the following operation on the current device): Step 1: Go home.; <image>"
    )
    assert "999x999" in DIALECTS["qwen3-vl"].prompt("x", [], PHONE)[0]["content"]
