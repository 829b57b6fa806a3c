"""How an episode of LIBERO is evaluated: published protocols by name.

Rates measured under different protocols are not comparable, so the protocol is part of every result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from omniactor.errors import InputError

STARTS = ("published", "fresh")
FIRST_FRESH_SEED = 1_000_000  # far from the small seeds that demonstrations and tests are drawn from


@dataclass(frozen=True)
class Protocol:
    """One way to evaluate.

    Attributes:
        name: what `--protocol` calls it.
        episodes: per task.
        max_steps: actions (0.05 s each) after which an episode has failed.
        settle_steps: zero actions run before the agent sees anything, so that objects land.
        starts: "published" (episode i starts from LIBERO's initial state i) or "fresh" (drawn from seed 1,000,000 + i).
        origin: whose it is, and where ours differs.
    """

    name: str
    episodes: int
    max_steps: int
    settle_steps: int
    starts: str = "published"
    origin: str = ""

    def start(self, episode: int) -> tuple[int | None, int | None]:
        """Return (initial state, seed) of an episode; one of them is None.

        With a published state the seed is left to the environment, which then places the fixtures
        (they are not part of LIBERO's states) from seed 0: every episode of a task has the same ones.
        """
        return (episode, None) if self.starts == "published" else (None, FIRST_FRESH_SEED + episode)


PROTOCOLS = {
    "paper": Protocol("paper", 20, 400, 5, origin="OmniActor, arXiv 2509.02322: 20 trials, 400 steps; settling as in LIBERO"),
    "libero": Protocol("libero", 20, 600, 5, origin="LIBERO, lifelong/metric.py: 20 trials, 600 steps, 5 zero actions"),
    "openvla": Protocol(
        "openvla", 50, 400, 10, origin="OpenVLA: 50 trials, 400 steps, 10 settle steps (theirs open the gripper, ours hold it)"
    ),
}
"""Name -> protocol."""


def choose(name: str, starts: str | None = None, episodes: int | None = None, max_steps: int | None = None) -> Protocol:
    """Return a protocol by name, with what was asked for otherwise.

    Raises:
        InputError: unknown name, or a number below 1.
    """
    if name not in PROTOCOLS:
        raise InputError(f"expected --protocol {', '.join(PROTOCOLS)}, got {name[:120]!r}; choose one of them")
    if starts is not None and starts not in STARTS:
        raise InputError(f"expected --starts {' or '.join(STARTS)}, got {starts[:120]!r}; choose one of them")
    if episodes is not None and episodes < 1:
        raise InputError(f"expected at least 1 episode per task, got {episodes}; give --episodes a number from 1")
    if max_steps is not None and max_steps < 1:
        raise InputError(f"expected at least 1 step, got {max_steps}; give --max-steps a number from 1")
    asked = {"starts": starts, "episodes": episodes, "max_steps": max_steps}
    return replace(PROTOCOLS[name], **{key: value for key, value in asked.items() if value is not None})
