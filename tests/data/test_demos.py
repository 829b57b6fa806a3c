"""One demonstration: reproducible, labelled by the expert, handed over, replayable."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from omniactor.agent import make_agent
from omniactor.data.demos import AGENT, EXPERT, PERTURBATION, Demonstrator, restore
from omniactor.data.plan import AGENT_TURN, EXPERT_TURN, DemoPlan
from omniactor.evaluate.protocol import FIRST_FRESH_SEED
from omniactor.evaluate.schedule import Job
from omniactor.perturb import PERTURBATIONS, start_actions
from omniactor.types import EmbodiedAction


def test_the_same_seed_gives_the_same_bytes(make, strong, tmp_path):
    strong.write(tmp_path / "a.npz")
    make(episode=2, perturb="strong", seed=2).episode.write(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert make(episode=2, seed=3).episode.states[0].tobytes() != strong.states[0].tobytes()


def test_an_undisturbed_expert_is_its_own_label(make):
    episode = make().episode
    assert episode.facts.success
    assert (episode.actions == episode.labels).all()
    assert (episode.actor == EXPERT).all()
    assert len(episode.states) == len(episode.robot_states) == len(episode.actions) + 1


def test_labels_are_the_clean_expert_actions_and_actions_the_disturbed_ones(standin_env, strong):
    env = standin_env(47)
    expert = make_agent("expert", env)
    assert (strong.actions != strong.labels).any(1).mean() > 0.9  # noise at every step
    assert (strong.actor == PERTURBATION).any()
    env.reset(seed=strong.facts.seed)
    start = start_actions(PERTURBATIONS["strong"], strong.facts.seed)
    assert len(start) == strong.facts.start_steps > 0
    for action in start:
        env.step(action)
    expert.reset(env.task_description)
    for state, action, label in zip(strong.states, strong.actions, strong.labels, strict=False):
        assert (env.flat_state() == state).all()
        assert (expert.act(env.observe(images=False)).values == label).all()
        env.step(action)


def test_a_stored_state_and_action_reproduce_the_next_state(standin_env, strong):
    env = standin_env(47)
    for step in (0, 3, len(strong) // 2, len(strong) - 1):
        restore(env, strong, step)
        env.step(strong.actions[step])
        # MuJoCo's contact solver starts from its last solution, which a stored state does not have.
        np.testing.assert_allclose(env.flat_state(), strong.states[step + 1], atol=1e-4)


def test_the_start_is_the_seeds_and_all_actions_replay_bit_by_bit(standin_env, make):
    env, episode = standin_env(47), make().episode
    env.reset(seed=episode.facts.seed)
    assert (env.flat_state() == episode.states[0]).all()
    for action, state in zip(episode.actions, episode.states[1:], strict=True):
        env.step(action)
        assert (env.flat_state() == state).all()


def test_only_successes_are_kept_unless_asked(make):
    settings = {"agent": "random", "labels": "agent", "max_steps": 5, "attempts": 2}
    attempts = make(**settings)
    assert attempts.episode is None
    assert attempts.failed == 2
    kept = make(**settings, keep="all").episode
    assert not kept.facts.success
    assert (kept.labels == kept.actions).all()
    assert (kept.actor == AGENT).all()


def test_another_agent_is_labelled_by_the_expert_and_handed_over(make, standin_env):
    episode = make(agent="random", handover=1.0, seed=0, max_steps=200, keep="all").episode
    at = episode.facts.handover
    assert 0 < at < 150
    assert (episode.actor[:at] == AGENT).all()
    assert (episode.actor[at:] == EXPERT).all()
    assert (episode.actions[:at] != episode.labels[:at]).any(1).all()
    assert (episode.actions[at:] == episode.labels[at:]).all()


def test_the_expert_intervenes_again_and_again_and_gives_back(make):
    episode = make(agent="random", interventions=True, seed=0, max_steps=300, keep="all").episode
    changes = np.flatnonzero(np.diff(episode.actor)) + 1
    turns = np.diff([0, *changes])
    assert episode.actor[0] == AGENT and set(episode.actor) == {AGENT, EXPERT}
    assert len(turns) >= 4
    assert all(AGENT_TURN[0] <= length <= AGENT_TURN[1] for length in turns[::2])
    assert all(EXPERT_TURN[0] <= length <= EXPERT_TURN[1] for length in turns[1::2])
    by_expert = episode.actor == EXPERT
    assert (episode.actions[by_expert] == episode.labels[by_expert]).all()
    assert (episode.actions[~by_expert] != episode.labels[~by_expert]).any(1).all()


def test_an_agent_that_is_corrected_mostly_gets_short_turns_and_now_and_then_time_to_go_far_astray():
    plan = DemoPlan((0,), 1, agent="random", interventions=True)
    lengths = np.concatenate([np.diff([0, *plan.turns(seed)])[::2] for seed in range(100)])
    assert (np.median(lengths) < 40) and 0.05 < (lengths > 80).mean() < 0.25


def test_an_agent_that_is_left_alone_first_acts_for_up_to_so_many_steps_and_is_corrected_as_ever_after():
    plan = DemoPlan((0,), 1, agent="random", interventions=True, alone=300)
    turns = [np.diff([0, *plan.turns(seed)]) for seed in range(100)]
    first = np.array([lengths[0] for lengths in turns])
    assert first.min() >= AGENT_TURN[0] and first.max() <= 300
    assert 120 < np.median(first) < 190
    assert all(EXPERT_TURN[0] <= lengths[1] <= EXPERT_TURN[1] for lengths in turns if len(lengths) > 1)
    assert all((lengths[2::2] <= AGENT_TURN[1]).all() for lengths in turns)
    assert plan.turns(3) != DemoPlan((0,), 1, agent="random", interventions=True).turns(3)


def test_an_agent_that_gets_the_arm_back_starts_anew(standin_env):
    said = []
    agent = SimpleNamespace(name="a", needs_images=False, reset=lambda *words: said.append(words), act=lambda seen: still)
    still = EmbodiedAction(np.zeros(7))
    plan = DemoPlan((47,), 1, agent="a", interventions=True, max_steps=100)
    demonstrator = Demonstrator(agent, SimpleNamespace(reset=lambda *_: None, act=lambda seen: still), plan, seed=5)
    demonstrator.reset("do it", 5)
    actors = []
    for _ in range(100):
        demonstrator.act(None)
        actors.append(demonstrator.actor)
    returns = sum(before == EXPERT and after == AGENT for before, after in pairwise(actors))
    assert returns >= 1 and said == [("do it", 5)] * (1 + returns)


def test_an_agent_that_looks_gets_a_picture_whenever_it_is_its_turn():
    still, looked = EmbodiedAction(np.zeros(7)), []
    agent = SimpleNamespace(name="a", needs_images=True, reset=lambda *_: None, act=lambda seen: looked.append(seen) or still)
    expert = SimpleNamespace(needs_images=False, reset=lambda *_: None, act=lambda seen: still)
    demonstrator = Demonstrator(agent, expert, DemoPlan((47,), 1, agent="a", interventions=True, max_steps=200), seed=5)
    demonstrator.reset("do it", 5)
    for _ in range(200):
        demonstrator.act(demonstrator.needs_images)
    assert 0 < len(looked) < 200
    assert all(looked)


def test_seeds_are_distinct_and_never_evaluations():
    plan = DemoPlan((0, 1), 50)
    seeds = {plan.episode_seed(Job(task, episode), attempt) for task in (0, 1) for episode in range(50) for attempt in range(10)}
    assert len(seeds) == 1000
    assert min(seeds) > FIRST_FRESH_SEED + 10**6
    assert max(seeds) < 2**32
