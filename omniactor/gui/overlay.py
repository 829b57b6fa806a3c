"""Actions drawn on screenshots: where, which way, what is typed; recorded and predicted in two colours.

Everything stays inside the picture, whose size does not change. Marks have a white rim, so that they can be told from any
background, and a chip with words, so that nobody needs to see the colours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from omniactor.actions.dialects.scrolls import direction
from omniactor.gui.images import open_image
from omniactor.types import GuiAction

RECORDED, PREDICTED, TARGET = (0, 114, 178), (213, 94, 0), (0, 158, 115)
"""Blue, vermilion and green of Okabe and Ito's palette, which are told apart with every kind of colour vision."""
MAX_LETTERS = 120
"""Of a text that is shown; the rest is cut off."""
_WAYS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
_RINGS = {"click": 1, "double_click": 2, "triple_click": 3, "right_click": 1, "middle_click": 1, "long_press": 1, "select": 1}
_WORDS = {"home": "home button", "back": "back button", "recent": "recent apps"}
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Mark:
    """An action to draw.

    Attributes:
        action: what is drawn.
        color: (red, green, blue), 0-255.
        label: whose action it is, in a word; may be empty.
    """

    action: GuiAction
    color: tuple[int, int, int] = PREDICTED
    label: str = ""


def draw_action(
    image: object,
    action: GuiAction,
    *,
    color: tuple[int, int, int] = PREDICTED,
    label: str = "",
    boxes: Sequence[Box] = (),
) -> np.ndarray:
    """Return a screenshot with an action drawn on it.

    Args:
        image: what `open_image` takes.
        action: its points are fractions of this picture.
        color: of the marks.
        label: a word before the action's own, such as "predicted".
        boxes: the action's target (x0, y0, x1, y1), in fractions, drawn in green.

    Returns:
        uint8 (height, width, 3), RGB, a new array.

    Raises:
        ImageError: not a picture.
    """
    return draw_marks(image, [Mark(action, color, label)], boxes)


def draw_comparison(
    image: object, recorded: GuiAction | None, predicted: GuiAction | None, boxes: Sequence[Box] = ()
) -> np.ndarray:
    """Return a screenshot with the recorded action in blue, the predicted one in vermilion and the targets in green."""
    pairs = ((recorded, RECORDED, "recorded"), (predicted, PREDICTED, "predicted"))
    return draw_marks(image, [Mark(action, color, label) for action, color, label in pairs if action is not None], boxes)


def draw_marks(image: object, marks: Sequence[Mark], boxes: Sequence[Box] = ()) -> np.ndarray:
    """Return a screenshot with any number of actions; see `draw_action`."""
    from PIL import Image

    pixels = open_image(image)
    canvas = _Canvas(pixels.shape[1], pixels.shape[0])
    for box in boxes:
        canvas.box(box)
    for number, mark in enumerate(marks):
        # The first rings are the widest, so that marks of one place lie in each other and none is covered.
        _draw_place(canvas, mark, wider=1 + 0.5 * (len(marks) - 1 - number))
    for mark in marks:  # after all marks: a chip avoids every one of them
        near = mark.action.end or mark.action.point or ((0.5, 0.5) if mark.action.kind == "scroll" else None)
        canvas.chip(describe(mark.action), mark.color, mark.label, near)
    picture = Image.fromarray(pixels)
    picture.paste(canvas.layer, (0, 0), canvas.layer)
    return np.array(picture)


def describe(action: GuiAction) -> str:
    """Return an action in a few words, without its place: `type "hello"`, `scroll down, 0.5 page`."""
    text = None if action.text is None else f'"{_shown(action.text)}"'
    match action.kind:
        case "write":
            return f"type {text}"
        case "press" | "hotkey":
            return ("press " if action.kind == "press" else "keys ") + (" " if action.kind == "press" else "+").join(action.keys)
        case "scroll":
            return f"scroll {direction(action)}, {abs(action.pages):.3g} page{'s' if abs(action.pages) > 1 else ''}"
        case "open_app":
            return f"open {text}"
        case "select":
            return f"choose {text}"
        case "terminate":
            return f"end: {action.status}" + (f" {text}" if text else "")
        case "answer":
            return f"answer {text}"
        case "wait" | "long_press":
            seconds = "" if action.seconds is None else f" {action.seconds:g} s"
            return action.kind.replace("_", " ") + seconds
    return _WORDS.get(action.kind, action.kind.replace("_", " "))


def _shown(text: str) -> str:
    """Return a text on one line: line breaks as a sign, nothing that steers a terminal or turns the line round."""
    line = "".join(letter if letter.isprintable() else "\u21b5" if letter == "\n" else " " for letter in text[: MAX_LETTERS + 1])
    return line if len(line) <= MAX_LETTERS else line[:MAX_LETTERS] + "\u2026"


def _draw_place(canvas: _Canvas, mark: Mark, wider: float = 1.0) -> None:
    """Draw what an action has on the screen itself; nothing for one that is only words."""
    action, color = mark.action, mark.color
    if action.kind in ("drag", "swipe"):
        if action.point is not None:
            canvas.arrow(action.point, action.end, color, square=action.kind == "drag")
        else:
            canvas.rings(action.end, color, 1, wider=wider)
    elif action.kind == "scroll":
        across, down = _WAYS[direction(action)]
        x, y = action.point or (0.5, 0.5)
        reach = min(0.4, 0.1 + 0.2 * abs(action.pages))
        begin, end = (x - across * reach / 2, y - down * reach / 2), (x + across * reach / 2, y + down * reach / 2)
        canvas.arrow(begin, end, color, chevrons=True)
    elif action.kind == "move":
        canvas.pointer(action.point, color)
    elif action.kind in _RINGS and action.point is not None:
        canvas.rings(action.point, color, _RINGS[action.kind], action.kind, wider)


class _Canvas:
    """A transparent layer over a screenshot; all lengths are in units that follow the size of the screen."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self.width, self.height = width, height
        # 3 on a phone of 1080x2400, where 1 is a point of its 360; small screens keep marks that can be seen.
        self.unit = max(math.sqrt(width * height) / 537, 0.85)
        self.layer = Image.new("RGBA", (width, height))
        self.draw = ImageDraw.Draw(self.layer)
        self.taken: list[tuple[float, float, float, float]] = []

    def box(self, box: Box) -> None:
        """Draw a target as a frame."""
        across = sorted(min(max(value, 0.0), 1.0) * (self.width - 1) for value in box[::2])
        down = sorted(min(max(value, 0.0), 1.0) * (self.height - 1) for value in box[1::2])
        thin = max(2, round(2.2 * self.unit))
        for color, inset, line in (((255, 255, 255, 230), 0, thin + 2), ((*TARGET, 255), 1, thin)):
            # Around the box, not on it: what is in it stays to be seen.
            out = thin + 1 - inset
            corners = [across[0] - out, down[0] - out, across[1] + out, down[1] + out]
            self.draw.rectangle(corners, outline=color, width=line)

    def rings(
        self, point: tuple[float, float], color: tuple[int, int, int], count: int, kind: str = "click", wider: float = 1.0
    ) -> None:
        """Draw a place that is clicked: one ring per click, `wider` than usual, and a dot exactly there."""
        x, y = self._pixel(point)
        radius, line = 9 * wider * self.unit, max(2.0, 2.2 * self.unit)
        if kind == "long_press":
            self._disc(x, y, radius + 5 * self.unit, (*color, 90))
        for ring in range(count):
            around = radius + ring * 2.2 * line
            self._circle(x, y, around, (255, 255, 255, 230), line + 2 * self._rim)
            self._circle(x, y, around, (*color, 255), line)
        if kind in ("right_click", "middle_click"):
            begin, end = (-90, 90) if kind == "right_click" else (60, 120)
            corners = [x - radius, y - radius, x + radius, y + radius]
            self.draw.pieslice(corners, begin, end, fill=(*color, 150))
        self._disc(x, y, 2 * self.unit + self._rim, (255, 255, 255, 230))
        self._disc(x, y, max(1.5, 2 * self.unit), (*color, 255))
        self._take(x, y, radius + (count - 1) * 2.2 * line + line)

    def arrow(
        self,
        begin: tuple[float, float],
        end: tuple[float, float],
        color: tuple[int, int, int],
        *,
        square: bool = False,
        chevrons: bool = False,
    ) -> None:
        """Draw a way from one place to another: a dot or square where it begins, a head where it ends."""
        x0, y0 = self._pixel(begin)
        x1, y1 = self._pixel(end)
        length = math.hypot(x1 - x0, y1 - y0)
        across, down = ((x1 - x0) / length, (y1 - y0) / length) if length else (0.0, -1.0)
        line, head = max(2.0, 3 * self.unit), min(11 * self.unit, max(length, 4 * self.unit))
        for colors, more in (((255, 255, 255, 230), self._rim), ((*color, 255), 0.0)):
            shaft = (x1 - across * head * 0.8, y1 - down * head * 0.8)
            self.draw.line([(x0, y0), shaft], fill=colors, width=round(line + 2 * more))
            for back in (0, 0.75 * head) if chevrons else (0,):
                self._head(x1 - across * back, y1 - down * back, across, down, head, colors, more)
            size = 1.3 * line + more
            if square:
                self.draw.rectangle([x0 - size, y0 - size, x0 + size, y0 + size], fill=colors)
            elif not chevrons:
                self._disc(x0, y0, size, colors)
        for step in range(9):  # the line is kept free of chips, not the whole rectangle around it
            self._take(x0 + (x1 - x0) * step / 8, y0 + (y1 - y0) * step / 8, head * 0.7)

    def pointer(self, point: tuple[float, float], color: tuple[int, int, int]) -> None:
        """Draw the mouse pointer with its tip at a place."""
        x, y = self._pixel(point)
        size = 18 * self.unit
        shape = [(0, 0), (0, 1), (0.27, 0.76), (0.45, 1.12), (0.6, 1.05), (0.43, 0.7), (0.75, 0.7)]
        corners = [(x + size * across, y + size * down) for across, down in shape]
        self.draw.line([*corners, corners[0]], fill=(255, 255, 255, 230), width=round(2 * self._rim + 1), joint="curve")
        self.draw.polygon(corners, fill=(*color, 255))
        self._take(x + size / 3, y + size / 2, size / 2)

    def chip(self, words: str, color: tuple[int, int, int], label: str, near: tuple[float, float] | None) -> None:
        """Draw words on a rounded rectangle, beside a place or at the bottom, where nothing is covered that was drawn."""
        size = max(11, round(12.5 * self.unit))
        font = _font(size)
        lines = _wrap(f"{label}: {words}" if label else words, font, min(0.92 * self.width, 24 * size) - 1.2 * size)
        height = 1.3 * size
        wide = max(font.getlength(line) for line in lines) + 1.2 * size
        tall = height * len(lines) + 0.6 * size
        left, top = self._spot(wide, tall, near)
        corners = [left, top, left + wide, top + tall]
        self.draw.rounded_rectangle(
            corners, 0.45 * size, fill=(*color, 240), outline=(255, 255, 255, 240), width=round(self._rim)
        )
        for number, line in enumerate(lines):
            middle = top + 0.3 * size + height * (number + 0.5)
            self.draw.text((left + 0.6 * size, middle), line, font=font, fill="white", anchor="lm")
        self.taken.append(tuple(corners))

    def _spot(self, wide: float, tall: float, near: tuple[float, float] | None) -> tuple[float, float]:
        """Return the corner at which a chip covers least of what was drawn; the first of equals."""
        gap = 4 * self.unit
        places = []
        if near is not None:
            x, y = self._pixel(near)
            for away in (16 * self.unit, 30 * self.unit):
                rows = (y - tall / 2, y + away, y - away - tall)
                places += [(x + away, rows[0]), (x - away - wide, rows[0])]
                places += [(x + side, row) for row in rows[1:] for side in (-wide / 2, 0, -wide)]
        bottom = self.height - tall - gap
        places += [((self.width - wide) / 2, bottom - row * (tall + gap)) for row in range(8)]
        places += [((self.width - wide) / 2, gap + row * (tall + gap)) for row in range(4)]
        inside = [
            (min(max(left, 1), max(1, self.width - wide - 1)), min(max(top, 1), max(1, self.height - tall - 1)))
            for left, top in places
        ]
        return min(inside, key=lambda place: self._covered(*place, wide, tall))

    def _covered(self, left: float, top: float, wide: float, tall: float) -> float:
        across = lambda box: min(left + wide, box[2]) - max(left, box[0])  # noqa: E731
        down = lambda box: min(top + tall, box[3]) - max(top, box[1])  # noqa: E731
        return sum(max(0.0, across(box)) * max(0.0, down(box)) for box in self.taken)

    @property
    def _rim(self) -> float:
        return max(1.0, 0.8 * self.unit)

    def _pixel(self, point: tuple[float, float]) -> tuple[float, float]:
        across, down = (min(max(value, 0.0), 1.0) for value in point)
        return across * (self.width - 1), down * (self.height - 1)

    def _take(self, x: float, y: float, around: float) -> None:
        self.taken.append((x - around, y - around, x + around, y + around))

    def _circle(self, x: float, y: float, radius: float, color: tuple[int, ...], line: float) -> None:
        outer = radius + line / 2
        self.draw.ellipse([x - outer, y - outer, x + outer, y + outer], outline=color, width=round(line))

    def _disc(self, x: float, y: float, radius: float, color: tuple[int, ...]) -> None:
        self.draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=color)

    def _head(self, x: float, y: float, across: float, down: float, size: float, color: tuple[int, ...], more: float) -> None:
        """Draw the head of an arrow whose tip is at (x, y) and which points along (across, down)."""
        tip = (x + across * more * 1.5, y + down * more * 1.5)
        middle = (x - across * (size + more), y - down * (size + more))
        half = 0.55 * size + more
        sides = [(middle[0] - down * half, middle[1] + across * half), (middle[0] + down * half, middle[1] - across * half)]
        self.draw.polygon([tip, *sides], fill=color)


def _wrap(words: str, font, width: float, most: int = 4) -> list[str]:
    """Return words on lines that are no wider than `width`; what does not fit on `most` of them is cut off."""
    lines, rest = [], words
    while rest and len(lines) < most:
        fits = len(rest)
        while fits > 1 and font.getlength(rest[:fits]) > width:
            fits = max(1, min(fits - 1, int(fits * width / font.getlength(rest[:fits])) + 1))
        if fits < len(rest):
            space = rest.rfind(" ", 0, fits + 1)
            fits = space if space > fits // 2 else fits
        lines.append(rest[:fits].strip())
        rest = rest[fits:].strip()
    if rest:
        lines[-1] = lines[-1][:-1] + "\u2026"
    return lines


@lru_cache(maxsize=32)
def _font(size: int):
    """Return DejaVu Sans, which comes with matplotlib and knows most alphabets; else Pillow's own, which is Latin only."""
    from PIL import ImageFont

    found = find_spec("matplotlib")
    file = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf" if found and found.origin else None
    return ImageFont.truetype(str(file), size) if file is not None and file.is_file() else ImageFont.load_default(size)
