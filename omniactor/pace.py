"""Which steps of an episode are drawn for whoever watches: fewer where drawing would hold up the arm."""

from __future__ import annotations

import time
from collections.abc import Callable

FEWEST = 6.0  # pictures a second: after a sixth of a second the next step is drawn however late it is
LAG = 1.0  # seconds behind that are still made good; what took longer, a machine that slept, is forgotten


class Pace:
    """Decides step by step whether to draw, so that an episode takes as many steps a second as it should.

    Without a GPU the cameras' pictures take longer than everything else. An episode that is behind its pace leaves
    pictures out until it has caught up, but not so many that nobody would see the arm move; one that is ahead is not
    held back, and draws no more than was asked for.
    """

    def __init__(self, every: int, steps_per_second: float = 0.0, clock: Callable[[], float] = time.perf_counter) -> None:
        """Draw every `every` steps (0: never), further apart while under `steps_per_second` (0: never mind)."""
        self._every, self._period, self._clock = every, 1.0 / steps_per_second if steps_per_second else 0.0, clock
        self._lag, self._before = 0.0, None
        self._drawn, self._drawn_at = 0, 0.0  # the step that was drawn last, and when

    def draws(self, index: int, looked_at: bool) -> bool:
        """Tell whether this step is drawn; to be asked once at every step, in order.

        Args:
            index: actions taken so far. The start, 0, is drawn and not timed: the GL context is made then.
            looked_at: the agent looks now, so that the pictures are there anyway.
        """
        if self._every <= 0:
            return False
        if not self._period:
            return index % self._every == 0
        now = self._clock()
        if self._before is not None:
            self._lag = min(max(self._lag + now - self._before - self._period, 0.0), LAG)
        self._before = now if index else None
        wanted = index - self._drawn >= self._every and (looked_at or self._lag <= self._period / 2)  # to the nearest step
        overdue = now - self._drawn_at >= 1.0 / FEWEST
        draw = index == 0 or wanted or overdue
        if draw:
            self._drawn, self._drawn_at = index, now
        return draw
