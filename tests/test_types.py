import numpy as np
import pytest

from omniactor.errors import ActionError
from omniactor.types import GUI_KINDS, EmbodiedAction, GuiAction


def test_an_action_keeps_its_seven_numbers_and_cannot_be_changed():
    given = np.linspace(-1, 1, 7)
    action = EmbodiedAction(given)
    given[:] = 0
    np.testing.assert_allclose(np.asarray(action), np.linspace(-1, 1, 7), atol=1e-7)
    with pytest.raises(ValueError, match="read-only"):
        action.values[0] = 0


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([0] * 6, r"shape \(7,\), got \(6,\)"),
        (np.zeros((1, 7)), r"got \(1, 7\)"),
        ([0] * 6 + [np.nan], "finite"),
        ([np.inf] + [0] * 6, "finite"),
        ([0] * 6 + [2.0], r"in \[-1, 1\]"),
        ([-1.001] + [0] * 6, r"in \[-1, 1\]"),
        ("left", "7 numbers"),
        (None, "shape"),
    ],
)
def test_what_is_not_seven_finite_numbers_in_range_is_refused_with_the_reason(bad, says):
    with pytest.raises(ActionError, match=says):
        EmbodiedAction(bad)


def test_float32_rounding_of_a_clipped_value_is_not_an_overshoot():
    values = np.nextafter(np.float32(1.0), np.float32(2.0)) * np.ones(7, np.float32)
    assert EmbodiedAction(values).values.max() == 1.0


WHOLE = {
    "point": (0.25, 1),
    "end": [0, np.float32(0.5)],
    "text": 'it\'s\n\\ "here" 🦾',
    "keys": ["Enter", "A"],
    "pages": -0.5,
    "axis": "horizontal",
    "seconds": 2,
    "status": "failure",
}


@pytest.mark.parametrize("kind", GUI_KINDS)
def test_a_gui_action_has_what_its_kind_needs_and_nothing_else(kind):
    needed, allowed = GUI_KINDS[kind]
    fitting = {name: WHOLE[name] for name in needed + allowed}
    assert GuiAction(kind, **fitting) == GuiAction(kind, **fitting)
    assert len({GuiAction(kind, **fitting), GuiAction(kind, **fitting)}) == 1
    for name in needed:
        with pytest.raises(ActionError, match=f"got no {name}"):
            GuiAction(kind, **{other: value for other, value in fitting.items() if other != name})
    for name in set(WHOLE) - set(needed + allowed):
        with pytest.raises(ActionError, match=f"without {name}"):
            GuiAction(kind, **fitting, **{name: WHOLE[name]})


def test_equal_gui_actions_are_stored_in_one_form():
    assert GuiAction("click", (np.float64(0.5), 1)).point == (0.5, 1.0)
    assert GuiAction("press", keys=["Enter", "A"]).keys == ("enter", "A")
    assert GuiAction("scroll", pages=-1) == GuiAction("scroll", pages=-1.0, axis="vertical")
    assert GuiAction("home", description="  Go\n home ").description == "Go home"


def test_a_gui_action_prints_as_in_the_paper():
    action = GuiAction("click", (0.634, 0.927), description="Tap on the search icon.")
    assert str(action) == "Action: Tap on the search icon.\nOperation: pyautogui.click(x=0.634, y=0.927)"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"kind": "clik", "point": (0, 0)}, "kind of GUI action .*got 'clik'"),
        ({"kind": None}, "got None"),
        ({"kind": ["click"]}, "kind of GUI action"),
        ({"kind": "click", "point": (0.5, 1.001)}, "point y from 0 to 1, got 1.001"),
        ({"kind": "click", "point": (float("nan"), 0)}, "point x from 0 to 1, got nan"),
        ({"kind": "click", "point": (-1e-9, 0)}, "point x"),
        ({"kind": "click", "point": (True, 0)}, "got True"),
        ({"kind": "click", "point": ("0.5", 0)}, "got '0.5'"),
        ({"kind": "click", "point": (10**5000, 0)}, "got a int"),
        ({"kind": "click", "point": (0.5,)}, "two numbers"),
        ({"kind": "click", "point": 0.5}, "two numbers"),
        ({"kind": "drag", "end": (0, 2)}, "end y"),
        ({"kind": "write", "text": 5}, "text as text"),
        ({"kind": "write", "text": "\ud83d"}, "surrogate"),
        ({"kind": "press", "keys": []}, "1 to 100 key names"),
        ({"kind": "press", "keys": "enter"}, "1 to 100 key names"),
        ({"kind": "press", "keys": [""]}, "1 to 40 letters"),
        ({"kind": "press", "keys": ["a" * 41]}, "1 to 40 letters"),
        ({"kind": "scroll", "pages": 0}, "negative is down"),
        ({"kind": "scroll", "pages": float("inf")}, "pages"),
        ({"kind": "scroll", "pages": 1, "axis": "down"}, "vertical or horizontal"),
        ({"kind": "wait", "seconds": -1}, "seconds"),
        ({"kind": "terminate", "status": "done"}, "success or failure, got 'done'"),
        ({"kind": "terminate", "status": np.zeros(3)}, "success or failure"),
        ({"kind": "home", "description": None}, "description as text"),
    ],
)
def test_what_no_screen_can_do_is_refused_in_one_line(arguments, says):
    with pytest.raises(ActionError, match=says) as caught:
        GuiAction(**arguments)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
