import gradio as gr

from demo.layout import build, launch_settings
from demo.limits import LIMITS
from demo.uploads import PictureUpload


def test_the_built_page_keeps_to_the_limits(handlers, screenshots, recordings, webpages):
    page = build(handlers, screenshots, recordings, webpages)
    assert page.delete_cache == (LIMITS.cache_check_seconds, LIMITS.cache_age_seconds)
    assert page._queue.max_size == LIMITS.queue_size and not page.api_open and not page.analytics_enabled
    runs = [fn for fn in page.fns.values() if fn.concurrency_id == "simulators"]
    assert len(runs) == 3 and all(fn.concurrency_limit == LIMITS.running_at_once for fn in runs)
    asked = [fn for fn in page.fns.values() if fn.concurrency_id == "models"]
    assert len(asked) == 3 and all(fn.concurrency_limit == LIMITS.predictions_at_once for fn in asked)
    sliders = [block for block in page.blocks.values() if block.get_block_name() == "slider"]
    assert [(s.value, s.maximum) for s in sliders] == [
        (LIMITS.default_steps, LIMITS.max_steps),
        (1, 2),  # the step of a recorded episode, hidden until there is one
        (LIMITS.default_page_steps, LIMITS.page_steps),
    ]


def test_only_the_endpoints_for_programs_are_public(handlers, screenshots, recordings, webpages):
    page = build(handlers, screenshots, recordings, webpages)
    assert set(page.get_api_info()["named_endpoints"]) == {"/tasks", "/rollout", "/predict_gui"}
    assert not page.get_api_info()["unnamed_endpoints"]


def test_a_visitor_can_only_choose_among_the_hosts_agents(handlers, screenshots, recordings, webpages):
    page = build(handlers, screenshots, recordings, webpages)
    (choice,) = [block for block in page.blocks.values() if getattr(block, "elem_id", None) == "screen-agent"]
    assert choice.choices == [("stub", "stub")] and not choice.visible


def test_every_field_for_pictures_leaves_them_unopened(handlers, screenshots, recordings, webpages):
    page = build(handlers, screenshots, recordings, webpages)
    taken = {block_id for fn in page.fns.values() for block_id in (block._id for block in fn.inputs)}
    fields = [block for block_id, block in page.blocks.items() if block_id in taken and isinstance(block, gr.Image)]
    assert len(fields) == 2 and all(isinstance(field, PictureUpload) for field in fields)
    assert all(field.get_block_name() == "image" for field in fields)


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
