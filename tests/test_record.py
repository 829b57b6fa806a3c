import json

import pytest

from omniactor.agent import ReplayAgent
from omniactor.episode import EpisodeRequest, EpisodeResult, EpisodeRunner
from omniactor.errors import RecordError
from omniactor.record import FORMAT, EpisodeRecord, read_record
from omniactor.replay import replay_record


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A real record: ten random steps of a kitchen task, whose fixtures depend on the seed."""
    path = tmp_path_factory.mktemp("record") / "a.json"
    runner = EpisodeRunner()
    request = EpisodeRequest(task=0, agent="random", assets="standin", seed=3, max_steps=10, record=str(path))
    *_, result = runner.run(request)
    runner.close()
    assert isinstance(result, EpisodeResult)
    return path


def edited(path, tmp_path, **changes):
    content = json.loads(path.read_text())
    content.update(changes)
    other = tmp_path / "edited.json"
    other.write_text(json.dumps(content))
    return str(other)


def test_a_record_says_everything_needed_to_run_it_again(recorded):
    record = read_record(recorded)
    assert (record.task_id, record.agent, record.assets, record.seed, record.init_state) == (0, "random", "standin", 3, None)
    assert len(record.actions) == len(record.digests) == 10
    assert len(record.fixtures["wooden_cabinet_1"]) == 7
    assert record.versions["mujoco"] == "3.3.2"
    assert record.goals == {"Close wooden_cabinet_1_top_region": False}


def test_replay_reaches_identical_states(recorded):
    result = replay_record(str(recorded))
    assert result["identical"] is True
    assert result["first_difference"] is None
    assert (result["steps"], result["same_versions"], result["same_assets"]) == (10, True, True)


def test_replay_names_the_first_step_that_differs(recorded, tmp_path):
    actions = json.loads(recorded.read_text())["actions"]
    actions[6][0] = 0.123
    result = replay_record(edited(recorded, tmp_path, actions=actions))
    assert (result["identical"], result["first_difference"]) == (False, 7)


def test_replay_notices_another_start(recorded, tmp_path):
    result = replay_record(edited(recorded, tmp_path, seed=4))
    assert (result["identical"], result["first_difference"]) == (False, 0)


def test_the_replay_agent_refuses_another_task(recorded):
    runner = EpisodeRunner()
    with pytest.raises(RecordError, match="--task 0"):
        list(runner.run(EpisodeRequest(task=49, agent=f"replay:{recorded}", assets="standin")))
    runner.close()


def test_actions_survive_the_file_bit_for_bit(recorded):
    agent = ReplayAgent(str(recorded))
    agent.reset("anything")
    taken = []
    while (action := agent.act(None)) is not None:
        taken.append([float(v) for v in action.values])
    assert taken == read_record(recorded).actions


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"7",
        b'{"format": "other"}',
        b'{"format": "omniactor-episode", "version": 99}',
        b'{"format": "omniactor-episode", "version": 1}',
        b"[" * 100_000,
    ],
)
def test_broken_and_foreign_files_are_refused_in_one_line(content, tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(RecordError) as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": [[0] * 6] * 10},
        {"actions": [[float("nan")] * 7] * 10},
        {"actions": [[2.0] * 7] * 10},
        {"actions": "none"},
        {"digests": []},
        {"start": [[1.0]]},
        {"seed": "three"},
        {"init_state": 1.5},
        {"settle_steps": -1},
        {"assets": "mine"},
        {"extra": 1},
    ],
)
def test_impossible_content_is_refused(recorded, tmp_path, changes):
    with pytest.raises(RecordError, match="damaged"):
        read_record(edited(recorded, tmp_path, **changes))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"nowhere\.json"):
        read_record(tmp_path / "nowhere.json")


def test_the_format_is_marked(recorded):
    assert json.loads(recorded.read_text())["format"] == FORMAT
    assert {"format", "version"}.isdisjoint(EpisodeRecord.__dataclass_fields__)
