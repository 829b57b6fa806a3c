"""Live pages: instances by seed, what actions do, records that replay, pages that misbehave."""

import hashlib
import time

import gymnasium
import numpy as np
import pytest

import omniactor  # noqa: F401 - registers the environment
from omniactor.errors import ActionError, BrowserError, InputError, SetupError, UnknownTaskError
from omniactor.experts.web import WebExpert
from omniactor.gui.browser import Tab, shared_browser
from omniactor.gui.miniwob import HEIGHT, WIDTH, MiniWobEnv
from omniactor.gui.pages import pages_folder
from omniactor.rollout import rollout
from omniactor.types import GuiAction

PAGE = """<!DOCTYPE html><html><head><script src="{core}/core.js"></script><script src="{core}/d3.v3.min.js"></script>
<link rel="stylesheet" href="{core}/core.css"><script>
var genProblem = function() {{ document.getElementById('query').innerHTML = 'Do something.'; {start} }};
window.onload = function() {{ core.startEpisode(); }};
</script></head><body><div id="wrap"><div id="query"></div><div id="area">
<button id="go" style="position:absolute; left:0; top:60px; width:160px; height:150px">Go</button></div></div></body></html>"""
GO = GuiAction("click", point=(0.5, 0.6), description="Click Go")


@pytest.fixture
def own_page(page_env, tmp_path):
    """Return a function script -> environment on a page of our own, whose button runs the script."""
    made = []

    def make(script="", start=""):
        file = tmp_path / f"{len(made)}.html"
        begin = start + f"document.getElementById('go').onclick = function() {{ {script} }};"
        file.write_text(PAGE.format(core=(pages_folder().parent / "core").as_uri(), start=begin), encoding="utf-8")
        env = MiniWobEnv("click-test", obs_type="none")
        env._url = file.as_uri()
        made.append(env)
        return env

    yield make
    for env in made:
        env.close()


def point_of(env, selector):
    x, y = env.evaluate(
        f"(r => [(r.left + r.right) / 2, (r.top + r.bottom) / 2])(document.querySelector('{selector}').getBoundingClientRect())"
    )
    return x / WIDTH, y / HEIGHT


def test_a_seed_is_an_instance_and_the_same_again(page_env):
    env = page_env("enter-text")
    seen = []
    for seed in (3, 4, *[3] * 20):
        _, info = env.reset(seed=seed)
        seen.append((info["instruction"], env.digest(), hashlib.sha256(env.picture()).hexdigest()))
    assert set(seen[2:]) == {seen[0]} != {seen[1]}
    assert seen[0][0] == 'Enter "Myron" into the text field and press Submit.'


@pytest.mark.parametrize(("scale", "shape"), [(1, (210, 160, 3)), (2, (420, 320, 3)), (1.5, (315, 240, 3))])
def test_the_screenshot_is_the_task_area_alone_at_the_scale(page_env, scale, shape):
    env = page_env("click-test", scale=scale, obs_type="pixels")
    observation, _ = env.reset(seed=1)
    assert observation["screen"].shape == shape == env.observation_space["screen"].shape
    assert (observation["screen"][2, 2] == (255, 255, 0)).all()  # the yellow of the instruction
    assert (observation["screen"][-2, -2] == 255).all()


def test_observations_look_only_when_asked_and_at_most_once(page_env, monkeypatch):
    env = page_env("click-test")
    env.reset(seed=1)
    taken = []
    monkeypatch.setattr(env._tab, "screenshot", lambda *size: taken.append(size) or np.zeros((420, 320, 3), np.uint8))
    assert env.observe(images=False).images == {}
    env.observe()
    env.observe()
    assert taken == [(WIDTH, HEIGHT)]


def test_success_is_the_pages_full_reward_and_ends_the_episode(page_env):
    env = page_env("click-test-2")
    env.reset(seed=5)
    _, reward, terminated, truncated, info = env.step(GuiAction("click", point=point_of(env, "#subbtn")))
    assert (reward, terminated, truncated, info["is_success"], info["raw_reward"]) == (1.0, True, False, True, 1.0)
    assert env.step(GO)[4]["ignored"] == "the episode is over"


def test_a_wrong_click_ends_the_episode_without_success(page_env):
    env = page_env("click-test-2")
    env.reset(seed=5)
    _, reward, terminated, _, info = env.step(GuiAction("click", point=point_of(env, "#subbtn2"), description="Click TWO"))
    assert (reward, terminated, info["is_success"], info["raw_reward"]) == (0.0, True, False, -1.0)
    assert env.outcome == "the page's reward was -1"
    assert env.observe(images=False).history == ("Click TWO",)


def test_time_on_the_page_passes_with_actions_and_not_with_thinking(page_env):
    env = page_env("click-test")
    env.reset(seed=1)
    before = env.evaluate("Date.now()")
    time.sleep(0.3)
    assert env.evaluate("Date.now()") == before
    env.step(GuiAction("move", point=(0.1, 0.9)))
    assert 500 <= env.evaluate("Date.now()") - before < 520
    env.step(GuiAction("wait", seconds=3))
    assert 4000 <= env.evaluate("Date.now()") - before < 4040


def test_the_pages_own_time_limit_does_not_decide(page_env):
    env = page_env("click-test")
    env.reset(seed=1)
    for _ in range(3):
        _, _, terminated, _, _ = env.step(GuiAction("wait", seconds=60))
    assert not terminated


def test_steps_limit_an_episode(page_env):
    env = page_env("click-test", max_episode_steps=2)
    env.reset(seed=1)
    assert [env.step(GuiAction("wait", seconds=0))[3] for _ in range(2)] == [False, True]


@pytest.mark.parametrize(
    ("kind", "words"), [("home", "home means nothing on a web page"), ("open_app", "open_app means nothing on a web page")]
)
def test_what_means_nothing_on_a_page_does_nothing_and_says_so(page_env, kind, words):
    env = page_env("click-test")
    env.reset(seed=1)
    action = GuiAction(kind, text="Maps") if kind == "open_app" else GuiAction(kind)
    _, _, terminated, _, info = env.step(action)
    assert (terminated, info["ignored"]) == (False, words)


@pytest.mark.parametrize("action", [GuiAction("terminate", status="success"), GuiAction("answer", text="42")])
def test_an_agent_that_says_it_is_done_ends_the_episode_unsolved(page_env, action):
    env = page_env("click-test")
    env.reset(seed=1)
    _, _, terminated, _, info = env.step(action)
    assert terminated
    assert not info["is_success"]
    assert info["reason"] == f"the agent ended the episode ({action.kind})"


def test_operations_as_text_and_nothing_else_are_actions_too(page_env):
    env = page_env("click-test")
    env.reset(seed=1)
    assert env.step("pyautogui.moveTo(x=0.5, y=0.5)")[4]["ignored"] == ""
    for wrong in (np.zeros(7), None, "rm -rf"):
        with pytest.raises(ActionError):
            env.step(wrong)


def test_a_step_needs_a_reset_first(page_env):
    env = MiniWobEnv("click-test", obs_type="none")
    with pytest.raises(BrowserError, match=r"reset\(\) before step\(\)"):
        env.step(GO)
    env.close()
    env.close()


@pytest.mark.parametrize("changes", [{"scale": 0.1}, {"scale": 99}, {"obs_type": "words"}, {"max_episode_steps": 0}])
def test_impossible_settings_are_refused(page_env, changes):
    with pytest.raises(InputError):
        MiniWobEnv("click-test", **changes)


def test_unknown_pages_are_refused_with_the_nearest_name(page_env):
    with pytest.raises(UnknownTaskError, match="did you mean miniwob:click-button"):
        MiniWobEnv("click-buton")
    with pytest.raises(InputError, match="no options"):
        page_env("click-test").reset(options={"init_state": 1})


def test_without_chromium_the_message_names_the_packages(page_env, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="chromium and fonts-liberation"):
        MiniWobEnv("click-test")
    monkeypatch.setenv("OMNIACTOR_CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(SetupError, match="OMNIACTOR_CHROMIUM"):
        MiniWobEnv("click-test")


def test_what_was_copied_in_one_episode_cannot_be_pasted_in_the_next(page_env):
    env = page_env("copy-paste")
    env.reset(seed=2)
    env.step(GuiAction("click", point=point_of(env, "textarea")))
    env.step(GuiAction("hotkey", keys=("ctrl", "a")))
    env.step(GuiAction("hotkey", keys=("ctrl", "c")))
    assert len(env.clipboard) > 10
    env.reset(seed=2)
    assert env.clipboard == ""
    env.step(GuiAction("click", point=point_of(env, "#answer-input")))
    env.step(GuiAction("hotkey", keys=("ctrl", "v")))
    assert env.evaluate("document.getElementById('answer-input').value").strip() == ""


@pytest.mark.parametrize("task", ["click-collapsible", "login-user", "social-media", "use-slider"])
def test_what_a_page_does_does_not_depend_on_who_looks(page_env, task):
    env = page_env(task)
    digests = []
    for look_every in (0, 1):
        agent = WebExpert(env)
        digests.append([env.digest() for _ in rollout(env, agent, 30, seed=7, look_every=look_every)])
    assert digests[0] == digests[1]
    assert len(digests[0]) > 2


# ------------------------------------------------------------------ pages that misbehave


@pytest.mark.parametrize("script", ["alert('hello')", "confirm('sure?')", "prompt('name?')", "alert(1); alert(2); alert(3)"])
def test_dialogs_are_dismissed_and_told(own_page, script):
    env = own_page(script + "; window.after = 1;")
    env.reset(seed=0)
    began = time.monotonic()
    _, _, terminated, _, info = env.step(GO)
    assert time.monotonic() - began < 8
    assert not terminated
    assert info["dialogs"][0] in ("hello", "sure?", "name?", "1")
    assert env.evaluate("window.after") == 1


@pytest.mark.parametrize(
    "script",
    [
        "location.href = 'about:blank'",
        "location.href = 'http://example.invalid/'",
        "location.reload()",
        "document.body.innerHTML = '<form action=x.html><input name=q></form>'; document.forms[0].submit()",
    ],
)
def test_a_page_that_is_left_ends_the_episode_unsolved(own_page, script):
    env = own_page(script)
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(GO)
    assert (reward, terminated, info["is_success"], info["reason"]) == (0.0, True, False, "the page was left")
    assert len(env.digest()) == 16
    _, info = env.reset(seed=0)
    assert info["reason"] == ""


def test_a_jump_inside_the_page_is_no_leaving(own_page):
    env = own_page("location.hash = 'there'; history.pushState({}, '', '#more')")
    env.reset(seed=0)
    assert env.step(GO)[2] is False


def test_windows_cannot_be_opened(own_page):
    env = own_page("window.open('about:blank'); window.after = 1")
    env.reset(seed=0)
    assert env.step(GO)[2] is False
    assert env.evaluate("window.after") == 1


def test_a_page_that_hangs_is_an_error_within_the_limit_and_the_next_reset_works(own_page, page_env, monkeypatch):
    monkeypatch.setattr("omniactor.gui.miniwob.STEP_LIMIT", 2.0)
    env = own_page("while (true) {}")
    env.reset(seed=0)
    began = time.monotonic()
    with pytest.raises(BrowserError, match=r"miniwob:click-test, seed 0, after click: .*hangs"):
        env.step(GO)
    assert time.monotonic() - began < 6
    with pytest.raises(BrowserError, match="call reset"):
        env.step(GO)
    other = page_env("click-test")
    other.reset(seed=1)
    assert other.step(GuiAction("click", point=point_of(other, "#subbtn")))[4]["is_success"]


def test_a_page_that_crashes_is_an_error_at_once(own_page):
    env = own_page()
    env.reset(seed=0)
    tab = env._tab
    tab.browser.send("Page.crash", tab.session, keep=False)
    began = time.monotonic()
    with pytest.raises(BrowserError):
        env.step(GO)
    assert time.monotonic() - began < 5
    env.reset(seed=0)
    assert env.step(GuiAction("wait", seconds=0))[2] is False


def test_a_chromium_that_dies_is_an_error_and_a_new_one_is_started(page_env):
    env = page_env("click-test")
    env.reset(seed=1)
    first = shared_browser()
    first._process.kill()
    first.close()
    with pytest.raises(BrowserError):
        env.step(GO)
    env.reset(seed=1)
    assert shared_browser() is not first


def test_a_page_that_throws_goes_on(own_page):
    env = own_page("throw new Error('oops')")
    env.reset(seed=0)
    assert env.step(GO)[2] is False


def test_endless_timers_do_not_hold_up_a_step(own_page):
    env = own_page("(function again() { setTimeout(again, 0); })()")
    env.reset(seed=0)
    began = time.monotonic()
    assert env.step(GO)[2] is False
    assert time.monotonic() - began < 10


def test_it_is_registered_with_gymnasium(page_env):
    env = gymnasium.make("omniactor/MiniWob-v0", task="click-test", obs_type="none")
    _, info = env.reset(seed=2)
    assert info["task"] == "miniwob:click-test"
    assert info["instruction"] == "Click the button."
    env.close()


@pytest.fixture
def showing(monkeypatch):
    """Return a list of which screenshots come, in order; where one does not, Chromium is ended as it is after a hang."""
    shown, screenshot = [], Tab.screenshot

    def take(tab, *size):
        if shown and not shown.pop(0):
            tab.browser.close()
            raise BrowserError("hangs")
        return screenshot(tab, *size)

    monkeypatch.setattr(Tab, "screenshot", take)
    return shown


def test_a_new_page_that_chromium_never_shows_is_opened_in_another(page_env, showing):
    env = page_env("enter-text")
    _, info = env.reset(seed=3)
    seen, first = env.picture().copy(), shared_browser()
    env.reset(seed=3)
    showing[:] = [False]
    assert (env.picture() == seen).all()
    assert not first.alive and shared_browser() is not first
    assert env.task_description == info["instruction"] and env.episode_seed == 3


def test_it_is_opened_again_once_and_never_after_an_action(page_env, showing):
    env = page_env("enter-text")
    env.reset(seed=3)
    showing[:] = [False, False]
    with pytest.raises(BrowserError, match="enter-text, seed 3, the screenshot: hangs"):
        env.picture()
    with pytest.raises(BrowserError, match="reset"):
        env.picture()
    env.reset(seed=3)
    env.step(GuiAction("click", point=(0.5, 0.5)))
    showing[:] = [False]
    with pytest.raises(BrowserError, match="enter-text, seed 3, the screenshot: hangs"):
        env.picture()
