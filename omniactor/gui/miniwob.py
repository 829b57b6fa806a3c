"""MiniWoB++ pages as a Gymnasium environment: seen as screenshots, acted on with mouse and keyboard.

The pages are those of the package `miniwob`, opened as files in Chromium; nothing needs a network. An
instance is drawn from a seed with the pages' own generator, so seed 7 is the same instance as in the
package's environments. The page's clock stands still while an agent thinks; every action takes
`step_seconds` of it.

Covered: pages that hang, crash, open dialogs or are left. Not covered: the three flight-booking sites.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import gymnasium
import numpy as np
from gymnasium import spaces

from omniactor.actions.gui import parse_operation, print_operation
from omniactor.errors import ActionError, BrowserError, InputError
from omniactor.gui.browser import Tab, close_shared, shared_browser
from omniactor.gui.chromium import chromium_version, find_chromium
from omniactor.gui.events import perform
from omniactor.gui.pages import Page, get_page, pages_version
from omniactor.gui.spaces import GuiActions
from omniactor.types import GuiAction, Observation

WIDTH, HEIGHT = 160, 210
"""Of the task area, CSS pixels."""
WINDOW = (500, 320)
"""Of the whole page, as the package's own environments open it, CSS pixels; the rest of it shows the reward."""
STEP_SECONDS = 0.5
STEP_LIMIT, RESET_LIMIT = 10.0, 30.0
"""Real seconds after which a page is said to hang."""
EPISODE_MILLISECONDS = 1_000_000_000
"""The pages' own time limit, raised from 10 s to 11 days of the page's clock: steps limit an episode, not seconds."""
_READY_SECONDS = 10.0
_START = """(() => {
  core.EPISODE_MAX_TIME = %d;
  Math.seedrandom(%d);
  core.startEpisodeReal();
  core.cover_div.classList.add('transparent');
  window.omniactorEpisode = true;
})()"""
_UTTERANCE = "(() => { const said = core.getUtterance(); return typeof said === 'string' ? said : said.utterance; })()"
# What a page's script threw is no business of the judge: it runs whenever the page's globals are there.
_STATUS = """(typeof WOB_DONE_GLOBAL === 'undefined' || !window.omniactorEpisode) ? null :
  {done: WOB_DONE_GLOBAL, raw: Number(WOB_RAW_REWARD_GLOBAL), reason: String(WOB_REWARD_REASON || '')}"""
_STATE = """(() => {
  const parts = [document.documentElement.outerHTML, String(document.activeElement && document.activeElement.id)];
  for (const e of document.querySelectorAll('input, textarea, select')) parts.push(e.value, e.checked, e.selectedIndex);
  for (const e of document.querySelectorAll('*')) if (e.scrollTop || e.scrollLeft) parts.push(e.id, e.scrollTop, e.scrollLeft);
  parts.push(String(getSelection()), WOB_DONE_GLOBAL, WOB_RAW_REWARD_GLOBAL);
  return JSON.stringify(parts);
})()"""
# The width of a word tells which font stands in for Arial, on which all coordinates depend.
_FONT = """(() => {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = '100px Arial';
  return pen.measureText('Quick brown fox').width;
})()"""


@dataclass(frozen=True)
class PageSource:
    """What pages are made of; named like a scene's `AssetSource`.

    Attributes:
        kind: "miniwob".
        origin: versions of the package and of Chromium.
        fingerprint: 16 hex digits; pages look and lie the same only where it is the same.
    """

    kind: str
    origin: str
    fingerprint: str

    @property
    def label(self) -> str:
        """What to show wherever a result is shown."""
        return "MiniWoB++"


def page_source() -> tuple[PageSource, dict[str, str]]:
    """Return what pages are made of on this machine, and the versions; opens a page to find out.

    Raises:
        SetupError: no Chromium or no package miniwob.
    """
    env = MiniWobEnv(obs_type="none")
    try:
        env.reset(seed=0)
        return env.assets, env.versions()
    finally:
        env.close()
        close_shared()  # who asks has other processes open the pages


class MiniWobEnv(gymnasium.Env):
    """One MiniWoB++ page.

    Observation: `{"screen": uint8 (210 * scale, 160 * scale, 3)}`, the task area alone; with
    `obs_type="none"` only `{"step": int64}`, and `observe()` still looks on demand.

    Action: a `GuiAction`, or its operation as text. Kinds that mean nothing on a page do nothing.

    Reward: 1.0 when the page ends with its full reward of 1, else 0.0; the page's own is in `info`.

    `info` of reset and step: `is_success`, `goals`, `task`, `task_id`, `seed`, `instruction`, `assets`,
    `raw_reward` (-1 to 1, without the pages' discount for time; 0 before the end), `reason` (why the page
    gave it, or what ended the episode), `ignored` (why the last action did nothing, or ""), `dialogs`.

    Args:
        task: name or number, see `get_page`.
        scale: screenshot pixels per CSS pixel, 0.5 to 8.
        obs_type: "pixels" or "none".
        max_episode_steps: the episode is truncated after this many actions.
        step_seconds: how much time passes on the page after an action.
        render_mode: only "rgb_array".

    Raises:
        SetupError: no Chromium or no package miniwob.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}
    world = "gui"

    def __init__(
        self,
        task: str | int | Page = "click-button",
        scale: float = 2.0,
        obs_type: str = "pixels",
        max_episode_steps: int = 30,
        step_seconds: float = STEP_SECONDS,
        render_mode: str | None = "rgb_array",
    ) -> None:
        """Check the arguments and that everything needed is installed."""
        if obs_type not in ("pixels", "none"):
            raise InputError(f"expected obs_type 'pixels' or 'none', got {obs_type!r}")
        if not 0.5 <= float(scale) <= 8:
            raise InputError(f"expected a scale from 0.5 to 8, got {scale}")
        if int(max_episode_steps) < 1 or not 0.0 <= float(step_seconds) <= 60.0:
            raise InputError(f"expected at least 1 step and 0 to 60 s, got {max_episode_steps} and {step_seconds}")
        self.spec_task = get_page(task)
        self._url = self.spec_task.file.as_uri()
        self._program = find_chromium()
        self.render_mode = render_mode
        self.scale, self.step_seconds = float(scale), float(step_seconds)
        self._obs_type, self._max_episode_steps = obs_type, int(max_episode_steps)
        self.action_space = GuiActions()
        self.observation_space = spaces.Dict({"step": spaces.Discrete(10**9)})
        if obs_type == "pixels":
            shape = (round(HEIGHT * self.scale), round(WIDTH * self.scale), 3)
            self.observation_space = spaces.Dict({"screen": spaces.Box(0, 255, shape, np.uint8)})
        self._tab: Tab | None = None
        self._seed: int | None = None
        self._instruction = ""
        self._forget()

    # ------------------------------------------------------------------ what people and agents read

    @property
    def task(self) -> str:
        """The page's name."""
        return self.spec_task.name

    @property
    def task_description(self) -> str:
        """What the present instance asks for; "" before the first reset."""
        return self._instruction

    @property
    def episode_seed(self) -> int | None:
        """Seed of the present instance; None before the first reset."""
        return self._seed

    @property
    def init_state(self) -> None:
        """None: pages have no published initial states."""
        return

    @functools.cached_property
    def assets(self) -> PageSource:
        """What the pages are made of."""
        versions = (pages_version(), chromium_version(self._program), self.evaluate(_FONT))
        digest = hashlib.sha256(json.dumps(versions).encode()).hexdigest()[:16]
        return PageSource("miniwob", f"miniwob {versions[0]}, {versions[1]}", digest)

    @property
    def clipboard(self) -> str:
        """What was copied in this episode, "" for nothing."""
        return "" if self._tab is None else self._tab.copied

    @property
    def raw_reward(self) -> float:
        """The page's own reward, -1 to 1; 0 before its end."""
        return self._raw

    @property
    def reason(self) -> str:
        """Why the page gave its reward, or what ended the episode; often ""."""
        return self._reason

    @property
    def outcome(self) -> str:
        """Why the episode has not succeeded, one line; "" when it has."""
        if self.goals()["the page's reward is 1"]:
            return ""
        if self._done:
            return f"the page's reward was {self._raw:.3g}{': ' if self._reason else ''}{self._reason[:200]}"
        return self._reason or f"no end after {self._steps} steps"

    def versions(self) -> dict[str, str]:
        """Return the versions of what an episode depends on."""
        import omniactor

        return {
            "omniactor": omniactor.__version__, "miniwob": pages_version(), "chromium": chromium_version(self._program),
        }  # fmt: skip

    def goals(self) -> dict[str, bool]:
        """Return the one goal that every page has, and whether it is reached."""
        return {"the page's reward is 1": self._done and self._raw > 1 - 1e-6}

    def observe(self, images: bool = True) -> Observation:
        """Return the present observation; the screenshot is taken at most once a step, and only if `images`."""
        frames = {"screen": self.picture()} if images else {}
        return Observation("gui", frames, self._instruction, tuple(self._history), step=self._steps)

    def picture(self) -> np.ndarray:
        """Return the screenshot of the task area, uint8 (210 * scale, 160 * scale, 3)."""
        if self._frame is None:
            browser = self._open_tab().browser
            try:
                self._frame = self._shoot()
            except BrowserError:
                if self._steps or browser.alive:
                    raise
                # Of some new pages Chromium never shows a frame (one in 300 on a busy machine), nor of any page it opens after
                # it, and was ended. Nothing was done yet, and the same seed starts the same in another.
                self._load()
                self._frame = self._shoot()
        return self._frame

    def evaluate(self, expression: str):
        """Return the value of a JavaScript expression in the page, for experts, who may look behind the picture.

        Raises:
            BrowserError: not reset, or the page hangs, crashed or threw.
        """
        with self._within("the page's script", STEP_LIMIT):
            return self._open_tab().evaluate(expression)

    def digest(self) -> str:
        """Return 16 hex digits over everything the page holds: elements, values, focus, selection, scrolling, reward."""
        state = "left" if self._over and not self._done else self.evaluate(_STATE)
        return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    # ------------------------------------------------------------------ Gymnasium

    def reset(self, *, seed: int | None = None, options: Mapping | None = None):
        """Load the page afresh and start an instance.

        Args:
            seed: of the instance, 0 to 2**53 - 1; drawn when missing.
            options: none are known.

        Returns:
            observation, info.

        Raises:
            BrowserError: the page does not load.
        """
        super().reset(seed=seed)
        if options:
            raise InputError(f"expected no options for a page, got {sorted(options)}")
        self._seed = int(self.np_random.integers(2**31)) if seed is None else int(seed)
        self._load()
        return self._observation(), self._info()

    def step(self, action: GuiAction | str):
        """Do one action and let `step_seconds` pass on the page.

        Raises:
            ActionError: no action; nothing was done.
            BrowserError: not reset, or the page hangs or crashed; `reset` starts anew.
        """
        if isinstance(action, str):
            action = parse_operation(action)
        if not isinstance(action, GuiAction):
            raise ActionError(f"expected a GuiAction or an operation as text, got {type(action).__name__}")
        if not self._ready:
            raise BrowserError("expected reset() before step(), and after an error; call reset() first")
        self._frame, self._ignored = None, ""
        if self._over:
            self._ignored = "the episode is over"
        elif action.kind in ("answer", "terminate"):
            self._over, self._reason = True, f"the agent ended the episode ({action.kind})"
        else:
            self._act(action)
        self._steps += 1
        self._history.append(action.description or print_operation(action))
        success = self.goals()["the page's reward is 1"]
        truncated = self._steps >= self._max_episode_steps and not self._over
        return self._observation(), float(success), self._over, truncated, self._info()

    def render(self) -> np.ndarray:
        """Return the screenshot."""
        return self.picture()

    def close(self) -> None:
        """Close the page; Chromium stays for the next one until the process ends. Closing twice is fine."""
        self._close_tab()
        self._ready = False

    # ------------------------------------------------------------------ inside

    def _load(self) -> None:
        """Load the page in a new tab and start the instance of the present seed."""
        self._close_tab()
        self._forget()
        browser = shared_browser()
        with self._within("loading the page", RESET_LIMIT):
            self._tab = tab = browser.open_tab()
            with tab.limit(RESET_LIMIT):
                tab.set_size(*WINDOW, self.scale)
                tab.open(self._url)
                tab.evaluate(_START % (EPISODE_MILLISECONDS, self._seed))
                tab.run(0.1)
                for _ in range(round(_READY_SECONDS / 0.1)):
                    if tab.evaluate("WOB_TASK_READY"):
                        break
                    tab.run(0.1)
                else:
                    raise BrowserError(f"expected {self.task} to get ready, but it does not; choose another page")
                self._instruction = " ".join(tab.evaluate(_UTTERANCE).split())
        self._ready = True

    def _shoot(self) -> np.ndarray:
        with self._within("the screenshot", STEP_LIMIT):
            return self._open_tab().screenshot(WIDTH, HEIGHT)

    def _act(self, action: GuiAction) -> None:
        tab = self._open_tab()
        with self._within(f"after {action.kind}", STEP_LIMIT):
            try:
                self._ignored = perform(tab, action, WIDTH, HEIGHT)
                if not tab.left:
                    tab.run(self.step_seconds)
                status = None if tab.left else tab.evaluate(_STATUS)
            except BrowserError:
                if not tab.left:  # a page on its way out answers nothing sensible any more
                    raise
                status = None
        if status is None:
            self._over, self._reason = True, "the page was left"
        elif status["done"]:
            self._done = self._over = True
            self._raw, self._reason = float(status["raw"]), status["reason"]

    @contextlib.contextmanager
    def _within(self, purpose: str, seconds: float):
        """Limit a conversation with the page in time; after an error the page is given up, and its name is in the message."""
        try:
            with self._tab.limit(seconds) if self._tab is not None else contextlib.nullcontext():
                yield
        except BrowserError as error:
            self.close()
            raise BrowserError(f"{self.task}, seed {self._seed}, {purpose}: {error}") from None

    def _open_tab(self) -> Tab:
        if self._tab is None:
            raise BrowserError("expected reset() first, and after an error; call reset()")
        return self._tab

    def _close_tab(self) -> None:
        tab, self._tab = self._tab, None
        if tab is not None:
            tab.close()

    def _forget(self) -> None:
        self._ready = self._over = self._done = False
        self._steps, self._raw, self._reason, self._ignored = 0, 0.0, "", ""
        self._frame: np.ndarray | None = None
        self._history: list[str] = []

    def _observation(self) -> dict:
        return {"screen": self.picture().copy()} if self._obs_type == "pixels" else {"step": np.int64(self._steps)}

    def _info(self) -> dict:
        goals = self.goals()
        return {
            "is_success": all(goals.values()), "goals": goals, "task": self.task, "task_id": self.spec_task.id,
            "seed": self._seed, "instruction": self._instruction, "assets": "miniwob", "raw_reward": self._raw,
            "reason": self._reason, "ignored": self._ignored, "dialogs": list(self._tab.dialogs) if self._tab else [],
        }  # fmt: skip
