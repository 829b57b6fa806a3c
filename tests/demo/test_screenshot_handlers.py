import re
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demo.screenshot_handlers import MAX_STEPS, SHOWN_SIDE, save_drawn
from omniactor.errors import ActionError, PeerError
from omniactor.gui.archive import opened
from omniactor.gui.episodes import read_episodes
from omniactor.types import GuiAction

VISITOR = SimpleNamespace(session_hash="visitor")  # stands for gr.Request


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "screen.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 40, 3), dtype=np.uint8)).save(path)
    return str(path)


def ask(handlers, picture, instruction="Press OK", history="", agent="stub"):
    return list(handlers.predict(picture, instruction, history, agent, VISITOR))


def files(handlers):
    return sorted(path.name.split("-")[0] for path in handlers.store.folder("visitor").iterdir())


def test_an_upload_is_shown_upright_before_anything_is_asked(screenshots, tmp_path):
    path, exif = tmp_path / "photo.jpg", Image.Exif()
    exif[0x0112] = 6  # a phone held upright
    Image.new("RGB", (40, 60)).save(path, exif=exif)
    shown_picture, status, words, operation, accept, shown = screenshots.look(str(path), VISITOR)
    assert Image.open(shown_picture).size == (60, 40) == shown.size
    assert "60 \u00d7 40 pixels" in status and (words, operation, accept.interactive) == ("", "", False)


def test_taking_the_picture_away_empties_the_view(screenshots):
    assert screenshots.look(None, VISITOR)[::5] == (None, None)


def test_a_prediction_is_drawn_with_pixel_branch_and_time(screenshots, screen_agent, picture):
    working, last = ask(screenshots, picture, " Press\nOK ", "Open it\n\nScroll down\n")
    assert "stub is looking" in working[1]
    drawn, status, words, operation, accept, shown = last
    seen = screen_agent.seen[0]
    assert (seen.instruction, seen.history) == ("Press OK", ("Open it", "Scroll down"))
    assert (words, operation, accept.interactive) == ("Tap OK", "pyautogui.click(x=0.250, y=0.500)", True)
    facts = dict(re.findall(r"<dt>(\w+)</dt><dd><bdi>(.*?)</bdi>", status))
    assert facts.pop("Time").endswith(" s")
    assert facts == {"Kind": "click", "Pixel": "10, 30 (of 40 \u00d7 60)", "Branch": "GUI expert", "Agent": "stub"}
    assert not np.array_equal(np.asarray(Image.open(drawn))[30, 10], np.asarray(Image.open(picture))[30, 10])
    assert Path(shown.screen).read_bytes() == Path(picture).read_bytes()


def test_what_a_model_wrote_is_shown_where_it_is_no_action(screenshots, screen_agent, picture):
    screen_agent.answer = ActionError("expected a line")
    _, (_, status, words, operation, accept, shown) = ask(screenshots, picture)
    assert "<strong>No action.</strong> The model's answer is none" in status and "Action: Tap OK" in status
    assert (words, operation, accept.interactive, shown) == ("", "", False, None)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"picture": None}, "Upload a screenshot first"),
        ({"instruction": ""}, "in words, got nothing"),
        ({"history": "x" * 5000}, "earlier action 1 of at most 4000"),
        ({"agent": "openai:http://127.0.0.1#m"}, "an agent of this page (stub)"),
    ],
)
def test_bad_input_is_refused_in_one_line_that_stays_and_no_agent_is_asked(screenshots, screen_agent, picture, changes, says):
    rows = []
    with pytest.raises(gr.Error) as caught:
        for row in screenshots.predict(
            **{"picture": picture, "instruction": "a", "history": "", "agent": "", **changes}, request=VISITOR
        ):
            rows.append(row)
    assert says in caught.value.message and "\n" not in caught.value.message
    assert says in rows[-1][1] and screen_agent.seen == []


def test_a_server_that_is_down_is_told_without_its_address(screenshots, screen_agent, picture):
    from dataclasses import replace

    screenshots.agents["stub"] = replace(screenshots.agents["stub"], stands_for="openai:http://10.0.0.9:1/v1#m")
    screen_agent.answer = PeerError("expected an answer from 10.0.0.9:1, got none")
    with pytest.raises(gr.Error, match="expected an answer from the model's server, got none"):
        ask(screenshots, picture)


def test_an_episode_by_hand(screenshots, picture):
    history, steps = "", []
    for number in (1, 2):
        *_, (_, _, words, operation, _, shown) = ask(screenshots, picture, history=history)
        upload, history, steps, listed, status, words, operation, accept, shown, save = screenshots.accept(
            shown, words, operation, history, steps
        )
        assert upload is None is shown and f"Step {number} accepted" in status and not accept.interactive
        assert words == "" == operation and save.visible and listed.count("<li>") == number
    assert history == "Tap OK\nTap OK" and [step.action.point for step in steps] == [(0.25, 0.5)] * 2
    archive = screenshots.save_episode(steps, "Press OK", VISITOR).value["path"]
    with opened(archive) as folder:
        (episode,) = read_episodes(folder)
        assert episode.instruction == "Press OK" and [step.action for step in episode.steps] == [step.action for step in steps]
        assert np.array_equal(episode.steps[1].screenshot(), np.asarray(Image.open(picture)))


def test_there_is_no_episode_to_save_before_a_step_was_accepted(screenshots):
    with pytest.raises(gr.Error, match="Accept at least one step"):
        screenshots.save_episode([], "", VISITOR)


def test_what_was_predicted_keeps_its_exact_numbers_unless_it_is_rewritten(screenshots, screen_agent, picture):
    screen_agent.answer = GuiAction("click", (1 / 3, 2 / 3))
    *_, (_, _, words, operation, _, shown) = ask(screenshots, picture)
    kept = screenshots.accept(shown, words, operation, "", [])[2][0].action
    assert kept.point == (1 / 3, 2 / 3) and kept.description == "click"
    changed = screenshots.accept(shown, "Tap it", "mobile.home()", "", [])[2][0].action
    assert changed == GuiAction("home", description="Tap it")


def test_an_operation_of_ones_own_is_drawn_without_any_agent(screenshots, picture):
    screenshots.agents = {}
    drawn, status, *_, accept, shown = screenshots.draw(
        picture, "Up", "mobile.swipe(from_coord=[0.5, 0.9], to_coord=[0.5, 0.1])", VISITOR
    )
    assert Path(drawn).is_file() and "20, 54 to 20, 6 (of 40" in status and "written by you" in status
    assert accept.interactive and shown.action.description == "Up"


def test_typed_text_keeps_its_spaces(screenshots, picture):
    assert screenshots.draw(picture, "", "pyautogui.write(message='a  b')", VISITOR)[5].action.text == "a  b"


@pytest.mark.parametrize("operation", ["", "rm -rf /", "__import__('os')", "pyautogui.click(x=2, y=0)", "x" * 10**6, "a\0"])
def test_an_operation_that_is_none_is_refused_in_one_line(screenshots, picture, operation):
    with pytest.raises(gr.Error) as caught:
        screenshots.draw(picture, "", operation, VISITOR)
    assert "\n" not in caught.value.message and len(caught.value.message) < 450


def test_a_click_on_the_picture_is_a_click_there(screenshots, tmp_path):
    large = tmp_path / "large.png"
    Image.new("RGB", (SHOWN_SIDE * 2, 100)).save(large)
    *_, shown = screenshots.look(str(large), VISITOR)
    event = gr.SelectData(None, {"index": [SHOWN_SIDE // 2, 25], "value": None})
    *_, operation, _, shown = screenshots.point(str(large), shown, VISITOR, event)
    assert operation == "pyautogui.click(x=0.500, y=0.500)" and shown.size == (SHOWN_SIDE * 2, 100)


def test_nothing_can_be_accepted_before_there_is_an_action(screenshots, picture):
    for shown in (None, screenshots.look(picture, VISITOR)[5]):
        with pytest.raises(gr.Error, match="no action to accept"):
            screenshots.accept(shown, "", "mobile.home()", "", [])


def test_an_episode_by_hand_has_an_end(screenshots, picture):
    shown = screenshots.draw(picture, "", "terminate(status='success')", VISITOR)[5]
    assert "The episode ends here" in screenshots.accept(shown, "", "terminate(status='success')", "", [])[4]
    with pytest.raises(gr.Error, match="at most 50 steps"):
        screenshots.accept(shown, "", "mobile.home()", "", [shown] * MAX_STEPS)


def test_starting_over_forgets_everything_and_leaves_no_files(screenshots, picture):
    ask(screenshots, picture)
    assert files(screenshots) == ["drawn", "screen"]
    upload, drawn, history, words, operation, steps, listed, *_ = screenshots.start_over(VISITOR)
    assert (upload, drawn, history, words, operation, steps, listed) == (None, None, "", "", "", [], "")
    assert files(screenshots) == []


def test_drawn_pictures_do_not_pile_up_and_are_no_larger_than_the_page_needs(tmp_path):
    for _ in range(6):
        path = save_drawn(tmp_path, np.zeros((10, SHOWN_SIDE + 400, 3), np.uint8), GuiAction("home"))
    assert len(list(tmp_path.iterdir())) == 3 and max(Image.open(path).size) == SHOWN_SIDE


def test_leaving_removes_a_visitors_pictures(screenshots, picture):
    ask(screenshots, picture)
    folder = screenshots.store.folder("visitor")
    screenshots.store.close("visitor")
    assert not folder.exists()
