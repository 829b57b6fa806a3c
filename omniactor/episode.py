"""One whole episode on request: environment, agent, rollout, video and record.

The command line, the app and the worker processes all run episodes through `run_episode`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

import numpy as np

from omniactor.agent import Agent, make_agent
from omniactor.errors import ActionError, InputError, RecordError, UnknownAgentError
from omniactor.gui.pages import Page, get_page, is_page
from omniactor.instructions import check_instruction
from omniactor.paths import check_writable
from omniactor.record import begin_record, versions
from omniactor.rollout import rollout
from omniactor.sim.assets import resolve_assets
from omniactor.sim.tasks import get_task
from omniactor.types import Action, Decision, GuiAction, Observation

MAX_STEPS = 100_000


@dataclass(frozen=True)
class EpisodeRequest:
    """What to run.

    Attributes:
        task: id 0-89 or name of a task of the arm, or a page's name such as "miniwob:click-button".
        agent: see `make_agent`.
        assets: "auto", "libero" or "standin"; of the arm.
        init_state: of the arm: number of a published initial state; with `seed` None and this None, state 0.
        seed: draws the start instead (or, with an `init_state`, only the fixtures); of a page, the instance, 0 when None.
        max_steps: the episode ends after this many actions.
        instruction: what the agent is told; the task's own when empty.
        video: path of an mp4 to write, or None.
        record: path of a JSON record to write, or None.
        image_size: pixels of each camera; a page is seen at twice its size.
        look_every: draw for the caller and the video every this many steps, and the last one; 0 draws every step of a video and
            else nothing. A video of the arm lasts as long as the episode in the simulator, whatever this is.
        pace: of what is drawn so, pictures are left out while the episode takes fewer steps a second than this; 0: none is.
        settle_steps: of the arm: zero actions run inside the reset, so that objects land (LIBERO: 5).
    """

    task: int | str
    agent: str = "expert"
    assets: str = "auto"
    init_state: int | None = None
    seed: int | None = None
    max_steps: int = 400
    instruction: str = ""
    video: str | None = None
    record: str | None = None
    image_size: int = 256
    look_every: int = 0
    pace: float = 0.0
    settle_steps: int = 5

    def check(self) -> None:
        """Refuse what can be refused before anything heavy starts.

        Raises:
            InputError: with the reason.
        """
        if self.instruction.strip():
            check_instruction(self.instruction)
        if is_page(self.task):
            get_page(self.task)
            if self.init_state is not None:
                raise InputError(f"expected a seed for a page, got the initial state {self.init_state}; use --seed")
        else:
            get_task(self.task)
        if not 1 <= self.max_steps <= MAX_STEPS:
            raise InputError(f"expected from 1 to {MAX_STEPS} steps, got {self.max_steps}")
        if not 0 <= self.settle_steps <= 1000:
            raise InputError(f"expected from 0 to 1000 settle steps, got {self.settle_steps}")
        if self.seed is not None and not 0 <= self.seed < 2**32:
            raise InputError(f"expected a seed from 0 to {2**32 - 1}, got {self.seed}")
        if self.record is not None:
            check_writable(self.record)
        if self.video is not None:
            from omniactor.sim.video import VideoWriter

            VideoWriter(self.video)


@dataclass(frozen=True)
class Update:
    """What `run_episode` yields after every step.

    Attributes:
        index: actions taken so far.
        goals: predicate -> holds now.
        success: all of them hold.
        seconds: wall-clock time of this step.
        action: float32 (7,) of the arm, a `GuiAction` on a page, None at index 0.
        frame: the composed picture, uint8 (height, width, 3), or None where nobody but the agent looked.
        decision: what a model decided before this action, on the steps at which it looked; else None.
    """

    index: int
    goals: dict[str, bool]
    success: bool
    seconds: float
    action: np.ndarray | GuiAction | None = None
    frame: np.ndarray | None = None
    decision: Decision | None = None


@dataclass
class EpisodeResult:
    """How the episode came out; `as_json` is what `omniactor rollout --json` prints.

    `reason` says, of a page, what ended the episode, where it is known.
    """

    task: str
    task_id: int
    agent: str
    assets: str
    assets_origin: str
    instruction: str
    seed: int
    init_state: int | None
    success: bool
    steps: int
    seconds: float
    steps_per_second: float
    goals: dict[str, bool]
    stopped: bool = False
    reason: str = ""
    video: str | None = None
    record: str | None = None
    versions: dict[str, str] = field(default_factory=versions)

    def as_json(self) -> dict:
        """Return plain JSON content."""
        return asdict(self)


class EpisodeRunner:
    """Runs requests one after the other, keeping the compiled scene while the task stays the same."""

    def __init__(self) -> None:
        """Start with no scene."""
        self._env, self._key = None, None

    def run(self, request: EpisodeRequest, stop: Callable[[], bool] = lambda: False) -> Iterator[Update | EpisodeResult]:
        """Run one episode: yields an `Update` per step and, last, the `EpisodeResult`.

        Video and record are written whenever at least one step was made: at the end, when `stop()`
        turns true, when the caller closes the generator, and when the episode raises.
        """
        request.check()
        env = self.environment(request)
        agent = make_agent(request.agent, env)
        on_page = env.world == "gui"
        if on_page:
            agent = ReadableAgent(agent)
        seed, init_state = request.seed, request.init_state
        record = getattr(agent, "record", None)
        if record is not None:
            _check_same_task(record, env)
            if seed is None and init_state is None:
                seed, init_state = record.seed, record.init_state
        if seed is None and init_state is None:
            seed, init_state = (0, None) if on_page else (None, 0)
        options = None if init_state is None else {"init_state": init_state}
        instruction = " ".join(request.instruction.split()) or (None if on_page else env.task_description)
        recorder = _Recorder(request, env, agent.name)
        began, steps, stopped, last, decided = time.perf_counter(), 0, False, None, None
        steps_in = rollout(
            env,
            agent,
            request.max_steps,
            seed=seed,
            options=options,
            instruction=instruction,
            look_every=request.look_every or int(request.video is not None),
            pace=request.pace,
        )
        try:
            for step in steps_in:
                if step.index == 0:
                    began = time.perf_counter()
                decision = getattr(agent, "decision", None)
                frame = recorder.add(step, decision)
                steps, last = step.index, step
                action = getattr(step.action, "values", step.action)
                fresh, decided = None if decision is decided else decision, decision
                yield Update(step.index, dict(step.goals), step.success, step.seconds, action, frame, fresh)
                if not step.done and stop():
                    stopped = True
                    break
        finally:
            video, written = recorder.close()
        seconds = time.perf_counter() - began
        yield EpisodeResult(
            task=env.task,
            task_id=env.spec_task.id,
            agent=agent.name,
            assets=env.assets.kind,
            assets_origin=env.assets.origin,
            instruction=last.observation.instruction,
            seed=env.episode_seed,
            init_state=env.init_state,
            success=last.success,
            steps=steps,
            seconds=round(seconds, 3),
            steps_per_second=round(steps / seconds, 2) if seconds > 0 else 0.0,
            goals=dict(last.goals),
            stopped=stopped,
            reason=(agent.problem or env.outcome) if on_page else "",
            video=video,
            record=written,
            versions=env.versions() if on_page else versions(),
        )

    def close(self) -> None:
        """Free the scene; closing twice is fine."""
        if self._env is not None:
            self._env.close()
        self._env = self._key = None

    def environment(self, request: EpisodeRequest):
        """Return the environment for a request, building the scene if it is not the present one."""
        if is_page(request.task):
            return self._page(get_page(request.task))
        from omniactor.sim.libero import Libero90Env

        source = resolve_assets(request.assets)
        key = (get_task(request.task).id, source.folder, request.image_size)
        if key != self._key:
            self.close()
            self._env = Libero90Env(get_task(request.task).id, assets=source, image_size=request.image_size, obs_type="state")
            self._key = key
        self._env.settle_steps = request.settle_steps
        return self._env

    def _page(self, page: Page):
        from omniactor.gui.miniwob import MiniWobEnv

        if self._key != page:
            self.close()
            self._env, self._key = MiniWobEnv(page, obs_type="none", max_episode_steps=MAX_STEPS), page
        return self._env


class ReadableAgent:
    """An agent on a page, whose episode ends when nobody can read its answer: that is a failure, not a fault.

    Attributes:
        problem: why the episode ended so, or "".
    """

    def __init__(self, agent: Agent) -> None:
        """Wrap `agent`."""
        self._agent, self.name = agent, agent.name
        self.record = getattr(agent, "record", None)
        self.problem = ""

    @property
    def needs_images(self) -> bool:
        """Whether the agent's next decision needs the screenshot."""
        return self._agent.needs_images

    @property
    def decision(self) -> Decision | None:
        """The agent's last decision, of agents that are models."""
        return getattr(self._agent, "decision", None)

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Reset the agent."""
        self.problem = ""
        self._agent.reset(instruction, seed)

    def act(self, observation: Observation) -> Action | None:
        """Return the agent's action, None when it cannot be read or is none for a page."""
        try:
            action = self._agent.act(observation)
        except ActionError as error:
            self.problem = f"the agent's answer is no action: {error}"
            return None
        if action is not None and not isinstance(action, GuiAction):
            raise UnknownAgentError(f"expected an agent that acts on screens, got {self.name}, which drives the arm")
        return action


class _Recorder:
    """Collects video frames and the record of one episode, and writes both whatever happens."""

    def __init__(self, request: EpisodeRequest, env, agent: str) -> None:
        from omniactor.gui import frames
        from omniactor.sim import video

        self._request, self._env, self._agent = request, env, agent
        fps = frames.FPS if env.world == "gui" else video.FPS
        self._video = video.VideoWriter(request.video, fps) if request.video else None
        self._record = None

    def add(self, step, decision: Decision | None) -> np.ndarray | None:
        if self._request.record and step.index == 0:
            self._record = begin_record(self._env, self._agent, step.observation.instruction)
            self._record.goals = dict(step.goals)
        elif self._request.record:
            self._record.add(self._env, step)
        if not step.watched:
            return None  # nobody looked, or the agent alone
        frame = self._frame(step, decision)
        if self._video:
            self._video.add(frame, step.index if self._env.world == "embodied" else None)
        return frame

    def _frame(self, step, decision: Decision | None) -> np.ndarray:
        images, agent = step.observation.images, self._agent.split(":")[0]
        if decision is not None and decision.expert:
            agent += f", {decision.expert} expert"
        if self._env.world == "gui":
            from omniactor.gui.frames import screen_frame

            return screen_frame(images["screen"], step.action, step.goals, f"{agent} | step {step.index}")
        from omniactor.sim.video import compose_frame

        footer = f"{agent} | {self._env.assets.label} | step {step.index}"
        return compose_frame(images, step.observation.instruction, step.goals, footer)

    def close(self) -> tuple[str | None, str | None]:
        video = self._video.close() if self._video else None
        if self._request.record and self._record is not None:
            self._record.write(self._request.record)
            return video and str(video), self._request.record
        return video and str(video), None


def _check_same_task(record, env) -> None:
    if record.task != env.task:
        raise RecordError(f"expected a record of {env.task}, got one of {record.task}; choose --task {record.task_id}")
