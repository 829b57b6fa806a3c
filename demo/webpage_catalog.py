"""The MiniWoB++ pages as the tab lists them: searched, with pictures and captions."""

from __future__ import annotations

from pathlib import Path

from demo.catalog import SEARCH_CHARACTERS, THUMBNAILS
from omniactor.errors import SetupError
from omniactor.experts.web.table import SKILLS
from omniactor.gui.chromium import find_chromium
from omniactor.gui.pages import PAGES, pages_folder

PICTURES = THUMBNAILS / "pages"
FAVOURITE = "login-user"
"""Shown first if the expert can do it."""


def setup_problem() -> str:
    """Return what is missing for live pages and how to get it; "" where nothing is."""
    try:
        find_chromium()
        pages_folder()
    except SetupError as error:
        return str(error)
    return ""


def default_page() -> int:
    """Return a page that the expert has a skill for."""
    able = [page.id for page in PAGES if page.short_name in SKILLS]
    return next((page.id for page in PAGES if page.short_name == FAVOURITE and page.id in able), min(able, default=0))


def find(search: str = "") -> list[int]:
    """Return the numbers of the pages whose name has every word of `search`."""
    words = search[:SEARCH_CHARACTERS].lower().replace("_", " ").replace("-", " ").split()
    return [page.id for page in PAGES if all(word in page.short_name.replace("-", " ") for word in words)]


def can_do(agent: str, number: int) -> bool:
    """Tell whether `agent` is able to try the page at all."""
    return agent != "expert" or PAGES[number].short_name in SKILLS


def caption(number: int, agent: str) -> str:
    """Return what is written under a page's picture."""
    mark = "" if can_do(agent, number) else "No skill yet \N{MIDDLE DOT} "
    return f"{mark}{PAGES[number].short_name}"


def pictures(numbers: list[int], agent: str) -> list[tuple[str, str]]:
    """Return (picture, caption) for each page."""
    return [(str(thumbnail(number)), caption(number, agent)) for number in numbers]


def thumbnail(number: int) -> Path:
    """Return the picture of a page; a plain one where it has none."""
    picture = PICTURES / f"{PAGES[number].short_name}.jpg"
    return picture if picture.is_file() else THUMBNAILS / "missing.jpg"


def count_line(numbers: list[int], agent: str) -> str:
    """Return how many pages are shown and how many of them the agent can try, in one sentence."""
    if not numbers:
        return "No page matches; clear the search box."
    shown = f"{len(numbers)} of {len(PAGES)} pages shown"
    if agent != "expert":
        return f"{shown}."
    return f"{shown}; the scripted expert has a skill for {sum(can_do(agent, number) for number in numbers)} of them."
