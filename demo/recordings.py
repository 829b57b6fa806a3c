"""The tab of the recorded episodes: which components there are, where they stand, and which handler each event calls."""

from __future__ import annotations

import gradio as gr

from demo import recording_texts as texts
from demo.recording_handlers import RecordingHandlers
from omniactor.evaluate.judgement import PROTOCOLS

RULE = "os-atlas"
PRIVATE = {"api_visibility": "private"}


def add_recordings(handlers: RecordingHandlers, page: gr.Blocks) -> None:
    """Add everything of the tab to the Blocks that are being built, which is `page`."""
    uploaded, played = gr.State([]), gr.State([])
    gr.HTML(f'<p class="about">{texts.ABOUT}</p>')
    with gr.Row(elem_classes="columns"):
        with gr.Column():
            asked = _question(handlers)
        with gr.Column():
            view = _view(handlers)
    fresh = _connect(handlers, uploaded, played, asked, view)
    if handlers.shipped:
        page.load(handlers.choose, [asked["listed"], uploaded], fresh, queue=False, show_progress="hidden", **PRIVATE)


def _question(handlers: RecordingHandlers) -> dict:
    choices = handlers.choices([])
    listed = gr.Dropdown(
        choices, value=choices[0][1] if choices else None, label="Episode", visible=bool(choices), elem_id="episodes"
    )
    archive = gr.File(label=texts.UPLOAD, file_types=[".zip"], height=130, elem_id="episode-upload")
    agents = [(name, key) for key, (name, _) in texts.AGENTS.items()] + [(name, name) for name in handlers.agents]
    first = next(iter(handlers.agents), "recorded")
    agent = gr.Radio(agents, value=first, label="Agent", elem_id="play-agent")
    with gr.Row():
        level = gr.Radio(texts.LEVELS, value="high", label="It is told", min_width=150)
        history = gr.Radio(texts.HISTORIES, value="recorded", label="And of the steps before", min_width=150)
    protocol = gr.Dropdown(list(PROTOCOLS), value=RULE, label="Rule that judges", elem_id="play-rule")
    note = gr.HTML(texts.facts(handlers.agents, first, RULE), elem_id="play-facts")
    with gr.Row():
        run = gr.Button("Play", variant="primary", min_width=120, elem_id="play")
        stop = gr.Button("Stop", variant="stop", interactive=False, min_width=120, elem_id="play-stop")
    return {
        "listed": listed, "archive": archive, "agent": agent, "note": note, "level": level, "history": history,
        "protocol": protocol, "run": run, "stop": stop,
    }  # fmt: skip


def _view(handlers: RecordingHandlers) -> dict:
    first = handlers.episode(0, []) if handlers.shipped else None
    heading = gr.HTML(texts.heading(first), elem_id="episode-heading")
    picture = gr.Image(
        label="The step", show_label=False, interactive=False, buttons=["fullscreen"], elem_id="step-picture",
        alt_text="The screenshot with the recorded action in blue and the predicted one in vermilion",
    )  # fmt: skip
    steps = 0 if first is None else len(first.steps)
    slider = gr.Slider(1, max(2, steps), 1, step=1, label="Step", visible=steps > 1, buttons=[], elem_id="step")
    status = gr.HTML(texts.idle(), elem_id="play-status")
    summary = gr.HTML("", elem_id="play-summary")
    export = gr.File(label="Everything that was played (JSON)", interactive=False, visible=False, elem_id="play-export")
    return {"heading": heading, "picture": picture, "slider": slider, "status": status, "summary": summary, "export": export}


def _connect(handlers: RecordingHandlers, uploaded: gr.State, played: gr.State, asked: dict, view: dict) -> list:
    """Connect everything; returns what shows a freshly chosen episode."""
    quick = {"queue": False, "show_progress": "hidden", **PRIVATE}
    listed, slider, picture, status = asked["listed"], view["slider"], view["picture"], view["status"]
    fresh = [view["heading"], picture, slider, status, view["summary"], view["export"], played]
    asked["archive"].upload(
        handlers.upload,
        [asked["archive"], uploaded],
        [listed, uploaded, *fresh],
        show_progress="minimal",
        concurrency_id="archives",
        concurrency_limit=2,
        **PRIVATE,
    )
    listed.input(handlers.choose, [listed, uploaded], fresh, **quick)
    slider.input(handlers.show, [slider, listed, uploaded, played], [picture, status], trigger_mode="always_last", **quick)
    gr.on(
        [asked["agent"].change, asked["protocol"].change],
        handlers.describe_choice,
        [asked["agent"], asked["protocol"]],
        asked["note"],
        **quick,
    )
    buttons = [asked["run"], asked["stop"]]
    began = asked["run"].click(handlers.begin, None, buttons, **quick)
    ran = began.then(
        handlers.play,
        [listed, uploaded, asked["agent"], asked["level"], asked["history"], asked["protocol"]],
        [picture, slider, status, view["summary"], view["export"], played],
        concurrency_id="models",
        concurrency_limit=handlers.limits.predictions_at_once,
        show_progress="hidden",
        **PRIVATE,
    )
    for ended in (ran.success, ran.failure):
        ended(handlers.rest, None, buttons, **quick)
    asked["stop"].click(
        handlers.finish,
        [listed, uploaded, played, asked["agent"], asked["level"], asked["history"], asked["protocol"]],
        [*buttons, view["export"]],
        cancels=[ran],
        **quick,
    )
    return fresh
