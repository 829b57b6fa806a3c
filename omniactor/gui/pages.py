"""The MiniWoB++ pages by name: which there are, and how people write them.

A page is called `miniwob:click-button`; its number is its place in the alphabetical list of the package
miniwob 1.1.0 (Farama Foundation, MIT). The three `flight` tasks, which need a server, are not among them.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from omniactor.errors import SetupError, UnknownTaskError

PREFIX = "miniwob:"
VERSION = "1.1.0"
NAMES = (
    "ascending-numbers", "bisect-angle", "book-flight", "book-flight-nodelay", "button-delay", "buy-ticket", "chase-circle",
    "choose-date", "choose-date-easy", "choose-date-medium", "choose-date-nodelay", "choose-list", "circle-center",
    "click-button", "click-button-sequence", "click-checkboxes", "click-checkboxes-large", "click-checkboxes-soft",
    "click-checkboxes-transfer", "click-collapsible", "click-collapsible-2", "click-collapsible-2-nodelay",
    "click-collapsible-nodelay", "click-color", "click-dialog", "click-dialog-2", "click-link", "click-menu", "click-menu-2",
    "click-option", "click-pie", "click-pie-nodelay", "click-scroll-list", "click-shades", "click-shape", "click-tab",
    "click-tab-2", "click-tab-2-easy", "click-tab-2-hard", "click-tab-2-medium", "click-test", "click-test-2",
    "click-test-transfer", "click-widget", "copy-paste", "copy-paste-2", "count-shape", "count-sides", "daily-calendar",
    "drag-box", "drag-circle", "drag-cube", "drag-items", "drag-items-grid", "drag-shapes", "drag-shapes-2",
    "drag-single-shape", "drag-sort-numbers", "draw-circle", "draw-line", "email-inbox", "email-inbox-delete",
    "email-inbox-forward", "email-inbox-forward-nl", "email-inbox-forward-nl-turk", "email-inbox-important",
    "email-inbox-nl-turk", "email-inbox-noscroll", "email-inbox-reply", "email-inbox-star-reply", "enter-date",
    "enter-password", "enter-text", "enter-text-2", "enter-text-dynamic", "enter-time", "find-greatest", "find-midpoint",
    "find-word", "focus-text", "focus-text-2", "form-sequence", "form-sequence-2", "form-sequence-3", "generate-number",
    "grid-coordinate", "guess-number", "highlight-text", "highlight-text-2", "hot-cold", "hover-shape", "identify-shape",
    "login-user", "login-user-popup", "moving-items", "multi-layouts", "multi-orderings", "navigate-tree",
    "number-checkboxes", "odd-or-even", "order-food", "phone-book", "read-table", "read-table-2", "resize-textarea",
    "right-angle", "scroll-text", "scroll-text-2", "search-engine", "sign-agreement", "simon-says", "simple-algebra",
    "simple-arithmetic", "social-media", "social-media-all", "social-media-some", "stock-market", "terminal", "text-editor",
    "text-transform", "tic-tac-toe", "unicode-test", "use-autocomplete", "use-autocomplete-nodelay", "use-colorwheel",
    "use-colorwheel-2", "use-slider", "use-slider-2", "use-spinner", "visual-addition",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """One page: a task that draws an instance of itself from a seed.

    Attributes:
        id: place in `NAMES`.
        name: with the prefix, such as "miniwob:click-button".
    """

    id: int
    name: str

    @property
    def short_name(self) -> str:
        """The name without the prefix."""
        return self.name.removeprefix(PREFIX)

    @property
    def file(self) -> Path:
        """The page's HTML file in the installed package; raises `SetupError` without the package."""
        return pages_folder() / f"{self.short_name}.html"


PAGES = tuple(Page(number, PREFIX + name) for number, name in enumerate(NAMES))
_BY_NAME = {page.short_name: page for page in PAGES}


def is_page(task: object) -> bool:
    """Tell whether a task's name means a page rather than a task of the arm."""
    return isinstance(task, Page) or (isinstance(task, str) and task.strip().startswith(PREFIX))


def get_page(key: str | int | Page) -> Page:
    """Return the page of a name (with or without the prefix) or a number.

    Raises:
        UnknownTaskError: there is none; the message offers the nearest name.
    """
    if isinstance(key, Page):
        return key
    text = str(key).strip().removeprefix(PREFIX)
    if re.fullmatch(r"\d{1,6}", text) and int(text) < len(PAGES):
        return PAGES[int(text)]
    if text in _BY_NAME:
        return _BY_NAME[text]
    near = difflib.get_close_matches(text[:80], NAMES, n=1, cutoff=0.3)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else "see `omniactor tasks --world gui`"
    raise UnknownTaskError(f"expected one of {len(PAGES)} pages, such as {PREFIX}click-button, got {text[:80]!r}; {hint}")


def parse_pages(text: str, groups: dict[str, tuple[str, ...]] | None = None) -> list[Page]:
    """Read a selection: names, numbers, "0-9" or names of groups, separated by commas; no repeats, given order.

    Args:
        text: the selection.
        groups: name of a group -> names of its pages.

    Raises:
        UnknownTaskError: something in it is no page, or there is nothing.
    """
    chosen: dict[int, Page] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        span = re.fullmatch(r"(\d+)-(\d+)", part)
        if groups and part in groups:
            pages = [get_page(name) for name in groups[part]]
        elif span:
            first, last = (get_page(end).id for end in span.groups())
            if first > last:
                raise UnknownTaskError(f"expected a range from low to high, got {part}; write {last}-{first}")
            pages = PAGES[first : last + 1]
        else:
            pages = [get_page(part)]
        chosen.update((page.id, page) for page in pages)
    if not chosen:
        raise UnknownTaskError("expected at least one page, got none; write for example click-button,enter-text")
    return list(chosen.values())


def pages_folder() -> Path:
    """Return the folder of the pages in the installed package miniwob, without importing it.

    Raises:
        SetupError: the package is not installed, or not whole.
    """
    spec = importlib.util.find_spec("miniwob")
    folder = Path(next(iter(spec.submodule_search_locations))) / "html" / "miniwob" if spec else None
    if folder is None or not folder.is_dir():
        raise SetupError(f"expected the package miniwob for live pages, got none; run: python -m pip install miniwob=={VERSION}")
    return folder


def pages_version() -> str:
    """Return the installed version of the package; "missing" without it."""
    try:
        return importlib.metadata.version("miniwob")
    except importlib.metadata.PackageNotFoundError:
        return "missing"
