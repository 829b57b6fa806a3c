"""What happens when somebody clicks on the tab of the screenshot: plain functions, testable without a browser."""

from __future__ import annotations

import hashlib
import secrets
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from demo import screenshot_texts as texts
from demo.agents import OfferedAgent, find_agent
from demo.refusals import plain_errors
from demo.sessions import SessionStore
from omniactor.actions.gui import parse_operation, print_operation
from omniactor.errors import InputError, PeerError
from omniactor.gui.episode_folder import zip_episode
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.gui.images import open_image
from omniactor.gui.overlay import Box, describe, draw_action, draw_comparison
from omniactor.gui.prediction import Prediction, observe_screen, predict
from omniactor.instructions import check_line
from omniactor.types import GuiAction, Observation

MAX_STEPS = 50
"""Of an episode by hand."""
MAX_OPERATION = 10_000
"""Characters of an operation; what it types counts too."""
SHOWN_SIDE = 1600
"""Pixels of the longer side of a picture on the page."""


@dataclass(frozen=True)
class Shown:
    """What the tab shows at present.

    Attributes:
        screen: a copy of the uploaded file, in the visitor's folder.
        size: (width, height) of the upright picture.
        action: what is drawn on it; None before anything was asked.
    """

    screen: str
    size: tuple[int, int]
    action: GuiAction | None = None


class ScreenshotHandlers:
    """The tab's handlers; holds what all visitors share and nothing of any one visitor."""

    def __init__(self, store: SessionStore, agents: Mapping[str, OfferedAgent]) -> None:
        """Take the sessions and the agents on offer."""
        self.store, self.limits, self.agents = store, store.limits, agents

    def check(self, picture: str | bytes | None, instruction: str, history: str) -> Observation:
        """Return what the agent will see.

        Raises:
            InputError: with what is wrong.
        """
        if picture is None:
            raise InputError("Upload a screenshot first.")
        return observe_screen(picture, instruction, (history or "").splitlines())

    def ask(self, picture, instruction: str, history: str, agent: str) -> tuple[Observation, Prediction]:
        """Return what was looked at and what the agent wants to do."""
        chosen = find_agent(self.agents, agent)
        observation = self.check(picture, instruction, history)
        try:
            return observation, replace(predict(chosen.make(), observation), agent=chosen.name)
        except PeerError as error:
            print(error, file=sys.stderr, flush=True)  # whoever runs the page may know which server it is
            raise chosen.discreet(error) from None

    def describe_agent(self, agent: str) -> str:
        """Return what the chosen agent is."""
        return texts.agent_note(self.agents, agent)

    def look(self, picture, request: gr.Request):
        """Open what was uploaded, or refuse it; returns picture, status, words, operation, Accept and what is shown."""
        nothing = "", "", gr.Button(interactive=False)
        if picture is None:
            return None, texts.idle(), *nothing, None
        try:
            with plain_errors():
                screen = open_image(picture)
                size = (screen.shape[1], screen.shape[0])
                shown = Shown(self.keep(picture, request), size)
                return self.show(screen, None, request), texts.ready(size, bool(self.agents)), *nothing, shown
        except gr.Error as error:
            return None, texts.failure(error.message), *nothing, None

    def predict(self, picture, instruction: str, history: str, agent: str, request: gr.Request):
        """Ask the agent; yields what `look` returns."""
        kept = (gr.skip(),) * 4
        try:
            with plain_errors():
                yield gr.skip(), texts.working(find_agent(self.agents, agent).name), *kept
                observation, made = self.ask(picture, instruction, history, agent)
                screen = observation.images["screen"]
                if made.action is None:
                    yield self.show(screen, None, request), texts.prediction(made), "", "", gr.Button(interactive=False), None
                    return
                shown = Shown(self.keep(picture, request), made.size, made.action)
                drawn = self.show(screen, made.action, request)
                operation = print_operation(made.action)
                yield drawn, texts.prediction(made), made.action.description, operation, gr.Button(interactive=True), shown
        except gr.Error as error:
            yield gr.skip(), texts.failure(error.message), *kept
            raise

    def draw(self, picture, words: str, operation: str, request: gr.Request):
        """Draw an operation that the visitor wrote; returns what `look` does."""
        with plain_errors():
            if picture is None:
                raise InputError("Upload a screenshot first.")
            action = _written(words, operation)
            screen = open_image(picture)
            size = (screen.shape[1], screen.shape[0])
            shown = Shown(self.keep(picture, request), size, action)
            drawn = self.show(screen, action, request)
            return drawn, texts.by_hand(action, size), words, print_operation(action), gr.Button(interactive=True), shown

    def point(self, picture, shown: Shown | None, request: gr.Request, event: gr.SelectData):
        """Draw a click where the visitor clicked on the picture; returns what `look` does."""
        with plain_errors():
            if shown is None or picture is None:
                raise InputError("Upload a screenshot first.")
            scale = min(1.0, SHOWN_SIDE / max(shown.size))
            x, y = (min(1.0, max(0.0, at / (side * scale))) for at, side in zip(event.index, shown.size, strict=True))
            return self.draw(picture, "", print_operation(GuiAction("click", (x, y))), request)

    def accept(self, shown: Shown | None, words: str, operation: str, history: str, steps: list[Shown]):
        """Append the action to the episode.

        Returns:
            Uploaded picture, history, steps, their list, status, words, operation, Accept, what is shown, Save.
        """
        with plain_errors():
            if shown is None or shown.action is None:
                raise InputError("There is no action to accept yet; press Predict first.")
            if len(steps) >= MAX_STEPS:
                raise InputError(f"An episode by hand has at most {MAX_STEPS} steps; save it and start over.")
            action = _written(words, operation)
            if operation == print_operation(shown.action):  # what is printed has fewer decimals
                action = replace(shown.action, description=action.description)
            action = replace(action, description=action.description or describe(action))
            steps = [*steps, replace(shown, action=action)]
            history = "\n".join([*(line for line in (history or "").splitlines() if line.strip()), action.description])
            listed = texts.steps([(step.action.description, print_operation(step.action)) for step in steps])
            status = texts.accepted(len(steps), action.kind == "terminate")
            return None, history, steps, listed, status, "", "", gr.Button(interactive=False), None, gr.Button(visible=True)

    def save_episode(self, steps: list[Shown], instruction: str, request: gr.Request):
        """Return the accepted steps as an archive of this project's own format, to download."""
        with plain_errors():
            if not steps:
                raise InputError("Accept at least one step first.")
            episode = RecordedEpisode(
                f"by-hand-{time.strftime('%Y%m%d-%H%M%S')}",
                check_line(instruction or "", "an instruction"),
                tuple(RecordedStep(s.action, Path(s.screen), s.action.description, size=s.size) for s in steps),
                source="by hand",
            )
            folder = self.store.folder(request.session_hash)
            for old in folder.glob("by-hand-*.zip"):
                old.unlink(missing_ok=True)
            archive = zip_episode(folder / f"{episode.id}.zip", episode)
            return gr.File(str(archive), visible=True)

    def start_over(self, request: gr.Request):
        """Forget the episode.

        Returns:
            Uploaded and drawn picture, history, words, operation, steps, their list, status, Accept, what is shown, archive.
        """
        for path in self.store.folder(request.session_hash).iterdir():
            if path.is_file():  # an episode of the other tab has a folder
                path.unlink(missing_ok=True)
        nothing = gr.Button(interactive=False), None, gr.File(None, visible=False)
        return None, None, "", "", "", [], "", texts.idle(), *nothing

    def keep(self, picture: str | bytes, request: gr.Request) -> str:
        """Copy an uploaded picture, which has been opened without complaint, into the visitor's folder."""
        content = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
        folder = self.store.folder(request.session_hash)
        path = folder / f"screen-{hashlib.sha256(content).hexdigest()[:16]}"  # the same picture is kept once
        path.write_bytes(content)
        _remove_oldest(folder.glob("screen-*"), 2 * MAX_STEPS)
        return str(path)

    def show(self, screen: np.ndarray, action: GuiAction | None, request: gr.Request) -> str:
        """Write a screen with an action on it for the page, drop those before the last, and return its path."""
        return save_drawn(self.store.folder(request.session_hash), screen, action)


def save_drawn(folder: Path, screen: np.ndarray, action: GuiAction | None, kept: int = 3) -> str:
    """Write a screen, and an action on it, as the page shows it into `folder`, where the newest few stay; return the path."""
    # Drawn when it is small: it costs less, and the marks keep their size.
    image = _shrunk(screen)
    return _write(folder, image if action is None else Image.fromarray(draw_action(image, action)), kept)


def save_comparison(
    folder: Path, screen: np.ndarray, recorded: GuiAction | None, predicted: GuiAction | None, boxes: Sequence[Box], kept: int = 3
) -> str:
    """Write a screen with the recorded and the predicted action as `save_drawn` does; return the path."""
    return _write(folder, Image.fromarray(draw_comparison(_shrunk(screen), recorded, predicted, boxes)), kept)


def _shrunk(screen: np.ndarray) -> Image.Image:
    image = Image.fromarray(screen)
    image.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
    return image


def _write(folder: Path, image: Image.Image, kept: int) -> str:
    _remove_oldest(folder.glob("drawn-*.jpg"), kept - 1)
    path = folder / f"drawn-{secrets.token_hex(6)}.jpg"
    image.save(path, quality=90)
    return str(path)


def _remove_oldest(files: Iterable[Path], kept: int) -> None:
    found = sorted(files, key=lambda path: path.stat().st_mtime_ns)
    for path in found[: max(0, len(found) - kept)]:
        path.unlink(missing_ok=True)


def _written(words: str, operation: str) -> GuiAction:
    """Return the action of the two fields that the visitor may edit."""
    if not (operation or "").strip():
        raise InputError("Write an operation first, such as pyautogui.click(x=0.5, y=0.5).")
    check_line(operation, "an operation", MAX_OPERATION)
    action = parse_operation(operation)
    return replace(action, description=check_line(words or "", "the action in words"))
