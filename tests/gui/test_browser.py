"""Chromium over a pipe: what it leaves behind, whatever happens to it or to us."""

import glob
import os
import signal
import subprocess
import sys
import time

import pytest

from omniactor.errors import BrowserError
from omniactor.gui.browser import MAX_REQUESTS, Browser, close_shared, shared_browser


def processes_of(profile):
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if profile.encode() in file.read():
                    found.append(int(path.split("/")[2]))
        except OSError:
            continue
    return found


def gone(profile, seconds=10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not os.path.exists(profile) and not processes_of(profile):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def browser(page_env):
    made = Browser()
    yield made
    made.close()


def test_closing_leaves_no_process_and_no_profile(browser):
    profile = browser._profile
    assert os.path.isdir(profile)
    assert processes_of(profile)
    browser.close()
    browser.close()
    assert gone(profile, 3)
    with pytest.raises(BrowserError, match="has ended"):
        browser.call("Browser.getVersion")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killing_python_leaves_no_process_and_no_profile(page_env, how):
    code = "import time\nfrom omniactor.gui.browser import Browser\nb = Browser()\nprint(b._profile, flush=True)\ntime.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    profile = child.stdout.readline().strip()
    assert os.path.isdir(profile)
    child.send_signal(how)
    child.wait(10)
    assert gone(profile)


def test_an_ordinary_end_of_python_leaves_nothing(page_env):
    code = "from omniactor.gui.browser import shared_browser\nprint(shared_browser()._profile)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert gone(done.stdout.strip(), 3)


def test_one_browser_serves_a_process_until_it_ends(page_env):
    first = shared_browser()
    assert shared_browser() is first
    close_shared()
    second = shared_browser()
    assert second is not first
    assert not first.alive


def test_what_chromium_refuses_is_an_error_with_its_reason(browser):
    with pytest.raises(BrowserError, match=r"expected Chromium to do Page.nonsense, got: .*wasn't found"):
        browser.call("Page.nonsense")
    tab = browser.open_tab()
    with pytest.raises(BrowserError, match="its script failed: ReferenceError: nowhere"):
        tab.evaluate("nowhere")
    assert tab.evaluate("1 + 1") == 2


def test_nothing_of_the_network_is_reached(browser, tmp_path):
    tab = browser.open_tab()
    page = tmp_path / "page.html"
    page.write_text("<script>fetch('http://127.0.0.1:1/').catch(() => { window.failed = true; })</script>")
    tab.open(page.as_uri())
    tab.run(0.5)
    assert tab.evaluate("window.failed === true")


def test_a_large_message_comes_through_whole(browser):
    tab = browser.open_tab()
    assert len(tab.evaluate("'x'.repeat(3000000)")) == 3_000_000
    assert tab.evaluate(f"{'y' * 300000!r}.length") == 300_000


def test_pages_draw_the_same_random_numbers_and_read_the_same_clock(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<script>window.drawn = Math.random()</script>")
    seen = []
    for _ in range(2):
        tab = browser.open_tab()
        tab.open(page.as_uri())
        seen.append((tab.evaluate("window.drawn"), tab.evaluate("Date.now()"), tab.evaluate("new Date().toString()")))
        tab.close()
    assert seen[0] == seen[1]
    assert seen[0][1] == 1_577_836_800_000
    assert "2020 00:00:00 GMT+0000" in seen[0][2]


def test_a_browser_that_draws_too_late_is_replaced_once_no_page_is_open(page_env):
    env = page_env("click-test")
    env.reset(seed=1)
    first = shared_browser()
    first.late_frames = 100
    assert shared_browser() is first  # pages are open in it
    for session in list(first._tabs):
        first._tabs[session].close()
    assert shared_browser() is not first
    assert not first.alive
    env.reset(seed=1)
    assert shared_browser().late_frames == 0


def test_a_picture_that_never_comes_is_asked_for_once_more(browser, monkeypatch):
    monkeypatch.setattr("omniactor.gui.browser.AGAIN_SECONDS", 0.2)
    tab, send, asked = browser.open_tab(), browser.send, []

    def lose_the_first(method, session=None, keep=True, **parameters):
        asked.append(method)
        lost = asked.count("Page.captureScreenshot") == 1 and method == "Page.captureScreenshot"
        return -1 if lost else send(method, session, keep, **parameters)

    tab.set_size(40, 30, 1)
    monkeypatch.setattr(browser, "send", lose_the_first)
    assert tab.screenshot(40, 30).shape == (30, 40, 3)
    assert 2 <= asked.count("Page.captureScreenshot") <= MAX_REQUESTS  # more on a machine that draws in over 0.2 s
    assert not browser._replies  # late answers to the others are dropped when they come
    assert tab.screenshot(40, 30).shape == (30, 40, 3)
