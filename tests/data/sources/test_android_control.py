"""AndroidControl's episodes: pixels, scrolling, two levels, splits."""

import gzip
import json

import pytest

from omniactor.actions.gui import parse_response
from omniactor.gui.images import open_image
from omniactor.types import GuiAction
from tests.data.sources.fixtures.android_control import episode, example, record, write_android_control

STEPS = [
    ({"action_type": "open_app", "app_name": "Clock"}, "Open the Clock app"),
    ({"action_type": "click", "x": 54, "y": 60}, "Tap on alarms"),
    ({"action_type": "scroll", "direction": "down"}, "Swipe up to see more"),
    ({"action_type": "scroll", "direction": "left"}, "Swipe right"),
    ({"action_type": "long_press", "x": 0, "y": 240}, "Hold the first"),
    ({"action_type": "input_text", "text": "it's: 7 am"}, "Type the time"),
    ({"action_type": "type", "text": "x", "x": 1, "y": 2}, "Type"),
    ({"action_type": "navigate_back"}, "Go back"),
    ({"action_type": "navigate_home"}, "Go home"),
    ({"action_type": "wait"}, "Wait"),
]
EXPECTED = [
    GuiAction("open_app", text="Clock"), GuiAction("click", point=(0.5, 0.25)), GuiAction("scroll", pages=-0.5),
    GuiAction("scroll", pages=-0.5, axis="horizontal"), GuiAction("long_press", point=(0, 1)),
    GuiAction("write", text="it's: 7 am"), GuiAction("write", text="x"), GuiAction("back"), GuiAction("home"), GuiAction("wait"),
]  # fmt: skip
GOAL = "Set an alarm"


def bare(action):
    return {name: value for name, value in vars(action).items() if name != "description"}


@pytest.fixture
def source(tmp_path):
    more = [
        [episode(7, GOAL, STEPS), episode(8, "no actions", [])],
        [episode(9, "other", STEPS[:1]), episode(10, "validated", STEPS[:1])],
    ]
    return write_android_control(tmp_path / "src", more, {"train": [7, 8], "validation": [10], "test": [9]})


def test_every_kind_of_action_becomes_ours(convert, source, tmp_path):
    samples, report = convert("android-control", source)
    assert [bare(parse_response(sample.turns[0][1])) for sample in samples] == [bare(action) for action in EXPECTED]
    assert [sample.turns[0][1].split("\n")[0] for sample in samples] == [f"Action: {words}" for _, words in STEPS]
    assert report["dropped"] == {"episode without actions": 1}
    assert report["notes"] == {"episodes of other splits": 2}
    for step, sample in enumerate(samples):
        assert (sample.source, sample.episode, sample.step) == ("android-control", "7", step)
        assert open_image(tmp_path / "out" / sample.images[0])[0, 0, 0] == 10 * step
    assert json.loads((tmp_path / "out/dataset_info.json").read_text())["omniactor_android_control"]


def test_a_scroll_names_the_side_that_is_shown_not_the_fingers_way(convert, source):
    samples, _ = convert("android-control", source)
    assert "pyautogui.scroll(page=-0.5)" in samples[2].turns[0][1]
    assert "Swipe up" in samples[2].turns[0][1]


def test_the_two_levels_differ_in_what_is_asked(convert, source):
    high, _ = convert("android-control", source, "--level", "high")
    low, _ = convert("android-control", source, "--level", "low", out="low")
    assert (
        "Instruction: Set an alarm\nPrevious actions:\nStep 1: Open the Clock app\nStep 2: Tap on alarms\n" in high[2].turns[0][0]
    )
    assert "Instruction: Set an alarm You need to: Swipe up to see more\n" in low[2].turns[0][0]
    assert "Previous actions:\nNone\n" in low[0].turns[0][0]
    assert [sample.turns[0][1] for sample in high] == [sample.turns[0][1] for sample in low]


@pytest.mark.parametrize(("split", "episodes"), [("validation", {"10"}), ("test", {"9"}), ("all", {"7", "9", "10"})])
def test_splits_are_those_of_the_publisher(convert, source, split, episodes):
    assert {sample.episode for sample in convert("android-control", source, "--split", split)[0]} == episodes


def test_without_splits_all_must_be_asked_for(convert, refused, source):
    (source / "splits.json").unlink()
    assert "--split all" in refused("android-control", source)
    assert len(convert("android-control", source, "--split", "all")[0]) == 12
    assert len(convert("android-control", source / "android_control-00001-of-00002", "--split", "all", out="one")[0]) == 2


def test_steps_that_cannot_be_read_are_counted_and_the_others_kept(convert, tmp_path):
    steps = [
        ({"action_type": "click", "x": 500, "y": 60}, "Tap outside"), ({"action_type": "click", "index": 3}, "Tap an index"),
        ({"action_type": "dance"}, "Dance"), (b"not json", "?"), (b"[]", "?"), ({"action_type": "scroll", "direction": "sideways"}, "?"),
        ({"action_type": "wait"}, "Wait for the <image>"), ({"action_type": "wait"}, "Wait"),
    ]  # fmt: skip
    payloads = [
        episode(1, "go", steps), b"\xff\xff", example({"goal": [b"no id"]}), episode(2, "go", STEPS, drop=("screenshots",)),
        episode(3, "go", STEPS[:2], drop=("step_instructions",)),
    ]  # fmt: skip
    source = write_android_control(tmp_path / "src", [payloads])
    samples, report = convert("android-control", source, "--split", "all")
    assert [(sample.episode, sample.step) for sample in samples] == []  # the words of step 6 cannot stand in the history
    assert report["dropped"] == {
        "unreadable action": 6, "unusable sample (images)": 1, "unusable text": 1, "record that is no episode": 2,
        "episode whose lists are too short": 2,
    }  # fmt: skip


def test_numbers_that_are_not_packed_are_read_too(convert, tmp_path):
    source = write_android_control(tmp_path / "src", [[episode(1, "go", STEPS[:2], packed=False)]])
    assert len(convert("android-control", source, "--split", "all")[0]) == 2


def test_a_damaged_shard_is_refused_and_what_came_before_is_kept(convert, refused, source, tmp_path):
    shard = source / "android_control-00001-of-00002"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-20])
    assert "00001-of-00002" in refused("android-control", source, "--split", "all")
    shard.write_bytes(whole)
    samples, _ = convert("android-control", source, "--split", "all", out="refused")  # goes on in the same folder
    assert len(samples) == 12


def test_other_folders_are_refused(refused, tmp_path):
    (tmp_path / "src").mkdir()
    assert "shards" in refused("android-control", tmp_path / "src")


def test_splits_may_name_episodes_as_text_and_places_may_be_text(convert, tmp_path):
    steps = [({"action_type": "click", "x": "54", "y": "60.0"}, "Tap"), ({"action_type": "click", "x": 54.0, "y": 60}, "Tap")]
    shards = [[episode(1, "one", steps, packed=False)], [episode(2, "two", steps)], [episode(3, "three", steps)]]
    samples, _ = convert("android-control", write_android_control(tmp_path / "src", shards, {"train": ["1", 3]}))
    assert [sample.episode for sample in samples] == ["1", "1", "3", "3"]
    assert {parse_response(sample.turns[0][1]).point for sample in samples} == {(0.5, 0.25)}


def test_shards_of_several_gzip_members_and_uncompressed_ones_are_read(convert, tmp_path):
    source = write_android_control(tmp_path / "src", [[], []], {"train": [1, 2, 3]})
    parts = [record(episode(number, "goal", STEPS[:1])) for number in (1, 2, 3)]
    (source / "android_control-00000-of-00002").write_bytes(gzip.compress(parts[0]) + gzip.compress(parts[1]))
    (source / "android_control-00001-of-00002").write_bytes(parts[2])
    assert [sample.episode for sample in convert("android-control", source)[0]] == ["1", "2", "3"]


@pytest.mark.parametrize("ids", [[[1]], ["one"], [None]])
def test_splits_that_name_no_episodes_are_refused(refused, tmp_path, ids):
    source = write_android_control(tmp_path / "src", [[episode(1, "goal", STEPS[:1])]], {"train": ids})
    assert "expected numbers of episodes" in refused("android-control", source)
