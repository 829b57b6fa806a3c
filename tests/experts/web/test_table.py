"""The web experts: which pages they solve, from any state, in how many ways."""

import pytest

from omniactor.agent import RandomScreenAgent
from omniactor.experts.web import WebExpert
from omniactor.experts.web.table import SKILLS
from omniactor.gui.pages import NAMES
from omniactor.rollout import rollout
from omniactor.types import GuiAction, Observation

MAX_STEPS = 50
SAMPLE = (
    "choose-date", "choose-list", "click-checkboxes-soft", "click-menu", "copy-paste", "count-sides", "drag-items-grid",
    "drag-shapes", "email-inbox", "enter-time", "form-sequence", "guess-number", "highlight-text-2", "login-user-popup",
    "multi-layouts", "search-engine", "sign-agreement", "social-media-some", "terminal", "use-autocomplete", "use-slider-2",
)  # fmt: skip


def solve(env, seed):
    agent = WebExpert(env)
    return list(rollout(env, agent, MAX_STEPS, seed=seed))


def test_there_are_at_least_forty_pages_and_each_exists():
    assert len(SKILLS) >= 90
    assert set(SKILLS) <= set(NAMES)
    assert list(SKILLS) == sorted(SKILLS)


def test_together_they_need_every_kind_of_input(page_env):
    kinds = set()
    for task in ("drag-box", "enter-text", "scroll-text-2", "copy-paste", "click-menu", "choose-list", "use-slider"):
        kinds |= {step.action.kind for seed in (0, 1) for step in solve(page_env(task), seed) if step.action}
    assert {"click", "drag", "write", "scroll", "hotkey", "move", "select", "press"} <= kinds


@pytest.mark.parametrize("task", SAMPLE)
def test_the_expert_solves_a_page(page_env, task):
    env = page_env(task)
    for seed in (11, 12):
        steps = solve(env, seed)
        assert steps[-1].success, (seed, env.outcome, [step.action and step.action.description for step in steps])
        for step in steps[1:]:
            assert step.action.description
            assert step.action.point is None or step.action.point == tuple(round(share, 3) for share in step.action.point)


@pytest.mark.slow
@pytest.mark.parametrize("task", SKILLS)
def test_the_expert_solves_every_page_of_its_table(page_env, task):
    env = page_env(task)
    solved = [solve(env, seed)[-1].success for seed in range(50)]
    assert sum(solved) >= 48, [seed for seed, won in enumerate(solved) if not won]


@pytest.mark.parametrize(
    "task", ["click-checkboxes", "login-user", "use-slider", "drag-shapes", "form-sequence-2", "navigate-tree"]
)
def test_the_expert_goes_on_from_where_a_random_agent_left_the_page(page_env, task):
    env = page_env(task)
    solved = tried = 0
    for seed in range(4):
        env.reset(seed=seed)
        wandering = RandomScreenAgent()
        wandering.reset("", seed)
        over = False
        for _ in range(3):
            if not over:
                over = env.step(wandering.act(Observation("gui", {}, "")))[2]
        if over:
            continue
        tried += 1
        agent = WebExpert(env)
        for _ in range(MAX_STEPS):
            action = agent.act(env.observe(images=False))
            _, _, over, _, info = env.step(action)
            if over:
                break
        solved += info["is_success"]
    assert solved == tried >= 2


def test_the_expert_has_no_memory(page_env):
    env = page_env("login-user")
    env.reset(seed=3)
    one, two = WebExpert(env), WebExpert(env)
    for _ in range(4):
        action = one.act(env.observe(images=False))
        assert two.act(env.observe(images=False)) == action == WebExpert(env).act(env.observe(images=False))
        env.step(action)


def test_the_target_is_around_the_point(page_env):
    for task in ("click-button", "click-link", "login-user"):
        env = page_env(task)
        env.reset(seed=5)
        agent = WebExpert(env)
        x, y = agent.act(env.observe(images=False)).point
        x0, y0, x1, y1 = agent.target
        assert x0 <= x <= x1
        assert y0 <= y <= y1


def test_on_a_page_in_a_state_it_does_not_know_it_does_nothing(page_env):
    env = page_env("click-button")
    env.reset(seed=0)
    env.evaluate("document.getElementById('area').innerHTML = ''")
    assert WebExpert(env).act(env.observe(images=False)) is None


def test_a_wrong_field_is_emptied_before_it_is_filled(page_env):
    env = page_env("enter-text")
    env.reset(seed=3)
    env.evaluate("document.getElementById('tt').value = 'nonsense'")
    agent, kinds = WebExpert(env), []
    for _ in range(6):
        action = agent.act(env.observe(images=False))
        kinds.append(action.kind)
        if env.step(action)[2]:
            break
    assert kinds == ["click", "hotkey", "write", "click"]
    assert env.goals()["the page's reward is 1"]
    assert isinstance(action, GuiAction)
