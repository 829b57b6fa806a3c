"""Keys as a browser's DevTools protocol takes them: pyautogui's names to key, code and number."""

from __future__ import annotations

from dataclasses import dataclass

from omniactor.actions.dialects.keys import pyautogui_name

MODIFIERS = {"alt": 1, "ctrl": 2, "win": 4, "shift": 8}
"""Name -> bit in the protocol's `modifiers`."""
_OTHER_NAMES = {"command": "ctrl", "option": "alt", "ctrlleft": "ctrl", "ctrlright": "ctrl", "shiftleft": "shift",
                "shiftright": "shift", "altleft": "alt", "altright": "alt", "winleft": "win", "winright": "win"}  # fmt: skip
_NAMED = {
    "enter": ("Enter", "Enter", 13), "tab": ("Tab", "Tab", 9), "backspace": ("Backspace", "Backspace", 8),
    "delete": ("Delete", "Delete", 46), "esc": ("Escape", "Escape", 27), "insert": ("Insert", "Insert", 45),
    "up": ("ArrowUp", "ArrowUp", 38), "down": ("ArrowDown", "ArrowDown", 40), "left": ("ArrowLeft", "ArrowLeft", 37),
    "right": ("ArrowRight", "ArrowRight", 39), "home": ("Home", "Home", 36), "end": ("End", "End", 35),
    "pageup": ("PageUp", "PageUp", 33), "pagedown": ("PageDown", "PageDown", 34), "shift": ("Shift", "ShiftLeft", 16),
    "ctrl": ("Control", "ControlLeft", 17), "alt": ("Alt", "AltLeft", 18), "win": ("Meta", "MetaLeft", 91),
    "capslock": ("CapsLock", "CapsLock", 20), "menu": ("ContextMenu", "ContextMenu", 93),
    **{f"f{number}": (f"F{number}", f"F{number}", 111 + number) for number in range(1, 13)},
}  # fmt: skip
# US layout: sign -> (code, number, needs shift)
_SIGNS = {
    " ": ("Space", 32, False), ";": ("Semicolon", 186, False), "=": ("Equal", 187, False), ",": ("Comma", 188, False),
    "-": ("Minus", 189, False), ".": ("Period", 190, False), "/": ("Slash", 191, False), "`": ("Backquote", 192, False),
    "[": ("BracketLeft", 219, False), "\\": ("Backslash", 220, False), "]": ("BracketRight", 221, False),
    "'": ("Quote", 222, False), ":": ("Semicolon", 186, True), "+": ("Equal", 187, True), "<": ("Comma", 188, True),
    "_": ("Minus", 189, True), ">": ("Period", 190, True), "?": ("Slash", 191, True), "~": ("Backquote", 192, True),
    "{": ("BracketLeft", 219, True), "|": ("Backslash", 220, True), "}": ("BracketRight", 221, True),
    '"': ("Quote", 222, True),
    **{sign: (f"Digit{digit}", 48 + digit, True) for digit, sign in enumerate(")!@#$%^&*(")},
}  # fmt: skip
# What a browser does with ctrl and a letter; key events alone do not edit, the protocol wants the command's name.
_COMMANDS = {"a": "selectAll", "c": "copy", "x": "cut", "v": "paste", "z": "undo", "y": "redo"}


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        key: the page's `event.key`.
        code: the page's `event.code`.
        number: the page's `event.keyCode`.
        text: what it types, "" for none.
        shift: it is printed on the upper half of its key.
    """

    key: str
    code: str
    number: int
    text: str = ""
    shift: bool = False

    def event(self, kind: str, modifiers: int = 0) -> dict:
        """Return the parameters of `Input.dispatchKeyEvent`; `kind` is "down" or "up"."""
        modifiers |= MODIFIERS["shift"] if self.shift else 0
        content = {
            "key": self.key, "code": self.code, "windowsVirtualKeyCode": self.number, "nativeVirtualKeyCode": self.number,
            "modifiers": modifiers,
        }  # fmt: skip
        if kind == "up":
            return {"type": "keyUp", **content}
        typed = self.text if not modifiers & ~MODIFIERS["shift"] else ""
        command = _COMMANDS.get(self.key.lower()) if modifiers == MODIFIERS["ctrl"] else None
        return {
            "type": "keyDown" if typed else "rawKeyDown", **content,
            **({"text": typed, "unmodifiedText": typed} if typed else {}), **({"commands": [command]} if command else {}),
        }  # fmt: skip


def find_key(name: str) -> Key | None:
    """Return the key of a name as pyautogui, web pages or X11 have it; None of an unknown one."""
    name = pyautogui_name(name)
    name = _OTHER_NAMES.get(name, name)
    if name in _NAMED:
        return Key(*_NAMED[name], text="\r" if name == "enter" else "")
    if len(name) != 1:
        return None
    if name in "\n\r":
        return find_key("enter")
    if name == "\t":
        return find_key("tab")
    if name in _SIGNS:
        code, number, shift = _SIGNS[name]
        return Key(name, code, number, name, shift)
    if name.isascii() and name.isalpha():
        return Key(name, f"Key{name.upper()}", ord(name.upper()), name, name.isupper())
    if name.isascii() and name.isdigit():
        return Key(name, f"Digit{name}", ord(name), name)
    return Key(name, "", 0, name)


def modifier(key: Key) -> int:
    """Return the key's bit in `modifiers`, 0 when it is none."""
    return {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}.get(key.key, 0)
