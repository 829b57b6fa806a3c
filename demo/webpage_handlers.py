"""What happens when somebody clicks on the tab of the live pages: plain functions, testable without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from demo import run_texts, webpage_catalog, webpage_texts
from demo.agents import OfferedAgent
from demo.live import LiveRun
from demo.runs import LAST_SEED, RunHandlers, whole_number
from demo.sessions import SessionStore
from omniactor.actions.gui import print_operation
from omniactor.episode import EpisodeRequest
from omniactor.errors import InputError, UnknownAgentError
from omniactor.gui.overlay import describe
from omniactor.gui.pages import PAGES, get_page
from omniactor.instructions import check_instruction


class WebpageHandlers(RunHandlers):
    """The tab's handlers; holds what all visitors share and nothing of any one visitor."""

    tab, preparing = "pages", "Opening the page"

    def __init__(self, store: SessionStore, agents: Mapping[str, OfferedAgent]) -> None:
        """Take the sessions and the agents on offer besides those that every page has."""
        super().__init__(store)
        self.agents = agents

    def list_pages(self, search: str, agent: str, page: int):
        """Return gallery, list of shown numbers and the line below the search box."""
        shown = webpage_catalog.find(search)
        selected = shown.index(page) if page in shown else None
        gallery = gr.Gallery(value=webpage_catalog.pictures(shown, agent), selected_index=selected)
        return gallery, shown, webpage_catalog.count_line(shown, agent)

    def choose_page(self, shown: list[int], agent: str, event: gr.SelectData, request: gr.Request):
        """Return number, heading, and a view that shows the page instead of the last run."""
        if not 0 <= event.index < len(shown):
            raise gr.Error("The list of pages has changed; choose again.", print_exception=False)
        page = shown[event.index]
        session = self.store.get(request.session_hash)
        view = (gr.skip(),) * 6 if session and session.running else page_view(page)
        return page, webpage_texts.chosen(page, agent), *view

    def choose_agent(self, agent: str, page: int, search: str):
        """Return everything that depends on the agent."""
        return (
            webpage_texts.facts(self.agents, agent),
            webpage_texts.chosen(page, agent),
            *self.list_pages(search, agent, page),
            gr.File(visible=agent == "replay"),
        )

    def request(self, folder: Path, page, agent: str, record: str | None, seed, max_steps, instruction: str) -> EpisodeRequest:
        """Check what a visitor asked for and return it as a request whose files go into `folder`.

        Raises:
            InputError: with what is wrong.
        """
        problem = webpage_catalog.setup_problem()
        if problem:
            raise InputError(problem)
        chosen = get_page(page)
        known = [*webpage_texts.AGENTS, *self.agents]
        if agent not in known:
            raise UnknownAgentError(f"Expected an agent ({', '.join(known)}), got {str(agent)[:80]!r}.")
        if agent == "replay" and not record:
            raise InputError("Upload a record file first, or choose another agent.")
        if not webpage_catalog.can_do(agent, chosen.id):
            raise UnknownAgentError(f"The scripted expert has no skill for {chosen.short_name} yet; choose another.")
        stands_for = self.agents[agent].stands_for if agent in self.agents else agent
        return EpisodeRequest(
            task=chosen.name,
            agent=f"replay:{record}" if agent == "replay" else stands_for,
            seed=None if seed is None else whole_number(seed, "a seed", 0, LAST_SEED),
            max_steps=whole_number(max_steps, "a number of steps", 1, self.limits.page_steps),
            instruction=(instruction or "").strip() and check_instruction(instruction),
            video=str(folder / "episode.mp4"),
            record=str(folder / f"{chosen.short_name}.json"),
        )

    def begin(self, page: int, request: gr.Request):
        """Return what shows at once that Run was pressed: the page, a status, Run off, Stop on."""
        self.store.called_off(request.session_hash)  # a Stop from before counts no more
        picture, _, *results = page_view(page)
        waiting = run_texts.waiting(0, "Waiting for a free place")
        return picture, waiting, *results, gr.Button(interactive=False), gr.Button(interactive=True)

    def run(self, page, agent, record, seed, max_steps, instruction, request: gr.Request):
        """Run the chosen page; yields picture, status, outcome, video, steps and record."""
        if self.store.called_off(request.session_hash):
            yield gr.skip(), webpage_texts.idle(), *(gr.skip(),) * 4
            return
        seed = None if agent == "replay" else -1 if seed is None else seed  # a record knows its seed; an empty field is refused
        yield from self.watch(
            request.session_hash,
            lambda folder: self.request(folder, page, agent, record, seed, max_steps, instruction),
        )

    def details(self, live: LiveRun) -> gr.HTML:
        """Return the actions as a list."""
        rows = [(action.description or describe(action), print_operation(action)) for action in live.actions]
        return gr.HTML(webpage_texts.steps(rows), visible=bool(rows))


def page_view(page: int):
    """Return picture, status, outcome, video, steps and record while nothing of this page has been run."""
    picture = gr.Image(str(webpage_catalog.thumbnail(PAGES[page].id)), visible=True)
    hidden = [component(None, visible=False) for component in (gr.HTML, gr.Video, gr.HTML, gr.File)]
    return picture, webpage_texts.idle(), *hidden
