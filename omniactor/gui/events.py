"""GUI actions as real mouse and keyboard events on a page, by coordinates alone."""

from __future__ import annotations

import json

from omniactor.gui.browser import Tab
from omniactor.gui.keyboard import find_key, modifier
from omniactor.types import GuiAction

MOVES = 6
"""Places between the ends of a drag at which the page sees the pointer."""
LONG_PRESS_SECONDS, WAIT_SECONDS = 1.0, 1.0
MAX_SECONDS = 60.0
"""Of the page's time in one action: what is asked for beyond it is not waited for."""
MAX_TEXT = 5_000
"""Letters typed by one action; what is longer is cut."""
_BUTTONS = {"left": 1, "right": 2, "middle": 4}
_CLICKS = {
    "click": ("left", 1), "double_click": ("left", 2), "triple_click": ("left", 3), "right_click": ("right", 1),
    "middle_click": ("middle", 1),
}  # fmt: skip
# A list is opened by Chromium in a window of its own, which no screenshot shows: the option is reached with arrow keys.
_FIND_LIST = """(() => {
  const found = document.elementFromPoint(%f, %f);
  const list = found && (found.closest('select') || (found.closest('label') || {}).control);
  if (!list || list.tagName !== 'SELECT') return null;
  const wanted = %s;
  const options = Array.from(list.options).filter(option => !option.disabled);
  const plain = text => text.replace(/\\s+/g, ' ').trim().toLowerCase();
  const place = options.findIndex(option => plain(option.text) === plain(wanted));
  list.focus();
  return {steps: place < 0 ? null : place - options.findIndex(option => option.selected), empty: list.selectedIndex < 0};
})()"""

_SELECTED = """(() => {
  const field = document.activeElement;
  if (!field || typeof field.selectionStart !== 'number') return String(getSelection());
  return field.type === 'password' ? '' : field.value.substring(field.selectionStart, field.selectionEnd);
})()"""


def perform(tab: Tab, action: GuiAction, width: int, height: int) -> str:
    """Do an action on a page.

    Args:
        tab: the page.
        action: what to do; its points are fractions of the area.
        width: of the area that the agent sees, from the page's upper left corner, CSS pixels.
        height: likewise.

    Returns:
        "" or, in one line, why nothing was done.

    Raises:
        BrowserError: the page hangs or crashed.
    """
    place = None if action.point is None else _pixels(action.point, width, height)
    kind = action.kind
    if kind in _CLICKS:
        _click(tab, place or tab.pointer, *_CLICKS[kind])
    elif kind == "long_press":
        _press(tab, place)
        tab.run(min(MAX_SECONDS, LONG_PRESS_SECONDS if action.seconds is None else action.seconds))
        _release(tab)
    elif kind == "move":
        _move(tab, place)
    elif kind == "drag":
        _drag(tab, place or tab.pointer, _pixels(action.end, width, height))
    elif kind == "swipe":
        end = _pixels(action.end, width, height)
        _wheel(tab, place, place[0] - end[0], place[1] - end[1])
    elif kind == "scroll":
        vertical = action.axis != "horizontal"
        across, down = (0.0, -action.pages * height) if vertical else (action.pages * width, 0.0)
        _wheel(tab, place or (width / 2, height / 2), across, down)
    elif kind == "write":
        _write(tab, action.text[:MAX_TEXT])
    elif kind in ("press", "hotkey"):
        return _keys(tab, action)
    elif kind == "select":
        return _select(tab, place, action.text)
    elif kind == "wait":
        tab.run(min(MAX_SECONDS, WAIT_SECONDS if action.seconds is None else action.seconds))
    else:
        return f"{kind} means nothing on a web page"
    return ""


def _pixels(point: tuple[float, float], width: int, height: int) -> tuple[float, float]:
    """Return CSS pixels; 1.0 is the last pixel, since the one after it is outside."""
    return min(point[0] * width, width - 0.5), min(point[1] * height, height - 0.5)


def _mouse(tab: Tab, kind: str, place: tuple[float, float], **parameters) -> None:
    tab.pointer = place
    tab.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], **parameters)


def _move(tab: Tab, place: tuple[float, float], button: str = "none") -> None:
    _mouse(tab, "mouseMoved", place, button=button, buttons=_BUTTONS.get(button, 0))


def _press(tab: Tab, place: tuple[float, float], button: str = "left", clicks: int = 1) -> None:
    _move(tab, place)
    tab.draw()  # what is under the pointer may look different and be of another size, before a person's finger is down
    _mouse(tab, "mousePressed", place, button=button, buttons=_BUTTONS[button], clickCount=clicks)


def _release(tab: Tab, button: str = "left", clicks: int = 1) -> None:
    _mouse(tab, "mouseReleased", tab.pointer, button=button, buttons=0, clickCount=clicks)


def _click(tab: Tab, place: tuple[float, float], button: str, times: int) -> None:
    for clicks in range(1, times + 1):
        _press(tab, place, button, clicks)
        _release(tab, button, clicks)


def _drag(tab: Tab, start: tuple[float, float], end: tuple[float, float]) -> None:
    tab.drags.clear()
    _press(tab, start)
    for number in range(1, MOVES + 1):
        share = number / MOVES
        place = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
        _move(tab, place, "left")
    _move(tab, end, "left")
    for data in tab.drags[-1:]:  # the page's own drag and drop: Chromium left the rest of it to us
        for kind in ("dragEnter", "dragOver", "drop"):
            tab.call("Input.dispatchDragEvent", type=kind, x=end[0], y=end[1], data=data)
    _release(tab)


def _wheel(tab: Tab, place: tuple[float, float], across: float, down: float) -> None:
    _move(tab, place)
    _mouse(tab, "mouseWheel", place, deltaX=across, deltaY=down)


def _stroke(tab: Tab, name: str, modifiers: int = 0) -> bool:
    key = find_key(name)
    if key is None:
        return False
    tab.browser.send("Input.dispatchKeyEvent", tab.session, keep=False, **key.event("down", modifiers))
    tab.call("Input.dispatchKeyEvent", **key.event("up", modifiers))
    return True


def _write(tab: Tab, text: str) -> None:
    for letter in text.replace("\r\n", "\n"):
        if letter.isascii():
            _stroke(tab, letter)
        else:  # on no key of this keyboard: as an input method enters it
            tab.call("Input.insertText", text=letter)


def _keys(tab: Tab, action: GuiAction) -> str:
    keys = [find_key(name) for name in action.keys]
    if None in keys:
        return f"no keyboard has the key {action.keys[keys.index(None)]}"
    if action.kind == "press":
        for name in action.keys:
            _stroke(tab, name)
        return ""
    if action.keys[-1].lower() in ("c", "x", "insert", "delete"):
        tab.copied = str(tab.evaluate(_SELECTED)) or tab.copied
        tab.browser.copied = True
    held, down = 0, []
    for key in keys:
        held |= modifier(key)
        tab.call("Input.dispatchKeyEvent", **key.event("down", held))
        down.append(key)
    for key in reversed(down):
        held &= ~modifier(key)
        tab.call("Input.dispatchKeyEvent", **key.event("up", held))
    return ""


def _select(tab: Tab, place: tuple[float, float], text: str) -> str:
    tab.pointer = place
    found = tab.evaluate(_FIND_LIST % (*place, json.dumps(text)))
    if found is None:
        return "there is no list of options at this place"
    if found["steps"] is None:
        return f"the list has no option {text[:60]!r}"
    for _ in range(abs(found["steps"])):
        _stroke(tab, "down" if found["steps"] > 0 else "up")
    return ""
