"""Filling in text fields, ticking boxes, choosing options: what most forms are made of.

Every function returns the next action, or None when what it is for is done.
"""

from __future__ import annotations

from omniactor.experts.web.view import Element, View
from omniactor.types import GuiAction


def fill(view: View, field: Element, text: str, name: str = "text field") -> GuiAction | None:
    """Make a field hold exactly `text`: focus it, select what is wrong in it, type."""
    if field.value == text:
        return None
    if not field.focused:
        return view.click(field, f"the {name}")
    if field.value and field.selection[0] is None:  # such as a number's field, which does not say what is selected
        keys = ("end", *("backspace",) * min(99, len(field.value)))
        return GuiAction("press", keys=keys, description=f"Delete what is in the {name}")
    if field.value and not _all_selected(field):
        return GuiAction("hotkey", keys=("ctrl", "a"), description=f"Select everything in the {name}")
    if not text:
        return GuiAction("press", keys=("delete",), description=f"Delete what is in the {name}")
    return GuiAction("write", text=text, description=f"Type '{text}' into the {name}")


def fill_all(view: View, wanted: list[tuple[Element, str, str]]) -> GuiAction | None:
    """Fill in several fields, one after the other: (field, text, name)."""
    for field, text, name in wanted:
        action = fill(view, field, text, name)
        if action is not None:
            return action
    return None


def fill_and_submit(view: View, text: str, field: str = "#tt", button: str = "#subbtn", name: str = "text field") -> GuiAction:
    """Fill in one field and press a button."""
    return fill(view, view.one(field), text, name) or submit(view, button)


def submit(view: View, button: str = "#subbtn") -> GuiAction:
    """Press a button, called by its text."""
    element = view.one(button)
    return view.click(element, f"the button '{element.text}'" if element.text else "the button")


def tick(view: View, boxes: list[tuple[Element, str]], wanted: set[str]) -> GuiAction | None:
    """Make exactly the boxes with a name in `wanted` ticked: (box, name)."""
    for box, name in boxes:
        if box.checked != (name in wanted):
            return view.click(
                box, f"the checkbox '{name}'" if box.attributes.get("type") == "checkbox" else f"the option '{name}'"
            )
    return None


def _all_selected(field: Element) -> bool:
    start, end = field.selection
    return start == 0 and end == len(field.value)
