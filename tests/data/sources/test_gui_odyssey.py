"""GUI-Odyssey's episodes: thousandths, the finger's way, keys, reasons, splits."""

import json
import os

import pytest

from omniactor.actions.gui import parse_response
from omniactor.types import GuiAction
from tests.data.sources.fixtures.gui_odyssey import write_gui_odyssey

STEPS = [
    ("CLICK", [[374, 621], [374, 621]], "Open Chrome.", [300, 600, 400, 700]),
    ("CLICK", "KEY_HOME", "Go home."), ("CLICK", "KEY_BACK", "Go back."), ("CLICK", "KEY_APPSELECT", "Show the apps."),
    ("LONG_PRESS", [[500, 250], [500, 250]], "Hold it."), ("TEXT", "time: now", "Type."), ("TYPE", "again", "Type again."),
    ("SCROLL", [[500, 800], [510, 200]], "Scroll down."), ("SCROLL", [[500, 200], [510, 800]], "Scroll up."),
    ("SCROLL", [[900, 500], [100, 510]], "Scroll right."), ("SCROLL", [[100, 500], [900, 510]], "Scroll left."),
    ("COMPLETE", "", "Done."),
]  # fmt: skip
EXPECTED = [
    GuiAction("click", point=(0.374, 0.621)), GuiAction("home"), GuiAction("back"), GuiAction("recent"),
    GuiAction("long_press", point=(0.5, 0.25)), GuiAction("write", text="time: now"), GuiAction("write", text="again"),
    GuiAction("scroll", pages=-0.5), GuiAction("scroll", pages=0.5), GuiAction("scroll", pages=0.5, axis="horizontal"),
    GuiAction("scroll", pages=-0.5, axis="horizontal"), GuiAction("terminate", status="success"),
]  # fmt: skip


def bare(action):
    return {name: value for name, value in vars(action).items() if name != "description"}


@pytest.fixture
def source(tmp_path):
    steps = {"11": STEPS, "22": [("INCOMPLETE", "", "Stop.", [], "No flights")], "33": [("COMPLETE", "", "Done.")]}
    return write_gui_odyssey(tmp_path / "src", steps, {"random": {"train": ["11.json", "22.json"], "test": ["33.json"]}})


def test_every_kind_of_action_becomes_ours(convert, source):
    samples, report = convert("gui-odyssey", source)
    first = [sample for sample in samples if sample.episode == "11"]
    assert [bare(parse_response(sample.turns[0][1])) for sample in first] == [bare(action) for action in EXPECTED]
    assert [sample.turns[0][1].split("\n")[0] for sample in first] == [f"Action: {given[2]}" for given in STEPS]
    assert report["dropped"] == {}
    assert report["notes"] == {"episodes of other splits": 1}
    last = parse_response(samples[-1].turns[0][1])
    assert (last.kind, last.status, last.text) == ("terminate", "failure", "No flights")


def test_the_words_of_the_first_release_are_understood_too(convert, tmp_path):
    steps = [("CLICK", "HOME", "Home."), ("HOME", "", "Home."), ("BACK", "", "Back."), ("IMPOSSIBLE", "", "Stop.", [], "No")]
    source = write_gui_odyssey(tmp_path / "src", {"1": steps, "2": steps}, {"app": {"train": ["1"], "test": ["2"]}})
    samples, _ = convert("gui-odyssey", source, "--split-by", "app")
    made = [parse_response(sample.turns[0][1]) for sample in samples]
    assert [(action.kind, action.text) for action in made] == [
        ("home", None),
        ("home", None),
        ("back", None),
        ("terminate", "No"),
    ]


def test_boxes_become_fractions_and_empty_ones_are_none(convert, source):
    samples, _ = convert("gui-odyssey", source)
    assert samples[0].box == (0.3, 0.6, 0.4, 0.7)
    assert samples[1].box is None


def test_a_finger_may_stay_a_swipe_with_both_ends(convert, source):
    samples, _ = convert("gui-odyssey", source, "--scrolls", "swipe")
    assert samples[7].turns[0][1].endswith("mobile.swipe(from_coord=[0.500, 0.800], to_coord=[0.510, 0.200])")


def test_levels_and_history(convert, source):
    high, _ = convert("gui-odyssey", source)
    low, _ = convert("gui-odyssey", source, "--level", "low", out="low")
    assert "Instruction: Do task 11.\nPrevious actions:\nStep 1: Open Chrome.\nStep 2: Go home.\n" in high[2].turns[0][0]
    assert "Instruction: Do task 11. You need to: Go back.\n" in low[2].turns[0][0]


@pytest.mark.parametrize(("options", "episodes"), [(("--split", "test"), {"33"}), (("--split", "all"), {"11", "22", "33"})])
def test_splits_are_those_of_the_publisher(convert, source, options, episodes):
    assert {sample.episode for sample in convert("gui-odyssey", source, *options)[0]} == episodes


def test_splits_that_are_not_there_are_refused(refused, source, tmp_path):
    assert "app_split.json" in refused("gui-odyssey", source, "--split-by", "app")
    assert "train and test" in refused("gui-odyssey", source, "--split", "validation")
    assert "annotations" in refused("gui-odyssey", source / "data" / "splits")


def test_screenshots_are_linked_not_copied(convert, source, tmp_path):
    samples, _ = convert("gui-odyssey", source / "data")
    assert os.stat(tmp_path / "out" / samples[0].images[0]).st_nlink == 2


def test_what_cannot_be_used_is_counted_and_the_rest_kept(convert, tmp_path):
    steps = [
        ("CLICK", [[374, 1621], [374, 621]], "Beyond."), ("CLICK", "KEY_POWER", "Off."), ("CLICK", "", "Where?"), ("TEXT", "", "Nothing."),
        ("SCROLL", [[5, 5], [5, 5]], "Nowhere."), ("DANCE", "", "?"), (None, None, None), ("COMPLETE", "", "Done.", [500, 1, 2, 3]),
    ]  # fmt: skip
    source = write_gui_odyssey(tmp_path / "src", {"1": steps, "2": STEPS[:2], "3": []})
    (source / "data/annotations/4.json").write_text("{")
    (source / "data/annotations/5.json").write_text('{"episode_id": "5", "steps": []}')
    (source / "data/screenshots/2_0.png").unlink()
    (source / "data/screenshots/2_1.png").write_bytes(b"GIF89a")
    samples, report = convert("gui-odyssey", source, "--split", "all")
    assert [(sample.episode, sample.step) for sample in samples] == [("1", 7)]
    assert report["dropped"] == {
        "unreadable action": 7, "screenshot missing or of no known format": 2, "file that is no episode": 2,
        "episode without actions": 1,
    }  # fmt: skip
    assert report["notes"] == {"boxes that are none, left out of their samples": 1}


PLACES = [
    [374, 621], [[374, 621]], [[374, 621], [374, 621]], [["374", "621"]], "(374, 621)", "[[374, 621], [374, 621]]", [374.0, 621],
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_places_are_read_however_they_were_written_down(convert, tmp_path, place):
    steps = [("CLICK", place, "Open.", "[300, 600, 400, 700]"), ("LONG_PRESS", place, "Hold."), ("COMPLETE", None, "Done.")]
    samples, report = convert("gui-odyssey", odyssey(tmp_path / "src", steps))
    assert [parse_response(sample.turns[0][1]).point for sample in samples] == [(0.374, 0.621)] * 2 + [None]
    assert (samples[0].box, report["dropped"]) == ((0.3, 0.6, 0.4, 0.7), {})


@pytest.mark.parametrize("way", [[500, 800, 510, 200], "[[500, 800], [510, 200]]", [["500", "800"], ["510", "200"]]])
def test_ways_of_scrolls_are_read_however_they_were_written_down(convert, tmp_path, way):
    samples, _ = convert("gui-odyssey", odyssey(tmp_path / "src", [("SCROLL", way, "Scroll.")]))
    assert parse_response(samples[0].turns[0][1]).pages == -0.5


BROKEN = [
    ("CLICK", "(374)"), ("CLICK", "374, 621; os.system"), ("CLICK", {"x": 1}), ("CLICK", [[1, 2], [3]]), ("CLICK", [True, 5]),
    ("CLICK", [float("1e400"), 5]), ("CLICK", None), ("CLICK", "KEY_NONE"), ("TEXT", ""), ("TEXT", ["a"]), ("SCROLL", [[5, 5], [5, 5]]),
    ("CLICK", [2000, 5]), ("DANCE", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "info"), BROKEN)
def test_what_is_no_action_is_counted_and_costs_nothing_else(convert, tmp_path, kind, info):
    samples, report = convert("gui-odyssey", odyssey(tmp_path / "src", [(kind, info, "Do."), ("COMPLETE", "", "Done.")]))
    assert [sample.step for sample in samples] == [1]
    assert report["dropped"] == {"unreadable action": 1}


def odyssey(root, steps):
    """An episode whose number is one, not text, as are the numbers of its steps."""
    source = write_gui_odyssey(root, {"11": steps}, {"random": {"train": [11], "test": []}})
    file = source / "data/annotations/11.json"
    content = json.loads(file.read_text()) | {"episode_id": 11}
    for step in content["steps"]:
        step["step"] = str(step["step"])
        if step["sam2_bbox"] and isinstance(step["sam2_bbox"][0], str):
            step["sam2_bbox"] = "".join(step["sam2_bbox"])  # the writer makes a list of a text
    file.write_text(json.dumps(content))
    return source
