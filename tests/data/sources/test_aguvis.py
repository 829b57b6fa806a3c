"""Aguvis' rows: many questions on one picture, two answers in a row that are one, pages that only mark a direction."""

import json

import pytest

from omniactor.actions.gui import parse_response
from tests.data.sources.fixtures.pictures import png

SYSTEM = {"from": "system", "value": "You are a GUI agent."}


def grounding(image, *pairs, first="<image>\n"):
    messages = [SYSTEM]
    for number, (question, answer) in enumerate(pairs):
        messages.append({"from": "human", "value": (first if number == 0 else "") + question})
        messages.append({"from": "gpt", "value": answer})
    return {"image": image, "conversations": messages}


def step(image, goal, history, words, code, recipients=True):
    previous = "\n".join(f"Step {number}: {said}" for number, said in enumerate(history, 1)) or "None"
    question = (
        "<image>\nPlease generate the next move according to the ui screenshot, instruction and previous actions.\n\n"
        f"Instruction: {goal}\n\nPrevious actions:\n{previous}\n"
    )
    answers = [{"from": "gpt", "value": words}, {"from": "gpt", "value": code}]
    if recipients:
        answers[0] |= {"recipient": "all", "end_turn": False}
        answers[1] |= {"recipient": "os", "end_turn": True}
    return {"image": image, "conversations": [SYSTEM, {"from": "human", "value": question}, *answers]}


@pytest.fixture
def write(tmp_path):
    """Return a function (file, rows, pictures) that writes both."""

    def run(file, rows, *pictures):
        root = tmp_path / "src"
        root.mkdir(exist_ok=True)
        (root / file).write_text(json.dumps(rows))
        for picture in pictures:
            (root / picture).parent.mkdir(parents=True, exist_ok=True)
            (root / picture).write_bytes(png(20, 10))
        return root

    return run


def test_questions_about_one_picture_become_one_conversation(convert, write):
    rows = [
        grounding(
            "a.jpg",
            ("Click on the search bar", "pyautogui.click(x=0.8018, y=0.6183)"),
            ("the logo", "pyautogui.click(x=0.1, y=0.2)"),
        )
    ]
    samples, report = convert("aguvis", write("ricosca.json", rows, "ricosca/images/a.jpg"))
    (sample,) = samples
    assert sample.turns[0][0].startswith("<image> Please generate the next move")
    assert "Instruction: Click on the search bar\n" in sample.turns[0][0]
    assert sample.turns[0][1] == "Action: Click on the search bar\nOperation: pyautogui.click(x=0.802, y=0.618)"
    assert sample.turns[1][1].endswith("pyautogui.click(x=0.100, y=0.200)")
    assert "<image>" not in sample.turns[1][0]
    assert (report["tasks"], sample.task) == (1, "ricosca")


def test_long_conversations_are_cut_and_repetitions_left_out(convert, write):
    pairs = [(f"thing {number % 20}", f"pyautogui.click(x=0.{number % 20 + 10}, y=0.5)") for number in range(25)]
    samples, report = convert(
        "aguvis", write("seeclick.json", [grounding("a.png", *pairs)], "seeclick/seeclick_web_imgs/a.png"), "--pairs", "8"
    )
    assert [len(sample.turns) for sample in samples] == [8, 8, 4]
    assert len({sample.images for sample in samples}) == 1
    assert report["dropped"] == {"the same question about the same picture again": 5}


def test_with_several_pictures_each_question_has_its_own(convert, write):
    row = grounding(
        ["a.png", "b.png"], ("one", "pyautogui.click(x=0.1, y=0.1)"), ("<image>\ntwo", "pyautogui.click(x=0.2, y=0.2)")
    )
    source = write("seeclick_mi.json", [row], "seeclick/seeclick_web_imgs/a.png", "seeclick/seeclick_web_imgs/b.png")
    samples, _ = convert("aguvis", source)
    assert [sample.images[0].rsplit("/")[-1] for sample in samples] == ["a.png", "b.png"]
    assert "Instruction: two\n" in samples[1].turns[0][0]


@pytest.mark.parametrize("recipients", [True, False])
def test_two_answers_in_a_row_become_one(convert, write, recipients):
    rows = [
        step("77_0.jpg", "Open it", [], "Action: Go back to the previous screen\n", "mobile.back()", recipients),
        step("77_1.jpg", "Open it", ["Go back to the previous screen"],
             "Observation: A list. Thought: Action is needed. \nAction: Click on Open.", "pyautogui.click(x=0.5, y=0.25)", recipients),
    ]  # fmt: skip
    samples, _ = convert("aguvis", write("coat.json", rows, "coat/images/77_0.jpg", "coat/images/77_1.jpg"))
    assert samples[0].turns[0][1] == "Action: Go back to the previous screen\nOperation: mobile.back()"
    assert samples[1].turns[0][1] == "Action: Click on Open.\nOperation: pyautogui.click(x=0.500, y=0.250)"
    assert "Instruction: Open it\nPrevious actions:\nNone\n" in samples[0].turns[0][0]
    assert "Previous actions:\nStep 1: Go back to the previous screen\nPlease" in samples[1].turns[0][0]
    assert [(sample.episode, sample.step) for sample in samples] == [("77", 0), ("77", 1)]


@pytest.mark.parametrize(
    ("file", "words", "code", "operation"),
    [("android_control.json", "Swipe up", "pyautogui.scroll(page=-0.1)", "pyautogui.scroll(page=-0.5)"),
     ("android_control.json", "Swipe right", "pyautogui.hscroll(page=0.1)", "pyautogui.hscroll(page=0.5)"),
     ("guiact-web-single.json", "Scroll", "pyautogui.scroll(page=-0.95)", "pyautogui.scroll(page=-0.95)"),
     ("guide.json", "Scroll down to the download", "pyautogui.scroll()", "pyautogui.scroll(page=-0.5)"),
     ("coat.json", "Swipe", "mobile.swipe(from_coord=[0.5, 0.9], to_coord=[0.5, 0.2])",
      "mobile.swipe(from_coord=[0.500, 0.900], to_coord=[0.500, 0.200])"),
     ("coat.json", "Type", "pyautogui.write(message='bread buns')", "pyautogui.write('bread buns')"),
     ("coat.json", "Keys", "pyautogui.hotkey(keys=['ctrl', 'c'])", "pyautogui.hotkey(['ctrl', 'c'])"),
     ("coat.json", "Open", "mobile.open_app(app_name='drupe')", "mobile.open_app('drupe')"),
     ("coat.json", "Drag", "pyautogui.moveTo(x=0.1, y=0.2)\npyautogui.dragTo(x=0.3, y=0.4, button='left')",
      "pyautogui.dragTo(from_coord=[0.1, 0.2], to_coord=[0.3, 0.4])"),
     ("coat.json", "End", "mobile.terminate(status='success')", "terminate('success')")],
)  # fmt: skip
def test_operations_keep_their_meaning(convert, write, file, words, code, operation):
    subset = file.removesuffix(".json")
    samples, _ = convert("aguvis", write(file, [step("1_0.png", "Go", [], f"Action: {words}", code)], f"{subset}/images/1_0.png",
                                         "guide-v2/images/1_0.png"))  # fmt: skip
    made, wanted = parse_response(samples[0].turns[0][1]), parse_response(f"Action: {words}\nOperation: {operation}")
    assert made == wanted


@pytest.mark.parametrize(
    ("file", "picture"),
    [("mind2web-l2.json", "mind2web/images/a.png"), ("aitw-l1.json", "aitw-v1/images/a.png"), ("coat.json", "coat/coat/images/a.png"),
     ("amex.json", "a.png"), ("guiact-web-single.json", "anywhere/at/all/a.png")],
)  # fmt: skip
def test_pictures_are_found_where_they_are_unpacked(convert, write, file, picture):
    samples, _ = convert("aguvis", write(file, [step("a.png", "Go", [], "Action: x", "mobile.home()")], picture))
    assert len(samples) == 1


def test_what_cannot_be_used_is_counted_and_the_rest_kept(convert, write):
    good = step("1_0.png", "Go", [], "Action: x", "mobile.home()")
    rows = [
        good, step("missing.png", "Go", [], "Action: x", "mobile.home()"), step("1_0.png", "Go", [], "Action: x", "rm -rf"),
        step("1_0.png", "Go", [], "Action: x", "pyautogui.click(x=5, y=0.5)"),
        step("1_0.png", "Go", [], "Action: x", "mobile.home()\nmobile.back()"), step("../1_0.png", "Go", [], "Action: x", "mobile.home()"),
        step("1_0.png", "Go", [], "Action: go on scrolling", "pyautogui.scroll()"), {"image": "1_0.png"}, {"conversations": []},
        {"image": "1_0.png", "conversations": [{"from": "gpt", "value": "x"}]}, {"image": 7, "conversations": []},
        {"image": ["1_0.png"] * 3, "conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "mobile.home()"}]},
        grounding("1_0.png", ("", "mobile.home()")),
    ]  # fmt: skip
    samples, report = convert("aguvis", write("coat.json", rows, "coat/images/1_0.png"))
    assert len(samples) == 1
    assert report["dropped"] == {
        "unreadable action": 4, "picture missing or of no known format": 2, "row whose turns are not questions and answers": 2,
        "row without a picture": 2, "row whose pictures do not fit its questions": 1, "unusable text": 1,
    }  # fmt: skip


def test_a_file_that_is_damaged_or_missing_is_refused(refused, write, tmp_path):
    source = write("coat.json", [])
    (source / "coat.json").write_text('[{"image": "a.png"}, {"ima')
    assert "coat.json" in refused("aguvis", source)
    (tmp_path / "empty").mkdir()
    assert "json" in refused("aguvis", tmp_path / "empty")
