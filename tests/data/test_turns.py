"""Samples in the paper's words."""

import numpy as np
import pytest

from omniactor.actions.gui import parse_response
from omniactor.data.sharegpt import MAX_ACTIONS, Sample
from omniactor.data.turns import action_text, embodied_sample, gui_sample, read_question
from omniactor.errors import InputError, SampleError
from omniactor.types import GuiAction


def test_a_screen_is_asked_about_in_the_papers_words():
    click = GuiAction("click", point=(0.634, 0.927), description="Tap on the search icon.")
    sample = gui_sample([("Open the YOOX app.", ("Tap on the Play Store icon.",), click)], "images/a.png", episode="7", step=1)
    question, answer = sample.turns[0]
    assert question.startswith("<image> Please generate the next move according to the UI screenshot")
    assert "Instruction: Open the YOOX app.\nPrevious actions:\nStep 1: Tap on the Play Store icon.\n" in question
    assert answer == "Action: Tap on the search icon.\nOperation: pyautogui.click(x=0.634, y=0.927)"
    assert parse_response(answer) == click
    assert "pyautogui.click" in sample.system


def test_several_questions_about_one_picture_have_one_mark():
    actions = [(f"thing {number}", (), GuiAction("click", point=(0.1 * number, 0.5))) for number in range(3)]
    sample = gui_sample(actions, "a.png")
    assert [question.count("<image>") for question, _ in sample.turns] == [1, 0, 0]
    assert "Instruction: thing 2\n" in sample.turns[2][0]


def test_numbers_of_the_arm_are_kept_beside_the_text_to_the_last_bit():
    rows = np.random.default_rng(0).uniform(-1, 1, (4, 7)).astype(np.float32)
    state = np.random.default_rng(1).normal(size=8).astype(np.float32)
    sample = embodied_sample("open\nthe drawer", {"agentview": "a.png", "wrist": "b.png"}, rows, state)
    read = Sample.from_line(sample.to_line().encode())
    assert (np.array(read.actions, np.float32) == rows).all()
    assert (np.array(read.state, np.float32) == state).all()
    assert read.turns[0][0] == "<image> <image> What action should the robot take to open the drawer?"
    assert read.turns[0][1] == action_text(rows[0])
    assert action_text([-0.0001, 0.5, -1, 1, 0, 0, 0]) == "Action: [0.000, 0.500, -1.000, 1.000, 0.000, 0.000, 0.000]"


@pytest.mark.parametrize("instruction", ["look at <image>", "half \ud800"])
def test_words_that_would_break_a_sample_are_refused(instruction):
    with pytest.raises(InputError):
        embodied_sample(instruction, {"agentview": "a.png"}, np.zeros((1, 7)))
    with pytest.raises(InputError):
        gui_sample([(instruction, (), GuiAction("home"))], "a.png")


def test_a_chunk_has_a_limit():
    with pytest.raises(SampleError):
        embodied_sample("x", {"agentview": "a.png"}, np.zeros((MAX_ACTIONS + 1, 7)))


@pytest.mark.parametrize("history", [(), ("Tap.",), ("Tap: it.", "Step back", "x" * 500), tuple(f"do {n}" for n in range(12))])
def test_a_question_tells_its_instruction_and_history_again(history):
    sample = gui_sample([("Open (it) now: yes?", history, GuiAction("home")), ("Next", (), GuiAction("back"))], "a.png")
    assert read_question(sample.turns[0][0]) == ("Open (it) now: yes?", history)
    assert read_question(sample.turns[1][0]) == ("Next", ())
    sample = embodied_sample("put it (there)", {"agentview": "a.png", "wrist": "b.png"}, np.zeros((1, 7)))
    assert read_question(sample.turns[0][0]) == ("put it (there)", ())
    with pytest.raises(SampleError):
        read_question("Where is it?")
