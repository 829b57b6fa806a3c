from demo.layout import build, launch_settings
from demo.limits import LIMITS


def test_the_built_page_keeps_to_the_limits(handlers):
    page = build(handlers)
    assert page.delete_cache == (LIMITS.cache_check_seconds, LIMITS.cache_age_seconds)
    assert page._queue.max_size == LIMITS.queue_size and not page.api_open and not page.analytics_enabled
    runs = [fn for fn in page.fns.values() if fn.concurrency_id == "simulators"]
    assert len(runs) == 2 and all(fn.concurrency_limit == LIMITS.running_at_once for fn in runs)
    sliders = [block for block in page.blocks.values() if block.get_block_name() == "slider"]
    assert [(s.value, s.maximum) for s in sliders] == [(LIMITS.default_steps, LIMITS.max_steps)]


def test_only_the_two_endpoints_are_public(handlers):
    page = build(handlers)
    assert set(page.get_api_info()["named_endpoints"]) == {"/tasks", "/rollout"}
    assert not page.get_api_info()["unnamed_endpoints"]


def test_the_launch_settings_are_closed(monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    monkeypatch.delenv("SPACE_ID", raising=False)
    settings = launch_settings()
    assert settings["max_file_size"] == LIMITS.upload and settings["max_threads"] == LIMITS.threads
    assert settings["state_session_capacity"] == LIMITS.state_sessions
    assert settings["share"] is False and settings["show_error"] is False and settings["enable_monitoring"] is False
    assert settings["server_name"] == "127.0.0.1" and "allowed_paths" not in settings
    blocked = [path.rsplit("/", 1)[1] for path in settings["blocked_paths"]]
    assert {"omniactor", "demo", "app.py", ".git"} <= set(blocked) and "assets" not in blocked


def test_a_space_is_reachable_from_outside(monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    monkeypatch.setenv("SPACE_ID", "someone/omniactor")
    assert launch_settings()["server_name"] == "0.0.0.0"
