"""Pages with coloured shapes, letters and digits in a grid: which of them fit a description."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omniactor.experts.web.view import Element, View
from omniactor.types import GuiAction

_COLORS = ("red", "green", "blue", "aqua", "black", "magenta", "yellow")
_TAGS = {"rect": "rectangle", "circle": "circle", "polygon": "triangle"}


@dataclass(frozen=True)
class Shape:
    """One thing in the grid.

    Attributes:
        kind: "shape", "letter" or "digit".
        name: such as "circle", "k" or "7".
        color: its name.
        large: twice as large as the others.
        element: on the page.
    """

    kind: str
    name: str
    color: str
    large: bool
    element: Element

    @property
    def words(self) -> str:
        """The thing in words."""
        return f"the {'large' if self.large else 'small'} {self.color} {self.name}"

    def fits(self, size: str, color: str, name: str) -> bool:
        """Tell whether a description fits; "" and "item" fit everything."""
        return (
            size in ("", "large" if self.large else "small")
            and color in ("", self.color)
            and name in ("item", self.name, self.kind)
        )


def fitting_shape(view: View) -> GuiAction:
    """Click one thing that fits the description."""
    description = _read_description(view.match(r"Click on an? (.+)$")[1])
    fitting = [shape for shape in _grid(view) if shape.fits(*description)]
    best = next((shape for shape in fitting if shape.element.point is not None), fitting[0])
    return view.click(best.element, best.words)


def shape_count(view: View) -> GuiAction:
    """Click the button with the number of things that fit the description."""
    description = _read_description(view.match(r"How many (.+)s are there")[1])
    count = str(sum(shape.fits(*description) for shape in _grid(view)))
    return view.click(view.named("#count-buttons button", count), f"the button '{count}'")


def shape_kind(view: View) -> GuiAction:
    """Click the button that says what kind of thing the figure is."""
    (shape,) = _grid(view)
    kind = shape.name if shape.kind == "shape" else shape.kind
    button = view.one(f'#area-buttons [data-type="{kind}"]')
    return view.click(button, f"the button '{button.text}'")


def _grid(view: View) -> list[Shape]:
    shapes = []
    for element in view.all("#area_svg > *"):
        color = element.attributes.get("fill", "")
        if element.tag == "text":
            large = float(element.attributes["font-size"].removesuffix("px")) > 15
            shapes.append(Shape("digit" if element.text.isdigit() else "letter", element.text, color, large, element))
        else:
            large = element.rect[2] - element.rect[0] > 15
            shapes.append(Shape("shape", _TAGS[element.tag], color, large, element))
    return shapes


def _read_description(text: str) -> tuple[str, str, str]:
    words = re.split(r"\s+", text.strip().rstrip("?."))
    size = words.pop(0) if words[0] in ("large", "small") else ""
    color = words.pop(0) if len(words) > 1 and words[0] in _COLORS else ""
    return size, color, words[0]
