import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.actions.gui import system_prompt, user_turn
from omniactor.errors import ActionError
from omniactor.types import GuiAction

SIZE = (1080, 2400)


@pytest.mark.parametrize(
    "answer",
    [
        "pyautogui.click(x=0.8018, y=0.6183)",
        "Action: Click on the search bar\npyautogui.click(x=0.8018, y=0.6183)",
        "<|recipient|>all\nAction: Click on the search bar\n<|recipient|>os\npyautogui.click(x=0.8018, y=0.6183)\n<|diff_marker|>",
        "Action: Click on the search bar\n<|im_end|>\n<|im_start|>assistant<|recipient|>os\npyautogui.click(x=0.8018, y=0.6183)\n<|diff_marker|>",
        "Observation: A page.\nThought: Search.\nAction: Click on the search bar\nOperation: pyautogui.click(x=0.8018, y=0.6183)",
        "Action: Click on the search bar\npyautogui.click(x=0.8018, y=0.6183)\npyautogui.write(message='x')",
    ],
)
def test_all_forms_of_its_turn_are_read(near, answer):
    said = "Click on the search bar" if "Action" in answer else ""
    near("aguvis", SIZE, answer, "click", point=(0.8018, 0.6183), description=said)


def test_an_answer_without_its_special_tokens_is_read(near):
    # an answer of Aguvis-7B as a public evaluation of it prints it
    answer = (
        "Action: Click on the 'TikTok Series' option to explore music suitable for TikTok series.\n\n"
        "assistantos\npyautogui.click(x=0.097, y=0.7667)"
    )
    said = "Click on the 'TikTok Series' option to explore music suitable for TikTok series."
    near("aguvis", SIZE, answer, "click", point=(0.097, 0.7667), description=said)


def test_a_typed_text_may_hold_line_breaks(near):
    near("aguvis", SIZE, "Action: Type.\npyautogui.write(message='two\nlines')", "write", text="two\nlines")


@pytest.mark.parametrize(
    "answer", ["", "Action: Click", "click(0.5, 0.5)", "pyautogui.click(x=5, y=5)", "pyautogui.fly()", {"action": "click"}]
)
def test_what_is_no_operation_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["aguvis"].parse(answer, SIZE)


def test_its_prompt_is_the_published_turn():
    system, user = DIALECTS["aguvis"].prompt("Open it", ["Tap."], SIZE)
    assert '- {"name": "mobile.home", "description": ' in system["content"]
    assert user["content"] == (
        "<image>\nPlease generate the next move according to the ui screenshot, instruction and previous actions.\n\n"
        "Instruction: Open it\n\nPrevious actions:\nStep 1: Tap.\n"
    )


def test_our_own_dialect_is_the_turn_of_the_paper():
    own = DIALECTS["omniactor"]
    action = GuiAction("click", (0.634, 0.927), description="Tap on the search icon.")
    assert own.print(action, SIZE) == "Action: Tap on the search icon.\nOperation: pyautogui.click(x=0.634, y=0.927)"
    assert own.parse(own.print(action, SIZE) + "<|im_end|>", SIZE) == action
    assert [message["content"] for message in own.prompt("Go", ["a"], SIZE)] == [system_prompt(), user_turn("Go", ["a"])]
