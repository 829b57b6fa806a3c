"""The tasks as the page lists them: by room, searched, with pictures and captions."""

from __future__ import annotations

from pathlib import Path

from demo.arm_agents import ArmAgent
from omniactor.experts.table import SKILLS
from omniactor.sim.tasks import ROOMS, TASKS, Task

ALL_ROOMS = "All"
ROOM_CHOICES = (ALL_ROOMS, *ROOMS.values())
THUMBNAILS = Path(__file__).parent.parent / "assets" / "thumbnails"
SEARCH_CHARACTERS = 200
"""Of what is searched for; the rest is left out."""
FAVOURITE = 46
"""Shown first if the expert can do it and no model was measured."""


def default_task(agent: ArmAgent) -> int:
    """Return the task that is shown first: the one a measured model does best, else one that the expert has a skill for.

    Of tasks done equally well, the one that was run most often, then the first.
    """
    if agent.rates:
        return max(sorted(agent.rates), key=lambda task: (agent.rates[task][0] / agent.rates[task][1], agent.rates[task][1]))
    return FAVOURITE if FAVOURITE in SKILLS else min(SKILLS, default=0)


def find(room: str = ALL_ROOMS, search: str = "") -> list[int]:
    """Return the ids of the tasks in `room` whose number, name or instruction has every word of `search`."""
    words = search[:SEARCH_CHARACTERS].lower().replace("_", " ").split()
    return [task.id for task in TASKS if room in (ALL_ROOMS, task.room) and all(_has(task, word) for word in words)]


def caption(task_id: int, agent: ArmAgent) -> str:
    """Return what is written under a task's picture."""
    task = TASKS[task_id]
    parts = (agent.mark(task_id), str(task.id), task.language)
    return " \N{MIDDLE DOT} ".join(part for part in parts if part)


def pictures(task_ids: list[int], agent: ArmAgent) -> list[tuple[str, str]]:
    """Return (picture, caption) for each task; tasks whose scene has no picture yet share a plain one."""
    return [(str(thumbnail(TASKS[task_id])), caption(task_id, agent)) for task_id in task_ids]


def thumbnail(task: Task) -> Path:
    """Return the picture of a task's scene."""
    picture = THUMBNAILS / f"{task.scene}.jpg"
    return picture if picture.is_file() else THUMBNAILS / "missing.jpg"


def count_line(task_ids: list[int], agent: ArmAgent) -> str:
    """Return how many tasks are shown and how many of them the agent can try, in one sentence."""
    if not task_ids:
        return "No task matches; clear the search box or choose another room."
    able = agent.summary(task_ids)
    return f"{len(task_ids)} of {len(TASKS)} tasks shown{able and '; ' + able}."


def as_json(task: Task) -> dict:
    """Return a task as the `/tasks` endpoint gives it."""
    return {
        "id": task.id,
        "name": task.name,
        "scene": task.scene,
        "room": task.room,
        "language": task.language,
        "goal": [str(predicate) for predicate in task.goal],
    }


def _has(task: Task, word: str) -> bool:
    if word.isdigit():
        return word == str(task.id) or word in task.language.split()
    return word in f"{task.scene} {task.room} {task.language}".lower().replace("_", " ")
