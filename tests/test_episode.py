import os

import av
import pytest

from omniactor.agent import RandomAgent
from omniactor.episode import EpisodeRequest, EpisodeResult, EpisodeRunner, Update
from omniactor.errors import InitStateError, InputError, OutputError, SimulationError, UnknownAgentError
from omniactor.record import read_record
from omniactor.types import Decision


@pytest.fixture(scope="module")
def runner():
    runner = EpisodeRunner()
    yield runner
    runner.close()


def request(**changes):
    return EpisodeRequest(**{"task": 49, "agent": "random", "assets": "standin", "image_size": 64, "max_steps": 5, **changes})


class ChunkAgent(RandomAgent):
    """Decides on three actions at a time."""

    decision = None

    def reset(self, instruction, seed=None):
        super().reset(instruction, seed)
        self.decision, self.acted = None, 0

    def act(self, observation):
        if self.acted % 3 == 0:
            self.decision = Decision("embodied", "embodied", self.acted)
        self.acted += 1
        return super().act(observation)


class LookingAgent(ChunkAgent):
    """Looks at every step, whether anybody else does or not."""

    needs_images = True


def frames_in(path):
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_updates_come_first_and_the_result_last(runner):
    *updates, result = runner.run(request())
    assert [u.index for u in updates] == [0, 1, 2, 3, 4, 5]
    assert all(isinstance(u, Update) and u.frame is None for u in updates)
    assert isinstance(result, EpisodeResult)
    assert (result.steps, result.success, result.stopped, result.init_state) == (5, False, False, 0)
    assert result.assets == "standin"


def test_the_json_result_has_the_documented_keys(runner):
    *_, result = runner.run(request())
    documented = {"task", "success", "steps", "agent", "assets", "seconds", "steps_per_second", "goals"}
    assert documented <= result.as_json().keys()


def test_a_models_decision_comes_with_the_first_action_it_led_to(runner, monkeypatch):
    monkeypatch.setattr("omniactor.episode.make_agent", lambda name, env: ChunkAgent())
    *updates, _ = runner.run(request(max_steps=7))
    looked = {update.index: update.decision for update in updates if update.decision is not None}
    assert list(looked) == [1, 4, 7]
    assert [decision.seconds for decision in looked.values()] == [0, 3, 6]


def test_a_finished_episode_has_a_frame_per_step_in_its_video(runner, tmp_path):
    *updates, result = runner.run(request(video=str(tmp_path / "a.mp4"), record=str(tmp_path / "a.json")))
    assert all(u.frame is not None for u in updates)
    assert frames_in(result.video) == 6
    assert len(read_record(result.record).actions) == 5


@pytest.mark.parametrize(("pace", "drawn"), [(0, [0, 2, 4, 6, 8, 9]), (1e9, [0, 9])])
def test_a_video_with_fewer_pictures_lasts_as_long(pace, drawn, runner, tmp_path, monkeypatch):
    monkeypatch.setattr("omniactor.pace.FEWEST", 0.01)
    *updates, result = runner.run(request(max_steps=9, video=str(tmp_path / "a.mp4"), look_every=2, pace=pace))
    assert [u.index for u in updates if u.frame is not None] == drawn
    with av.open(result.video) as container:
        assert [round(frame.time * 20) for frame in container.decode(video=0)] == drawn


@pytest.mark.parametrize(("look_every", "framed"), [(0, []), (2, [0, 2, 3])])
def test_what_the_agent_alone_saw_is_no_frame(look_every, framed, runner, monkeypatch):
    monkeypatch.setattr("omniactor.episode.make_agent", lambda name, env: LookingAgent())
    *updates, _ = runner.run(request(max_steps=3, look_every=look_every))
    assert [u.index for u in updates if u.frame is not None] == framed


def test_a_stopped_episode_keeps_what_was_made(runner, tmp_path):
    asked = []
    *_, result = runner.run(
        request(max_steps=100, video=str(tmp_path / "a.mp4"), record=str(tmp_path / "a.json")),
        stop=lambda: asked.append(1) or len(asked) > 3,
    )
    assert (result.stopped, result.steps, result.success) == (True, 3, False)
    assert frames_in(tmp_path / "a.mp4") == 4
    assert len(read_record(tmp_path / "a.json").actions) == 3


def test_a_caller_who_stops_reading_keeps_what_was_made(runner, tmp_path):
    episode = runner.run(request(max_steps=100, video=str(tmp_path / "a.mp4"), record=str(tmp_path / "a.json")))
    for _ in range(4):
        next(episode)
    episode.close()
    assert frames_in(tmp_path / "a.mp4") == 4
    assert sorted(os.listdir(tmp_path)) == ["a.json", "a.mp4"]


def test_an_error_midway_keeps_what_was_made_and_is_raised(runner, tmp_path):
    episode = runner.run(request(max_steps=100, video=str(tmp_path / "a.mp4"), record=str(tmp_path / "a.json")))
    for _ in range(3):
        next(episode)
    runner._env.data.qvel[20] = 1e12
    with pytest.raises(SimulationError):
        list(episode)
    assert frames_in(tmp_path / "a.mp4") == 3
    assert len(read_record(tmp_path / "a.json").actions) == 2


def test_the_scene_is_kept_while_the_task_stays_the_same(runner):
    list(runner.run(request()))
    env = runner._env
    list(runner.run(request(init_state=3)))
    assert runner._env is env


def test_the_start_is_the_first_published_state_unless_a_seed_is_given(runner):
    assert next(iter(runner.run(request()))).index == 0
    *_, drawn = runner.run(request(seed=8))
    assert (drawn.init_state, drawn.seed) == (None, 8)
    *_, both = runner.run(request(seed=8, init_state=2))
    assert (both.init_state, both.seed) == (2, 8)


def test_what_the_agent_is_told_does_not_change_the_goal(runner):
    *_, result = runner.run(request(instruction="  open\nthe   window "))
    assert result.instruction == "open the window"
    assert list(result.goals) == ["In tomato_sauce_1 basket_1_contain_region"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"task": "nothing"}, InputError),
        ({"agent": "nobody"}, UnknownAgentError),
        ({"agent": "replay:"}, UnknownAgentError),
        ({"agent": "mini"}, UnknownAgentError),
        ({"agent": "replay:/nowhere.json"}, InputError),
        ({"init_state": 50}, InitStateError),
        ({"seed": -1}, InputError),
        ({"max_steps": 0}, InputError),
        ({"assets": "mine"}, InputError),
        ({"video": "/nowhere/a.mp4"}, OutputError),
        ({"record": "/nowhere/a.json"}, OutputError),
    ],
)
def test_what_cannot_run_is_refused_and_leaves_nothing(runner, tmp_path, monkeypatch, changes, error):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("omniactor.agent.MINI", tmp_path / "none")
    with pytest.raises(error) as caught:
        list(runner.run(request(**{"video": "a.mp4", "record": "a.json", **changes})))
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []
