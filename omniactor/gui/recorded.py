"""A recorded episode as an environment: whatever is done, the next recorded screenshot comes; every action is judged.

The history the agent is told is what was recorded (teacher-forced) or what it did itself (free-running); the screenshots are
the recorded ones either way. `play` runs agents through it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import gymnasium
import numpy as np
from gymnasium import spaces

from omniactor.data.sources.screens import instruction_of
from omniactor.errors import ActionError, ImageError, InputError
from omniactor.evaluate.judgement import Judgement, find_rule, judge
from omniactor.gui.episodes import RecordedEpisode, RecordedStep, action_words, open_picture
from omniactor.gui.spaces import GuiActions, Screens
from omniactor.types import EmbodiedAction, GuiAction, Observation

LEVELS = ("high", "low")
HISTORIES = ("recorded", "own", "none")


@dataclass(frozen=True)
class NoAction:
    """What stands in a rollout for an answer that is no action, so that the episode goes on.

    Attributes:
        reason: what the agent's `ActionError` said, or that it had nothing more to do.
        asked: False where there was no screenshot to ask about.
    """

    reason: str
    asked: bool = True


@dataclass(frozen=True, eq=False)
class PlayedStep:
    """What became of one step of a recorded episode.

    Attributes:
        number: which step, from 0.
        recorded: what was recorded.
        predicted: what the agent did; None where its answer was no action.
        reason: why it was none.
        judgement: what the rule says; None where the recorded action is not known or there is no screenshot.
        instruction: what the agent was told.
        history: what it was told of the steps before.
        seconds: how long it took to decide.
    """

    number: int
    recorded: RecordedStep
    predicted: GuiAction | None
    reason: str
    judgement: Judgement | None
    instruction: str
    history: tuple[str, ...]
    seconds: float

    def as_json(self) -> dict:
        """Return it as plain JSON, actions as operations."""
        from omniactor.actions.gui import print_operation

        def operation(action: GuiAction | None) -> str | None:
            return None if action is None else print_operation(action, decimals=None)

        return {
            "step": self.number, "instruction": self.instruction, "history": list(self.history),
            "recorded": operation(self.recorded.action), "recorded_description": self.recorded.words,
            "predicted": operation(self.predicted), "predicted_description": self.predicted.description if self.predicted else "",
            "reason": self.reason or self.recorded.problem, "seconds": round(self.seconds, 3),
            "judgement": None if self.judgement is None else self.judgement.as_json(),
        }  # fmt: skip


class RecordedEnv(gymnasium.Env):
    """One recorded episode.

    Observation: `{"screen": uint8 (height, width, 3)}` of the present step; empty with `obs_type="none"`, for callers that only
    `observe()`, and where the screenshot cannot be read. Action: a `GuiAction` (or `NoAction`); it moves on to the next
    recorded step and changes nothing else.

    `info` of reset and step: `is_success` (the episode is over and every step of it was judged right), `goals` (what was
    judged so far: "step 3" -> right), `judgement` (of the last action, or None), `step`. Reward: 1.0 for a right step, else 0.0.

    Args:
        episode: what was recorded.
        level: "high" tells the task, "low" also what to do now.
        history: "recorded", "own" (the agent's) or "none".
        protocol: the rule that judges, see `judgement.PROTOCOLS`.
        obs_type: "pixels" or "none".

    Attributes:
        at: number of the present step.
        played: the steps judged so far.

    Raises:
        InputError: an episode without steps, or an unknown choice.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 1}
    world = "gui"

    def __init__(
        self,
        episode: RecordedEpisode,
        level: str = "high",
        history: str = "recorded",
        protocol: str = "os-atlas",
        obs_type: str = "pixels",
    ) -> None:
        """Check the choices; no screenshot is opened yet."""
        chosen = (("level", level, LEVELS), ("history", history, HISTORIES), ("obs_type", obs_type, ("pixels", "none")))
        for name, value, choices in chosen:
            if value not in choices:
                raise InputError(f"expected {name} {', '.join(choices)}, got {str(value)[:40]!r}; choose one of them")
        if not episode.steps:
            raise InputError(f"expected an episode with steps, got {episode.id[:80]!r} without any")
        find_rule(protocol)
        self.episode, self.level, self.history, self.protocol = episode, level, history, protocol
        self.render_mode = "rgb_array"
        self.observation_space = spaces.Dict({"screen": Screens()} if obs_type == "pixels" else {})
        self.action_space = GuiActions()
        self._obs_type = obs_type
        self.at, self.played = 0, []
        self._began, self._own, self._screen = 0, [], (None, None)
        self._clock = time.perf_counter()

    @property
    def task_description(self) -> str:
        """What the agent is told at the present step."""
        step = self.episode.steps[min(self.at, len(self.episode.steps) - 1)]
        return instruction_of(self.episode.instruction, step.instruction, self.level if step.instruction else "high")

    def reset(self, *, seed: int | None = None, options: Mapping | None = None):
        """Go to the first step, or to the one in `options`, `{"step": N}`.

        Raises:
            InputError: no such step, or another option.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        at = options.pop("step", 0)
        if options:
            raise InputError(f"expected only the option 'step', got {sorted(options)}")
        if not isinstance(at, int) or not 0 <= at < len(self.episode.steps):
            raise InputError(f"expected a step from 0 to {len(self.episode.steps) - 1}, got {at!r:.40}")
        self.at = self._began = at
        self.played, self._own = [], []
        self._clock = time.perf_counter()
        return self._observation(), self._info()

    def observe(self, images: bool = True) -> Observation:
        """Return what the agent sees: the present step's screenshot, if it can be read, the task, the history."""
        screens = self._look() if images else {}
        self._clock = time.perf_counter()
        return Observation("gui", screens, self.task_description, self._told(), step=self.at - self._began)

    def screenshot(self) -> np.ndarray:
        """Return the present screenshot; after the last step the one that followed it, where there is one.

        Raises:
            ImageError: missing or broken.
        """
        if self._screen[0] != self.at:
            steps = self.episode.steps
            after = self.at == len(steps)
            picture = steps[-1].picture if after and self.episode.last is None else self.episode.last if after else None
            self._screen = (self.at, open_picture(picture) if after else steps[self.at].screenshot())
        return self._screen[1].copy()

    def step(self, action: GuiAction | NoAction):
        """Judge an action and go on to the next recorded step.

        Raises:
            ActionError: something else than a `GuiAction`.
            InputError: the episode is over.
        """
        if isinstance(action, EmbodiedAction) or not isinstance(action, (GuiAction, NoAction)):
            raise ActionError(f"expected an action on a screen, got a {type(action).__name__}; is it an agent of the arm?")
        if self.at >= len(self.episode.steps):
            raise InputError("expected a step of the episode, got one after its last; reset it")
        seconds = time.perf_counter() - self._clock
        recorded = self.episode.steps[self.at]
        reason = action.reason if isinstance(action, NoAction) else ""
        predicted = None if isinstance(action, NoAction) else action
        unknown = recorded.action is None or (predicted is None and not action.asked)
        judgement = None if unknown else judge(self.protocol, recorded, predicted, self._size(), reason)
        self.played.append(
            PlayedStep(self.at, recorded, predicted, reason, judgement, self.task_description, self._told(), seconds)
        )
        self._own.append("no action" if predicted is None else action_words(predicted))
        self.at += 1
        right = judgement is not None and judgement.success
        return self._observation(), float(right), self.at == len(self.episode.steps), False, self._info()

    def render(self) -> np.ndarray:
        """Return the present screenshot."""
        return self.screenshot()

    def _told(self) -> tuple[str, ...]:
        if self.history == "none":
            return ()
        if self.history == "own":
            return tuple(self._own)
        return tuple(words for words in (step.words for step in self.episode.steps[: self.at]) if words)

    def _size(self) -> tuple[int, int]:
        """Return the size of the present screenshot: its own if anybody looked at it, else what the source says."""
        declared = self.episode.steps[self.at].size
        if self._screen[0] != self.at and declared is not None and min(declared) > 0:
            return declared
        try:
            height, width = self.screenshot().shape[:2]
        except ImageError:
            return declared if declared is not None and min(declared) > 0 else (1000, 1000)
        return width, height

    def _observation(self) -> dict[str, np.ndarray]:
        return self._look() if self._obs_type == "pixels" else {}

    def _look(self) -> dict[str, np.ndarray]:
        try:
            return {"screen": self.screenshot()}
        except ImageError:
            return {}

    def _info(self) -> dict:
        judged = {f"step {played.number}": played.judgement.success for played in self.played if played.judgement is not None}
        over = self.at == len(self.episode.steps) and self._began == 0
        return {
            "is_success": over and len(judged) == len(self.episode.steps) and all(judged.values()),
            "goals": judged,
            "judgement": self.played[-1].judgement if self.played else None,
            "step": self.at,
        }
