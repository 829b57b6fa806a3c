"""Names of keys: pyautogui's, which `GuiAction` uses, xdotool's and those of web pages."""

from __future__ import annotations

from omniactor.errors import ActionError

_XDOTOOL = {
    "enter": "Return", "esc": "Escape", "tab": "Tab", "backspace": "BackSpace", "delete": "Delete", "insert": "Insert",
    "up": "Up", "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End", "pageup": "Page_Up",
    "pagedown": "Page_Down", "win": "super", "capslock": "Caps_Lock", "printscreen": "Print", "menu": "Menu",
    " ": "space", "+": "plus", "-": "minus", "/": "slash", ".": "period", ",": "comma", "=": "equal",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}  # fmt: skip
_WEB = {
    "up": "ARROWUP", "down": "ARROWDOWN", "left": "ARROWLEFT", "right": "ARROWRIGHT", "win": "META", " ": "SPACE",
}  # fmt: skip
_SYNONYMS = {
    "return": "enter", "kp_enter": "enter", "escape": "esc", "control": "ctrl", "control_l": "ctrl", "control_r": "ctrl",
    "ctrl_l": "ctrl", "shift_l": "shift", "shift_r": "shift", "alt_l": "alt", "alt_r": "alt", "super": "win", "super_l": "win",
    "meta": "win", "windows": "win", "cmd": "command", "option": "option", "del": "delete", "ins": "insert",
    "page_up": "pageup", "pgup": "pageup", "prior": "pageup", "page_down": "pagedown", "pgdn": "pagedown", "next": "pagedown",
    "back_space": "backspace", "arrowup": "up", "arrowdown": "down", "arrowleft": "left", "arrowright": "right",
    "space": " ", "spacebar": " ", "plus": "+", "minus": "-", "slash": "/", "period": ".", "comma": ",", "equal": "=",
    "caps_lock": "capslock", "print": "printscreen",
}  # fmt: skip


def pyautogui_name(key: str) -> str:
    """Return pyautogui's name of a key that has any of the usual names."""
    return key if len(key) == 1 else _SYNONYMS.get(key.lower(), key.lower())


def xdotool_name(key: str) -> str:
    """Return the name that X11 and xdotool have for a key of pyautogui."""
    return _XDOTOOL.get(key, key)


def web_name(key: str) -> str:
    """Return the name in capitals that OpenAI's computer tool has for a key of pyautogui."""
    return _WEB.get(key, key.upper() if len(key) > 1 else key)


def read_keys(names: object) -> list[str]:
    """Return pyautogui's names for the keys a model named.

    Beside other keys a capital letter is the key that it is printed on: CTRL and A, not the shift key too.

    Raises:
        ActionError: not a list of names.
    """
    if not isinstance(names, list) or not names or len(names) > 100 or not all(isinstance(name, str) and name for name in names):
        raise ActionError(f"expected keys as a list of names, got a {type(names).__name__}")
    return [pyautogui_name(name.lower() if len(names) > 1 else name) for name in names]
