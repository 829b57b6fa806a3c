"""Benchmarks: many episodes, counted, with intervals; a run that was cut off goes on where it stopped.

`protocol` says what an episode is, `libero90` which episodes there are, `schedule` who runs which,
`pool` and `cluster` run them here or on Ray, `results` keeps them, `report` counts them.
"""

from __future__ import annotations

BENCHMARKS = {"libero-90": "the 90 LIBERO-90 tasks, simulated"}
"""Name -> what it is; the names that `omniactor evaluate` accepts."""
