"""How alike two texts are, by the measures that published rules use."""

from __future__ import annotations

MAX_LETTERS = 1000
"""Of a text whose edits are counted; what goes beyond is cut off, since the time grows with the product of both lengths."""


def shared_words(predicted: str, recorded: str) -> float:
    """Return the F1 score of two sets of words, in lower case: 1 for the same words in any order, 0 for none in common."""
    said, meant = set(predicted.lower().split()), set(recorded.lower().split())
    common = len(said & meant)
    return 2 * common / (len(said) + len(meant)) if common else 0.0


def edit_distance(first: str, second: str) -> int:
    """Return how many letters must be put in, taken out or replaced (Levenshtein)."""
    first, second = sorted((first[:MAX_LETTERS], second[:MAX_LETTERS]), key=len)
    row = list(range(len(first) + 1))
    for down, letter in enumerate(second, 1):
        before, row[0] = row[0], down
        for across, other in enumerate(first, 1):
            before, row[across] = row[across], min(before + (letter != other), row[across] + 1, row[across - 1] + 1)
    return row[-1]


def similarity(first: str, second: str) -> float:
    """Return one minus the edits per letter of the longer text; 1 for two empty ones."""
    longest = max(len(first[:MAX_LETTERS]), len(second[:MAX_LETTERS]))
    return 1 - edit_distance(first, second) / longest if longest else 1.0


def within_each_other(first: str, second: str) -> bool:
    """Say whether one text is part of the other."""
    return first in second or second in first
