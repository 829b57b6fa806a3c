"""The tab of the robot arm: which components there are, where they stand, and which handler each event calls."""

from __future__ import annotations

import gradio as gr

from demo import arm_texts as texts
from demo import catalog, results
from demo.arm_agents import ArmAgent
from demo.arm_handlers import LAST_STATE, PUBLISHED, SEED, ArmHandlers
from omniactor.sim.tasks import TASKS

RESULT = ("outcome", "video", "plot", "record")
PRIVATE = {"api_visibility": "private"}
SCROLL_ON_PHONES = "() => { if (innerWidth < 900) document.getElementById('buttons').scrollIntoView({behavior: 'smooth'}) }"


def add_arm(handlers: ArmHandlers) -> None:
    """Add everything of the tab to the Blocks that are being built."""
    agent = next(iter(handlers.agents.values()))
    first = catalog.default_task(agent)
    task, shown = gr.State(first), gr.State(catalog.find())
    gr.HTML(f'<p class="about">{texts.INTRO}</p>')
    facts = gr.HTML(texts.facts(handlers.assets, agent), elem_id="facts")
    with gr.Row(elem_id="columns", elem_classes="columns"):
        with gr.Column(elem_id="picker"):
            picker = _picker(shown.value, first, agent)
        with gr.Column(elem_id="main"):
            controls = _controls(first, agent, handlers)
            view = _view(first)
        with gr.Column(elem_id="details"):
            view["plot"] = gr.Plot(label="Actions", show_label=False, visible=False, elem_id="plot")
    _measured(handlers)
    _connect(handlers, task, shown, facts, picker, controls, view)


def _picker(shown: list[int], first: int, agent: ArmAgent) -> dict:
    with gr.Group():
        room = gr.Radio(catalog.ROOM_CHOICES, value=catalog.ALL_ROOMS, label="Room", show_label=False)
        search = gr.Textbox(
            label="Search", show_label=False, placeholder="Search the tasks: drawer, mug, 46 ...", elem_id="search"
        )
    count = gr.Markdown(catalog.count_line(shown, agent), elem_id="count")
    gallery = gr.Gallery(
        catalog.pictures(shown, agent),
        selected_index=shown.index(first),
        columns=3,
        label="Tasks",
        show_label=False,
        allow_preview=False,
        object_fit="cover",
        height="auto",
        buttons=[],
        interactive=False,
        elem_id="tasks",
        elem_classes="gallery",
    )
    return {"room": room, "search": search, "count": count, "gallery": gallery}


def _controls(first: int, chosen: ArmAgent, handlers: ArmHandlers) -> dict:
    limits = handlers.limits
    heading = gr.HTML(texts.chosen(first, chosen))
    choices = [(agent.label, agent.key) for agent in handlers.agents.values()]
    agent = gr.Radio(choices, value=chosen.key, label="Agent", elem_id="arm-agent")
    record = gr.File(label="Record file (JSON)", file_types=[".json"], visible=False, height=150)
    instruction = gr.Textbox(
        TASKS[first].language,
        label="Instruction",
        lines=1,
        max_lines=3,
        max_length=limits.instruction_characters,
        elem_id="instruction",
    )
    note = gr.HTML("", visible=False, elem_id="note")
    with gr.Accordion("Start and length", open=False):
        with gr.Row():
            start = gr.Radio([PUBLISHED, SEED], value=PUBLISHED, label="Start from", min_width=200)
            number = gr.Number(0, precision=0, minimum=0, maximum=LAST_STATE, label=f"State, 0 to {LAST_STATE}", min_width=140)
        steps = gr.Slider(10, limits.max_steps, limits.default_steps, step=10, label="At most this many steps")
    with gr.Row(elem_id="buttons"):
        run = gr.Button("Run", variant="primary", elem_id="run", min_width=120)
        stop = gr.Button("Stop", variant="stop", elem_id="stop", interactive=False, min_width=120)
    return {
        "heading": heading,
        "agent": agent,
        "record": record,
        "instruction": instruction,
        "note": note,
        "start": start,
        "number": number,
        "steps": steps,
        "run": run,
        "stop": stop,
    }


def _view(first: int) -> dict:
    live = gr.Image(
        str(catalog.thumbnail(TASKS[first])),
        label="Both cameras, live",
        show_label=False,
        format="jpeg",
        interactive=False,
        buttons=["fullscreen"],
        elem_id="live",
        alt_text="The scene; during a run: the room's and the wrist's camera",
    )
    video = gr.Video(label="Video", show_label=False, interactive=False, buttons=["download"], visible=False, elem_id="video")
    status = gr.HTML(texts.idle(), elem_id="status")
    outcome = gr.HTML("", visible=False, elem_id="outcome")
    record = gr.File(label="Record of every action (JSON)", interactive=False, visible=False, elem_id="record")
    return {"live": live, "status": status, "outcome": outcome, "video": video, "record": record}


def _measured(handlers: ArmHandlers) -> None:
    """Show the evaluations that ship with the models and with the project, a table of tasks each."""
    summaries = results.in_order([*handlers.evaluations, *results.evaluations()])
    with gr.Column(elem_id="measured"):
        for summary in summaries:
            with gr.Accordion(results.title(summary), open=False):
                gr.HTML(results.table(summary))


def _connect(handlers: ArmHandlers, task, shown, facts, picker: dict, controls: dict, view: dict) -> None:
    quick = {"queue": False, "show_progress": "hidden", **PRIVATE}
    room, search, gallery = picker["room"], picker["search"], picker["gallery"]
    agent, instruction, note = controls["agent"], controls["instruction"], controls["note"]
    pictures = [view["live"], view["status"], *(view[name] for name in RESULT)]
    listing = [gallery, shown, picker["count"]]
    gr.on(
        [room.change, search.change],
        handlers.list_tasks,
        [room, search, agent, task],
        listing,
        trigger_mode="always_last",
        **quick,
    )
    gallery.select(handlers.choose_task, [shown, agent], [task, controls["heading"], instruction, note, *pictures], **quick)
    agent.change(
        handlers.choose_agent,
        [agent, task, room, search, instruction],
        [facts, controls["heading"], *listing, controls["record"], note],
        **quick,
    )
    instruction.change(handlers.note, [task, instruction, agent], note, trigger_mode="always_last", **quick)
    controls["start"].change(handlers.choose_start, controls["start"], controls["number"], **quick)

    buttons = [controls["run"], controls["stop"]]
    began = controls["run"].click(handlers.begin, task, [*pictures, *buttons], js=SCROLL_ON_PHONES, **quick)
    ran = began.then(
        handlers.run,
        [task, agent, controls["record"], controls["start"], controls["number"], controls["steps"], instruction],
        pictures,
        concurrency_id="simulators",
        concurrency_limit=handlers.limits.running_at_once,
        show_progress="hidden",
        **PRIVATE,
    )
    for ended in (ran.success, ran.failure):
        ended(handlers.rest, None, buttons, **quick)
    controls["stop"].click(handlers.stop, None, None, **quick)
