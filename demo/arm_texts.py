"""What the tab of the robot arm says: facts, the chosen task and notes, as safe HTML."""

from __future__ import annotations

from html import escape

from demo.arm_agents import ArmAgent
from omniactor.sim.assets import AssetSource
from omniactor.sim.tasks import TASKS

INTRO = (
    "Pick one of the 90 LIBERO-90 household tasks, press Run, and watch a simulated Franka Panda arm do it live in "
    "MuJoCo. Afterwards you get the video, the record of every action, and a plot."
)


def facts(assets: AssetSource, agent: ArmAgent) -> str:
    """Return the lines that are always visible: which 3-D models, which agent."""
    if assets.kind == "libero":
        models = f"{assets.label} ({assets.origin})"
    else:
        models = f"{assets.label}, made by this project in the shapes and sizes of LIBERO's"
        if assets.origin != "built by this program":
            models += f"; LIBERO's own are not used because {assets.origin}"
    return (
        f'<dl class="facts"><div><dt>3-D models</dt><dd>{escape(models)}</dd></div>'
        f"<div><dt>Agent</dt><dd>{escape(agent.label)}: {escape(agent.about)}</dd></div></dl>"
    )


def chosen(task_id: int, agent: ArmAgent) -> str:
    """Return the heading for the chosen task."""
    task = TASKS[task_id]
    warning = agent.warning(task_id)
    warning = warning and f'<p class="warning">{escape(warning)}</p>'
    goal = ", ".join(f"<code>{escape(str(predicate))}</code>" for predicate in task.goal)
    return (
        f'<div class="chosen"><p class="where">Task {task.id}, {task.room}, {task.scene}</p>'
        f'<h2>{escape(task.language.capitalize())}</h2><p class="goal">Goal: {goal}</p>{warning}</div>'
    )


def differs(task_id: int, instruction: str) -> bool:
    """Tell whether what was typed is another instruction than the task's own."""
    typed = " ".join(instruction.lower().split())
    return bool(typed) and typed != TASKS[task_id].language.lower()


def instruction_note(task_id: int, instruction: str, agent: ArmAgent) -> str:
    """Return what to know about an instruction of one's own; "" for the task's own."""
    if not differs(task_id, instruction):
        return ""
    goal = " and ".join(str(predicate) for predicate in TASKS[task_id].goal)
    note = f"This is not the task's own instruction. Success is still judged by the scene's goal ({goal})."
    return f'<p class="note">{escape(f"{note} {agent.reads}")}</p>'


def idle() -> str:
    """Return the status while nothing has been run."""
    line = "Nothing is running. The picture is a preview of the scene with stand-in models."
    return f'<div class="status"><p class="line">{line}</p></div>'
