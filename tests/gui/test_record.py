"""Records of episodes on pages: complete, readable, and the same again."""

import json

import numpy as np
import pytest

from omniactor.actions.gui import parse_operation, print_operation
from omniactor.episode import EpisodeRequest, EpisodeResult, EpisodeRunner, Update
from omniactor.errors import InputError, RecordError, UnknownAgentError
from omniactor.record import read_record
from omniactor.replay import replay_record
from omniactor.types import GuiAction
from omniactor.worker import EpisodeWorker


@pytest.fixture(scope="module")
def recorded(page_env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    runner = EpisodeRunner()
    request = EpisodeRequest(
        task="miniwob:login-user", seed=4, record=str(folder / "a.json"), video=str(folder / "a.mp4"), look_every=1
    )
    updates = list(runner.run(request))
    runner.close()
    return folder, updates


def test_an_episode_yields_frames_actions_and_a_result(recorded):
    folder, updates = recorded
    *steps, result = updates
    assert isinstance(result, EpisodeResult)
    assert (result.success, result.steps, result.task, result.seed) == (True, 5, "miniwob:login-user", 4)
    assert result.assets == "miniwob"
    assert result.instruction.startswith("Enter the username")
    assert {"omniactor", "miniwob", "chromium"} == result.versions.keys()
    assert all(isinstance(step, Update) for step in steps)
    assert steps[0].action is None
    assert steps[1].action == GuiAction("click", point=steps[1].action.point, description="Click the username field")
    assert steps[0].frame.shape == (420 + 2 * 26, 320, 3)
    assert steps[0].frame.dtype == np.uint8
    assert (folder / "a.mp4").stat().st_size > 1000
    json.dumps(result.as_json())


def test_a_record_replays_identically_and_a_changed_one_does_not(recorded, tmp_path):
    folder, _ = recorded
    result = replay_record(str(folder / "a.json"))
    assert (result["identical"], result["first_difference"], result["success"], result["same_assets"]) == (True, None, True, True)
    content = json.loads((folder / "a.json").read_text())
    content["actions"][3] = "pyautogui.write(message='wrong')"
    (tmp_path / "b.json").write_text(json.dumps(content))
    changed = replay_record(str(tmp_path / "b.json"))
    assert (changed["identical"], changed["first_difference"], changed["success"]) == (False, 4, False)
    assert changed["reason"] == "the page's reward was -1"


def test_a_record_holds_everything_and_reads_back(recorded):
    record = read_record(str(recorded[0] / "a.json"))
    assert (record.task, record.seed, record.success, record.raw_reward, len(record.digests)) == (
        "miniwob:login-user", 4, True, 1.0, 5,
    )  # fmt: skip
    assert record.gui_actions()[1].text == record.actions[1].split("'")[1]
    assert record.descriptions[0] == "Click the username field"


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "miniwob:nonsense"}, {"actions": ["rm -rf"]}, {"digests": []}, {"seed": -1}, {"seed": "four"},
        {"step_seconds": 1e9}, {"assets": "libero"}, {"more": 1}, {"descriptions": []}, {"actions": None},
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused_in_one_line(recorded, tmp_path, changes):
    content = {**json.loads((recorded[0] / "a.json").read_text()), **changes}
    (tmp_path / "c.json").write_text(json.dumps(content))
    with pytest.raises(RecordError) as caught:
        read_record(str(tmp_path / "c.json"))
    assert "\n" not in str(caught.value)


def test_a_record_of_a_page_is_not_played_on_another_page(recorded):
    runner = EpisodeRunner()
    with pytest.raises(RecordError, match=r"expected a record of miniwob:click-test"):
        list(runner.run(EpisodeRequest(task="miniwob:click-test", agent=f"replay:{recorded[0] / 'a.json'}")))
    runner.close()


def test_a_worker_process_runs_pages_and_can_be_stopped(page_env):
    worker = EpisodeWorker()
    try:
        *_, result = worker.run(EpisodeRequest(task="miniwob:click-button", seed=2))
        assert result.success
        running = worker.run(EpisodeRequest(task="miniwob:click-pie", agent="random", seed=2, max_steps=500, look_every=1))
        next(running)
        worker.stop()
        *_, stopped = running
        assert stopped.stopped
    finally:
        worker.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"init_state": 3}, "expected a seed for a page"),
        ({"task": "miniwob:click-buton"}, "did you mean miniwob:click-button"),
        ({"max_steps": 0}, "expected from 1 to"),
    ],
)
def test_impossible_requests_are_refused_before_anything_starts(changes, message):
    with pytest.raises(InputError, match=message):
        EpisodeRequest(**{"task": "miniwob:click-test", **changes}).check()


def test_pages_without_a_skill_are_refused_by_the_expert(page_env):
    runner = EpisodeRunner()
    with pytest.raises(UnknownAgentError, match="has a skill for, got tic-tac-toe"):
        list(runner.run(EpisodeRequest(task="miniwob:tic-tac-toe")))
    runner.close()


@pytest.mark.parametrize(
    "action",
    [
        GuiAction("click", point=(1 / 3, 2 / 7)), GuiAction("drag", point=(0.1, 0.2), end=(0.3, 1 / 7)),
        GuiAction("scroll", pages=-0.123456789, point=(0.5, 0.5)), GuiAction("write", text="a'b\"c\\\n\u4f60"),
        GuiAction("press", keys=("a", "enter")), GuiAction("hotkey", keys=("ctrl", "a")), GuiAction("wait", seconds=0.1),
        GuiAction("select", point=(0.1, 0.2), text="Two words"), GuiAction("terminate", status="failure", text="no"),
        GuiAction("answer", text="42"), GuiAction("long_press", point=(0.1, 0.9), seconds=2.5), GuiAction("double_click"),
        GuiAction("scroll", pages=0.5, axis="horizontal"), GuiAction("move", point=(0, 1)),
    ],
    ids=lambda action: action.kind,
)  # fmt: skip
def test_an_action_survives_being_recorded_with_all_its_digits(action):
    assert parse_operation(print_operation(action, decimals=None)) == action
