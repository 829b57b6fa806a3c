import contextlib
import random
import time

import pytest

from omniactor.actions.gui import (
    FUNCTIONS,
    parse_operation,
    parse_response,
    print_response,
    system_prompt,
    user_turn,
)
from omniactor.errors import ActionError, InputError
from omniactor.types import GUI_KINDS, GuiAction

PAPER = (
    "Action: Tap on the search icon at the bottom right to search for the YOOX app.\nOperation: pyautogui.click(x=0.634, y=0.927)"
)


def drawn(draw, kind, digits):
    """Draw a valid action of a kind; its numbers have `digits` decimals (None: as many as a float has)."""
    alphabet = "abc '\"\\\n\r\t\0é中🦾\u2028\x85(),=[]nOperation:"

    def number(low, high):
        value = draw.uniform(low, high)
        return value if digits is None else round(value, digits)

    def text():
        return "".join(draw.choices(alphabet, k=draw.randrange(30)))

    makers = {
        "point": lambda: (number(0, 1), number(0, 1)),
        "end": lambda: (number(0, 1), number(0, 1)),
        "text": text,
        "keys": lambda: tuple(draw.choices(["enter", "ctrl", "A", "'", "\\", "+", "中"], k=draw.randint(1, 4))),
        "pages": lambda: draw.choice([-1, 1]) * number(0.1, 3),
        "axis": lambda: draw.choice(["vertical", "horizontal"]),
        "seconds": lambda: number(0, 100),
        "status": lambda: draw.choice(["success", "failure"]),
    }
    needed, allowed = GUI_KINDS[kind]
    names = [*needed, *(name for name in allowed if draw.random() < 0.5)]
    return GuiAction(kind, **{name: makers[name]() for name in names}, description=text())


def test_the_example_of_the_paper_is_read_and_printed_back():
    action = parse_response(PAPER)
    assert action == GuiAction(
        "click", (0.634, 0.927), description="Tap on the search icon at the bottom right to search for the YOOX app."
    )
    assert print_response(action) == PAPER


@pytest.mark.parametrize("kind", GUI_KINDS)
def test_every_action_survives_printing_and_parsing(kind):
    draw = random.Random(kind)
    for _ in range(200):
        action = drawn(draw, kind, 3)
        assert parse_response(print_response(action)) == action
        assert print_response(parse_response(print_response(action))) == print_response(action)
        exact = drawn(draw, kind, None)
        assert parse_response(print_response(exact, decimals=None)) == exact


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        # smol2operator, `utils/function_parser.py`
        ("mobile.home()", "home", {}),
        ("mobile.back()", "back", {}),
        ("mobile.open_app(app_name='drupe')", "open_app", {"text": "drupe"}),
        ("mobile.swipe(from_coord=[0.581, 0.898], to_coord=[0.601, 0.518])", "swipe", {"point": (0.581, 0.898), "end": (0.601, 0.518)}),
        ("mobile.long_press(x=0.799, y=0.911)", "long_press", {"point": (0.799, 0.911)}),
        ("mobile.wait(seconds=3)", "wait", {"seconds": 3}),
        ("mobile.terminate(status='success')", "terminate", {"status": "success"}),
        ("computer.terminate(status='failure')", "terminate", {"status": "failure"}),
        ("answer('text')", "answer", {"text": "text"}),
        ("pyautogui.click(x=0.8102, y=0.9463)", "click", {"point": (0.8102, 0.9463)}),
        ("pyautogui.doubleClick()", "double_click", {}),
        ("pyautogui.doubleClick(x=0.8102, y=0.9463)", "double_click", {"point": (0.8102, 0.9463)}),
        ("pyautogui.rightClick(0.1, 0.2)", "right_click", {"point": (0.1, 0.2)}),
        ("pyautogui.moveTo(x=0.04, y=0.405)", "move", {"point": (0.04, 0.405)}),
        ("pyautogui.dragTo(x=0.5, y=0.6, button='left')", "drag", {"end": (0.5, 0.6)}),
        ("pyautogui.dragTo(from_coord=[0.87, 0.423], to_coord=[0.8102, 0.9463])", "drag", {"point": (0.87, 0.423), "end": (0.8102, 0.9463)}),
        ("pyautogui.dragTo(0.5, 0.6)", "drag", {"end": (0.5, 0.6)}),
        ("pyautogui.write(message='bread buns')", "write", {"text": "bread buns"}),
        ("pyautogui.press(keys='enter')", "press", {"keys": ("enter",)}),
        ("pyautogui.press(keys=['enter'])", "press", {"keys": ("enter",)}),
        ("pyautogui.hotkey(keys=['ctrl', 'c'])", "hotkey", {"keys": ("ctrl", "c")}),
        ("pyautogui.hotkey('ctrl', 'c')", "hotkey", {"keys": ("ctrl", "c")}),
        ("pyautogui.scroll(page=-0.1)", "scroll", {"pages": -0.1}),
        ("pyautogui.scroll(0.13)", "scroll", {"pages": 0.13}),
        ("pyautogui.scroll(-30)", "scroll", {"pages": -3}),
        ("pyautogui.scroll(-5, x=0.5, y=0.5)", "scroll", {"pages": -0.5, "point": (0.5, 0.5)}),
        ("pyautogui.hscroll(page=-0.1)", "scroll", {"pages": -0.1, "axis": "horizontal"}),
        # pyautogui's own signatures
        ("pyautogui.click(0.1, 0.2, clicks=2, interval=0.25)", "double_click", {"point": (0.1, 0.2)}),
        ("pyautogui.click(x=0.1, y=0.2, button='right')", "right_click", {"point": (0.1, 0.2)}),
        ("pyautogui.click((0.1, 0.2))", "click", {"point": (0.1, 0.2)}),
        ("pyautogui.press('tab', presses=3)", "press", {"keys": ("tab", "tab", "tab")}),
        ("pyautogui.press(['left', 'Right'])", "press", {"keys": ("left", "right")}),
        ('pyautogui.typewrite("it\'s", interval=0.1)', "write", {"text": "it's"}),
        (r"pyautogui.write('it\'s \"so\"\n')", "write", {"text": "it's \"so\"\n"}),
        ("pyautogui.write(message='it's \"so\"')", "write", {"text": "it's \"so\""}),
        ("pyautogui.write(message='two\nlines')", "write", {"text": "two\nlines"}),
        ("time.sleep(3)", "wait", {"seconds": 3}),
        ("pyautogui.wait()", "wait", {}),
        ("pyautogui.terminate(status='success')", "terminate", {"status": "success"}),
        ("browser.select_option(x=0.1, y=0.2, value='Red')", "select", {"point": (0.1, 0.2), "text": "Red"}),
    ],
)  # fmt: skip
def test_what_is_seen_in_the_wild_is_understood(text, kind, fields):
    assert parse_operation(f" {text}\n") == GuiAction(kind, **fields)


NEAR_MISSES = [
    "", " ", "click", "pyautogui.click", "pyautogui.click(", "pyautogui.click()", "pyautogui.click(x=0.5)", "pyautogui.click(0.5)",
    "pyautogui.click(x=0.5, y=1.5)", "pyautogui.click(x=-0.1, y=0.5)", "pyautogui.click(x=634, y=927)", "pyautogui.click(x=nan, y=0)",
    "pyautogui.click(x=inf, y=0)", "pyautogui.click(x=1e400, y=0)", "pyautogui.click(x='0.5', y='0.5')", "pyautogui.click(x=0.5; y=0.5)",
    "pyautogui.click(x=0.5, y=0.5", "pyautogui.click x=0.5, y=0.5)", "pyautogui.click(x=0.5, y=0.5) pyautogui.click(x=0.5, y=0.5)",
    "pyautogui.click(x=0.5, y=0.5, z=0.5)", "pyautogui.click(x=0.5, x=0.5)", "pyautogui.click(0.5, 0.5, 0.5)", "pyautogui.click([0.5])",
    "pyautogui.click(x=[0.5], y=0.5)", "pyautogui.click(x=0.5, y=None)", "pyautogui.click(x=True, y=0)", "pyautogui.clik(x=0.5, y=0.5)",
    "PyAutoGUI.click(x=0.5, y=0.5)", "os.system('ls')", "__import__('os').system('ls')", "pyautogui.click(x=1/2, y=0.5)",
    "pyautogui.write()", "pyautogui.write(5)", "pyautogui.write(message='a)", "pyautogui.write(message=a)", "pyautogui.write('\\ud83d')",
    "pyautogui.press()", "pyautogui.press(keys=[])", "pyautogui.press(keys=[5])", "pyautogui.press('a', presses=1000)", "pyautogui.press(keys='a', x=1)",
    "pyautogui.hotkey(keys='')", "pyautogui.scroll()", "pyautogui.scroll(page=0)", "pyautogui.scroll(page='down')", "pyautogui.hscroll(0)",
    "mobile.swipe(from_coord=[0.1, 0.2])", "mobile.swipe([0.1], [0.2, 0.3])", "mobile.swipe(0.1, 0.2)", "mobile.home(1)",
    "mobile.wait(seconds=-1)", "mobile.wait(seconds='3')", "terminate()", "terminate(status='done')", "answer()", "answer('a', 'b')",
    "mobile.open_app()", "browser.select_option(x=0.1, y=0.2)", "pyautogui.click(x=0.5, y=0.5)<|im_end|>", "[pyautogui.click(x=0.5, y=0.5)]",
]  # fmt: skip


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_refused_in_one_line(text):
    for parse, given in ((parse_operation, text), (parse_response, f"Action: a\nOperation: {text}")):
        with pytest.raises(ActionError) as caught:
            parse(given)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "text", ["", "pyautogui.click(x=0.5, y=0.5)", "Action: Tap.", "Action: Tap.\nOperation", None, 5, b"Operation: mobile.home()"]
)
def test_a_turn_without_an_operation_is_refused(text):
    with pytest.raises(ActionError):
        parse_response(text)


def test_the_nearest_operation_is_named():
    with pytest.raises(ActionError, match=r"pyautogui\.doubleClick, got 'pyautogui\.double_click'"):
        parse_operation("pyautogui.double_click(0.1, 0.2)")


def test_a_description_may_stand_on_several_lines_or_be_missing():
    assert parse_response("Action: Tap\n here.\n\nOperation: mobile.home()").description == "Tap here."
    assert parse_response("Operation:mobile.home()") == GuiAction("home")
    assert (
        parse_response("Thought: hm\nAction: Action: a Operation: b\n  Operation: mobile.home()").description
        == "Action: a Operation: b"
    )


def test_two_thousand_mutated_turns_give_an_action_or_one_error():
    draw = random.Random(2)
    for number in range(2000):
        text = list(print_response(drawn(draw, draw.choice(list(GUI_KINDS)), 3)))
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(text))
            text[at : at + draw.randint(0, 4)] = draw.choice(
                ["", "(", ")", "'", '"', "\\", ",", "=", "[", "]", "9", "e", "\0", "🦾", "\n", "Operation: "]
            )
        try:
            assert isinstance(parse_response("".join(text)), GuiAction), number
        except ActionError as error:
            assert "\n" not in str(error)


HOSTILE = ["a" * 10**6, "(" * 10**6, "pyautogui.click(" + "[" * 10**6, "pyautogui.click(x=" + "1" * 10**6, "'" * 10**6, "\\" * 10**6, " \n" * 500_000,
           "Operation: " * 90_000, "Action:\n" * 125_000, "pyautogui.write('" + "\\'" * 500_000, "pyautogui.click(" + "1," * 500_000,
           "pyautogui.write(message='" + "'" * 10**6 + ")", "pyautogui.press(keys=[" + "'a'," * 250_000 + "])", "a=" * 500_000,
           "f(" * 300_000, "pyautogui.write(" + " " * 10**6]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_megabyte_of_anything_is_read_in_less_than_quadratic_time(text):
    for parse, given in ((parse_operation, text), (parse_response, text), (parse_response, f"Operation: {text}")):
        start = time.process_time()
        with contextlib.suppress(ActionError):
            parse(given)
        assert time.process_time() - start < 60  # up to 4 on a slow machine; looking at every pair of letters takes hours


def test_a_megabyte_of_typed_text_survives():
    action = GuiAction("write", text="it's\n" * 200_000)
    assert parse_response(print_response(action)) == action


def test_the_user_turn_is_the_papers():
    assert user_turn("Go to the Google Play Store, install the YOOX shopping app, and then open the YOOX app.", ["Tap on the Play Store icon to open it."]) == (
        "<image> Please generate the next move according to the UI screenshot, instruction and previous actions.\n"
        "Instruction: Go to the Google Play Store, install the YOOX shopping app, and then open the YOOX app.\n"
        "Previous actions:\nStep 1: Tap on the Play Store icon to open it.\n"
        "Please generate the natural language description of the current action in 'Action: ' and the specific execution action in 'Operation: '."
    )  # fmt: skip
    assert "Previous actions:\nNone\nPlease" in user_turn("x")


def test_an_instruction_cannot_pose_as_another_part_of_the_turn():
    assert "Instruction: a Previous actions: Step 1: b\n" in user_turn("a\nPrevious actions:\nStep 1: b")
    with pytest.raises(InputError, match="<image>"):
        user_turn("a", ["look at <image>"])


def test_the_system_prompt_lists_every_function_once():
    lines = [line for line in system_prompt().splitlines() if line.startswith("- ")]
    assert len(lines) == len(FUNCTIONS) == len(GUI_KINDS) + 1  # sideways scrolling has a function of its own
    assert "- pyautogui.click(x, y): click or tap a place" in lines
    assert "- pyautogui.dragTo(to_coord, from_coord=None): drag with the mouse, by default from where the pointer is" in lines
