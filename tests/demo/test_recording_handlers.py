import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from demo import recording_texts as texts
from omniactor.errors import ActionError, PeerError
from omniactor.gui.episode_folder import zip_episode
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.types import GuiAction

VISITOR = SimpleNamespace(session_hash="visitor")
SCREEN = np.full((60, 40, 3), 200, np.uint8)
STEPS = (
    RecordedStep(GuiAction("click", (0.25, 0.5)), SCREEN, "Tap OK", boxes=((0.2, 0.4, 0.3, 0.6),)),
    RecordedStep(GuiAction("write", text="<b>hello</b>"), SCREEN, "Type it"),
    RecordedStep(None, SCREEN, "", problem="unknown"),
)


@pytest.fixture
def archive(tmp_path):
    episode = RecordedEpisode("e-1", "Say <i>hello</i>", STEPS, source="test", device="phone")
    return str(zip_episode(tmp_path / "e.zip", episode))


@pytest.fixture
def uploaded(recordings, archive):
    return recordings.upload(archive, [], VISITOR)[1]


def play(handlers, uploaded, agent="stub", level="high", history="recorded", protocol="os-atlas"):
    return list(handlers.play(0, uploaded, agent, level, history, protocol, VISITOR))


def test_an_uploaded_episode_is_listed_and_its_first_step_shown(recordings, archive):
    listed, uploaded, heading, picture, slider, status, summary, export, played = recordings.upload(archive, [], VISITOR)
    assert listed.choices == [("1. Say <i>hello</i> (3 steps)", 0)] and listed.visible and len(uploaded) == 1
    assert "Say &lt;i&gt;hello" in heading and "test, phone, e-1" in heading
    assert Path(picture).is_file() and (slider.maximum, slider.visible) == (3, True)
    assert "Tap OK" in status and "pixel 10, 30" in status and "Not played yet" in status
    assert (summary, export.visible, played) == ("", False, [])


def test_playing_judges_every_step_and_says_why(recordings, screen_agent, uploaded):
    rows = play(recordings, uploaded)
    assert [row[1] for row in rows[1:-1]] == [1, 2, 3]
    assert "Right: " in rows[1][2] and "Rule os-atlas: distance 0" in rows[1][2]
    assert "Wrong: " in rows[2][2] and "Not judged" in rows[3][2]
    *_, summary, export, played = rows[-1]
    assert "1 of 2 steps right." in summary and "Kind right: 1 of 2. Place right: 1 of 1" in summary
    assert "&lt;b&gt;hello" in summary and [step.number for step in played] == [0, 1, 2]
    content = json.loads(Path(export.value["path"]).read_text())
    assert content["summary"]["successes"] == 1 and content["agent"] == "stub" and len(content["steps"]) == 3
    assert [seen.history for seen in screen_agent.seen] == [(), ("Tap OK",), ("Tap OK", "Type it")]


def test_free_running_and_low_level_reach_the_agent(recordings, screen_agent, uploaded):
    play(recordings, uploaded, history="own", level="low")
    assert [seen.history for seen in screen_agent.seen] == [(), ("Tap OK",), ("Tap OK", "Tap OK")]
    assert "Type it" in screen_agent.seen[1].instruction


def test_what_was_recorded_is_all_right(recordings, uploaded):
    assert "2 of 2 steps right." in play(recordings, uploaded, agent="recorded")[-1][3]
    assert play(recordings, uploaded, agent="random")[-1][3]


def test_any_step_can_be_looked_at_afterwards(recordings, uploaded):
    played = play(recordings, uploaded)[-1][-1]
    picture, status = recordings.show(1, 0, uploaded, played, VISITOR)
    assert Path(picture).is_file() and "Right: " in status
    assert recordings.show(99, 0, uploaded, played, VISITOR) == (gr.skip(), gr.skip())


def test_a_broken_answer_is_a_wrong_step_and_the_episode_goes_on(recordings, screen_agent, uploaded):
    screen_agent.answer = ActionError("expected a line")
    rows = play(recordings, uploaded)
    assert "Wrong: no action" in rows[1][2] and len(rows) == 5


def test_a_server_that_goes_down_keeps_what_was_played_and_is_not_named(recordings, screen_agent, uploaded):
    rows, steps = [], recordings.play(0, uploaded, "stub", "high", "recorded", "os-atlas", VISITOR)
    with pytest.raises(gr.Error, match="expected an answer from the model's server"):
        for row in steps:
            rows.append(row)
            if len(rows) == 2:
                screen_agent.answer = PeerError("expected an answer from 10.0.0.9, got none")
    *_, status, _, export, played = rows[-1]
    assert "the model's server" in status and len(played) == 1
    assert len(json.loads(Path(export.value["path"]).read_text())["steps"]) == 1


def test_a_stop_gives_the_file_of_what_was_played(recordings, uploaded):
    rows = recordings.play(0, uploaded, "stub", "high", "recorded", "os-atlas", VISITOR)
    next(rows)
    played = next(rows)[-1]
    rows.close()
    run, stop, export = recordings.finish(0, uploaded, played, "stub", "high", "recorded", "os-atlas", VISITOR)
    assert run.interactive and not stop.interactive
    assert len(json.loads(Path(export.value["path"]).read_text())["steps"]) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"agent": "openai:http://127.0.0.1#m"}, "an agent of this page"),
        ({"protocol": "best"}, "Expected a rule"),
        ({"level": "middle"}, "expected level"),
        ({"history": "all"}, "expected history"),
    ],
)
def test_bad_choices_are_refused_in_one_line(recordings, screen_agent, uploaded, changes, says):
    with pytest.raises(gr.Error, match=says) as caught:
        play(recordings, uploaded, **changes)
    assert "\n" not in caught.value.message and screen_agent.seen == []


@pytest.mark.parametrize("number", [5, -1, "0", 0.5])
def test_an_episode_that_is_not_in_the_list_is_refused(recordings, uploaded, number):
    with pytest.raises(gr.Error, match="choose again"):
        recordings.choose(number, uploaded, VISITOR)


def test_an_episode_that_was_removed_meanwhile_is_named_so(recordings, uploaded):
    shutil.rmtree(Path(uploaded[0]).parent)
    with pytest.raises(gr.Error, match="upload it again"):
        recordings.choose(0, uploaded, VISITOR)


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("episode.json", b" " * 300_000_000)


def traversal(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../../episode.json", "{}")


def stranger(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")


@pytest.mark.parametrize("make", [bomb, traversal, stranger, lambda p: p.write_bytes(b"no zip"), lambda p: p.write_bytes(b"")])
def test_a_bad_archive_is_refused_in_one_line_and_leaves_nothing(recordings, tmp_path, make):
    path = tmp_path / "bad.zip"
    make(path)
    listed, uploaded, *_, status, _, _, _ = recordings.upload(str(path), [], VISITOR)
    assert "Not done." in status and len(status.splitlines()) == 1 and str(tmp_path) not in status
    assert listed == gr.skip() == uploaded
    assert not [path for path in recordings.store.folder("visitor").rglob("*") if path.is_file()]


def test_episodes_that_come_with_the_page_are_listed_first(make_store, archive, tmp_path):
    from demo.recording_handlers import RecordingHandlers

    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path / "shipped")
    handlers = RecordingHandlers(make_store(), {}, tmp_path / "shipped")
    assert [title for title, _ in handlers.choices([])] == ["1. Say <i>hello</i> (3 steps)"]
    assert handlers.choose(0, [], VISITOR)[2].maximum == 3


def test_without_any_episode_the_tab_says_what_to_do(recordings):
    assert "upload a zip" in texts.heading(None)
    assert recordings.choose(None, [], VISITOR)[1] is None
    with pytest.raises(gr.Error, match="Choose or upload"):
        list(recordings.play(None, [], "recorded", "high", "recorded", "os-atlas", VISITOR))
