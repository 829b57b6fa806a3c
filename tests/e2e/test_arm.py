"""A visitor's way through the page: the real app, the real simulator, a real (headless) browser."""

import re
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from omniactor.agent import MINI
from tests.e2e.conftest import CONTROL, CSS, needs_browser, open_tab, press, text, wait

TASK = 0  # the expert's shortest, for the program that calls
WATCHED = 21, "KITCHEN_SCENE3 turn on the stove and put the frying pan on it"  # 230 steps: time to look

pytestmark = [pytest.mark.browser, needs_browser]


@pytest.fixture(autouse=True)
def arm(browser):
    open_tab(browser, "Robot arm")


def picture(browser):
    """Return the address of the live picture on the screen, if it has arrived."""
    return browser.execute_script(
        "const i = document.querySelector('#live img');"
        "return i && i.complete && i.naturalWidth && i.src.includes('live-') ? i.src : null"
    )


def watch(browser, seconds=3.0):
    """Return how many different pictures and how many steps of the simulator a second there were."""
    first = wait(lambda: picture(browser), 60, "the first picture")
    seen, deadline = {first}, time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen.add(picture(browser) or first)
        time.sleep(0.01)
    numbers = [int(re.search(r"live-(\d+)", address)[1]) for address in seen]
    return len(seen) / seconds, (max(numbers) - min(numbers)) / seconds


def choose_task(browser):
    search = browser.find_element(CSS, "#search textarea, #search input")
    search.send_keys(CONTROL, "a")
    search.send_keys(WATCHED[1])
    wait(lambda: text(browser, "count") and not text(browser, "count").startswith("90 of"), 10, "the search")
    first = browser.find_elements(CSS, "#tasks .thumbnail-item")[0]
    browser.execute_script("arguments[0].click()", first)
    wait(lambda: f"Task {WATCHED[0]}," in text(browser, "main"), 10, "the chosen task")
    browser.execute_script("document.querySelector('#arm-agent input[value=expert]').click()")
    wait(lambda: "Scripted expert" in text(browser, "facts"), 10, "the agent")


def test_the_page_says_which_models_and_which_agent(browser):
    assert "stand-in models" in text(browser, "facts") or "LIBERO's own models" in text(browser, "facts")
    assert ("OmniActor-mini" if MINI.is_dir() else "Scripted expert") in text(browser, "facts")


def test_stop_shows_the_partial_video(browser):
    choose_task(browser)
    press(browser, "run")
    wait(lambda: picture(browser), 60, "the first picture")
    press(browser, "stop")
    wait(lambda: text(browser, "outcome").startswith("Stopped after"), 20, "the outcome")
    wait(lambda: browser.find_elements(CSS, "#video video"), 10, "the partial video")


def test_a_run_is_watched_live_and_succeeds_while_a_program_calls(browser, app):
    choose_task(browser)
    press(browser, "run")
    wait(lambda: picture(browser), 60, "the first picture")
    assert "not yet" in text(browser, "status") and "of 400" in text(browser, "status")
    pace, steps = watch(browser)
    answer = {}
    caller = threading.Thread(target=call_rollout, args=(app, answer), daemon=True)
    caller.start()
    wait(lambda: text(browser, "outcome"), 90, "the outcome")
    assert text(browser, "outcome").startswith("Success: ")
    assert "holds" in text(browser, "status")
    # A machine that simulates fewer than 5 steps a second has no more pictures to show; then none may be lost.
    assert pace >= min(5, 0.9 * steps), f"{pace:.1f} pictures and {steps:.1f} steps a second"
    print(f"{pace:.1f} pictures and {steps:.1f} steps a second")

    video = wait(lambda: browser.find_elements(CSS, "#video video"), 10, "the video")[0]
    browser.execute_script("arguments[0].muted = true; arguments[0].play()", video)
    wait(lambda: browser.execute_script("return arguments[0].currentTime", video) > 0.5, 10, "the video to play")
    plot = "const i = document.querySelector('#plot img'); return i && i.naturalWidth > 0"
    wait(lambda: browser.execute_script(plot), 10, "the plot")
    link = wait(lambda: browser.find_elements(CSS, "#record a[href*='.json']"), 10, "the record")[0]
    with urllib.request.urlopen(link.get_attribute("href"), timeout=10) as record:
        assert b'"omniactor-episode"' in record.read()

    caller.join(60)
    assert answer.get("status", "").startswith("Success: "), answer
    assert answer["result"]["success"] and Path(answer["video"]).stat().st_size > 10_000


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_sideways(browser, width):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        time.sleep(0.3)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_another_instruction_gets_a_note(browser):
    box = browser.find_element(CSS, "#instruction textarea, #instruction input")
    box.send_keys(" quickly")
    wait(lambda: "still judged by the scene's goal" in text(browser, "note"), 10, "the note")


def test_a_refusal_is_one_line_and_leaves_the_page_usable(browser):
    browser.execute_script("document.querySelector('input[type=radio][value=replay]').click()")
    wait(lambda: "Replay a record" in text(browser, "facts"), 10, "the agent")
    press(browser, "run")
    refusal = "Not run. Upload a record file first, or choose another agent."
    wait(lambda: text(browser, "status") == refusal, 10, "the refusal")
    wait(browser.find_element("id", "run").is_enabled, 10, "Run to be enabled again")


def call_rollout(url, answer):
    from gradio_client import Client

    client = Client(url, verbose=False)
    assert len(client.predict(api_name="/tasks")) == 90
    try:
        _, answer["status"], answer["video"], answer["result"] = client.predict(
            task=str(TASK), agent="expert", api_name="/rollout"
        )
    except Exception as error:
        answer["status"] = repr(error)
