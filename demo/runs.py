"""Episodes that a visitor watches: what the tabs of the robot arm and of the live pages have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from demo import run_texts as texts
from demo.live import LiveRun
from demo.refusals import plain_errors
from demo.sessions import SessionStore
from omniactor.episode import EpisodeRequest, EpisodeResult, Update
from omniactor.errors import InputError

LAST_SEED = 2**32 - 1


class RunHandlers(ABC):
    """Runs a visitor's episodes; holds what all visitors share and nothing of any one visitor.

    A tab's own handlers say what is run (`make_request` of `watch`) and what is shown besides the video (`details`).
    """

    tab = ""
    preparing = "Getting ready"

    def __init__(self, store: SessionStore) -> None:
        """Take the sessions."""
        self.store, self.limits = store, store.limits

    def watch(self, key: str, make_request: Callable[[Path], EpisodeRequest]) -> Iterator[tuple]:
        """Run an episode for a visitor; yields picture, status, outcome, video, details and record."""
        kept, live = (gr.skip(),) * 4, None
        try:
            with plain_errors():
                live = self.store.start(key, make_request, self.tab)
                for update in live.watch():
                    if update is None:
                        yield gr.skip(), texts.waiting(live.waited, self.preparing), *kept
                    else:
                        status = texts.status(update, live.request.max_steps, live.pace, live.expert)
                        yield save_picture(live, update), status, *kept
                status = texts.final_status(live.result, live.request.max_steps)
                yield gr.Image(visible=live.result.video is None), status, *self.result_view(live)
        except gr.Error as error:
            message = error.message if isinstance(error.message, str) else "This did not run."
            yield gr.skip(), texts.failure(message, started=live is not None), *kept
            raise

    def result_view(self, live: LiveRun) -> tuple:
        """Return outcome, video, details and record of an episode that is over."""
        result = live.result
        return (
            gr.HTML(texts.outcome_box(texts.outcome(result, live.stop_reason)), visible=True),
            gr.Video(result.video, visible=result.video is not None),
            self.details(live),
            gr.File(result.record, visible=result.record is not None),
        )

    @abstractmethod
    def details(self, live: LiveRun):
        """Return the component that shows what was done, step by step."""

    def stop(self, request: gr.Request) -> None:
        """Ask the visitor's episode to end, or not to begin; the video of what was done appears as usual."""
        self.store.stop(request.session_hash)

    def rest(self):
        """Return Run on, Stop off."""
        return gr.Button(interactive=True), gr.Button(interactive=False)

    def leave(self, request: gr.Request) -> None:
        """Free everything of a visitor whose page was closed."""
        self.store.close(request.session_hash)


def save_picture(live: LiveRun, update: Update) -> str:
    """Write a live picture beside the video, drop those the browser is long past, and return its path."""
    folder = Path(live.request.video).parent
    path = folder / f"live-{update.index:05d}.jpg"
    Image.fromarray(np.asarray(update.frame)).save(path, quality=85)
    for old in sorted(folder.glob("live-*.jpg"))[: -live.limits.pictures_kept]:
        old.unlink(missing_ok=True)
    return str(path)


def public_result(result: EpisodeResult) -> dict:
    """Return the result as JSON without paths of this server."""
    content = result.as_json()
    content["agent"] = content["agent"].split(":")[0]
    for name in ("video", "record"):
        content[name] = content[name] and Path(content[name]).name
    return content


def whole_number(value: float | None, what: str, low: int, high: int) -> int:
    """Return `value` as an int.

    Raises:
        InputError: not a whole number from `low` to `high`.
    """
    if value is None or not low <= value <= high or value != int(value):
        raise InputError(f"Expected {what} from {low} to {high}, got {'nothing' if value is None else f'{value:g}'}.")
    return int(value)
