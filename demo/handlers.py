"""What happens when somebody clicks: plain functions, testable without a browser."""

from __future__ import annotations

import contextlib
import html
import traceback
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from demo import catalog, texts
from demo.live import LiveRun
from demo.plots import action_plot
from demo.sessions import SessionStore
from omniactor.episode import EpisodeRequest, EpisodeResult, Update
from omniactor.errors import InputError, OmniActorError, UnknownAgentError
from omniactor.sim.assets import AssetSource
from omniactor.sim.tasks import TASKS, get_task

PUBLISHED, SEED = "Published state", "Seed"
LAST_STATE, LAST_SEED = 49, 2**32 - 1


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn every error into a `gr.Error` of one line; unexpected ones also go to the server's log."""
    try:
        yield
    except gr.Error:
        raise
    except OmniActorError as error:
        raise gr.Error(one_line(error), title="This did not run", print_exception=False) from None
    except Exception as error:  # the edge of the page
        traceback.print_exc()
        raise gr.Error(f"The page failed ({type(error).__name__}); the server's log has the details.", print_exception=False) from None


def one_line(error: BaseException) -> str:
    """Return an error's message as one line that is safe to show as HTML."""
    return html.escape(" ".join(str(error).split())[:400], quote=False)


def whole_number(value: float | None, what: str, low: int, high: int) -> int:
    """Return `value` as an int.

    Raises:
        InputError: not a whole number from `low` to `high`.
    """
    if value is None or value != int(value) or not low <= value <= high:
        raise InputError(f"Expected {what} from {low} to {high}, got {'nothing' if value is None else f'{value:g}'}.")
    return int(value)


class Handlers:
    """The page's handlers; holds what all visitors share and nothing of any one visitor."""

    def __init__(self, store: SessionStore, assets: AssetSource) -> None:
        """Take the sessions and the 3-D models that were resolved at the start."""
        self.store, self.assets, self.limits = store, assets, store.limits

    # Choosing

    def list_tasks(self, room: str, search: str, agent: str):
        """Return gallery, list of shown ids and the line below the search box."""
        shown = catalog.find(room, search)
        return gr.Gallery(value=catalog.pictures(shown, agent), selected_index=None), shown, catalog.count_line(shown, agent)

    def choose_task(self, shown: list[int], agent: str, event: gr.SelectData):
        """Return task id, heading and instruction for the picture that was clicked."""
        if not 0 <= event.index < len(shown):
            raise gr.Error("The list of tasks has changed; choose again.", print_exception=False)
        task_id = shown[event.index]
        return task_id, texts.chosen(task_id, agent), TASKS[task_id].language, ""

    def choose_agent(self, agent: str, task_id: int, room: str, search: str, instruction: str):
        """Return everything that depends on the agent."""
        return (
            texts.facts(self.assets, agent),
            texts.chosen(task_id, agent),
            *self.list_tasks(room, search, agent),
            gr.File(visible=agent == "replay"),
            texts.instruction_note(task_id, instruction, agent),
        )

    def choose_start(self, start: str):
        """Return the number field for a published state or for a seed."""
        if start == PUBLISHED:
            return gr.Number(label=f"State, 0 to {LAST_STATE}", minimum=0, maximum=LAST_STATE, value=0)
        return gr.Number(label="Seed", minimum=0, maximum=LAST_SEED, value=0)

    # Running

    def request(
        self, folder: Path, task, agent: str, record: str | None, init_state, seed, max_steps, instruction: str, assets: str = "auto"
    ) -> EpisodeRequest:
        """Check what a visitor asked for and return it as a request whose files go into `folder`.

        Raises:
            InputError: with what is wrong.
        """
        chosen = get_task(task)
        if agent not in texts.AGENTS:
            raise UnknownAgentError(f"Expected an agent ({', '.join(texts.AGENTS)}), got {str(agent)[:80]!r}.")
        if agent == "replay" and not record:
            raise InputError("Upload a record file first, or choose another agent.")
        if not catalog.can_do(agent, chosen.id):
            raise UnknownAgentError(f"The scripted expert has no skill for task {chosen.id} yet; choose another task or agent.")
        if len(instruction or "") > self.limits.instruction_characters:
            raise InputError(f"Expected an instruction of at most {self.limits.instruction_characters} characters; shorten it.")
        if assets not in ("auto", "standin", self.assets.kind):
            raise InputError(f"Expected assets 'auto', 'standin' or 'libero'; this server has only {self.assets.label}.")
        return EpisodeRequest(
            task=chosen.id,
            agent=f"replay:{record}" if agent == "replay" else agent,
            assets=self.assets.kind if assets == "auto" else assets,
            init_state=None if init_state is None else whole_number(init_state, "a published state", 0, LAST_STATE),
            seed=None if seed is None else whole_number(seed, "a seed", 0, LAST_SEED),
            max_steps=whole_number(max_steps, "a number of steps", 1, self.limits.max_steps),
            instruction=instruction or "",
            video=str(folder / "episode.mp4"),
            record=str(folder / f"task-{chosen.id}-{agent}.json"),
        )

    def begin(self):
        """Return what shows at once that Run was pressed: status, result area hidden, Run off, Stop on."""
        return texts.waiting(0, "Waiting for a free place"), gr.Column(visible=False), gr.Button(interactive=False), gr.Button(interactive=True)

    def run(self, task, agent, record, start, number, max_steps, instruction, request: gr.Request):
        """Run the chosen episode; yields picture, status, result area, outcome, video, plot and record."""
        kept = (gr.skip(),) * 5
        init_state, seed = (number, None) if start == PUBLISHED else (None, number)
        if agent == "replay":
            init_state = seed = None  # the record knows where it started
        key = request.session_hash
        try:
            with plain_errors():
                if number is None and agent != "replay":
                    raise InputError("Enter the number of the start first.")
                live = self.store.start(
                    key, lambda folder: self.request(folder, task, agent, record, init_state, seed, max_steps, instruction)
                )
                for update in live.watch():
                    if update is None:
                        yield gr.skip(), texts.waiting(live.waited), *kept
                    else:
                        yield save_picture(live, update), texts.status(update, live.request.max_steps), *kept
                yield gr.skip(), self.last_status(live), *show_result(live)
        except gr.Error as error:
            message = error.message if isinstance(error.message, str) else "This did not run."
            yield gr.skip(), f'<div class="status"><p class="line"><strong>Not run.</strong> {message}</p></div>', *kept
            raise

    def last_status(self, live: LiveRun) -> str:
        """Return the status line of an episode that is over."""
        result = live.result
        last = Update(result.steps, result.goals, result.success, 0.0)
        state = "Success" if result.success else "Stopped" if result.stopped else "Finished"
        pace = f" \N{MIDDLE DOT} {1000 * result.seconds / result.steps:.0f} ms a step" if result.steps else ""
        return texts.status(last, live.request.max_steps, state).replace(" \N{MIDDLE DOT} 0 ms for this step", pace)

    def stop(self, request: gr.Request) -> str:
        """Ask the visitor's episode to end; its video appears as usual."""
        session = self.store.get(request.session_hash)
        if session is None or not session.running:
            gr.Info("Nothing is running.")
            return gr.skip()
        session.live.stop()
        return gr.skip()

    def rest(self):
        """Return Run on, Stop off."""
        return gr.Button(interactive=True), gr.Button(interactive=False)

    def leave(self, request: gr.Request) -> None:
        """Free everything of a visitor whose page was closed."""
        self.store.close(request.session_hash)


def show_result(live: LiveRun):
    """Return result area, outcome, video, plot and record of an episode that is over."""
    result = live.result
    sentence = texts.outcome_box(texts.outcome(result, live.stop_reason))
    plot = action_plot(live.actions) if live.actions else None
    return gr.Column(visible=True), sentence, result.video, plot, result.record


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
