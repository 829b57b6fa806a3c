"""Function calls and other literals read from text, such as `click(x=0.5, y=[1, 2])`: taken apart, never run."""

from __future__ import annotations

import re
from typing import NamedTuple

from omniactor.errors import ActionError

Value = int | float | str | bool | None | list | dict

_NAME = re.compile(r"[A-Za-z_][\w.]{0,80}")
_SPACE = re.compile(r"\s*")
_KEYWORD = re.compile(r"([A-Za-z_]\w{0,80})\s*=(?!=)\s*")
# A number longer than this is no coordinate, and converting a million digits takes time.
_NUMBER = re.compile(r"[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,3})?(?![\w.])")
_STRING = re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'|\"([^\"\\]*(?:\\.[^\"\\]*)*)\"", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "\n": ""}
_WORDS = {"True": True, "true": True, "False": False, "false": False, "None": None, "null": None}
_CLOSING = {"[": "]", "(": ")"}
_DEPTH = 4


class Call(NamedTuple):
    """A call that was read.

    Attributes:
        name: what is called, with its dots.
        positional: the arguments without a name, in order.
        named: the arguments with a name.
        end: where in the text the call ended.
    """

    name: str
    positional: list[Value]
    named: dict[str, Value]
    end: int


def read_call(text: str, start: int = 0) -> Call:
    """Return the call that begins at `start` (leading space allowed). Takes time linear in the text.

    Raises:
        ActionError: there is no call, or it is not closed, or an argument is not a literal.
    """
    at = _skip(text, start)
    name = _NAME.match(text, at)
    at = _skip(text, name.end()) if name else at
    if not name or text[at : at + 1] != "(":
        raise ActionError(f"expected a call such as pyautogui.click(x=0.5, y=0.5), got {excerpt(text, start)}")
    positional: list[Value] = []
    named: dict[str, Value] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != ")":
        keyword = _KEYWORD.match(text, at)
        value, at = read_value(text, keyword.end() if keyword else at)
        if keyword and keyword[1] in named:
            raise ActionError(f"expected every argument of {name[0]} once, got {keyword[1]} again")
        if keyword:
            named[keyword[1]] = value
        elif named:
            raise ActionError(f"expected named arguments of {name[0]} last, got {excerpt(repr(value))} after them")
        else:
            positional.append(value)
        at = _next(text, at, ")")
    return Call(name[0], positional, named, at + 1)


def read_value(text: str, at: int = 0, depth: int = _DEPTH) -> tuple[Value, int]:
    """Return the literal that begins at `at`, and where it ends: number, text, list, tuple (as a list), dict or None.

    Raises:
        ActionError: there is none, or lists and dicts stand more than `depth` inside each other.
    """
    if string := _STRING.match(text, at):
        return unescape(string[1] if string[1] is not None else string[2]), string.end()
    if number := _NUMBER.match(text, at):
        digits = number[0]
        return (int(digits) if digits.lstrip("+-").isdigit() else float(digits)), number.end()
    opening = text[at : at + 1]
    if opening in ("[", "(") and depth:
        return _read_list(text, at, _CLOSING[opening], depth)
    if opening == "{" and depth:
        return _read_dict(text, at, depth)
    word = _NAME.match(text, at)
    if word and word[0] in _WORDS:
        return _WORDS[word[0]], word.end()
    raise ActionError(f"expected a number, a quoted text or a list as argument, got {excerpt(text, at)}")


def quote(text: str) -> str:
    """Return `text` as a literal in single quotes that `read_call` reads back exactly, on one line."""
    return "'" + "".join(_escape(letter) for letter in text) + "'"


def unescape(text: str) -> str:
    """Return the body of a string literal with its escapes resolved; unknown escapes stay as they are."""
    if "\\" not in text:
        return text
    text = _ESCAPE.sub(_resolve, text)
    # JSON writes what lies beyond 16 bits as two escapes; together they are one letter.
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


def excerpt(text: str, start: int = 0) -> str:
    """Return what stands at `start`, quoted and short enough for a message."""
    return repr(text[start : start + 60] + ("..." if len(text) > start + 60 else "")) if text[start:] else "nothing"


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()


def _next(text: str, at: int, closing: str) -> int:
    """Return where the next argument begins, or where `closing` stands."""
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        return _skip(text, at + 1)
    if text[at : at + 1] == closing:
        return at
    raise ActionError(f"expected ',' or '{closing}' in a call, got {excerpt(text, at)}")


def _read_list(text: str, at: int, closing: str, depth: int) -> tuple[list, int]:
    items: list[Value] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != closing:
        item, at = read_value(text, at, depth - 1)
        items.append(item)
        at = _next(text, at, closing)
    return items, at + 1


def _read_dict(text: str, at: int, depth: int) -> tuple[dict, int]:
    entries: dict[str, Value] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = read_value(text, at, 0)
        at = _skip(text, at)
        if not isinstance(key, str) or text[at : at + 1] != ":":
            raise ActionError(f"expected a quoted name and ':' in a dictionary, got {excerpt(text, at)}")
        entries[key], at = read_value(text, _skip(text, at + 1), depth - 1)
        at = _next(text, at, "}")
    return entries, at + 1


def _escape(letter: str) -> str:
    if letter in "\\'":
        return "\\" + letter
    if letter.isprintable():
        return letter
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(letter)
    return known.get(letter) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")


def _resolve(match: re.Match) -> str:
    digits = match[1] or match[2] or match[3]
    if digits:
        code = int(digits, 16)
        return chr(code) if code < 0x110000 else match[0]
    return _LETTERS.get(match[4], match[0])
