"""Puts the page together and serves it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from gradio.utils import get_upload_folder

from demo import catalog
from demo.agents import offered_agents
from demo.arm_handlers import ArmHandlers
from demo.layout import build, launch_settings
from demo.recording_handlers import RecordingHandlers
from demo.screenshot_handlers import ScreenshotHandlers
from demo.sessions import SessionStore
from demo.webpage_handlers import WebpageHandlers
from omniactor.episode import EpisodeRequest
from omniactor.errors import OmniActorError
from omniactor.paths import cache_dir
from omniactor.sim.assets import resolve_assets


def main() -> None:
    """Serve the page until the process is told to end."""
    store = SessionStore(Path(get_upload_folder()), kept=cache_dir() / "unfinished_episodes")
    try:
        assets, agents = resolve_assets("auto"), offered_agents()
        arm = ArmHandlers(store, assets, agents)
    except OmniActorError as error:
        sys.exit(f"OmniActor: {error}")
    screens = (handlers(store, agents) for handlers in (ScreenshotHandlers, RecordingHandlers, WebpageHandlers))
    page = build(arm, *screens)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that simulators and files are cleaned up
    print(f"3-D models: {assets.label} ({assets.origin})", flush=True)
    print(f"Models: {', '.join(agents) or 'none'}", flush=True)
    page.launch(prevent_thread_lock=True, **launch_settings())
    store.keep_tidy()
    agent = next(iter(arm.agents.values()))
    first = EpisodeRequest(catalog.default_task(agent), agent.stands_for, assets.kind, max_steps=1, look_every=1)
    store.warm_up(first)
    page.block_thread()
