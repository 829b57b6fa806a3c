"""Pages solved by dragging: shapes, list items, sliders, corners, the selection of a text."""

from __future__ import annotations

import re

from omniactor.experts.web.clicking import ORDINALS
from omniactor.experts.web.fields import submit
from omniactor.experts.web.view import Element, View, press
from omniactor.types import GuiAction

_WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_KINDS = {"rectangles": "rect", "circles": "circle", "triangles": "polygon"}
_KEY_STEPS = 8
"""So many steps of a slider are made with the arrow keys; what is further is dragged first."""


def box_into_box(view: View) -> GuiAction:
    """Drag the small box to the middle of the large one, then submit."""
    if view.script("smallBoxContained()"):
        return submit(view)
    small, large = view.one("#draggableSmall"), view.one("#draggableLarge")
    return view.drag(small.middle, large.middle, "Drag the small box into the large one", small.rect)


def shape_some_way(view: View) -> GuiAction:
    """Drag the shape the way that is asked for, then submit."""
    way = view.match(r"Drag the \w+ (left|right|up|down)")[1]
    moved = view.script("""(() => { const shape = document.querySelector('#area svg').firstElementChild;
        const now = shapes.gridCoords(shape), first = shape.getBBox(); return [now.x - first.x, now.y - first.y]; })()""")
    across, down = _WAYS[way]
    if moved[0] * across + moved[1] * down > 0:
        return submit(view)
    shape = view.one("#area svg > *")
    # Far enough that the jump which the page makes as it picks the shape up does not eat the way.
    x, y = shape.middle
    limits = view.one("#area svg").rect
    end = (min(limits[2] - 2, max(limits[0] + 2, x + 35 * across)), min(limits[3] - 2, max(limits[1] + 2, y + 35 * down)))
    return view.drag((x, y), end, f"Drag the shape {way}", shape.rect)


def shapes_into_box(view: View) -> GuiAction:
    """Drag all shapes of a kind into the black box and all others out of it, then submit."""
    kind = _KINDS[view.match(r"Drag all (\w+) into")[1]]
    box = view.one("#shape-container")
    return _sort_shapes(view, lambda shape: box if shape.tag == kind else None, (box,))


def shapes_into_boxes(view: View) -> GuiAction:
    """Drag the shapes of a kind or colour into the left box and the others into the right one, then submit."""
    left, right = view.all("#shape-container")
    what = view.match(r"Drag all (\w+)( shapes)? into the left")
    kind = None if what[2] else _KINDS[what[1]]

    def home(shape: Element) -> Element:
        fits = shape.attributes["fill"] == what[1] if kind is None else shape.tag == kind
        return left if fits else right

    return _sort_shapes(view, home, (left, right))


def item_to_place(view: View) -> GuiAction:
    """Drag an item of a list to the place that is asked for."""
    name, way = view.match(r"Drag (\S+) (.+)\.").groups()
    items = view.all("#sortable li")
    place = [item.text for item in items].index(name)
    numbered = re.search(r"to the (\d)", way)
    goal = {"to the top": 0, "to the bottom": len(items) - 1, "down by one position": place + 1, "up by one position": place - 1}
    return _move_item(view, items, place, int(numbered[1]) - 1 if numbered else goal[way])


def item_in_grid(view: View) -> GuiAction:
    """Drag an item of a grid of three by three to the place that is asked for."""
    name, way = view.match(r"Drag (\S+) (.+)\.").groups()
    items = view.all("#sortable li")
    place = [item.text for item in items].index(name)
    steps = {"up by one": -3, "down by one": 3, "left by one": -1, "right by one": 1}
    if way in steps:
        return _move_in_grid(view, items, place, place + steps[way])
    words = way.removeprefix("to the ").split()
    rows, columns = {"top": 0, "center": 1, "bottom": 2}, {"left": 0, "center": 1, "right": 2}
    goal = 4 if words == ["center"] else 3 * rows[words[0]] + columns[words[1]]
    return _move_in_grid(view, items, place, goal)


def sorted_numbers(view: View) -> GuiAction:
    """Sort the numbers by dragging, the smallest that is out of place first, then submit."""
    items = view.all("#sortable li")
    numbers = [int(item.text) for item in items]
    for goal, number in enumerate(sorted(numbers)):
        if numbers[goal] != number:
            return _move_item(view, items, numbers.index(number, goal), goal)
    return submit(view)


def selected_text(view: View) -> GuiAction:
    """Select a text by dragging from its beginning to its end, then submit."""
    numbered = re.search(r"\d(st|nd|rd)", view.instruction)
    selector = "#randomText p" if numbered else "#randomText"
    place = ORDINALS[numbered[0]] if numbered else 0
    text, selected, ends = view.script(_ENDS % (selector, place))
    if "".join(selected.split()) == "".join(text.split()):
        return submit(view)
    name = f"the {numbered[0]} paragraph" if numbered else "the paragraph"
    (x0, y0), (x1, y1) = ends
    return view.drag((x0, y0), (x1, y1), f"Drag from the beginning to the end of {name}", view.all(selector)[place].rect)


def slider(view: View) -> GuiAction:
    """Set the slider to a number, then submit."""
    wanted = int(view.match(r"Select (-?\d+) with the slider")[1])
    return _set_slider(view, "#slider", wanted, "the slider") or submit(view)


def sliders(view: View) -> GuiAction:
    """Set three sliders to their numbers, then submit."""
    wanted = [int(number) for number in re.findall(r"-?\d+", view.match(r"combination \[(.*)\]")[1])]
    for number, value in enumerate(wanted, 1):
        action = _set_slider(view, f"#slider-{number}", value, f"slider {number}")
        if action is not None:
            return action
    return submit(view)


def slider_and_checkbox(view: View) -> GuiAction:
    """Set the slider, tick exactly the checkbox with the number, then submit."""
    value, numbered = view.match(r"Select (-?\d+) with the slider, click the (\w+) checkbox").groups()
    action = _set_slider(view, "#slider", int(value), "the slider")
    if action is not None:
        return action
    for (name, place), box in zip(ORDINALS.items(), view.all("#area input[type=checkbox]"), strict=False):
        if box.checked != (place == ORDINALS[numbered]):
            return view.click(box, f"the {name} checkbox")
    return submit(view)


def _set_slider(view: View, selector: str, wanted: int, name: str) -> GuiAction | None:
    value, low, high, upright = view.script(
        f"""(() => {{ const o = name => $('{selector}').slider('option', name);
        return [o('value'), o('min'), o('max'), o('orientation') === 'vertical']; }})()"""
    )
    if value == wanted:
        return None
    handle, track = view.one(f"{selector} .ui-slider-handle"), view.one(selector)
    steps = wanted - value
    length = track.rect[3] - track.rect[1] if upright else track.rect[2] - track.rect[0]
    shift = steps * length / (high - low)
    if abs(steps) > _KEY_STEPS and abs(shift) > 6:
        x, y = handle.middle
        end = (x, y - shift) if upright else (x + shift, y)
        return view.drag((x, y), end, f"Drag the handle of {name} towards {wanted}", handle.rect)
    if not handle.focused:
        return view.click(handle, f"the handle of {name}")
    key = "right" if steps > 0 else "left"
    many = min(abs(steps), 100)
    return press((key,) * many, f"Press the {key} arrow key {many} times to set {name} to {wanted}" if many > 1 else
                 f"Press the {key} arrow key to set {name} to {wanted}")  # fmt: skip


def _move_item(view: View, items: list[Element], place: int, goal: int) -> GuiAction:
    """Drag an item to another's place; the others give way once it is beyond their middle in the direction it moves."""
    past = 5 if goal > place else -5
    end = (items[goal].middle[0], items[goal].middle[1] + past)
    return view.drag(items[place].middle, end, f"Drag '{items[place].text}' to place {goal + 1}", items[place].rect)


def _move_in_grid(view: View, items: list[Element], place: int, goal: int) -> GuiAction:
    """Do the same in rows of three, where what moves right or down is put behind the item it is dropped on, else before it."""
    across = (goal % 3 > place % 3) - (goal % 3 < place % 3)
    # What moves up and to the right counts as moving right: it goes behind the item before the place.
    aim = goal - 1 if goal < place and across > 0 else goal
    (x, y), past = items[aim].middle, 5 if goal > place else -5
    return view.drag(items[place].middle, (x + 5 * across, y + past), f"Drag '{items[place].text}' to place {goal + 1}",
                     items[place].rect)  # fmt: skip


def _sort_shapes(view: View, home, boxes: tuple[Element, ...]) -> GuiAction:
    """Drag shapes to where they belong; `home` says in which box, None is outside of all boxes."""
    shapes = [shape for shape in view.all("#area_svg > *") if shape.id != "shape-container"]
    corners = view.script("""Array.from(document.querySelectorAll('#area_svg > :not(#shape-container)')).map(shape => {
        const at = shapes.gridCoords(shape); return [at.x, at.y]; })""")
    frames = {id(box): tuple(float(box.attributes[name]) for name in ("x", "y", "width", "height")) for box in boxes}
    left, top = view.one("#area_svg").rect[:2]
    kept: dict[int, int] = {}
    for shape, (x, y) in zip(shapes, corners, strict=True):
        inside = [box for box in boxes if _holds(frames[id(box)], x, y)]
        wanted = home(shape)
        words = f"the {shape.attributes['fill']} {_word(shape.tag)}"
        if wanted is None:
            if inside:
                end = _outside(view, frames[id(boxes[0])], (left, top), [other.middle for other in shapes if other is not shape])
                return view.drag(shape.middle, end, f"Drag {words} out of the box", shape.rect)
            continue
        if wanted in inside and len(inside) == 1:
            kept[id(wanted)] = kept.get(id(wanted), 0) + 1
            continue
        bx, by, width, height = frames[id(wanted)]
        # Beside those that are there already, so that none hides another.
        column = kept.get(id(wanted), 0)
        end = (left + bx + min(width - 12, 12 + 15 * (column % 4)), top + by + height / 2 + (8 if column >= 4 else 0))
        grip = shape.point or shape.middle
        return view.drag(grip, end, f"Drag {words} into the box", shape.rect)
    return submit(view)


def _holds(frame: tuple[float, float, float, float], x: float, y: float) -> bool:
    left, top, width, height = frame
    return left < x < left + width and top < y < top + height


def _outside(view: View, frame, corner, others) -> tuple[float, float]:
    """Return a free place outside of the box, CSS pixels."""
    left, top, width, height = frame
    free = [
        (corner[0] + x, corner[1] + y) for y in range(12, 130, 16) for x in range(12, 150, 16)
        if not (left - 16 < x < left + width + 16 and top - 16 < y < top + height + 16)
    ]  # fmt: skip
    return max(free, key=lambda place: min((abs(place[0] - x) + abs(place[1] - y) for x, y in others), default=0))


def _word(tag: str) -> str:
    return {"rect": "rectangle", "polygon": "triangle"}.get(tag, tag)


_ENDS = """(() => {
  const part = document.querySelectorAll('%s')[%d], range = document.createRange();
  range.selectNodeContents(part);
  const boxes = Array.from(range.getClientRects()).filter(box => box.width > 0);
  const first = boxes[0], last = boxes[boxes.length - 1];
  const ends = [[first.left + 0.5, (first.top + first.bottom) / 2], [last.right + 1, (last.top + last.bottom) / 2]];
  return [part.textContent, String(getSelection()), ends];
})()"""
