"""app.py and the served page, without a browser and with a simulator that does nothing."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("gradio")

ROOT = Path(__file__).parent.parent


def test_app_is_short_and_starts_nothing_when_imported():
    assert len((ROOT / "app.py").read_text().splitlines()) < 30
    code = "import runpy, sys; runpy.run_path('app.py', run_name='__mp_main__'); print('gradio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from demo.arm_handlers import ArmHandlers
    from demo.layout import build, launch_settings
    from demo.recording_handlers import RecordingHandlers
    from demo.screenshot_handlers import ScreenshotHandlers
    from demo.sessions import SessionStore
    from demo.webpage_handlers import WebpageHandlers
    from omniactor.sim.assets import AssetSource

    store = SessionStore(tmp_path_factory.mktemp("files"), make_worker=lambda: None)
    arm = ArmHandlers(store, AssetSource("standin", Path("/none"), "a test"))
    page = build(arm, ScreenshotHandlers(store, {}), RecordingHandlers(store, {}), WebpageHandlers(store, {}))
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    yield page, url.rstrip("/")
    page.close()
    store.close_all()


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def test_the_page_names_models_and_agent(served):
    page = get(served[1])
    assert "stand-in models" in page and "Scripted expert" in page


def test_without_an_agent_for_screens_the_page_says_so_and_how_to_set_one(served):
    page = get(served[1])
    assert "this version has no bundled checkpoint" in page and "OMNIACTOR_AGENT" in page


def test_the_served_page_keeps_to_the_limits(served):
    from demo.limits import LIMITS

    page = served[0]
    assert page.max_file_size == 32 * 1024 * 1024
    assert page.max_threads == LIMITS.threads and page.state_session_capacity == LIMITS.state_sessions
    assert not page.share and not page.enable_monitoring and not page.show_error


def test_programs_see_tools_with_descriptions(served):
    tools = json.loads(get(f"{served[1]}/gradio_api/mcp/schema"))
    assert sorted(tool["name"] for tool in tools) == ["predict_gui", "rollout", "tasks"]
    assert all(len(tool["description"]) > 30 for tool in tools)
    (predict,) = [tool for tool in tools if tool["name"] == "predict_gui"]
    asked = predict["inputSchema"]["properties"]
    assert list(asked) == ["image", "instruction", "history", "agent"] and all(field["description"] for field in asked.values())


@pytest.mark.parametrize("name", ["app.py", "omniactor/errors.py", "pyproject.toml"])
def test_source_files_are_not_served(served, name):
    with pytest.raises(urllib.error.HTTPError):
        get(f"{served[1]}/gradio_api/file={ROOT / name}")
