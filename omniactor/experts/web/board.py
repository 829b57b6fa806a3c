"""Tic-tac-toe: the best move by looking at everything that can follow."""

from __future__ import annotations

import functools

from omniactor.experts.web.view import View
from omniactor.types import GuiAction

_LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
_CORNERS_FIRST = (4, 0, 2, 6, 8, 1, 3, 5, 7)


def tic_tac_toe(view: View) -> GuiAction:
    """Click the free square that wins soonest against an opponent who often plays at random."""
    squares = view.all(".ttt-row span")
    state = tuple(1 if "mark-x" in square.classes else -1 if "mark-o" in square.classes else 0 for square in squares)
    free = [place for place in _CORNERS_FIRST if not state[place]]
    best = max(free, key=lambda place: _after(_with(state, place, 1)))
    return view.click(squares[best], f"square {best + 1}")


def _with(state: tuple[int, ...], place: int, mark: int) -> tuple[int, ...]:
    return (*state[:place], mark, *state[place + 1 :])


def _winner(state: tuple[int, ...]) -> int:
    return next((state[a] for a, b, c in _LINES if state[a] and state[a] == state[b] == state[c]), 0)


@functools.cache
def _after(state: tuple[int, ...]) -> float:
    """Return the chance of winning after our move, the opponent playing well or at random with equal chance."""
    if _winner(state) == 1:
        return 1.0
    free = [place for place, mark in enumerate(state) if not mark]
    if not free:
        return 0.0
    answers = []
    for place in free:
        later = _with(state, place, -1)
        own = [other for other in free if other != place]
        answers.append(0.0 if _winner(later) or not own else max(_after(_with(later, other, 1)) for other in own))
    return 0.5 * min(answers) + 0.5 * sum(answers) / len(answers)
