"""What happens when somebody clicks on the tab of the recorded episodes: plain functions, testable without a browser."""

from __future__ import annotations

import itertools
import secrets
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import gradio as gr

from demo import recording_texts as texts
from demo.agents import OfferedAgent, find_agent
from demo.refusals import plain_errors
from demo.screenshot_handlers import save_comparison
from demo.sessions import SessionStore
from omniactor.agent import Agent, RandomScreenAgent
from omniactor.errors import ImageError, InputError, PeerError
from omniactor.evaluate.judgement import PROTOCOLS
from omniactor.gui.archive import unpack
from omniactor.gui.episode_folder import FILE, read_episode, write_episode
from omniactor.gui.episodes import RecordedEpisode, read_episodes
from omniactor.gui.play import as_json, play
from omniactor.gui.recorded import PlayedStep
from omniactor.paths import write_json

SHIPPED = Path(__file__).parent.parent / "assets" / "episodes"


class RecordingHandlers:
    """The tab's handlers; holds what all visitors share and nothing of any one visitor."""

    def __init__(self, store: SessionStore, agents: Mapping[str, OfferedAgent], shipped: Path = SHIPPED) -> None:
        """Take the sessions, the agents on offer and the folder of the episodes that come with the page."""
        self.store, self.limits, self.agents = store, store.limits, agents
        self.shipped = [str(file) for file in sorted(shipped.glob(f"*/{FILE}"))]

    # Choosing

    def episode(self, number: int | None, uploaded: Sequence[str]) -> RecordedEpisode | None:
        """Return an episode of the list, None where the list is empty.

        Raises:
            InputError: it is not there any more.
        """
        files = [*self.shipped, *uploaded]
        if number is None or not files:
            return None
        if not isinstance(number, int) or not 0 <= number < len(files):
            raise InputError("The list of episodes has changed; choose again.")
        if not Path(files[number]).is_file():
            raise InputError("This episode was removed after a long pause; upload it again.")
        return read_episode(Path(files[number]))

    def choices(self, uploaded: Sequence[str]) -> list[tuple[str, int]]:
        """Return the list to choose from: those of the page, then the visitor's own."""
        files = [*self.shipped, *uploaded]
        return [(texts.title(number + 1, read_episode(Path(file))), number) for number, file in enumerate(files)]

    def upload(self, archive: str | None, uploaded: list[str], request: gr.Request):
        """Take in an archive; returns list, uploaded files, and what `choose` returns."""
        if archive is None:
            return (gr.skip(),) * 9
        try:
            with plain_errors():
                uploaded = self._take_in(Path(archive), request)
                first = len(self.shipped)
                listed = gr.Dropdown(self.choices(uploaded), value=first, visible=True)
                return listed, uploaded, *self.choose(first, uploaded, request)
        except gr.Error as error:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip(), texts.failure(error.message), *(gr.skip(),) * 3

    def choose(self, number: int | None, uploaded: list[str], request: gr.Request):
        """Return heading, picture, step slider, status, summary, export and what was played, for a fresh episode."""
        with plain_errors():
            episode = self.episode(number, uploaded)
            picture, status = self._view(episode, 0, [], request)
            steps = 0 if episode is None else len(episode.steps)
            slider = gr.Slider(1, max(2, steps), 1, step=1, visible=steps > 1)
            return texts.heading(episode), picture, slider, status, "", gr.File(None, visible=False), []

    def show(self, step: float, number: int | None, uploaded: list[str], played: list[PlayedStep], request: gr.Request):
        """Return picture and status of one step, counted from 1."""
        with plain_errors():
            episode = self.episode(number, uploaded)
            if episode is None:
                raise InputError("Choose an episode first.")
            at = int(step) - 1
            if not 0 <= at < len(episode.steps):
                return gr.skip(), gr.skip()  # the slider still has the place of the episode before
            return self._view(episode, at, played, request)

    def describe_choice(self, agent: str, protocol: str) -> str:
        """Return what the chosen agent is, and what the chosen rule says."""
        return texts.facts(self.agents, agent, protocol)

    # Playing

    def make(self, agent: str) -> tuple[Agent | None, OfferedAgent | None]:
        """Return an agent, None for what was recorded, and the offer it comes from.

        Raises:
            UnknownAgentError: not one of this page.
        """
        if agent in texts.AGENTS:
            return (RandomScreenAgent() if agent == "random" else None), None
        offer = find_agent(self.agents, agent)
        return offer.make(), offer

    def play(self, number, uploaded, agent: str, level: str, history: str, protocol: str, request: gr.Request):
        """Play the chosen episode; yields picture, slider, status, summary, export and what was played."""
        played, offer = [], None
        try:
            with plain_errors():
                episode = self.episode(number, uploaded)
                if episode is None:
                    raise InputError("Choose or upload an episode first.")
                if protocol not in PROTOCOLS:
                    raise InputError(f"Expected a rule ({', '.join(PROTOCOLS)}), got {str(protocol)[:60]!r}.")
                yield gr.skip(), gr.skip(), texts.playing(0, len(episode.steps), agent), "", gr.File(None, visible=False), []
                began = time.monotonic()
                made, offer = self.make(agent)
                for step in play(episode, made, level=level, history=history, protocol=protocol):
                    played = [*played, step]
                    picture, about = self._view(episode, step.number, played, request)
                    status = texts.playing(len(played), len(episode.steps), agent) + about
                    yield picture, step.number + 1, status, texts.summary(played, len(episode.steps)), gr.skip(), played
                    if time.monotonic() - began > self.limits.run_seconds:
                        break
                export = self._export(episode, played, request, agent=agent, level=level, history=history, protocol=protocol)
                result = texts.summary(played, len(episode.steps)), gr.File(export, visible=True), played
                yield gr.skip(), gr.skip(), about, *result
        except gr.Error as error:
            message = error.message if offer is None else str(offer.discreet(PeerError(error.message)))
            export = gr.skip()
            if played:  # what was asked so far is kept
                how = {"agent": agent, "level": level, "history": history, "protocol": protocol}
                export = gr.File(self._export(episode, played, request, **how), visible=True)
            yield gr.skip(), gr.skip(), texts.failure(message), gr.skip(), export, played
            raise gr.Error(message, title="This did not run", print_exception=False) from None

    def finish(self, number, uploaded, played, agent: str, level: str, history: str, protocol: str, request: gr.Request):
        """Return Play on, Stop off, and the file of what was played before a stop."""
        export = gr.skip()
        with plain_errors():
            episode = self.episode(number, uploaded)
            if episode is not None and played:
                how = {"agent": agent, "level": level, "history": history, "protocol": protocol}
                export = gr.File(self._export(episode, played, request, **how), visible=True)
        return *self.rest(), export

    def rest(self):
        """Return Play on, Stop off."""
        return gr.Button(interactive=True), gr.Button(interactive=False)

    def begin(self):
        """Return Play off, Stop on."""
        return gr.Button(interactive=False), gr.Button(interactive=True)

    # Inside

    def _take_in(self, archive: Path, request: gr.Request) -> list[str]:
        """Unpack an archive and keep its first episodes in this project's own format."""
        folder = self.store.folder(request.session_hash) / "episodes"
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unpacked-") as unpacked:
            unpack(archive, Path(unpacked), self.limits.unpacked)
            found = itertools.islice(read_episodes(Path(unpacked)), self.limits.episodes)
            written = [write_episode(folder, episode, f"{number:03d}") for number, episode in enumerate(found)]
        if not written:
            raise InputError("Expected episodes in the archive, got none that can be read.")
        return [str(made / FILE) for made in written]

    def _view(self, episode: RecordedEpisode | None, at: int, played: Sequence[PlayedStep], request: gr.Request):
        """Return picture and text of one step."""
        if episode is None or not episode.steps:
            return None, texts.idle()
        recorded = episode.steps[at]
        step = next((step for step in played if step.number == at), None)
        picture, problem, size = None, "", recorded.size
        try:
            folder = self.store.folder(request.session_hash)
            predicted = None if step is None else step.predicted
            screen = recorded.screenshot()
            size = (screen.shape[1], screen.shape[0])
            picture = save_comparison(folder, screen, recorded.action, predicted, recorded.boxes)
        except ImageError as error:
            problem = str(error)
        about = texts.step(at, recorded, step, size, problem)
        return picture, about if step is not None else about + texts.idle()

    def _export(self, episode: RecordedEpisode, played: list[PlayedStep], request: gr.Request, **how: str) -> str:
        folder = self.store.folder(request.session_hash)
        for old in folder.glob("played-*.json"):
            old.unlink(missing_ok=True)
        path = folder / f"played-{secrets.token_hex(3)}.json"
        write_json(path, as_json(episode, played, **how))
        return str(path)
