"""Benchmarks: many episodes, counted, with intervals; a run that was cut off goes on where it stopped.

Of LIBERO-90, `protocol` says what an episode is, `libero90` which episodes there are, `schedule` who runs which,
`pool` and `cluster` run them here or on Ray, `results` keeps them, `report` counts them. Of web pages, `miniwob` says which
episodes there are; the rest is the same.

Of recorded screens, `judgement` says what a rule is, with one file per rule, `screens` which steps there are, `asking` asks about
them, `screens_metrics` and `screens_report` count them.
"""

from __future__ import annotations

BENCHMARKS = {
    "libero-90": "the 90 LIBERO-90 tasks, simulated",
    "android-control": "AndroidControl, steps of recorded episodes, high or low level",
    "gui-odyssey": "GUI-Odyssey, steps of recorded episodes, high or low level",
    "screenspot": "ScreenSpot, v2 or Pro: find the thing that is meant",
    "miniwob": "MiniWoB++, live web pages",
    "episodes": "recorded episodes of any format that is read",
}
"""Name -> what it is; the names that `omniactor evaluate` accepts."""
