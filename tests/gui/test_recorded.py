"""Recorded episodes as an environment: what is shown, what is told, what is judged, whatever the agent does."""

import json
from dataclasses import replace

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from omniactor.errors import ActionError, InputError, PeerError
from omniactor.evaluate.judgement import PROTOCOLS
from omniactor.gui.recorded import NoAction, RecordedEnv, as_json, play
from omniactor.rollout import rollout
from omniactor.types import EmbodiedAction, GuiAction
from tests.gui.conftest import make_episode, picture

OTHER = GuiAction("home", description="I go home.")


class Scripted:
    """Answers with what it was given: actions, None, or exceptions to raise; notes what it was shown."""

    name, needs_images = "scripted", True

    def __init__(self, *answers, needs_images=True):
        self.answers, self.seen, self.needs_images = list(answers), [], needs_images

    def reset(self, instruction, seed=None):
        self.told, self.seed = instruction, seed

    def act(self, observation):
        self.seen.append(observation)
        answer = self.answers[len(self.seen) - 1] if len(self.seen) <= len(self.answers) else OTHER
        if isinstance(answer, Exception):
            raise answer
        return answer


def shades(agent):
    return [int(seen.images["screen"][0, 0, 0]) for seen in agent.seen]


def test_the_next_recorded_screen_comes_whatever_was_done(episode):
    agent = Scripted()
    played = list(play(episode, agent, seed=5))
    assert shades(agent) == [0, 10, 20, 30]
    assert [step.number for step in played] == [0, 1, 2, 3]
    assert not any(step.judgement.success for step in played)
    assert (agent.told, agent.seed) == ("Do it all", 5)
    assert [seen.step for seen in agent.seen] == [0, 1, 2, 3]


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "point-in-box"])
def test_what_was_recorded_is_right_from_first_to_last(episode, protocol):
    played = list(play(episode, None, protocol=protocol))
    assert [step.judgement.success for step in played] == [True] * 4
    assert {step.judgement.protocol for step in played} == {protocol}


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ("recorded", ["Do 0.", "Do 1.", "Do 2."]),
        ("own", ["I go home.", "no action", "pyautogui.write(message='x')"]),
        ("none", []),
    ],
)
def test_histories(episode, history, told):
    agent = Scripted(OTHER, ActionError("expected words, got none"), GuiAction("write", text="x"))
    played = list(play(episode, agent, history=history))
    assert list(agent.seen[-1].history) == told
    assert list(played[-1].history) == told
    assert agent.seen[0].history == ()


def test_levels(episode):
    for level, words in (("high", "Do it all"), ("low", "Do it all You need to: Do 2.")):
        agent = Scripted()
        list(play(episode, agent, level=level))
        assert agent.seen[2].instruction == words


def test_steps_without_words_are_told_the_task(episode):
    silent = replace(episode, steps=tuple(replace(step, instruction="") for step in episode.steps))
    agent = Scripted()
    list(play(silent, agent, level="low"))
    assert agent.seen[1].instruction == "Do it all"
    assert agent.seen[2].history == ("Do 0.", "pyautogui.write(message='hello')")


def test_an_answer_that_is_no_action_is_a_wrong_step_and_the_episode_goes_on(episode):
    played = list(play(episode, Scripted(ActionError("expected a verb, got poetry"), None)))
    assert [step.predicted for step in played[:2]] == [None, None]
    assert ["poetry" in played[0].reason, "nothing more" in played[1].reason] == [True, True]
    assert [step.judgement.unparsed for step in played] == [True, True, False, False]


def test_a_server_that_is_down_ends_the_episode_and_what_was_played_is_kept(episode):
    made = []
    with pytest.raises(PeerError):
        for step in play(episode, Scripted(OTHER, OTHER, PeerError("down"))):
            made.append(step)
    assert len(made) == 2


def test_a_broken_screen_is_not_asked_about_and_not_judged(episode):
    steps = list(episode.steps)
    steps[1], steps[2] = replace(steps[1], picture=picture()[:50]), replace(steps[2], picture=None)
    agent = Scripted()
    played = list(play(replace(episode, steps=tuple(steps)), agent))
    assert shades(agent) == [0, 30]
    assert [step.judgement is None for step in played] == [False, True, True, False]
    assert "screenshot" in played[1].reason


def test_an_unknown_recorded_action_is_shown_and_not_judged():
    played = list(play(make_episode(None, GuiAction("home")), Scripted()))
    assert played[0].judgement is None
    assert played[0].as_json()["reason"] == "no words"
    assert played[1].judgement.success


def test_a_part_of_an_episode_has_the_history_before_it(episode):
    agent = Scripted()
    (step,) = play(episode, agent, first=2, steps=1)
    assert (step.number, step.history, shades(agent)[0]) == (2, ("Do 0.", "Do 1."), 20)


def test_success_is_every_step_right_and_only_at_the_end(episode):
    env = RecordedEnv(episode)
    _, info = env.reset()
    successes = []
    for step in episode.steps:
        _, reward, terminated, truncated, info = env.step(step.action)
        successes.append((reward, terminated, truncated, info["is_success"]))
    assert successes == [(1.0, False, False, False)] * 3 + [(1.0, True, False, True)]
    assert info["goals"] == {f"step {number}": True for number in range(4)}
    assert info["judgement"].success
    with pytest.raises(InputError, match="after its last"):
        env.step(OTHER)
    env.reset(options={"step": 3})
    assert env.step(episode.steps[3].action)[4]["is_success"] is False  # a part of it is not all of it


def test_after_the_last_step_comes_the_last_screen_where_there_is_one(episode):
    for last, shade in ((None, 30), (picture(99), 99)):
        env = RecordedEnv(replace(episode, last=last))
        env.reset(options={"step": 3})
        env.step(OTHER)
        assert env.render()[0, 0, 0] == shade


def test_nothing_is_opened_for_agents_that_do_not_look(episode):
    broken = replace(episode, steps=tuple(replace(step, picture=b"no picture") for step in episode.steps))
    played = list(play(broken, Scripted(needs_images=False)))
    assert all(step.judgement is not None for step in played)


def test_gymnasiums_own_checker_passes(episode):
    check_env(RecordedEnv(episode), skip_close_check=True)


def test_it_runs_in_the_same_rollout_as_every_other_environment(episode):
    steps = list(rollout(RecordedEnv(episode), Scripted(OTHER), 4, stop_on_success=False))
    assert [step.index for step in steps] == [0, 1, 2, 3, 4]
    assert steps[-1].done
    assert steps[1].action == OTHER


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"level": "middle"}, "level"), ({"history": "mine"}, "history"), ({"protocol": "best"}, "protocol"),
        ({"obs_type": "text"}, "obs_type"),
    ],
)  # fmt: skip
def test_unknown_choices_are_refused(episode, arguments, words):
    with pytest.raises(InputError, match=words):
        RecordedEnv(episode, **arguments)


def test_actions_of_the_arm_steps_beyond_and_empty_episodes_are_refused(episode):
    env = RecordedEnv(episode)
    with pytest.raises(InputError, match="from 0 to 3"):
        env.reset(options={"step": 4})
    with pytest.raises(InputError, match="only the option"):
        env.reset(options={"init_state": 4})
    env.reset()
    with pytest.raises(ActionError, match="arm"):
        env.step(EmbodiedAction(np.zeros(7)))
    env.step(NoAction("nothing"))
    with pytest.raises(InputError, match="steps"):
        RecordedEnv(make_episode())


def test_what_was_played_is_saved_with_its_summary(episode):
    played = list(play(episode, Scripted(episode.steps[0].action, ActionError("no"), episode.steps[2].action)))
    saved = json.loads(json.dumps(as_json(episode, played, agent="scripted", protocol="os-atlas"), allow_nan=False))
    assert (saved["episode"], saved["agent"], saved["steps_recorded"], saved["not_judged"]) == ("e1", "scripted", 4, 0)
    assert saved["summary"]["step_success_rate"] == 0.5
    assert saved["summary"]["unparsed"] == 1
    assert saved["steps"][0]["predicted"] == "pyautogui.click(x=0.5, y=0.25)"
    assert saved["steps"][0]["judgement"]["measures"]["distance"] == 0
    assert saved["steps"][1]["reason"] == "no"
