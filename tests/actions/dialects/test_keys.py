import pytest

from omniactor.actions.dialects.keys import pyautogui_name, read_keys, web_name, xdotool_name
from omniactor.errors import ActionError

KEYS = [
    "enter",
    "esc",
    "tab",
    "backspace",
    "delete",
    "up",
    "left",
    "home",
    "pageup",
    "pagedown",
    "win",
    "f5",
    "ctrl",
    "shift",
    "alt",
    "a",
    "A",
    " ",
    "+",
    "-",
    "/",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_survives_other_systems_names(key):
    assert pyautogui_name(xdotool_name(key)) == key
    assert pyautogui_name(web_name(key)) == key


def test_the_usual_names_of_one_key_are_one():
    for name in ("Return", "ENTER", "KP_Enter", "enter"):
        assert pyautogui_name(name) == "enter"
    assert read_keys(["Control_L", "ArrowLeft", "Page_Down"]) == ["ctrl", "left", "pagedown"]


@pytest.mark.parametrize("names", [None, "enter", [], [None], [""], ["a"] * 101])
def test_what_is_no_list_of_names_is_refused(names):
    with pytest.raises(ActionError):
        read_keys(names)
