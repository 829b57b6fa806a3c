import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError

SIZE = (1920, 1080)


def test_the_published_answers_are_understood_and_of_several_the_first(near):
    # showlab/ShowUI, QUICK_START.md
    near("showui", SIZE, "[0.73, 0.21]", "click", point=(0.73, 0.21))
    answer = (
        "{'action': 'CLICK', 'value': None, 'position': [0.49, 0.42]},\n"
        "{'action': 'INPUT', 'value': 'weather for New York city', 'position': [0.49, 0.42]},\n"
        "{'action': 'ENTER', 'value': None, 'position': None}"
    )
    near("showui", SIZE, answer, "click", point=(0.49, 0.42))
    near("showui", SIZE, answer.split("\n")[1], "write", text="weather for New York city")
    near("showui", SIZE, answer.split("\n")[2], "press", keys=("enter",))


@pytest.mark.parametrize(
    ("action", "value", "position", "kind", "fields"),
    [
        ("TAP", None, [0.5, 0.5], "click", {"point": (0.5, 0.5)}),
        ("HOVER", None, [0.5, 0.5], "move", {"point": (0.5, 0.5)}),
        ("SELECT", "Red", [0.5, 0.5], "select", {"point": (0.5, 0.5), "text": "Red"}),
        ("SELECT", None, [0.5, 0.5], "click", {"point": (0.5, 0.5)}),
        ("SWIPE", None, [[0.5, 0.8], [0.5, 0.2]], "swipe", {"point": (0.5, 0.8), "end": (0.5, 0.2)}),
        ("SELECT_TEXT", None, [[0.1, 0.2], [0.3, 0.4]], "drag", {"point": (0.1, 0.2), "end": (0.3, 0.4)}),
        ("COPY", None, None, "hotkey", {"keys": ("ctrl", "c")}),
        ("SCROLL", "down", None, "scroll", {"axis": "vertical", "pages": -0.5}),
        ("SCROLL DOWN", None, None, "scroll", {"axis": "vertical", "pages": -0.5}),
        ("SCROLL LEFT", None, None, "scroll", {"axis": "horizontal", "pages": -0.5}),
        ("PRESS BACK", None, None, "back", {}),
        ("PRESS HOME", None, None, "home", {}),
        ("STATUS TASK COMPLETE", None, None, "terminate", {"status": "success"}),
        ("ANSWER", "42", None, "answer", {"text": "42"}),
        ("ANSWER", "task complete", None, "terminate", {"status": "success"}),
    ],
)
def test_every_action_is_understood(near, action, value, position, kind, fields):
    answer = str({"action": action, "value": value, "position": position})
    near("showui", SIZE, answer, kind, **fields)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "{'action': 'FLY'}",
        "{'action': 'CLICK', 'position': None}",
        "{'action': 'SWIPE', 'position': [0.1, 0.2]}",
        "{'action': 'INPUT', 'value': None}",
        "[73, 21]",
    ],
)
def test_what_is_no_action_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["showui"].parse(answer, SIZE)


def test_an_upright_screen_is_asked_about_as_a_phone_and_a_wide_one_as_a_page():
    phone, page = (DIALECTS["showui"].prompt("Go", [], size)[0]["content"] for size in ((1080, 2400), SIZE))
    assert "navigate the phone screen" in phone
    assert "\n3. `TAP`: Tap on an element, value is not applicable and the position [x,y] is required.\n" in phone
    assert "navigate the web screen" in page
    assert "\n7. `SCROLL`: Scroll the screen, value is the direction to scroll and the position is not applicable.\n" in page
