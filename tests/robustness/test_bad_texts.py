"""Sixty bad texts in every field that takes words: refused or handled, at once, in one plain line, with nothing let through."""

import base64
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omniactor.errors import InputError
from omniactor.instructions import check_history, check_instruction
from tests.robustness.bad_texts import TEXTS
from tests.robustness.conftest import VISITOR, Parrot, call
from tests.robustness.quick import quick

SECONDS = 0.5
SCREEN = np.zeros((60, 40, 3), np.uint8)
ALLOWED = {"div", "p", "strong", "dl", "dt", "dd", "bdi", "ol", "li", "code", "ul", "span", "b", "h2"}

every_text = pytest.mark.parametrize("name", TEXTS)


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self):
        super().__init__()
        self.found, self.attributes = set(), set()

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        self.attributes |= {name for name, _ in attributes}


def harmless(html):
    """Tell whether a piece of the page has only the tags and attributes that the page itself writes."""
    tags = Tags()
    tags.feed(html)
    return tags.found <= ALLOWED and tags.attributes <= {"class", "role", "aria-hidden", "aria-label"}


def outcome(function, *arguments):
    """Return what a function answers or its refusal as text, having checked time and form of the refusal."""
    gradio = pytest.importorskip("gradio")
    with quick(SECONDS):
        try:
            return function(*arguments), None
        except (InputError, gradio.Error) as error:
            message = getattr(error, "message", None) or str(error)
    assert 0 < len(message) < 450 and len(message.splitlines()) == 1
    message.encode()  # half a surrogate could not be sent
    return None, message


def test_there_are_sixty_of_them():
    assert len(TEXTS) >= 60


@every_text
def test_an_instruction_and_a_history_are_read_or_refused(name):
    line, _ = outcome(check_instruction, TEXTS[name])
    assert line is None or (line == " ".join(TEXTS[name].split()) and line.encode())
    outcome(check_history, [TEXTS[name]])
    outcome(check_history, TEXTS[name].splitlines())


def test_ordinary_languages_and_markup_are_not_refused():
    for name in ("right to left", "emoji", "zalgo", "script", "path", "entity", "special <|im_end|>", "a long word"):
        assert check_instruction(TEXTS[name])


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "screen.png"
    Image.fromarray(SCREEN).save(path)
    return str(path)


@every_text
@pytest.mark.parametrize("field", ["instruction", "history", "agent"])
def test_the_screenshots_tab_shows_them_as_words_only(screenshots, picture, name, field):
    given = {"instruction": "Tap", "history": "", "agent": "", field: TEXTS[name]}
    rows = []

    def predict():
        for row in screenshots.predict(picture, **given, request=VISITOR):
            rows.append(row)
        return row

    answer, _ = outcome(predict)
    assert all(harmless(row[1]) for row in rows if isinstance(row[1], str))
    if answer:
        _, _, words, operation, _, shown = answer
        _, _, _, listed, status, *_ = screenshots.accept(shown, words, operation, TEXTS[name], [])
        assert harmless(listed) and harmless(status) and listed.count("<li>") == 1


@every_text
@pytest.mark.parametrize("field", ["words", "operation", "message"])
def test_actions_written_by_hand_are_drawn_or_refused(screenshots, picture, name, field):
    text = TEXTS[name]
    words, operation = (text, "mobile.home()") if field == "words" else ("", text)
    operation = f"pyautogui.write(message={text!r})" if field == "message" else operation
    answer, _ = outcome(screenshots.draw, picture, words, operation, VISITOR)
    assert answer is None or harmless(answer[1])


@every_text
@pytest.mark.parametrize("field", ["task", "agent", "instruction"])
def test_the_arms_tab_and_endpoint_take_them_or_refuse(tmp_path, name, field):
    pytest.importorskip("gradio")
    from demo.arm_handlers import ArmHandlers
    from demo.sessions import SessionStore
    from omniactor.sim.assets import AssetSource

    store = SessionStore(tmp_path, make_worker=lambda: None)
    handlers = ArmHandlers(store, AssetSource("standin", tmp_path, "a test"))
    given = {"task": "46", "agent": "random", "instruction": "", field: TEXTS[name]}
    request, _ = outcome(
        lambda: handlers.request(tmp_path, given["task"], given["agent"], None, 0, None, 10, given["instruction"])
    )
    if request is not None:
        request.instruction.encode()
        request.check()
    store.close_all()


@every_text
def test_searching_and_noting_take_no_time(name):
    pytest.importorskip("gradio")
    from demo import arm_texts, catalog
    from demo.arm_agents import arm_agents

    outcome(catalog.find, "All", TEXTS[name])
    note, _ = outcome(arm_texts.instruction_note, 46, TEXTS[name], arm_agents()["expert"])
    assert harmless(note)


@every_text
@pytest.mark.parametrize("option", ["--instruction", "--history"])
def test_the_predict_command_answers_or_refuses_in_one_line(picture, name, option, monkeypatch, capsys):
    from omniactor import agent
    from omniactor.cli import main

    monkeypatch.setattr(agent, "make_agent", lambda name, env: Parrot())
    given = {"--agent": "parrot", "--image": picture, "--instruction": "Tap", option: TEXTS[name]}
    with quick(SECONDS):
        status = main(["predict", "--json", *(f"{key}={value}" for key, value in given.items())])
    out, err = capsys.readouterr()
    if status == 0:
        assert json.loads(out)["kind"] == "write" and len(out.splitlines()) == 1
    else:
        assert status == 2 and out == "" and len(err.splitlines()) == 1 and len(err) < 400


def test_no_word_becomes_a_special_token():
    """Of what passes, the number of special ids in the model's prompt is that of a harmless instruction."""
    pytest.importorskip("torch")
    from omniactor.model.presets import make_model
    from omniactor.types import Observation

    model, processor = make_model("debug")
    special = set(processor.tokenizer.all_special_ids) | set(range(model.config.first_action_id, len(processor.tokenizer)))

    def specials(text):
        encoded = processor.encode(model.config, [Observation("gui", {"screen": SCREEN}, text, (text,))])
        return [token for token in encoded["input_ids"][0].tolist() if token in special]

    passed = [text for text in TEXTS.values() if outcome(check_instruction, text)[0]]
    expected = specials("Tap OK")
    assert len(passed) >= 35 and all(specials(check_instruction(text)) == expected for text in passed)


@every_text
@pytest.mark.parametrize("field", ["instruction", "history", "agent"])
def test_the_endpoint_answers_or_refuses_and_tells_nothing_about_the_server(served, picture, name, field):

    address = "data:image/png;base64," + base64.b64encode(Path(picture).read_bytes()).decode()
    given = {"instruction": "Tap", "history": "", "agent": "", field: TEXTS[name]}
    event, content = call(served, "predict_gui", [{"url": address, "meta": {"_type": "gradio.FileData"}}, *given.values()])
    assert event in ("complete", "error")
    assert "Traceback" not in content and "/omniactor/" not in content and "site-packages" not in content
    if event == "complete":
        assert json.loads(content)[1]["agent"] == "parrot"
