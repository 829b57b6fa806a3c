"""This project's own episodes: what is written is what is read, and whatever else lies there is refused."""

import json
import os

import numpy as np
import pytest

from omniactor.data.tally import Tally
from omniactor.errors import InputError, OutputError
from omniactor.gui.episode_folder import FILE, read_episode, read_folder, write_episode
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.types import GUI_KINDS, GuiAction
from tests.gui.conftest import make_episode, picture

POINT, END = (1 / 3, 0.1234567890123), (0.7, 2 / 7)
ACTIONS = [
    *(GuiAction(kind, point=POINT) for kind in ("click", "double_click", "triple_click", "right_click", "middle_click", "move")),
    GuiAction("double_click"), GuiAction("long_press", point=POINT, seconds=1.5), GuiAction("drag", point=POINT, end=END),
    GuiAction("drag", end=END), GuiAction("swipe", point=POINT, end=END), GuiAction("scroll", pages=-1 / 3),
    GuiAction("scroll", pages=3, point=POINT), GuiAction("scroll", pages=1, axis="horizontal", point=POINT),
    GuiAction("write", text="it's \"so\"\n\ttab \\ <image> <|im_end|> 你好 \u202e"), GuiAction("write", text=""),
    GuiAction("press", keys=["enter"]), GuiAction("press", keys=["tab", "tab"]), GuiAction("hotkey", keys=["ctrl", "C"]),
    GuiAction("select", point=POINT, text="Two"), GuiAction("open_app", text="Clock"), GuiAction("home"), GuiAction("back"),
    GuiAction("recent"), GuiAction("wait"), GuiAction("wait", seconds=2), GuiAction("answer", text="42"),
    GuiAction("terminate", status="success"), GuiAction("terminate", status="failure", text="No flights"),
]  # fmt: skip


def facts(step):
    return step.action, step.instruction, step.boxes, step.size, step.problem, step.screenshot().tobytes()


def test_every_action_comes_back_digit_by_digit(tmp_path):
    assert {action.kind for action in ACTIONS} == set(GUI_KINDS)
    given = make_episode(*ACTIONS, device="Chromium", category="misc", splits=("test",), facts={"seed": 3, "success": True})
    folder = write_episode(tmp_path / "new" / "deeper", given)
    read = read_episode(folder / FILE)
    for name in ("id", "instruction", "source", "device", "category", "splits", "facts"):
        assert getattr(read, name) == getattr(given, name)
    assert len(read.steps) == len(ACTIONS)
    for step, other in zip(read.steps, given.steps, strict=True):
        assert step.action == other.action
        assert facts(step)[1:] == facts(other)[1:]


def test_descriptions_of_their_own_problems_and_last_screens_are_kept(tmp_path):
    steps = (
        RecordedStep(GuiAction("home", description="I go home."), picture(1), "Go home."),
        RecordedStep(GuiAction("home"), np.full((9, 7, 3), 5, np.uint8), "Go home."),
        RecordedStep(None, memoryview(picture(2, kind="JPEG")), "Dance.", problem="no dancing"),
    )
    read = read_episode(write_episode(tmp_path, RecordedEpisode("a/b: c", "Go", steps, last=picture(9))) / FILE)
    assert [step.action and step.action.description for step in read.steps] == ["I go home.", "", None]
    assert read.steps[2].problem == "no dancing"
    assert read.steps[1].screenshot().shape == (9, 7, 3)
    assert (read.steps[1].screenshot() == 5).all()
    assert read.steps[2].picture.suffix == ".jpg"
    assert RecordedStep(None, read.last).screenshot()[0, 0, 0] == 9
    assert [path.name for path in tmp_path.iterdir()] == ["a_b_c"]


def test_an_episode_that_is_there_stays_and_a_failure_leaves_nothing(tmp_path, episode):
    write_episode(tmp_path, episode)
    before = (tmp_path / "e1" / FILE).read_bytes()
    with pytest.raises(OutputError, match="exists"):
        write_episode(tmp_path, episode)
    assert (tmp_path / "e1" / FILE).read_bytes() == before
    bad = [
        RecordedEpisode("x", "go", (RecordedStep(GuiAction("home"), b"no picture"),)),
        RecordedEpisode("x", "go", (RecordedStep(GuiAction("home"), np.zeros((3, 3)), ""),)),
        RecordedEpisode("x", "go", (), facts={"nan": float("nan")}),
        RecordedEpisode("x", "go", (), facts={"object": object()}),
        RecordedEpisode("x", "go \ud800", ()),
        RecordedEpisode("x", "g" * 30_000, ()),
    ]
    for made in bad:
        with pytest.raises(InputError):
            write_episode(tmp_path, made)
    assert [path.name for path in tmp_path.iterdir()] == ["e1"]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"}, {"version": 2}, {"steps": None}, {"steps": [1]}, {"steps": [{}] * 1001}, {"instruction": 7},
        {"instruction": "x" * 30_000}, {"id": "\ud800"}, {"facts": []}, {"splits": "test"},
        {"steps": [{"operation": "mobile.home()", "boxes": [[0, 0, 2, 1]]}]},
        {"steps": [{"operation": "mobile.home()", "boxes": [[0.5, 0, 0.2, 1]]}]},
        {"steps": [{"operation": "mobile.home()", "screenshot": "../other.png"}]},
        {"steps": [{"operation": "mobile.home()", "screenshot": "/etc/passwd"}]},
    ],
    ids=lambda change: str(change)[:40],
)  # fmt: skip
def test_what_is_no_episode_is_refused_in_one_line(tmp_path, episode, change):
    file = write_episode(tmp_path, episode) / FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(InputError) as caught:
        read_episode(file)
    assert "\n" not in str(caught.value)


def test_screenshots_that_lead_elsewhere_or_are_missing_are_none(tmp_path, episode):
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture(7))
    folder = write_episode(tmp_path / "in", episode)
    os.symlink(secret, folder / "link.png")
    content = json.loads((folder / FILE).read_text())
    for step, name in zip(content["steps"], ("link.png", "none.png", "x" * 999, None), strict=True):
        step["screenshot"] = name
    (folder / FILE).write_text(json.dumps(content))
    assert [step.picture for step in read_episode(folder / FILE).steps] == [None] * 4


def test_unknown_operations_stay_as_problems(tmp_path, episode):
    file = write_episode(tmp_path, episode) / FILE
    content = json.loads(file.read_text())
    for step, operation in zip(content["steps"], ("os.system('x')", "pyautogui.click(x=3, y=0.1)", None, 7), strict=True):
        step["operation"] = operation
    file.write_text(json.dumps(content))
    steps = read_episode(file).steps
    assert [step.action for step in steps] == [None] * 4
    assert all(step.problem.startswith("expected") for step in steps)


def test_damaged_episodes_are_counted_and_the_others_read(tmp_path):
    for number in range(3):
        write_episode(tmp_path, make_episode(GuiAction("home"), id=f"e{number}"))
    (tmp_path / "e1" / FILE).write_text("{")
    tally = Tally()
    assert [made.id for made in read_folder(tmp_path, tally)] == ["e0", "e2"]
    assert tally.dropped == {"file that is no episode": 1}
    for number in (0, 2):
        (tmp_path / f"e{number}" / FILE).write_text("[]")
    with pytest.raises(InputError):
        list(read_folder(tmp_path, Tally()))
