"""What the page says: facts, notes, the status of a run and its outcome, as safe HTML or plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from demo.catalog import can_do
from omniactor.episode import EpisodeResult, Update
from omniactor.sim.assets import AssetSource
from omniactor.sim.tasks import TASKS

INTRO = (
    "Pick one of the 90 LIBERO-90 household tasks, press Run, and watch a simulated Franka Panda arm do it live in "
    "MuJoCo. Afterwards you get the video, the record of every action, and a plot."
)
AGENTS = {
    "expert": ("Scripted expert", "a program with a skill per task; it reads the simulator's state, not the pictures"),
    "random": ("Random actions", "a baseline; it is not expected to solve anything"),
    "replay": ("Replay a record", "repeats the actions of a record file downloaded here or made with --record"),
}


def facts(assets: AssetSource, agent: str) -> str:
    """Return the lines that are always visible: which 3-D models, which agent."""
    if assets.kind == "libero":
        models = f"{assets.label} ({assets.origin})"
    else:
        models = f"{assets.label}, made by this project in the shapes and sizes of LIBERO's"
        if assets.origin != "built by this program":
            models += f"; LIBERO's own are not used because {assets.origin}"
    name, what = AGENTS[agent]
    return (
        f'<dl class="facts"><div><dt>3-D models</dt><dd>{escape(models)}</dd></div>'
        f"<div><dt>Agent</dt><dd>{escape(name)}: {escape(what)}</dd></div></dl>"
    )


def chosen(task_id: int, agent: str) -> str:
    """Return the heading for the chosen task."""
    task = TASKS[task_id]
    warning = ""
    if not can_do(agent, task_id):
        advice = "The scripted expert has no skill for this task yet. Choose another task or another agent."
        warning = f'<p class="warning">{advice}</p>'
    goal = ", ".join(f"<code>{escape(str(predicate))}</code>" for predicate in task.goal)
    return (
        f'<div class="chosen"><p class="where">Task {task.id}, {task.room}, {task.scene}</p>'
        f'<h2>{escape(task.language.capitalize())}</h2><p class="goal">Goal: {goal}</p>{warning}</div>'
    )


def differs(task_id: int, instruction: str) -> bool:
    """Tell whether what was typed is another instruction than the task's own."""
    typed = " ".join(instruction.lower().split())
    return bool(typed) and typed != TASKS[task_id].language.lower()


def instruction_note(task_id: int, instruction: str, agent: str) -> str:
    """Return what to know about an instruction of one's own; "" for the task's own."""
    if not differs(task_id, instruction):
        return ""
    goal = " and ".join(str(predicate) for predicate in TASKS[task_id].goal)
    note = f"This is not the task's own instruction. Success is still judged by the scene's goal ({goal})."
    readers = {
        "expert": " The scripted expert does not read instructions; it does the task's own.",
        "random": " Random actions do not depend on it.",
        "replay": " A replay does not depend on it.",
    }
    return f'<p class="note">{escape(note + readers[agent])}</p>'


def idle() -> str:
    """Return the status while nothing has been run."""
    line = "Nothing is running. The picture is a preview of the scene with stand-in models."
    return f'<div class="status"><p class="line">{line}</p></div>'


def waiting(seconds: float, doing: str = "Building the scene") -> str:
    """Return the status before the first picture."""
    return f'<div class="status"><p class="line">{escape(doing)} ... {seconds:.0f} s</p></div>'


def status(update: Update, max_steps: int) -> str:
    """Return the status of a running episode: step counter, time per step and one light per predicate."""
    pace = f" \N{MIDDLE DOT} {update.seconds * 1000:.0f} ms for this step" if update.index else ""
    return _status("Running", f"step {update.index} of {max_steps}{pace}", lights(update.goals))


def final_status(result: EpisodeResult, max_steps: int) -> str:
    """Return the status of an episode that is over."""
    pace = f" \N{MIDDLE DOT} {1000 * result.seconds / result.steps:.0f} ms a step" if result.steps else ""
    state = "Stopped" if result.stopped else "Finished"
    return _status(state, f"step {result.steps} of {max_steps}{pace}", lights(result.goals))


def failure(message: str, started: bool) -> str:
    """Return the status of an episode that was refused or broke off; `message` is safe HTML already."""
    what = "Broken off." if started else "Not run."
    return f'<div class="status"><p class="line"><strong>{what}</strong> {message}</p></div>'


def _status(state: str, line: str, rest: str) -> str:
    return f'<div class="status"><p class="line"><strong>{state}</strong> \N{MIDDLE DOT} {line}</p>{rest}</div>'


def lights(goals: Mapping[str, bool]) -> str:
    """Return one light per predicate, with its meaning in words."""
    items = "".join(
        f'<li class="{"on" if holds else "off"}"><span class="light" aria-hidden="true"></span>'
        f"<span>{escape(predicate)}</span><b>{'holds' if holds else 'not yet'}</b></li>"
        for predicate, holds in goals.items()
    )
    return f'<ul class="lights" aria-label="Conditions of the goal">{items}</ul>'


def status_line(update: Update, max_steps: int) -> str:
    """Return the status as one plain line, for callers without a browser."""
    goals = ", ".join(f"{predicate}: {'holds' if holds else 'not yet'}" for predicate, holds in update.goals.items())
    return f"step {update.index} of {max_steps}; {goals}"


def outcome(result: EpisodeResult, stop_reason: str = "") -> str:
    """Return how the episode came out, in one or two plain sentences."""
    pace = f"{result.steps} steps in {result.seconds:.0f} s ({result.steps_per_second:.1f} a second)"
    held = sum(result.goals.values())
    conditions = "the goal did not hold"
    if len(result.goals) > 1:
        conditions = f"{held} of {len(result.goals)} goal conditions held"
    if result.success:
        return f"Success: the goal held after {pace}."
    if result.stopped:
        why = f" ({stop_reason})" if stop_reason and stop_reason != "stopped" else ""
        return f"Stopped{why} after {pace}; {conditions} at that point."
    return f"Not solved: {conditions} after {pace}."


def outcome_box(sentence: str) -> str:
    """Return the outcome as HTML; its colour repeats what the first word says."""
    kind = {"Success": "good", "Stopped": "neutral"}.get(sentence.split(":")[0].split(" ")[0], "bad")
    return f'<p class="outcome {kind}" role="status">{escape(sentence)}</p>'
