"""A simulator that does nothing, fast, and stores and handlers around it."""

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio")

from demo.agents import OfferedAgent
from omniactor.episode import EpisodeResult, Update
from omniactor.sim.assets import AssetSource
from omniactor.types import Decision, GuiAction


class FakeWorker:
    """Behaves as an EpisodeWorker; `steps` steps of `pause` seconds, then success; or raises `error`. Draws every so many."""

    def __init__(self, steps=3, pause=0.0, error=None, drawn_every=1):
        self.steps, self.pause, self.error, self.drawn_every = steps, pause, error, drawn_every
        self.closed, self.started, self.requests = 0, 0, []
        self.alive = True
        self._stop = threading.Event()

    def start(self):
        self.started += 1

    def run(self, request):
        self._stop.clear()
        self.requests.append(request)
        if self.error:
            raise self.error
        index = 0
        for index in range(self.steps + 1):
            action = None if index == 0 else np.full(7, 0.5, np.float32)
            frame = None if index % self.drawn_every else np.full((8, 16, 3), index, np.uint8)
            yield Update(index, {"On a b": index == self.steps}, index == self.steps, self.pause, action, frame)
            if self._stop.is_set():
                break
            time.sleep(self.pause)
        if request.video:
            Path(request.video).write_bytes(b"video")
            Path(request.record).write_text("{}")
        done = index == self.steps
        yield EpisodeResult(
            task="t",
            task_id=0,
            agent=request.agent,
            assets="standin",
            assets_origin="",
            instruction="",
            seed=0,
            init_state=0,
            success=done,
            steps=index,
            seconds=1.0,
            steps_per_second=float(index),
            goals={"On a b": done},
            stopped=not done,
            video=request.video,
            record=request.record,
            versions={},
        )

    def stop(self):
        self._stop.set()

    def close(self):
        self.closed += 1
        self.alive = False


class FakeScreenAgent:
    """Answers `answer` to every screen, raises it if it is an error; remembers what it saw."""

    name, needs_images = "stub", True

    def __init__(self, answer=None):
        self.answer = answer or GuiAction("click", (0.25, 0.5), description="Tap OK")
        self.seen, self.decision = [], None

    def reset(self, instruction, seed=None):
        pass

    def act(self, observation):
        self.seen.append(observation)
        self.decision = Decision("gui", "gui", 0.1, "Action: Tap OK")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(frozen=True)
class FakeOffer(OfferedAgent):
    """An offered agent that is there already."""

    agent: FakeScreenAgent = None

    def make(self):
        return self.agent


@pytest.fixture
def screen_agent():
    """The agent behind `screenshots`; a test may change its answer."""
    return FakeScreenAgent()


@pytest.fixture
def screenshots(make_store, screen_agent):
    from demo.screenshot_handlers import ScreenshotHandlers

    return ScreenshotHandlers(make_store(), {"stub": FakeOffer("stub", "A stub.", "stub", agent=screen_agent)})


@pytest.fixture
def recordings(make_store, screen_agent, tmp_path):
    from demo.recording_handlers import RecordingHandlers

    agents = {"stub": FakeOffer("stub", "A stub.", "openai:http://10.0.0.9/v1#stub", agent=screen_agent)}
    return RecordingHandlers(make_store(), agents, tmp_path / "none")


@pytest.fixture
def webpages(make_store):
    from demo.webpage_handlers import WebpageHandlers

    return WebpageHandlers(make_store(), {"stub": FakeOffer("stub", "A stub.", "openai:http://10.0.0.9/v1#stub")})


@pytest.fixture
def fake_worker():
    """The class, so that a test chooses how it behaves."""
    return FakeWorker


@pytest.fixture
def make_store(tmp_path):
    """Return a function limits, worker options -> store; closed at the end."""
    from demo.limits import LIMITS
    from demo.sessions import SessionStore

    stores = []

    def make(workers=None, worker=None, **limits):
        made = [] if workers is None else workers

        def make_worker():
            made.append(FakeWorker(**(worker or {})))
            return made[-1]

        stores.append(SessionStore(tmp_path, replace(LIMITS, **limits), make_worker, kept=tmp_path / "kept"))
        return stores[-1]

    yield make
    for store in stores:
        store.close_all()


@pytest.fixture
def handlers(make_store):
    from demo.arm_handlers import ArmHandlers

    return ArmHandlers(make_store(), AssetSource("standin", Path("/none"), "the Hub cannot be reached"))
