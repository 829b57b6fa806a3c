"""What the tab of the live pages says, as safe HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from demo.agents import OfferedAgent
from demo.screenshot_texts import steps
from demo.webpage_catalog import can_do
from omniactor.gui.pages import PAGES

__all__ = ["AGENTS", "INTRO", "chosen", "facts", "idle", "missing", "steps"]

INTRO = (
    "Pick one of the 130 MiniWoB++ web pages and press Run: the agent sees a screenshot and answers with mouse and keyboard, "
    "and a real Chromium does it. Every seed is another instance of the page's task."
)
AGENTS = {
    "expert": ("Scripted expert", "a program with a skill per page; it reads the page's elements, not the picture"),
    "random": ("Random actions", "a baseline; it solves a page only by luck"),
    "replay": ("Replay a record", "repeats the actions of a record file downloaded here or made with --record"),
}


def facts(offered: Mapping[str, OfferedAgent], agent: str) -> str:
    """Return the line that is always visible: which agent."""
    name, what = AGENTS[agent] if agent in AGENTS else (agent, offered[agent].about if agent in offered else "")
    return f'<dl class="facts"><div><dt>Agent</dt><dd>{escape(name)}: {escape(what)}</dd></div></dl>'


def chosen(number: int, agent: str) -> str:
    """Return the heading for the chosen page."""
    page, warning = PAGES[number], ""
    if not can_do(agent, number):
        warning = '<p class="warning">The scripted expert has no skill for this page yet. Choose another page or agent.</p>'
    goal = "Goal: the page's own reward is 1. What to do is written at the top of the page."
    return (
        f'<div class="chosen"><p class="where">Page {page.id}, MiniWoB++</p>'
        f'<h2>{escape(page.short_name)}</h2><p class="goal">{goal}</p>{warning}</div>'
    )


def idle() -> str:
    """Return the status while nothing has been run."""
    line = "Nothing is running. The picture is the page's instance of seed 0."
    return f'<div class="status"><p class="line">{line}</p></div>'


def missing(problem: str) -> str:
    """Return the note about what is not installed."""
    line = f"Live pages do not run here: {problem}. The other tabs work without it."
    return f'<p class="note">{escape(line)}</p>' if problem else ""
