"""Screens drawn at random, with the place of everything on them: grounding without anybody's data.

The source is a file of words, one a line, for buttons, links, tabs and headers. Every screen holds up to fourteen things that
lie apart from each other: buttons, links, boxes and shapes in named colours, text fields, check boxes and their like, as
Chromium draws them. What is asked about a screen is the place of each thing that its words single out.
"""

from __future__ import annotations

import html
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from omniactor.data.sources.draft import Draft, place_name
from omniactor.data.sources.options import SourceOptions
from omniactor.data.tally import Tally
from omniactor.data.turns import gui_sample
from omniactor.errors import InputError
from omniactor.gui.browser import Tab, shared_browser
from omniactor.types import GuiAction

KIND = "drawn"
OPTIONS = ("pairs", "screens", "seed")
WIDTH, HEIGHT, SCALE = 160, 210, 2
"""CSS pixels of a screen, MiniWoB++'s, and screenshot pixels per CSS pixel."""
MAX_THINGS = 14
MAX_WORD = 24
"""Letters; longer lines of the file are left out."""
_TRIES = 40
_COLOURS = (
    "red", "blue", "olive", "lime", "black", "white", "grey", "purple", "orange", "yellow", "cyan", "pink", "magenta", "green",
    "brown", "navy",
)  # fmt: skip
_SHAPES = {
    "circle": '<circle cx="50" cy="50" r="46"/>', "triangle": '<polygon points="50,6 96,92 4,92"/>',
    "rectangle": '<rect x="6" y="6" width="88" height="88"/>',
}  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_KINDS = (
    "button", "button", "button", "box", "box", "shape", "link", "tab", "header", "text", "text", "textarea", "checkbox", "radio",
)  # fmt: skip
_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")
# Things are put where they overlap no other; one that finds no place is left out.
_BUILD = """(things => {
  document.documentElement.style.cssText = 'margin:0;background:%s';
  document.body.style.cssText = 'margin:0;position:relative;width:%dpx;height:%dpx;overflow:hidden;font-family:Arial';
  document.body.innerHTML = '';
  const taken = [], found = [];
  for (const [number, [markup, places]] of things.entries()) {
    const holder = document.createElement('div');
    holder.style.cssText = 'position:absolute;white-space:nowrap;line-height:1.2';
    holder.innerHTML = markup;
    document.body.appendChild(holder);
    const target = holder.querySelector('.target'), w = holder.offsetWidth, h = holder.offsetHeight;
    const spot = places.map(([x, y]) => [x * (%d - w), y * (%d - h)]).find(([x, y]) => x >= 0 && y >= 0 &&
      taken.every(([a, b, c, d]) => x + w + 3 < a || c + 3 < x || y + h + 3 < b || d + 3 < y));
    if (!spot) { holder.remove(); continue; }
    [holder.style.left, holder.style.top] = spot.map(v => Math.round(v) + 'px');
    taken.push([spot[0], spot[1], spot[0] + w, spot[1] + h]);
    const r = target.getBoundingClientRect();
    found.push([number, r.left / %d, r.top / %d, r.right / %d, r.bottom / %d]);
  }
  return found;
})(%s)"""


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield one sample a screen, with a question for each thing on it.

    Args:
        source: a UTF-8 file of words, one a line.
        options: `screens`, how many; `seed`, what they are drawn from; `pairs`, questions about one at most.
        tally: counts screens on which nothing can be singled out.

    Raises:
        InputError: no file of words.
        SetupError: no Chromium.
    """
    words = read_words(source)
    tab = shared_browser().open_tab()
    try:
        tab.set_size(WIDTH, HEIGHT, SCALE)
        for number in range(options.screens):
            draw = np.random.default_rng([options.seed, number])
            things, picture = draw_screen(tab, words, draw)
            asked = [things[i] for i in sorted(draw.permutation(len(things))[: options.pairs])]
            if not asked:
                tally.drop("screen with nothing to single out", f"screen {number}")
                continue
            turns = []
            for name, box in asked:
                x0, y0, x1, y1 = box
                point = (round((x0 + x1) / 2, 3), round((y0 + y1) / 2, 3))
                form = ("Click {}.", "Click on {}.", "{}")[draw.integers(3)]
                turns.append((form.format(name), (), GuiAction("click", point=point, description=f"Click {name}")))
            sample = gui_sample(turns, place_name(f"{number:06d}.png"), source=KIND, task=KIND, episode=str(number))
            yield Draft(sample, (picture,), KIND)
    finally:
        tab.close()


def read_words(source: Path) -> list[str]:
    """Return the words of a file, each once.

    Raises:
        InputError: it is no such file, or has fewer than ten.
    """
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8"
        raise InputError(f"expected a file of words, one a line, got {source} ({reason}); try assets/words.txt") from None
    words = list(dict.fromkeys(word for line in lines if (word := " ".join(line.split())) and len(word) <= MAX_WORD))
    words = [word for word in words if "<image>" not in word and word.isprintable()]
    if len(words) < 10:
        raise InputError(f"expected at least 10 words of up to {MAX_WORD} letters in {source}, got {len(words)}; add some")
    return words


def draw_screen(
    tab: Tab, words: list[str], draw: np.random.Generator
) -> tuple[list[tuple[str, tuple[float, float, float, float]]], np.ndarray]:
    """Draw one screen.

    Args:
        tab: of the size of a screen.
        words: for what has words on it.
        draw: generator of everything random.

    Returns:
        Things that their words single out, "the button 'OK'" with its box as fractions; the screenshot, uint8
        (HEIGHT * SCALE, WIDTH * SCALE, 3).
    """
    wanted = [_thing(str(draw.choice(_KINDS)), words, draw) for _ in range(int(draw.integers(4, MAX_THINGS + 1)))]
    content = [(markup, draw.uniform(size=(_TRIES, 2)).round(4).tolist()) for _, _, markup in wanted]
    shade = int(draw.integers(225, 256))
    ground = "#fff" if draw.uniform() < 0.6 else f"rgb({shade},{int(draw.integers(225, 256))},{int(draw.integers(225, 256))})"
    found = tab.evaluate(_BUILD % (ground, *(WIDTH, HEIGHT) * 4, json.dumps(content)))
    placed = [(*wanted[int(number)][:2], tuple(min(1.0, max(0.0, v)) for v in box)) for number, *box in found]
    return _singled_out(placed), tab.screenshot(WIDTH, HEIGHT)


def _thing(kind: str, words: list[str], draw: np.random.Generator) -> tuple[str, str, str]:
    """Return a thing's kind, its words, and its markup; `target` is what is to be clicked."""
    word = str(draw.choice(words))
    if draw.uniform() < 0.3:  # letters that no list of words has: to be read, not known
        word = "".join(draw.choice(list(_LETTERS), int(draw.integers(1, 7))))
    size = int(draw.integers(9, 15))
    shown = html.escape(word)
    colour = str(draw.choice(_COLOURS))
    wide, high = (int(draw.integers(14, 56)) for _ in range(2))
    if kind == "button":
        room = f"padding:{int(draw.integers(1, 12))}px {int(draw.integers(2, 14))}px;" if draw.uniform() < 0.5 else ""
        return kind, word, f'<button class="target" style="{room}font-size:{size}px">{shown}</button>'
    if kind == "box":
        style = f"width:{wide}px;height:{high}px;background:{colour};border:1px solid black"
        return kind, colour, f'<div class="target" style="{style}"></div>'
    if kind == "shape":
        name, side = str(draw.choice(list(_SHAPES))), max(12, min(wide, high))
        markup = f'<svg class="target" width="{side}" height="{side}" viewBox="0 0 100 100" fill="{colour}" stroke="black" '
        return kind, f"{colour} {name}", f'{markup}stroke-width="3" style="display:block">{_SHAPES[name]}</svg>'
    if kind == "link":
        style = f"color:#0000ee;text-decoration:underline;font-size:{size}px"
        return kind, word, f'<span class="target" style="{style}">{shown}</span>'
    if kind == "tab":
        style = f"border:1px solid #aaa;border-radius:4px 4px 0 0;background:#e6e6e6;padding:3px 8px;font-size:{size}px"
        return kind, word, f'<div class="target" style="{style}">{shown}</div>'
    if kind == "header":
        style = f"border:1px solid #c5c5c5;background:#f6f6f6;padding:3px 6px;width:{wide + 60}px;font-size:{size}px"
        return kind, word, f'<div class="target" style="{style}">&#9656; {shown}</div>'
    if kind == "text":
        value = shown if draw.uniform() < 0.4 else ""
        return kind, "", f'<input class="target" style="width:{int(draw.integers(50, 130))}px" value="{value}">'
    if kind == "textarea":
        style = f"width:{int(draw.integers(50, 130))}px;height:{int(draw.integers(18, 40))}px"
        return kind, "", f'<textarea class="target" style="{style}">{shown if draw.uniform() < 0.4 else ""}</textarea>'
    beside = shown if draw.uniform() < 0.7 else ""
    return kind, "", f'<label style="font-size:{size}px"><input class="target" type="{kind}">{beside}</label>'


def _singled_out(placed: list[tuple[str, str, tuple]]) -> list[tuple[str, tuple]]:
    """Return (words, box) of what can be told from everything else on the screen.

    Args:
        placed: (kind, words, box), in the order in which they were put there.
    """
    counts, kinds = Counter((kind, words.lower()) for kind, words, _ in placed), Counter(kind for kind, _, _ in placed)
    fields = sorted(box[1] for kind, _, box in placed if kind == "text")
    level = any(lower - upper < 8 / HEIGHT for upper, lower in itertools.pairwise(fields))
    things = []
    for kind, words, box in placed:
        alone = kinds[kind] == 1
        if words and counts[kind, words.lower()] == 1:
            named = f"the {words} box" if kind == "box" else f"the {words}" if kind == "shape" else f"the {kind} '{words}'"
            things.append((named, box))
        if kind == "text" and alone:
            things.append(("the text box", box))
        elif kind == "text" and not level and len(fields) <= len(_ORDINALS):
            things.append((f"the {_ORDINALS[fields.index(box[1])]} text box", box))
        if alone and kind in ("button", "text", "textarea", "checkbox", "radio"):
            things.append((f"a {kind} widget", box))
    return things
