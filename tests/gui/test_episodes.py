"""Recorded episodes of every format: what is read, what is told apart, what cannot be read."""

import json
import shutil

import pytest

from omniactor.data.tally import Tally
from omniactor.errors import ImageError, InputError
from omniactor.gui.episode_folder import write_episode
from omniactor.gui.episodes import RecordedStep, find_format, read_episodes
from omniactor.types import GuiAction
from tests.data.sources.fixtures.android_control import episode as ac_episode
from tests.data.sources.fixtures.android_control import write_android_control
from tests.data.sources.fixtures.gui_odyssey import write_gui_odyssey
from tests.data.sources.fixtures.pictures import png
from tests.data.sources.test_aguvis import grounding, step
from tests.data.sources.test_android_control import EXPECTED, GOAL, STEPS, bare
from tests.data.sources.test_gui_odyssey import EXPECTED as ODYSSEY
from tests.data.sources.test_gui_odyssey import STEPS as ODYSSEY_STEPS


@pytest.fixture
def sources(tmp_path, episode):
    """Return format -> a folder that holds it."""
    write_android_control(tmp_path / "android-control", [[ac_episode(7, GOAL, STEPS), ac_episode(9, "other", STEPS[:2])]])
    splits = {"train": [9], "validation": [], "test": [7]}
    (tmp_path / "android-control" / "splits.json").write_text(json.dumps(splits))
    parts = {"IDD": [9], "app_unseen": [7], "category_unseen": [7]}
    (tmp_path / "android-control" / "test_subsplits.json").write_text(json.dumps(parts))
    write_gui_odyssey(tmp_path / "gui-odyssey", {"11": ODYSSEY_STEPS, "12": ODYSSEY_STEPS[:1]})
    write_episode(tmp_path / "omniactor", episode)
    rows = [
        step("77_0.png", "Open it", [], "Action: Go back.", "mobile.back()"),
        step("77_1.png", "Open it", ["Go back."], "Action: Click on Open.", "pyautogui.click(x=0.5, y=0.25)"),
        step("78_0.png", "Close it", [], "Action: Go home.", "mobile.home()"),
        grounding("a.png", ("the logo", "pyautogui.click(x=0.1, y=0.2)"), ("the bar", "pyautogui.click(x=0.3, y=0.2)")),
    ]
    (tmp_path / "aguvis" / "coat" / "images").mkdir(parents=True)
    (tmp_path / "aguvis" / "coat.json").write_text(json.dumps(rows))
    for name in ("77_0", "77_1", "78_0", "a"):
        (tmp_path / "aguvis" / "coat" / "images" / f"{name}.png").write_bytes(png(20, 10, shade=7))
    return {path.name: path for path in tmp_path.iterdir()}


@pytest.mark.parametrize("kind", ["android-control", "gui-odyssey", "omniactor", "aguvis"])
def test_formats_are_told_apart_also_with_a_folder_around_them(sources, tmp_path, kind):
    assert find_format(sources[kind])[0] == kind
    alone = len(list(read_episodes(sources[kind])))
    shutil.copytree(sources[kind], tmp_path / "around" / "inner" / kind)
    (tmp_path / "around" / "__MACOSX").mkdir()
    assert len(list(read_episodes(tmp_path / "around"))) == alone > 0


def test_android_control_keeps_every_step_its_size_its_words_and_the_last_screen(sources):
    first, second = read_episodes(sources["android-control"])
    assert (first.id, first.instruction, first.splits, second.splits) == ("7", GOAL, ("app_unseen", "category_unseen"), ("IDD",))
    assert [bare(made.action) for made in first.steps] == [bare(action) for action in EXPECTED]
    assert [made.instruction for made in first.steps] == [words for _, words in STEPS]
    assert {made.size for made in first.steps} == {(108, 240)}
    assert [made.screenshot()[0, 0, 0] for made in first.steps] == [10 * number for number in range(10)]
    assert RecordedStep(None, first.last).screenshot()[0, 0, 0] == 100
    assert [found.id for found in read_episodes(sources["android-control"], split="test")] == ["7"]


def test_gui_odyssey_keeps_boxes_device_and_category(sources):
    first = next(iter(read_episodes(sources["gui-odyssey"])))
    assert (first.id, first.device, first.category) == ("11", "Medium Phone", "Multi_Apps")
    assert [bare(made.action) for made in first.steps] == [bare(action) for action in ODYSSEY]
    assert first.steps[0].boxes == ((0.3, 0.6, 0.4, 0.7),)
    assert first.steps[1].boxes == ()
    assert first.steps[0].screenshot().shape == (60, 27, 3)


def test_aguvis_rows_become_episodes_again_and_questions_episodes_of_their_own(sources):
    found = list(read_episodes(sources["aguvis"]))
    assert [(made.id, made.instruction, len(made.steps)) for made in found] == [
        ("coat/77", "Open it", 2), ("coat/78", "Close it", 1), ("coat/coat/a#0.0", "the logo", 1), ("coat/coat/a#0.1", "the bar", 1),
    ]  # fmt: skip
    assert found[0].steps[1].action == GuiAction("click", point=(0.5, 0.25), description="Click on Open.")
    assert found[0].steps[1].screenshot().shape == (10, 20, 3)


def test_steps_that_cannot_be_read_stay_with_the_reason(tmp_path):
    steps = [({"action_type": "dance"}, "Dance"), ({"action_type": "wait"}, "Wait")]
    write_android_control(tmp_path / "ac", [[ac_episode(1, "go", steps), b"\xff\xff"]])
    tally = Tally()
    (found,) = read_episodes(tmp_path / "ac", tally=tally)
    assert [made.action for made in found.steps] == [None, GuiAction("wait", description="Wait")]
    assert "dance" in found.steps[0].problem
    assert tally.dropped == {"record that is no episode": 1}


def test_a_missing_or_broken_screenshot_is_one_line_when_somebody_looks(tmp_path):
    write_gui_odyssey(tmp_path, {"1": ODYSSEY_STEPS[:2]})
    (tmp_path / "data/screenshots/1_0.png").unlink()
    (tmp_path / "data/screenshots/1_1.png").write_bytes(png(20, 10)[:40])
    (found,) = read_episodes(tmp_path)
    for made in found.steps:
        with pytest.raises(ImageError) as caught:
            made.screenshot()
        assert "\n" not in str(caught.value)
    with pytest.raises(ImageError, match="missing"):
        RecordedStep(None, None).screenshot()


@pytest.mark.parametrize("content", [None, "empty", "other"])
def test_what_holds_no_episodes_is_refused_in_one_line(tmp_path, content):
    source = tmp_path / "src"
    if content:
        source.mkdir()
    if content == "other":
        (source / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="expected") as caught:
        list(read_episodes(source))
    assert "\n" not in str(caught.value)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InputError, match="format of episodes"):
        list(read_episodes(tmp_path, "mind2web"))
