"""The page itself: its head, its tabs, and how it is served."""

from __future__ import annotations

import os
from pathlib import Path

import gradio as gr

from demo.api import add_endpoints
from demo.arm import add_arm
from demo.arm_handlers import ArmHandlers
from demo.limits import LIMITS, Limits
from demo.recording_handlers import RecordingHandlers
from demo.recordings import add_recordings
from demo.screenshot import add_screenshot
from demo.screenshot_handlers import ScreenshotHandlers
from demo.webpage_handlers import WebpageHandlers
from demo.webpages import add_webpages

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
INTRO = "One agent for two worlds: it drives a robot arm and it clicks through screens."


def build(
    arm: ArmHandlers, screenshot: ScreenshotHandlers, recordings: RecordingHandlers, webpages: WebpageHandlers
) -> gr.Blocks:
    """Return the page, with its queue set up."""
    limits = arm.limits
    cache = (limits.cache_check_seconds, limits.cache_age_seconds)
    with gr.Blocks(title="OmniActor", analytics_enabled=False, delete_cache=cache, fill_width=True) as page:
        gr.HTML(f"<header><h1>OmniActor</h1><p>{INTRO}</p></header>", elem_id="intro")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Robot arm", id="arm"):
                add_arm(arm)
            with gr.Tab("Screenshot", id="screenshot"):
                add_screenshot(screenshot)
            with gr.Tab("Episodes", id="recordings"):
                add_recordings(recordings, page)
            with gr.Tab("Live pages", id="pages"):
                add_webpages(webpages)
        add_endpoints(arm, screenshot)
        page.unload(arm.leave)
    page.queue(max_size=limits.queue_size, default_concurrency_limit=limits.threads, api_open=False)
    return page


def launch_settings(limits: Limits = LIMITS) -> dict:
    """Return what `launch` is called with."""
    private = ("omniactor", "demo", "tests", "benchmarks", "app.py", ".git", "requirements.txt", "pyproject.toml")
    here = "0.0.0.0" if os.environ.get("SPACE_ID") else "127.0.0.1"
    return {
        "server_name": os.environ.get("GRADIO_SERVER_NAME") or here,
        "max_threads": limits.threads,
        "max_file_size": limits.upload,
        "state_session_capacity": limits.state_sessions,
        "blocked_paths": [str(REPOSITORY / name) for name in private],
        "show_error": False,
        "share": False,
        "enable_monitoring": False,
        "strict_cors": True,
        "ssr_mode": False,
        "mcp_server": True,
        "run_history": False,
        "footer_links": ["api"],
        "theme": _theme(),
        "css_paths": [HERE / "page.css"],
        "js": (HERE / "page.js").read_text(encoding="utf-8"),
    }


def _theme() -> gr.themes.Base:
    plain = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
    mono = ("ui-monospace", "Menlo", "Consolas", "monospace")
    hue = {"primary_hue": gr.themes.colors.blue, "neutral_hue": gr.themes.colors.slate}
    return gr.themes.Default(font=plain, font_mono=mono, radius_size=gr.themes.sizes.radius_lg, **hue)
