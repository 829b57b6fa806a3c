"""What people type: checked before anything else sees it, so that the reason for a refusal is one plain line.

A text that passes is Unicode that can be stored, drawn and shown to a model; what it says is not judged. That it
cannot pose as anything but text is the work of those who use it: the tokenizer (special tokens stay words) and the
page (markup stays words).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from omniactor.errors import InputError

MAX_LETTERS = 4000
"""Of an instruction, or of one earlier action."""
MAX_STEPS = 200
"""Earlier actions."""
MAX_HISTORY_LETTERS = 40_000
"""Of all earlier actions together."""


def check_instruction(text: object, what: str = "an instruction", most: int = MAX_LETTERS) -> str:
    """Return a typed text on one line.

    Raises:
        InputError: nothing in it, too long, no Unicode text, control characters, or the marker `<image>`.
    """
    line = check_line(text, what, most)
    if not any(letter.isprintable() and not letter.isspace() for letter in line):
        raise InputError(f"expected {what} in words, got nothing; type what is to be done")
    return line


def check_history(steps: object) -> tuple[str, ...]:
    """Return the actions done so far, each on one line; empty ones are left out.

    Raises:
        InputError: not a sequence of texts, too many, or one that `check_instruction` would refuse.
    """
    if isinstance(steps, str) or not isinstance(steps, Sequence):
        raise InputError(f"expected the earlier actions as a list of texts, got {type(steps).__name__}")
    if len(steps) > MAX_STEPS:
        raise InputError(f"expected at most {MAX_STEPS} earlier actions, got {len(steps)}; leave out the oldest")
    lines = [check_line(step, f"earlier action {number}", MAX_LETTERS) for number, step in enumerate(steps, 1)]
    if sum(map(len, lines)) > MAX_HISTORY_LETTERS:
        raise InputError(f"expected earlier actions of at most {MAX_HISTORY_LETTERS} characters in all, got more; shorten them")
    return tuple(line for line in lines if line)


def check_line(text: object, what: str, most: int = MAX_LETTERS) -> str:
    """Return a typed text on one line, which may be empty; `check_instruction` without that one demand."""
    if not isinstance(text, str):
        raise InputError(f"expected {what} as text, got {type(text).__name__}")
    if len(text) > most:
        raise InputError(f"expected {what} of at most {most} characters, got {len(text)}; shorten it")
    line = " ".join(text.split())
    for letter in line:
        kind = unicodedata.category(letter)
        if kind == "Cs":
            raise InputError(f"expected {what} as Unicode text, got half of a surrogate pair in it; type it again")
        if kind == "Cc":
            raise InputError(f"expected {what} without control characters, got U+{ord(letter):04X} in it; type it again")
    if "<image>" in line:
        raise InputError(f"expected {what} without the marker <image>, which stands for the picture; leave it out")
    return line
