"""Agents played through recorded episodes: what they are shown and told, how they are judged, whatever they answer."""

import json
from dataclasses import replace

import pytest

from omniactor.errors import ActionError, PeerError
from omniactor.evaluate.judgement import PROTOCOLS
from omniactor.gui.play import as_json, play
from omniactor.types import GuiAction
from tests.gui.conftest import OTHER, Scripted, make_episode, picture


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


def test_nothing_is_opened_for_agents_that_do_not_look(episode):
    broken = replace(episode, steps=tuple(replace(step, picture=b"no picture") for step in episode.steps))
    played = list(play(broken, Scripted(needs_images=False)))
    assert all(step.judgement is not None for step in played)


def test_what_was_played_is_saved_with_its_summary(episode):
    played = list(play(episode, Scripted(episode.steps[0].action, ActionError("no"), episode.steps[2].action)))
    saved = json.loads(json.dumps(as_json(episode, played, agent="scripted", protocol="os-atlas"), allow_nan=False))
    assert (saved["episode"], saved["agent"], saved["steps_recorded"], saved["not_judged"]) == ("e1", "scripted", 4, 0)
    assert saved["summary"]["step_success_rate"] == 0.5
    assert saved["summary"]["unparsed"] == 1
    assert saved["steps"][0]["predicted"] == "pyautogui.click(x=0.5, y=0.25)"
    assert saved["steps"][0]["judgement"]["measures"]["distance"] == 0
    assert saved["steps"][1]["reason"] == "no"
