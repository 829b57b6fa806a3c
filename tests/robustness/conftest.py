"""The page, served, with an agent that types what it is told."""

import json
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest

VISITOR = SimpleNamespace(session_hash="visitor")  # stands for gr.Request


class Parrot:
    """An agent that types what it is told."""

    name, needs_images, decision = "parrot", True, None

    def reset(self, instruction, seed=None):
        pass

    def act(self, observation):
        from omniactor.types import Decision, GuiAction

        said = observation.history[-1] if observation.history else observation.instruction
        self.decision = Decision("gui", "gui", 0.0, said)
        return GuiAction("write", text=said, description=said)


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory):
    """Handlers of the screenshot's tab, with the parrot as the only agent."""
    pytest.importorskip("gradio")
    from demo.agents import OfferedAgent
    from demo.screenshot_handlers import ScreenshotHandlers
    from demo.sessions import SessionStore

    class Offer(OfferedAgent):
        def make(self):
            return Parrot()

    store = SessionStore(tmp_path_factory.mktemp("files"), make_worker=lambda: None)
    yield ScreenshotHandlers(store, {"parrot": Offer("parrot", "A parrot.", "parrot")})
    store.close_all()


@pytest.fixture(scope="module")
def served(screenshots, tmp_path_factory):
    """Return the address of the page."""
    from demo.arm_handlers import ArmHandlers
    from demo.layout import build, launch_settings
    from demo.recording_handlers import RecordingHandlers
    from demo.webpage_handlers import WebpageHandlers
    from omniactor.sim.assets import AssetSource

    arm = ArmHandlers(screenshots.store, AssetSource("standin", tmp_path_factory.mktemp("assets"), "a test"))
    page = build(arm, screenshots, RecordingHandlers(screenshots.store, {}), WebpageHandlers(screenshots.store, {}))
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    yield url.rstrip("/")
    page.close()


def call(url, name, data):
    """Call an endpoint over HTTP as any program would; return (event, content) of its last event."""
    body = json.dumps({"data": data}).encode()
    request = urllib.request.Request(f"{url}/gradio_api/call/{name}", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            event = json.load(answer)["event_id"]
        with urllib.request.urlopen(f"{url}/gradio_api/call/{name}/{event}", timeout=20) as answer:
            lines = answer.read().decode().strip().splitlines()
    except urllib.error.HTTPError as error:
        return "refused", f"{error.code} {error.read().decode()}"
    return lines[-2].removeprefix("event: "), lines[-1].removeprefix("data: ")
