import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError
from omniactor.types import GuiAction

HD, PHONE = (1920, 1080), (1080, 2400)


def test_the_published_examples_are_understood(near):
    # bytedance/UI-TARS: data/training_example.json; README; README_coordinates.md (a 1920x1080 screen)
    answer = "Thought: Click it.\nAction: click(start_box='<|box_start|>(495,30)<|box_end|>')"
    near("ui-tars", HD, answer, "click", point=(0.495, 0.03), description="Click it.")
    near("ui-tars", HD, "click(start_box='(395,74)')", "click", point=(0.395, 0.074))
    near("ui-tars-1.5", HD, "Thought: x\nAction: click(start_box='(197,525)')", "click", point=(197 / 1932, 525 / 1092))


@pytest.mark.parametrize(
    ("action", "point"),
    [
        # bytedance/UI-TARS, codes/tests/action_parser_test.py
        ("click(point='<point>200 300</point>')", (0.2, 0.3)),
        ("click(start_box='<|box_start|>(112,224)<|box_end|>')", (0.112, 0.224)),
        # bytedance/UI-TARS-desktop, packages/ui-tars/action-parser/test
        ("click(start_box='[948,57]')", (0.948, 0.057)),
        ("click(start_box='21, 246, 21, 246')", (0.021, 0.246)),
        ("click(start_box='<bbox>637 964 637 964</bbox>')", (0.637, 0.964)),
        ("click(start_box='[348, 333, 928, 365]')", (0.638, 0.349)),
        ("click(end_box='[130,226]')", (0.13, 0.226)),
        ("click(start_box='(100,200)') then wait()", (0.1, 0.2)),
        ("click(start_box='(100,200)'", (0.1, 0.2)),
        ("click(start_box='(100,200)')<|im_end|>", (0.1, 0.2)),
    ],
)
def test_every_way_to_write_a_place_is_read(near, action, point):
    for name in ("ui-tars", "doubao"):
        near(name, HD, f"Thought: test\nAction: {action}", "click", point=point, description="test")


def test_a_box_in_marks_is_a_click_on_its_middle(near):
    # UI-TARS-desktop, packages/ui-tars/action-parser/test: a 2560x1440 screen, shown as 2548x1428
    answer = "Thought: Click open\nAction: click(start_box='<|box_start|>(1290,718)<|box_end|>(1350,747)<|box_end|>')"
    near("ui-tars-1.5", (2560, 1440), answer, "click", point=(1320 / 2548, 732.5 / 1428))


def test_a_typed_text_may_hold_what_looks_like_an_action(near):
    near("ui-tars", HD, "Thought: x\nAction: type(content='Action: wait()')", "write", text="Action: wait()")
    near("ui-tars", HD, "Thought: x\nAction: type(content='()()')", "write", text="()()")


def test_seeds_compact_form_and_its_thinking_are_read(near):
    # codes/tests/action_parser_test.py
    think = "think_never_used_51bce0c785ca2f68081bfa7d91973934"
    answer = f"<{think}>Click the orientation menu.</{think}>click>point>point>112 56"
    near("doubao", HD, answer, "click", point=(0.112, 0.056), description="Click the orientation menu.")


@pytest.mark.parametrize(
    ("action", "kind", "fields"),
    [
        ("left_double(start_box='(500,500)')", "double_click", {"point": (0.5, 0.5)}),
        ("right_single(start_box='(500,500)')", "right_click", {"point": (0.5, 0.5)}),
        ("long_press(start_box='(500,500)', time='')", "long_press", {"point": (0.5, 0.5)}),
        ("drag(start_box='(100,200)', end_box='(300,400)')", "drag", {"point": (0.1, 0.2), "end": (0.3, 0.4)}),
        ("drag(start_point='<point>100 200</point>', end_point='<point>300 400</point>')", "drag", {"point": (0.1, 0.2), "end": (0.3, 0.4)}),
        ("scroll(start_box='(500,800)', end_box='(500,200)')", "swipe", {"point": (0.5, 0.8), "end": (0.5, 0.2)}),
        # reported to bytedance/UI-TARS-desktop: "scroll right action does not work", "scroll with explicit amount"
        ("scroll(point='<point>500 500</point>', direction='right')", "scroll", {"point": (0.5, 0.5), "axis": "horizontal", "pages": 0.5}),
        ("scroll(point='<point>500 500</point>', direction='down', amount=200)", "scroll", {"point": (0.5, 0.5), "axis": "vertical", "pages": -0.5}),
        ("scroll(direction='down')", "scroll", {"axis": "vertical", "pages": -0.5}),
        (r"type(content='it\'s \"so\"\n')", "write", {"text": 'it\'s "so"\n'}),
        ("type(content='it's so')", "write", {"text": "it's so"}),
        ("type(content='a')\n\nhotkey(key='enter')", "write", {"text": "a"}),
        ("hotkey(key='ctrl v')", "hotkey", {"keys": ("ctrl", "v")}),
        ("hotkey(key='enter')", "press", {"keys": ("enter",)}),
        ("hotkey(key='arrowleft')", "press", {"keys": ("left",)}),
        ("open_app(app_name='Chrome')", "open_app", {"text": "Chrome"}),
        ("press_home()", "home", {}),
        ("press_back()", "back", {}),
        ("wait()", "wait", {}),
        ("finished()", "terminate", {"status": "success", "text": None}),
        ("finished(content='It is 5.')", "terminate", {"status": "success", "text": "It is 5."}),
        ("call_user()", "terminate", {"status": "failure"}),
        ("click(start_box='(1,1)')\n\nclick(start_box='(9,9)')", "click", {"point": (0.001, 0.001)}),
    ],
)  # fmt: skip
def test_every_action_is_understood_and_of_several_the_first(near, action, kind, fields):
    near(
        "ui-tars",
        PHONE,
        f"Thought: think of Action: nothing\nAction: {action}",
        kind,
        description="think of Action: nothing",
        **fields,
    )


def test_other_prefixes_than_thought_are_known(near):
    # the first three: UI-TARS-desktop, packages/ui-tars/action-parser/test
    near("ui-tars", HD, "Thought: Go.\nAction：press_home()", "home", description="Go.")
    answer = "<Thought>I need to</Thought>\nAction_Summary: Go home\nAction: press_home()\n</Output>"
    near("ui-tars", HD, answer, "home", description="Go home")
    answer = (
        "Reflection: This is a reflection\nAction_Summary: This is a summary\nAction: type(text='Hello', start_box='(300,400)')"
    )
    near("ui-tars", HD, answer, "write", text="Hello", description="This is a summary")
    near("ui-tars", HD, "Reflection: bad.\nAction_Summary: Go home.\nAction: press_home()", "home", description="Go home.")
    near("ui-tars", HD, "<think>hm</think>\nThought: Go.\nAction: press_home()", "home", description="Go.")
    near("ui-tars", HD, "Thought: Go home. Action: press_home()", "home", description="Go home.")


@pytest.mark.parametrize(
    "answer",
    [
        "Action: click(start_box='=')",  # reported to bytedance/UI-TARS: "fails to output coordinates"
        "Action: scroll(direction='down', start_box='[" + ",".join(map(str, range(2, 2000))),  # "endless start_box cordinates"
        "Action: scroll(direction='down', start_box='[" + ",".join(map(str, range(2, 2000))) + "]')",
        "Thought: nothing to do", "I should wait() until the page is stable.", "Thought: Empty action\nAction:", "Action: click(start_box='[]')", "Action:", "Action: fly()", "Action: click()", "Action: click(start_box='(1001.5,2)')", "Action: drag(start_box='(1,2)')",
        "Action: scroll(direction='sideways')", "Action: hotkey(key='')", "Action: type()", "",
    ],
)  # fmt: skip
def test_what_is_no_action_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["ui-tars"].parse(answer, HD)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ui-tars", "start_box='<|box_start|>(500,250)<|box_end|>'"),
        ("ui-tars-1.5", "start_box='(966,273)'"),
        ("doubao", "point='<point>500 250</point>'"),
    ],
)
def test_an_action_is_printed_as_the_model_would(name, place):
    action = GuiAction("click", (0.5, 0.25), description="Click it.")
    assert DIALECTS[name].print(action, HD) == f"Thought: Click it.\nAction: click({place})"


def test_the_prompt_lists_the_actions_in_the_models_own_coordinates():
    assert "click(point='<point>x1 y1</point>')\n" in DIALECTS["doubao"].prompt("x", [], HD)[0]["content"]
    assert "click(start_box='<|box_start|>(x1, y1)<|box_end|>')\n" in DIALECTS["ui-tars"].prompt("x", [], HD)[0]["content"]
    assert "hotkey(key='ctrl c')\n" in DIALECTS["ui-tars-1.5"].prompt("x", [], HD)[0]["content"]
