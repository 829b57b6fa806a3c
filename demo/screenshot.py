"""The tab of the screenshot: which components there are, where they stand, and which handler each event calls."""

from __future__ import annotations

import gradio as gr

from demo import screenshot_texts as texts
from demo.screenshot_handlers import MAX_OPERATION, ScreenshotHandlers
from demo.uploads import PictureUpload
from omniactor.instructions import MAX_LETTERS

PRIVATE = {"api_visibility": "private"}


def add_screenshot(handlers: ScreenshotHandlers) -> None:
    """Add everything of the tab to the Blocks that are being built."""
    shown, steps = gr.State(None), gr.State([])
    gr.HTML(f'<p class="about">{texts.ABOUT}</p>')
    with gr.Row(elem_classes="columns"):
        with gr.Column():
            asked = _question(handlers)
        with gr.Column():
            answer = _answer()
    _connect(handlers, asked, answer, shown, steps)


def _question(handlers: ScreenshotHandlers) -> dict:
    names = list(handlers.agents)
    first = names[0] if names else None
    picture = PictureUpload(
        label="Screenshot: PNG, JPEG or WebP",
        sources=["upload", "clipboard"],
        type="filepath",
        image_mode=None,
        height=320,
        buttons=[],
        elem_id="screenshot",
    )
    instruction = gr.Textbox(
        label="Instruction",
        placeholder="Open the settings and turn on dark mode",
        lines=1,
        max_lines=4,
        max_length=MAX_LETTERS,
        elem_id="wanted",
    )
    history = gr.Textbox(label="Done so far, one step per line", lines=2, max_lines=8, elem_id="history")
    agent = gr.Radio(names, value=first, label="Agent", visible=len(names) > 1, elem_id="screen-agent")
    note = gr.HTML(texts.agent_note(handlers.agents, first), elem_id="screen-agent-note")
    with gr.Row():
        ask = gr.Button("Predict", variant="primary", interactive=bool(names), min_width=120, elem_id="predict")
        clear = gr.Button("Start over", min_width=120, elem_id="start-over")
    return {
        "picture": picture, "instruction": instruction, "history": history, "agent": agent, "note": note,
        "ask": ask, "clear": clear,
    }  # fmt: skip


def _answer() -> dict:
    drawn = gr.Image(
        label="The next action", show_label=False, interactive=False, buttons=["fullscreen"], elem_id="drawn",
        alt_text="The screenshot with the next action drawn on it",
    )  # fmt: skip
    status = gr.HTML(texts.idle(), elem_id="screen-status")
    words = gr.Textbox(label="Action in words", lines=1, max_lines=3, max_length=MAX_LETTERS, elem_id="words")
    operation = gr.Textbox(
        label="Operation; x and y are fractions of the width and height",
        placeholder="pyautogui.click(x=0.5, y=0.5)",
        lines=1,
        max_lines=3,
        max_length=MAX_OPERATION,
        elem_id="operation",
    )
    with gr.Row():
        accept = gr.Button("Accept", variant="primary", interactive=False, min_width=120, elem_id="accept")
        draw = gr.Button("Draw what I wrote", min_width=120, elem_id="draw")
    listed = gr.HTML("", elem_id="steps")
    save = gr.Button("Save the episode", min_width=120, visible=False, elem_id="save-episode")
    archive = gr.File(label="Episode (zip)", interactive=False, visible=False, elem_id="episode-archive")
    return {
        "drawn": drawn, "status": status, "words": words, "operation": operation, "accept": accept, "draw": draw,
        "listed": listed, "save": save, "archive": archive,
    }  # fmt: skip


def _connect(handlers: ScreenshotHandlers, asked: dict, answer: dict, shown: gr.State, steps: gr.State) -> None:
    quick = {"queue": False, "show_progress": "hidden", **PRIVATE}
    picture, history, accept = asked["picture"], asked["history"], answer["accept"]
    words, operation, status = answer["words"], answer["operation"], answer["status"]
    result = [answer["drawn"], status, words, operation, accept, shown]
    picture.input(handlers.look, picture, result, **quick)
    answer["drawn"].select(handlers.point, [picture, shown], result, **quick)
    asked["agent"].change(handlers.describe_agent, asked["agent"], asked["note"], **quick)
    gr.on(
        [asked["ask"].click, asked["instruction"].submit],
        handlers.predict,
        [picture, asked["instruction"], history, asked["agent"]],
        result,
        concurrency_id="models",
        concurrency_limit=handlers.limits.predictions_at_once,
        show_progress="hidden",
        trigger_mode="once",
        **PRIVATE,
    )
    gr.on(
        [answer["draw"].click, operation.submit],
        handlers.draw,
        [picture, words, operation],
        result,
        show_progress="hidden",
        trigger_mode="once",
        **PRIVATE,
    )
    accept.click(
        handlers.accept,
        [shown, words, operation, history, steps],
        [picture, history, steps, answer["listed"], status, words, operation, accept, shown, answer["save"]],
        **quick,
    )
    answer["save"].click(handlers.save_episode, [steps, asked["instruction"]], answer["archive"], **quick)
    asked["clear"].click(
        handlers.start_over,
        None,
        [picture, answer["drawn"], history, words, operation, steps, answer["listed"], status, accept, shown, answer["archive"]],
        **quick,
    )
