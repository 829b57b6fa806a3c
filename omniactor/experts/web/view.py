"""What a web expert sees of a page: its elements as the page's own DOM describes them, and how to act on one.

A view belongs to one decision. It remembers the box of what the action is aimed at, for grounding.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from omniactor.errors import OmniActorError
from omniactor.gui.miniwob import HEIGHT, WIDTH, MiniWobEnv
from omniactor.types import GuiAction

DECIMALS = 3
"""Of coordinates: what the paper's grammar prints is what is done."""
# An element's point is where a click really meets it: nothing lies on top there. Text that wraps has several boxes.
_READ = """(selector => {
  const width = %d, height = %d;
  const meets = (e, x, y) => {
    const found = document.elementFromPoint(x, y);
    return found && (found === e || e.contains(found) || (found.tagName === 'LABEL' && found.control === e));
  };
  const place = e => {
    const shares = [[.5, .5], [.5, .25], [.5, .75], [.25, .5], [.75, .5], [.15, .15], [.85, .85], [.15, .85], [.85, .15]];
    for (const r of e.getClientRects()) {
      const x0 = Math.max(0, r.left), x1 = Math.min(width, r.right), y0 = Math.max(0, r.top), y1 = Math.min(height, r.bottom);
      if (x1 - x0 < 1 || y1 - y0 < 1) continue;
      for (const [a, b] of shares) {
        const x = x0 + a * (x1 - x0), y = y0 + b * (y1 - y0);
        if (meets(e, x, y)) return {point: [x, y], box: [x0, y0, x1, y1]};
      }
    }
    return {point: null, box: null};
  };
  const scroller = e => {
    const r = e.getBoundingClientRect();
    for (let up = e.parentElement; up; up = up.parentElement) {
      const rolls = ['auto', 'scroll'].includes(getComputedStyle(up).overflowY) && up.scrollHeight > up.clientHeight + 1;
      const whole = up === document.documentElement && up.scrollHeight > innerHeight + 1;
      if (!rolls && !whole) continue;
      const v = whole ? {left: 0, top: 0, right: width, bottom: height} : up.getBoundingClientRect();
      const top = Math.max(0, v.top), bottom = Math.min(height, v.bottom);
      const middle = [(Math.max(0, v.left) + Math.min(width, v.right)) / 2, (top + bottom) / 2];
      return {point: middle, down: (r.top + r.bottom) / 2 - middle[1]};
    }
    return null;
  };
  const caret = e => { try { return [e.selectionStart, e.selectionEnd]; } catch (error) { return [null, null]; } };
  return Array.from(document.querySelectorAll(selector)).map(e => {
    const r = e.getBoundingClientRect(), style = getComputedStyle(e), seen = place(e);
    return {
      tag: e.tagName.toLowerCase(), id: e.id, classes: Array.from(e.classList), text: (e.textContent || '').trim(),
      value: e.value === undefined ? null : String(e.value), checked: !!e.checked, disabled: !!e.disabled,
      focused: document.activeElement === e, selection: caret(e),
      shown: style.visibility !== 'hidden' && style.display !== 'none' && r.width > 0 && r.height > 0,
      rect: [r.left, r.top, r.right, r.bottom], point: seen.point, box: seen.box, scroller: seen.point ? null : scroller(e),
      attributes: Object.fromEntries(Array.from(e.attributes).map(a => [a.name, a.value])),
    };
  });
})(%s)"""


@dataclass(frozen=True)
class Element:
    """One element of the page.

    Attributes:
        tag: lower case.
        id: as in HTML.
        classes: as in HTML.
        text: all of its text, trimmed.
        value: of a field.
        checked: of a box.
        disabled: of a field or button.
        focused: the keyboard goes to it.
        selection: (start, end) of what is selected in a field.
        shown: it takes up room on the page, though perhaps outside of what is seen.
        rect: left, top, right, bottom, CSS pixels.
        point: (x, y) where a click meets it, CSS pixels; None: nowhere.
        box: the part of it around `point`, within the task area, CSS pixels.
        scroller: of an element without a point, what scrolling would bring it: the middle of the area to scroll, how far down.
        attributes: as in HTML.
    """

    tag: str
    id: str
    classes: tuple[str, ...]
    text: str
    value: str | None
    checked: bool
    disabled: bool
    focused: bool
    selection: tuple[int | None, int | None]
    shown: bool
    rect: tuple[float, float, float, float]
    point: tuple[float, float] | None
    box: tuple[float, float, float, float] | None
    scroller: dict | None
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle, CSS pixels."""
        return (self.rect[0] + self.rect[2]) / 2, (self.rect[1] + self.rect[3]) / 2


class View:
    """The page in its present state.

    Attributes:
        instruction: what the page asks for.
        target: (x0, y0, x1, y1) of what the last action made is aimed at, fractions of the screenshot; None of none.
    """

    def __init__(self, env: MiniWobEnv) -> None:
        """Look at `env`'s page."""
        self._env, self.instruction = env, env.task_description
        self.target: tuple[float, float, float, float] | None = None

    # ------------------------------------------------------------------ reading

    def all(self, selector: str) -> list[Element]:
        """Return the elements of a CSS selector, in the page's order."""
        found = self._env.evaluate(_READ % (WIDTH, HEIGHT, json.dumps(selector)))
        return [Element(**{name: tuple(v) if isinstance(v, list) else v for name, v in entry.items()}) for entry in found]

    def shown(self, selector: str) -> list[Element]:
        """Return the elements that take up room."""
        return [element for element in self.all(selector) if element.shown]

    def one(self, selector: str) -> Element:
        """Return the first element of a selector.

        Raises:
            LostError: there is none.
        """
        found = self.all(selector)
        if not found:
            raise LostError(f"expected {selector} on the page, got none")
        return found[0]

    def named(self, selector: str, text: str) -> Element:
        """Return the first shown element with exactly this text, in any case if need be.

        Raises:
            LostError: there is none.
        """
        found = self.shown(selector)
        for plain in (str, str.lower):
            for element in found:
                if plain(" ".join(element.text.split())) == plain(" ".join(text.split())):
                    return element
        raise LostError(f"expected {selector} with the text {text!r} on the page, got none")

    def script(self, expression: str):
        """Return the value of a JavaScript expression."""
        return self._env.evaluate(expression)

    def copied(self, text: str) -> bool:
        """Tell whether this text is what would be pasted."""
        return self._env.clipboard == text

    def quoted(self, number: int = 0) -> str:
        """Return a text in quotation marks out of the instruction."""
        return re.findall(r'"([^"]*)"', self.instruction)[number]

    def match(self, pattern: str) -> re.Match:
        """Return what of the instruction matches a pattern.

        Raises:
            LostError: nothing.
        """
        found = re.search(pattern, self.instruction)
        if found is None:
            raise LostError(f"expected an instruction like {pattern!r}, got {self.instruction!r}")
        return found

    # ------------------------------------------------------------------ acting

    def click(self, element: Element, words: str, kind: str = "click") -> GuiAction:
        """Click an element, or do what is needed before it can be clicked; `words` finish "Click ..."."""
        if element.point is None:
            return self.reach(element, words)
        verb = {"click": "Click", "double_click": "Double-click", "move": "Move the pointer to"}[kind]
        return self.at(kind, element.point, f"{verb} {words}", element.box)

    def reach(self, element: Element, words: str) -> GuiAction:
        """Bring an element into view: by scrolling what it is in, or else from field to field with the keyboard."""
        if element.scroller is not None and abs(element.scroller["down"]) >= 1:
            return self.scroll(tuple(element.scroller["point"]), element.scroller["down"], f"to bring {words} into view")
        if element.focused:
            return GuiAction("press", keys=("enter",), description=f"Press enter on {words}")
        return GuiAction("press", keys=("tab",), description=f"Press tab to get to {words}")

    def at(self, kind: str, place: tuple[float, float], description: str, box=None) -> GuiAction:
        """Do something at a place, CSS pixels."""
        point = fraction(place)
        self.target = self._share(box)
        return GuiAction(kind, point=point, description=description)

    def drag(self, start: tuple[float, float], end: tuple[float, float], description: str, box=None) -> GuiAction:
        """Drag from one place to another, CSS pixels; `box` is around what is dragged."""
        self.target = self._share(box)
        return GuiAction("drag", point=fraction(start), end=fraction(end), description=description)

    def scroll(self, place: tuple[float, float], down: float, why: str) -> GuiAction:
        """Scroll by `down` CSS pixels of content over a place."""
        way = "down" if down > 0 else "up"
        pages = round(-down / HEIGHT, DECIMALS) or -0.001
        return GuiAction(
            "scroll", pages=max(-1000.0, min(1000.0, pages)), point=fraction(place), description=f"Scroll {way} {why}"
        )

    @staticmethod
    def _share(box) -> tuple[float, float, float, float] | None:
        if box is None:
            return None
        x0, y0, x1, y1 = box
        shares = (x0 / WIDTH, y0 / HEIGHT, x1 / WIDTH, y1 / HEIGHT)
        return tuple(round(min(1.0, max(0.0, share)), 4) for share in shares)


class LostError(OmniActorError):
    """The expert does not know what to do with the page as it is; it then does nothing more."""


def quote(text: str) -> str:
    """Return a text as JavaScript writes it."""
    return json.dumps(text)


def fraction(place: tuple[float, float]) -> tuple[float, float]:
    """Return CSS pixels as fractions of the task area, rounded as the grammar prints them."""
    x, y = place
    return (round(min(1.0, max(0.0, x / WIDTH)), DECIMALS), round(min(1.0, max(0.0, y / HEIGHT)), DECIMALS))


def press(keys: tuple[str, ...] | str, description: str) -> GuiAction:
    """Press keys one after the other."""
    return GuiAction("press", keys=(keys,) if isinstance(keys, str) else keys, description=description)
