"""The endpoints for programs and MCP clients: `/tasks`, `/rollout` and `/predict_gui`."""

from __future__ import annotations

import secrets

import gradio as gr

from demo import catalog
from demo import run_texts as texts
from demo.arm_handlers import ArmHandlers
from demo.refusals import plain_errors
from demo.runs import public_result, save_picture
from demo.screenshot_handlers import ScreenshotHandlers, save_drawn
from demo.uploads import PictureUpload
from omniactor.sim.tasks import TASKS


def tasks() -> list[dict]:
    """List the 90 LIBERO-90 robot tasks.

    Returns:
        One object per task: id (0-89), name, scene, room, language (the instruction) and goal
        (the conditions that must all hold).
    """
    with plain_errors():
        return [catalog.as_json(task) for task in TASKS]


def make_rollout(handlers: ArmHandlers):
    """Return the function behind `/rollout`."""

    def rollout(
        task: str,
        agent: str = "",
        init_state: int | None = None,
        seed: int | None = None,
        max_steps: int = 400,
        instruction: str = "",
        assets: str = "auto",
        record: str | None = None,
    ):
        """Run one episode of a LIBERO-90 robot task in simulation and return its video and result.

        Args:
            task: id (0-89) or name of the task, see the tasks tool.
            agent: a model that this server offers, such as "mini"; "expert" (scripted), "random", or "replay" (needs
                `record`). The first of these that there is if empty.
            init_state: published initial state, 0-49; state 0 if neither this nor a seed is given.
            seed: draws the start instead of a published state.
            max_steps: the episode ends after this many actions, at most 400.
            instruction: what the agent is told; the task's own if empty. Success is judged by the scene's goal.
            assets: "auto" (what this server has), "standin", or "libero".
            record: JSON record of an earlier episode, for the agent "replay".

        Returns:
            The newest camera picture and a status line while it runs; at the end also the video (mp4)
            and the result with success, steps, goals and versions.
        """
        key = f"call-{secrets.token_hex(16)}"
        try:
            with plain_errors():
                live = handlers.store.start(
                    key,
                    lambda folder: handlers.request(
                        folder, task, agent, record, init_state, seed, max_steps, instruction, assets
                    ),
                )
                picture = None
                for update in live.watch():
                    if update is None:
                        yield picture, f"building the scene, {live.waited:.0f} s", None, None
                    else:
                        picture = save_picture(live, update)
                        yield picture, texts.status_line(update, live.request.max_steps), None, None
                sentence = texts.outcome(live.result, live.stop_reason)
                yield picture, sentence, live.result.video, public_result(live.result)
        finally:
            handlers.store.abandon(key)

    return rollout


def make_predict_gui(handlers: ScreenshotHandlers):
    """Return the function behind `/predict_gui`."""

    def predict_gui(image: str, instruction: str, history: str = "", agent: str = ""):
        """Predict the next action on a screenshot of a phone, a desktop or a web page.

        Args:
            image: the screenshot, a PNG, JPEG or WebP.
            instruction: the task in words.
            history: what was done so far, in words, one step per line, oldest first.
            agent: one of the agents that this server offers; the first one if empty.

        Returns:
            The screenshot with the action drawn on it, and the result: action (in words), operation (such as
            pyautogui.click(x=0.634, y=0.927), fractions of the screenshot), kind, point, pixel and end_pixel ([x, y]),
            seconds, agent, expert (which branch of the model decided), text (what the model wrote), and problem
            (why there is no action; empty if there is one).
        """
        with plain_errors():
            observation, made = handlers.ask(image, instruction, history, agent)
            folder = handlers.store.folder(f"call-{secrets.token_hex(16)}")
            return save_drawn(folder, observation.images["screen"], made.action), made.as_json()

    return predict_gui


def add_endpoints(arm: ArmHandlers, screenshot: ScreenshotHandlers) -> None:
    """Add all endpoints to the Blocks that are being built."""
    gr.api(tasks, api_name="tasks", queue=False)
    with gr.Row(visible=False):
        _add_rollout(arm)
        _add_predict_gui(screenshot)


def _add_predict_gui(handlers: ScreenshotHandlers) -> None:
    inputs = [
        PictureUpload(label="image"),
        gr.Textbox(label="instruction"),
        gr.Textbox("", label="history"),
        gr.Textbox("", label="agent"),
    ]
    outputs = [gr.Image(label="picture", format="jpeg"), gr.JSON(label="result")]
    gr.Button("predict_gui").click(
        make_predict_gui(handlers),
        inputs,
        outputs,
        api_name="predict_gui",
        concurrency_id="models",
        concurrency_limit=handlers.limits.predictions_at_once,
        show_progress="hidden",
    )


def _add_rollout(handlers: ArmHandlers) -> None:
    inputs = [
        gr.Textbox(label="task"),
        gr.Textbox("", label="agent"),
        gr.Number(None, precision=0, label="init_state"),
        gr.Number(None, precision=0, label="seed"),
        gr.Number(handlers.limits.max_steps, precision=0, label="max_steps"),
        gr.Textbox("", label="instruction"),
        gr.Textbox("auto", label="assets"),
        gr.File(label="record", file_types=[".json"]),
    ]
    outputs = [
        gr.Image(label="picture", format="jpeg"),
        gr.Textbox(label="status"),
        gr.Video(label="video"),
        gr.JSON(label="result"),
    ]
    gr.Button("rollout").click(
        make_rollout(handlers),
        inputs,
        outputs,
        api_name="rollout",
        concurrency_id="simulators",
        concurrency_limit=handlers.limits.running_at_once,
        show_progress="hidden",
    )
