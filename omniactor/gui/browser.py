"""Chromium without a window, driven over a pipe: pages that run on a clock of their own.

The DevTools protocol is spoken over two pipes (`--remote-debugging-pipe`), so there is no port that others
could connect to, no driver program between, and Chromium ends by itself when this process is gone, however
it went. A page's clock (`Emulation.setVirtualTimePolicy`) stands still between actions and is moved on by
`Tab.advance`: animations and timers come out the same on any machine, and thinking time does not count.

Covered: a page that hangs, opens dialogs or crashes; a Chromium that dies; a parent that is killed.
Not covered: pages from the network, which Chromium is told not to reach.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import json
import math
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from omniactor.errors import BrowserError, SetupError
from omniactor.gui.chromium import find_chromium
from omniactor.gui.images import open_image

START_SECONDS = 60.0  # an untouched disk on a busy machine takes 5
CALL_SECONDS = 10.0
AGAIN_SECONDS, MAX_REQUESTS = 2.0, 4  # after which a picture is asked for once more, and how often at most
EPOCH = 1_577_836_800.0  # 2020-01-01 00:00 UTC: when every page thinks it was opened, seconds
STRIDE_SECONDS, MAX_STRIDES = 0.125, 8
"""How often a frame is drawn while the page's clock moves on, and how many at most in one action."""
LATE_SECONDS, LATE_FRAMES = 0.5, 8
_MAX_MESSAGE = 100_000_000
_SWITCHES = (
    # Containers seldom allow Chromium's own sandbox; what is opened are the files of a package, and no network is there.
    "--headless", "--no-sandbox", "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND", "--block-new-web-contents",
    "--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-smooth-scrolling", "--hide-scrollbars", "--mute-audio", "--font-render-hinting=none", "--lang=en-US",
    # Without it a page whose clock stands still now and then never gets to hear of the mouse.
    "--run-all-compositor-stages-before-draw",
    # With it letters lie between pixels, and now and then the same page's by other fractions of one.
    "--disable-font-subpixel-positioning",
    # What Chromium takes to be in the background it draws once a second.
    "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows", "--disable-background-timer-throttling",
    "--password-store=basic", "--disable-features=Translate,MediaRouter,OptimizationHints", "--no-proxy-server",
)  # fmt: skip
# Descriptors 3 and 4 are where Chromium expects its pipes. The shell outlives it and removes the profile, even when
# Python was killed and cannot.
_LAUNCH = 'profile=$1; exec 3<"/dev/fd/$2" 4>"/dev/fd/$3"; shift 3; "$@"; rm -rf "$profile"'

# Before anything of a page runs: what it draws while loading is the same every time (an instance draws from a seed of its own
# afterwards), and windows, which nobody would see, cannot be opened.
_BEFORE = """
  { let state = 1; Math.random = () => (state = (state * 16807) % 2147483647) / 2147483647; }
  window.open = () => null;
  document.addEventListener('click', event => {
    const link = event.target.closest && event.target.closest('[target]');
    if (link) link.removeAttribute('target');
  }, true);
"""
# Pictures that styles name only for later, such as those under the pointer, are fetched now and kept: fetched when they are
# first shown, they would move things about at a moment that nobody can tell.
_PRELOAD = """
(() => {
  const found = new Set();
  for (const sheet of document.styleSheets) {
    let rules = [];
    try { rules = sheet.cssRules; } catch (error) { continue; }
    for (const rule of rules)
      for (const [, , name] of rule.cssText.matchAll(/url\\((["']?)([^"')]+)\\1\\)/g))
        found.add(new URL(name, document.baseURI).href);
  }
  window.omniactorPictures = Array.from(found, href => Object.assign(new Image(), {src: href}));
  const late = new Promise(done => setTimeout(done, 2000));
  const ready = window.omniactorPictures.map(picture => picture.decode().catch(() => 0));
  return Promise.race([late, Promise.all(ready)]).then(() => 0);
})()"""
_FRAME = "new Promise(done => requestAnimationFrame(() => done()))"
_COPY_SPACE = """(() => {
  const field = document.body.appendChild(document.createElement('textarea'));
  field.value = ' '; field.select(); return document.execCommand('copy');
})()"""


class Browser:
    """One Chromium process.

    Attributes:
        alive: it can be asked; False once it died, hung or was closed, for good.
        copied: something may be in its clipboard, which all pages share.
        late_frames: how many frames in a row took over half a second.

    Raises:
        SetupError: there is no Chromium, or it does not start.
    """

    def __init__(self) -> None:
        """Start it and wait until it answers."""
        program = find_chromium()
        self._lock = threading.RLock()
        self._number, self._replies, self._ignored, self._tabs = 0, {}, set(), {}
        self._buffer = bytearray()
        self._profile = tempfile.mkdtemp(prefix="omniactor-chromium-")
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        self._in, self._out = ours_in, ours_out
        environment = {**os.environ, "TZ": "UTC", "LANGUAGE": "en", "LC_ALL": "C.UTF-8", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        command = [program, *_SWITCHES, f"--user-data-dir={self._profile}", "about:blank"]
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LAUNCH, "sh", self._profile, str(theirs_in), str(theirs_out), *command],
                pass_fds=(theirs_in, theirs_out), start_new_session=True, env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self.alive, self.copied, self.late_frames = True, False, 0
        atexit.register(self.close)
        try:
            self.call("Browser.getVersion", seconds=START_SECONDS)
        except BrowserError as error:
            raise SetupError(f"expected {program} to start, but it did not ({error}); try it by hand with --headless") from None

    @property
    def fit(self) -> bool:
        """Whether it is worth another page.

        On a machine that starves it for a while Chromium may stop showing what pages draw, and then lets them draw once a
        second, for good. Episodes come out the same, ten times as slowly; a new Chromium is quick again.
        """
        return self.alive and (self.late_frames < LATE_FRAMES or bool(self._tabs))

    def call(self, method: str, session: str | None = None, seconds: float = CALL_SECONDS, **parameters) -> dict:
        """Ask and return the answer; see `send` and `wait`."""
        return self.wait(self.send(method, session, **parameters), method, seconds)

    def send(self, method: str, session: str | None = None, keep: bool = True, **parameters) -> int:
        """Ask without waiting; return the question's number.

        Args:
            method: of the DevTools protocol.
            session: which tab; None is Chromium itself.
            keep: the answer will be asked for.
            parameters: of the method.

        Raises:
            BrowserError: Chromium is gone.
        """
        with self._lock:
            if not self.alive:
                raise BrowserError("expected a running Chromium, but it has ended; reset the environment")
            self._number += 1
            if not keep:
                self._ignored.add(self._number)
            message = {"id": self._number, "method": method, "params": parameters}
            if session is not None:
                message["sessionId"] = session
            data = memoryview(json.dumps(message).encode() + b"\0")
            try:
                while data:  # a pipe takes 64 KiB at a time
                    data = data[os.write(self._out, data) :]
            except OSError as error:
                self.close()
                raise BrowserError(f"expected a running Chromium, but it has ended ({error.strerror})") from None
            return self._number

    def wait(self, number: int, method: str, seconds: float = CALL_SECONDS, check: Callable[[], None] = lambda: None) -> dict:
        """Return the answer to a question.

        Args:
            number: of the question.
            method: what was asked, for messages.
            seconds: how long at most.
            check: called while waiting; may raise.

        Raises:
            BrowserError: none came in time, or an error; a Chromium that does not answer is ended.
        """
        deadline = time.monotonic() + seconds
        with self._lock:
            while number not in self._replies:
                check()
                self.pump(deadline, method)
            reply = self._replies.pop(number)
        if "error" in reply:
            raise BrowserError(f"expected Chromium to do {method}, got: {reply['error'].get('message', 'no reason')[:200]}")
        return reply["result"]

    def answered(self, numbers: list[int], seconds: float, check: Callable[[], None]) -> int | None:
        """Wait as `wait` does, but return which question was answered first; None, and nothing ends, if none was in time."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while (found := next((number for number in numbers if number in self._replies), None)) is None:
                check()
                left = max(0.0, deadline - time.monotonic())
                if b"\0" not in self._buffer and not select.select([self._in], [], [], left)[0]:
                    return None
                self.pump(time.monotonic() + CALL_SECONDS, "an answer")
        return found

    def forget(self, number: int) -> None:
        """Drop the answer to a question when it comes."""
        self._ignored.add(number)

    def pump(self, deadline: float, purpose: str) -> None:
        """Read one message and put it where it belongs.

        Raises:
            BrowserError: nothing came before `deadline` (on `time.monotonic`'s clock), or Chromium is gone.
        """
        message = self._read(deadline, purpose)
        number = message.get("id")
        if number is not None:
            if number in self._ignored:
                self._ignored.remove(number)
            else:
                self._replies[number] = message
        elif message.get("sessionId") in self._tabs:
            self._tabs[message["sessionId"]].notice(message["method"], message.get("params", {}))

    def open_tab(self) -> Tab:
        """Return a new, empty tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = self._tabs[session] = Tab(self, target, session)
        self.call("Page.enable", session)
        self.call("Inspector.enable", session)
        self.call("Input.setInterceptDrags", session, enabled=True)
        self.call("Page.addScriptToEvaluateOnNewDocument", session, source=_BEFORE)
        if self.copied:  # what one episode copied, the next must not be able to paste
            self.call("Runtime.evaluate", session, expression=_COPY_SPACE, userGesture=True)
            self.copied = False
        return tab

    def forget_tab(self, session: str) -> None:
        """Send no more messages to a tab."""
        self._tabs.pop(session, None)

    def close(self) -> None:
        """End it and remove what it left; closing twice is fine."""
        with self._lock:
            if not self.alive:
                return
            self.alive = False
            atexit.unregister(self.close)
            os.close(self._out)  # Chromium ends when its pipe does
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2.0)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # whoever of the group is left
            self._process.wait()
            os.close(self._in)
            for _ in range(20):  # what is being killed may still write into it
                shutil.rmtree(self._profile, ignore_errors=True)
                if not os.path.exists(self._profile):
                    break
                time.sleep(0.05)

    def _read(self, deadline: float, purpose: str) -> dict:
        searched = 0
        while (end := self._buffer.find(0, searched)) < 0:
            searched = len(self._buffer)
            if not self.alive:
                raise BrowserError("expected a running Chromium, but it has ended; reset the environment")
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self.close()
                raise BrowserError(f"expected the page to be done in time, but it hangs ({purpose}); Chromium was ended")
            data = os.read(self._in, 1 << 20)
            if not data or searched + len(data) > _MAX_MESSAGE:
                self.close()
                raise BrowserError(f"expected a running Chromium, but it has ended ({purpose})")
            self._buffer += data
        message = json.loads(self._buffer[:end])
        del self._buffer[: end + 1]
        return message


class Tab:
    """One page; made by `Browser.open_tab`.

    Attributes:
        browser: where it is.
        session: Chromium's name for it.
        dialogs: what alerts, questions and prompts said, the latest 20; each was dismissed at once.
        drags: data of the page's own drags that Chromium left to us.
        pointer: (x, y) of the mouse, CSS pixels.
        copied: the text that was copied on it last.
        left: the page that `open` loaded was left or loaded again.
    """

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        """Remember who it is."""
        self.browser, self.session, self._target = browser, session, target
        self.dialogs: deque[str] = deque(maxlen=20)
        self.drags: list[dict] = []
        self.pointer = (0.0, 0.0)
        self.left, self.copied = False, ""
        self._loads = self._budgets = 0
        self._crashed = False
        self._deadline = float("inf")

    @contextlib.contextmanager
    def limit(self, seconds: float):
        """Give everything inside this many seconds together."""
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = float("inf")

    def call(self, method: str, **parameters) -> dict:
        """Ask and return the answer, within the limit; raises `BrowserError`."""
        return self.wait(self.browser.send(method, self.session, **parameters), method)

    def wait(self, number: int, method: str) -> dict:
        """Return the answer to a question that was sent."""
        left = min(CALL_SECONDS, max(0.0, self._deadline - time.monotonic()))
        return self.browser.wait(number, method, left, lambda: self._check_alive(method))

    def open(self, url: str) -> None:
        """Load a page and stop its clock."""
        loads = self._loads
        self.call("Page.navigate", url=url)
        self._until(lambda: self._loads > loads, "loading the page")
        self.left, self.copied = False, ""
        self.call("Emulation.setVirtualTimePolicy", policy="pause", initialVirtualTime=EPOCH)

    def set_size(self, width: int, height: int, scale: float) -> None:
        """Make the window this large, CSS pixels, `scale` pixels of a screenshot each."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False,
        )  # fmt: skip

    def advance(self, seconds: float) -> None:
        """Move the page's clock on and wait until everything due is done."""
        if seconds < 0.001:  # nothing is due within no time, and Chromium would not say so
            return
        budgets = self._budgets
        self.call(
            "Emulation.setVirtualTimePolicy", policy="advance", budget=1000.0 * seconds,
            maxVirtualTimeTaskStarvationCount=100_000,
        )  # fmt: skip
        self._until(lambda: self._budgets > budgets, "waiting for its timers")

    def run(self, seconds: float) -> None:
        """Move the clock on in a few strides and draw a frame after each.

        Scrolling and animations happen when a frame is drawn. Without these, what a page does would depend on
        whether somebody takes screenshots of it.
        """
        strides = max(1, min(MAX_STRIDES, math.ceil(seconds / STRIDE_SECONDS)))
        for _ in range(strides):
            self.advance(seconds / strides)
            self.draw()

    def draw(self) -> None:
        """Have a frame drawn, and wait for it."""
        began = time.monotonic()
        self.call("Runtime.evaluate", expression=_FRAME, awaitPromise=True)
        late = time.monotonic() - began > LATE_SECONDS
        self.browser.late_frames = self.browser.late_frames + 1 if late else 0

    def evaluate(self, expression: str):
        """Return the value of a JavaScript expression, as JSON carries it.

        Raises:
            BrowserError: it threw.
        """
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in reply:
            details = reply["exceptionDetails"]
            said = details.get("exception", {}).get("description") or details.get("text", "")
            raise BrowserError(f"expected the page to go on, but its script failed: {' '.join(said.split())[:200]}")
        return reply["result"].get("value")

    def screenshot(self, width: int, height: int) -> np.ndarray:
        """Return the upper left `width` x `height` CSS pixels, uint8 (height, width, 3) times the scale."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        method, options = "Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True, "clip": clip}
        # On a busy machine Chromium now and then never draws the frame that the picture waits for; another request has one drawn.
        numbers, found = [], None
        while found is None and len(numbers) < MAX_REQUESTS:
            numbers.append(self.browser.send(method, self.session, **options))
            seconds = min(AGAIN_SECONDS, max(0.0, self._deadline - time.monotonic()))
            found = self.browser.answered(numbers, seconds, lambda: self._check_alive(method))
        found = found or numbers.pop()
        for number in numbers:
            if number != found:
                self.browser.forget(number)
        return open_image(base64.b64decode(self.wait(found, method)["data"]))

    def close(self) -> None:
        """Close it; closing twice, or after Chromium ended, is fine."""
        self.browser.forget_tab(self.session)
        with contextlib.suppress(BrowserError):
            self.browser.call("Target.closeTarget", targetId=self._target)

    def notice(self, event: str, parameters: dict) -> None:
        """Take an event of the page."""
        if event == "Page.loadEventFired":
            self._loads += 1
        elif event == "Emulation.virtualTimeBudgetExpired":
            self._budgets += 1
        elif event == "Input.dragIntercepted":
            self.drags.append(parameters["data"])
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(str(parameters.get("message", ""))[:200])
            # A page that asks whether to leave it must not keep us; everything else is answered with no.
            leave = parameters.get("type") == "beforeunload"
            self.browser.send("Page.handleJavaScriptDialog", self.session, keep=False, accept=leave)
        elif event in ("Page.frameRequestedNavigation", "Page.frameStartedNavigating", "Page.frameNavigated"):
            frame = parameters.get("frame", parameters)
            whole = not frame.get("parentId") and frame.get("id", frame.get("frameId")) == self._target
            self.left |= whole and "ameDocument" not in str(parameters.get("navigationType", ""))
        elif event == "Inspector.targetCrashed":
            self._crashed = True

    def _until(self, holds, purpose: str) -> None:
        deadline = min(time.monotonic() + CALL_SECONDS, self._deadline)
        with self.browser._lock:
            while not holds():
                self._check_alive(purpose)
                self.browser.pump(deadline, purpose)

    def _check_alive(self, purpose: str) -> None:
        if self._crashed:
            raise BrowserError(f"expected the page to go on, but it crashed ({purpose})")


_shared: Browser | None = None
_shared_lock = threading.Lock()


def shared_browser() -> Browser:
    """Return this process's Chromium, started on first use and again after it ended."""
    global _shared
    with _shared_lock:
        if _shared is None or not _shared.fit:
            if _shared is not None:
                _shared.close()
            _shared = Browser()
        return _shared


def close_shared() -> None:
    """End this process's Chromium, if there is one; the next page starts it again."""
    global _shared
    with _shared_lock:
        browser, _shared = _shared, None
    if browser is not None:
        browser.close()


def installed() -> str:
    """Return "" when live pages can be opened, else the one-line reason why not."""
    try:
        find_chromium()
    except SetupError as error:
        return str(error)
    return ""
