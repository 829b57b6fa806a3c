from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from demo import webpage_catalog
from demo.webpage_catalog import default_page
from omniactor.episode import Update
from omniactor.gui.pages import PAGES
from omniactor.types import GuiAction

VISITOR = SimpleNamespace(session_hash="visitor")
RUN = {"page": default_page(), "agent": "expert", "record": None, "seed": 0, "max_steps": 30, "instruction": ""}


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(webpage_catalog, "setup_problem", lambda: "")


@pytest.fixture
def clicking(webpages, fake_worker):
    """Handlers whose worker clicks."""

    class Worker(fake_worker):
        def run(self, request):
            for message in super().run(request):
                if isinstance(message, Update) and message.action is not None:
                    yield Update(
                        message.index, message.goals, message.success, 0.0, GuiAction("click", (0.5, 0.5)), message.frame
                    )
                else:
                    yield message

    webpages.store._make_worker = Worker
    return webpages


def run(handlers, **changes):
    return list(handlers.run(**{**RUN, **changes}, request=VISITOR))


def test_a_run_ends_with_outcome_video_steps_and_record(clicking):
    *before, (picture, status, outcome, video, steps, record) = run(clicking, seed=7)
    assert "Success: " in outcome.value and "step 3 of 30" in status
    assert steps.value.count("<li>") == 3 and "pyautogui.click(x=0.500, y=0.500)" in steps.value
    assert video.visible and record.visible and not picture.visible and before[-1][0].endswith(".jpg")
    request = clicking.store.get("visitor").live.request
    assert (request.task, request.seed, request.agent) == (PAGES[default_page()].name, 7, "expert")
    assert isinstance(np.asarray(clicking.store.get("visitor").live.actions[0], dtype=object).item(), GuiAction)


def test_an_offered_agent_is_asked_by_what_it_stands_for(clicking):
    run(clicking, agent="stub")
    assert clicking.store.get("visitor").live.request.agent == "openai:http://10.0.0.9/v1#stub"


def test_a_replay_starts_with_the_seed_of_its_record(clicking, tmp_path):
    run(clicking, agent="replay", record=str(tmp_path / "r.json"), seed=None)
    assert clicking.store.get("visitor").live.request.seed is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"page": 130}, "one of 130 pages"),
        ({"agent": "replay:/etc/passwd"}, "Expected an agent"),
        ({"agent": "openai:http://127.0.0.1#m"}, "Expected an agent"),
        ({"agent": "replay"}, "Upload a record"),
        ({"seed": None}, "a seed from 0"),
        ({"seed": -1}, "a seed from 0"),
        ({"max_steps": 101}, "from 1 to 100"),
        ({"instruction": "x" * 5000}, "at most 4000 characters"),
    ],
)
def test_bad_input_is_refused_before_a_browser_is_taken(clicking, changes, words):
    with pytest.raises(gr.Error, match=words) as caught:
        run(clicking, **changes)
    assert "\n" not in caught.value.message and clicking.store.simulators == 0


def test_without_chromium_nothing_is_started_and_the_reason_said(clicking, monkeypatch):
    monkeypatch.setattr(webpage_catalog, "setup_problem", lambda: "expected Chromium, got none; install chromium")
    with pytest.raises(gr.Error, match="install chromium"):
        run(clicking)
    assert clicking.store.simulators == 0


def test_a_run_on_one_tab_leaves_the_files_of_the_other(clicking):
    run(clicking)
    video = clicking.store.get("visitor").live.result.video
    clicking.tab = "arm"
    run(clicking)
    from pathlib import Path

    assert Path(video).is_file()


def test_choosing_a_page_and_an_agent_changes_what_is_said(webpages):
    event = gr.SelectData(None, {"index": 1, "value": None})
    number, heading, picture, *_ = webpages.choose_page([5, 6], "random", event, VISITOR)
    assert number == 6 and PAGES[6].short_name in heading and PAGES[6].short_name in picture.value["path"]
    facts, _, _, _, count, record = webpages.choose_agent("replay", 6, "")
    assert "Replay a record" in facts and count == "130 of 130 pages shown." and record.visible


def test_stop_while_a_run_waits_calls_it_off(clicking):
    clicking.begin(default_page(), VISITOR)
    clicking.stop(VISITOR)
    assert ["Nothing is running" in row[1] for row in run(clicking)] == [True]
