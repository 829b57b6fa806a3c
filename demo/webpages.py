"""The tab of the live pages: which components there are, where they stand, and which handler each event calls."""

from __future__ import annotations

import gradio as gr

from demo import webpage_catalog as catalog
from demo import webpage_texts as texts
from demo.runs import LAST_SEED
from demo.webpage_handlers import WebpageHandlers
from omniactor.instructions import MAX_LETTERS

PRIVATE = {"api_visibility": "private"}
SCROLL_ON_PHONES = "() => { if (innerWidth < 900) document.getElementById('page-buttons').scrollIntoView({behavior: 'smooth'}) }"


def add_webpages(handlers: WebpageHandlers) -> None:
    """Add everything of the tab to the Blocks that are being built."""
    first, agent, problem = catalog.default_page(), "expert", catalog.setup_problem()
    page, shown = gr.State(first), gr.State(catalog.find())
    gr.HTML(f'<p class="about">{texts.INTRO}</p>')
    gr.HTML(texts.missing(problem), visible=bool(problem), elem_id="page-missing")
    facts = gr.HTML(texts.facts(handlers.agents, agent), elem_id="page-facts")
    with gr.Row(elem_classes="columns"):
        with gr.Column():
            picker = _picker(shown.value, first, agent)
        with gr.Column():
            controls = _controls(handlers, first, runs=not problem)
            view = _view(first)
    _connect(handlers, page, shown, facts, picker, controls, view)


def _picker(shown: list[int], first: int, agent: str) -> dict:
    search = gr.Textbox(
        label="Search", show_label=False, placeholder="Search the pages: click, drag, email ...", elem_id="page-search"
    )
    count = gr.Markdown(catalog.count_line(shown, agent), elem_id="page-count")
    gallery = gr.Gallery(
        catalog.pictures(shown, agent),
        selected_index=shown.index(first),
        columns=4,
        label="Pages",
        show_label=False,
        allow_preview=False,
        object_fit="cover",
        height="auto",
        buttons=[],
        interactive=False,
        elem_id="pages",
        elem_classes="gallery",
    )
    return {"search": search, "count": count, "gallery": gallery}


def _controls(handlers: WebpageHandlers, first: int, runs: bool) -> dict:
    limits = handlers.limits
    heading = gr.HTML(texts.chosen(first, "expert"), elem_id="page-chosen")
    choices = [(name, key) for key, (name, _) in texts.AGENTS.items()] + [(name, name) for name in handlers.agents]
    agent = gr.Radio(choices, value="expert", label="Agent", elem_id="page-agent")
    record = gr.File(label="Record file (JSON)", file_types=[".json"], visible=False, height=150)
    with gr.Row():
        seed = gr.Number(0, precision=0, minimum=0, maximum=LAST_SEED, label="Seed", min_width=120, elem_id="page-seed")
        steps = gr.Slider(1, limits.page_steps, limits.default_page_steps, step=1, label="Step limit", min_width=200)
    with gr.Accordion("Another instruction", open=False):
        instruction = gr.Textbox(
            label="What the agent is told; the page's own if empty. The page still judges its own task.",
            lines=1,
            max_lines=3,
            max_length=MAX_LETTERS,
            elem_id="page-instruction",
        )
    with gr.Row(elem_id="page-buttons"):
        run = gr.Button("Run", variant="primary", elem_id="page-run", min_width=120, interactive=runs)
        stop = gr.Button("Stop", variant="stop", elem_id="page-stop", interactive=False, min_width=120)
    return {
        "heading": heading, "agent": agent, "record": record, "seed": seed, "steps": steps, "instruction": instruction,
        "run": run, "stop": stop,
    }  # fmt: skip


def _view(first: int) -> dict:
    live = gr.Image(
        str(catalog.thumbnail(first)),
        label="The page, live",
        show_label=False,
        format="jpeg",
        interactive=False,
        buttons=["fullscreen"],
        elem_id="page-live",
        alt_text="The page; during a run with the last action on it",
    )
    video = gr.Video(
        label="Video", show_label=False, interactive=False, buttons=["download"], visible=False, elem_id="page-video"
    )
    status = gr.HTML(texts.idle(), elem_id="page-status")
    outcome = gr.HTML("", visible=False, elem_id="page-outcome")
    steps = gr.HTML("", visible=False, elem_id="page-steps")
    record = gr.File(label="Record of every action (JSON)", interactive=False, visible=False, elem_id="page-record")
    return {"live": live, "status": status, "outcome": outcome, "video": video, "steps": steps, "record": record}


def _connect(handlers: WebpageHandlers, page, shown, facts, picker: dict, controls: dict, view: dict) -> None:
    quick = {"queue": False, "show_progress": "hidden", **PRIVATE}
    search, gallery, agent, heading = picker["search"], picker["gallery"], controls["agent"], controls["heading"]
    pictures = [view[name] for name in ("live", "status", "outcome", "video", "steps", "record")]
    listing = [gallery, shown, picker["count"]]
    search.change(handlers.list_pages, [search, agent, page], listing, trigger_mode="always_last", **quick)
    gallery.select(handlers.choose_page, [shown, agent], [page, heading, *pictures], **quick)
    agent.change(handlers.choose_agent, [agent, page, search], [facts, heading, *listing, controls["record"]], **quick)
    buttons = [controls["run"], controls["stop"]]
    began = controls["run"].click(handlers.begin, page, [*pictures, *buttons], js=SCROLL_ON_PHONES, **quick)
    ran = began.then(
        handlers.run,
        [page, agent, controls["record"], controls["seed"], controls["steps"], controls["instruction"]],
        pictures,
        concurrency_id="simulators",
        concurrency_limit=handlers.limits.running_at_once,
        show_progress="hidden",
        **PRIVATE,
    )
    for ended in (ran.success, ran.failure):
        ended(handlers.rest, None, buttons, **quick)
    controls["stop"].click(handlers.stop, None, None, **quick)
