"""Episodes on a Ray cluster: one actor per worker, each with a simulator process of its own.

Ray is optional and imported only here. Every node needs the same omniactor installation and assets;
a node where they differ is refused by name, because its episodes would not belong to the same result.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import socket
import time
from collections.abc import Callable, Iterator

from omniactor.errors import InputError, OmniActorError, SetupError
from omniactor.evaluate.libero90 import Plan
from omniactor.evaluate.pool import EpisodePlayer, Player
from omniactor.evaluate.results import Outcome
from omniactor.evaluate.schedule import Job, Schedule

RAY = "ray==2.60.0"
PROBE_SECONDS = 4.0
START_SECONDS = 180.0  # a node may have to load everything from a slow disk


class NodePlayer(EpisodePlayer):
    """An `EpisodePlayer` that first compares its node with the machine that asked.

    Args:
        plan: what is evaluated.
        versions: package -> version on the machine that asked.
    """

    def __init__(self, plan: Plan, versions: dict[str, str]) -> None:
        """Compare versions and assets.

        Raises:
            SetupError: this node would compute something else.
        """
        from omniactor.record import versions as versions_here
        from omniactor.sim.assets import resolve_assets

        for name, version in versions.items():
            if versions_here().get(name) != version:
                raise SetupError(f"expected {name} {version} as on the machine that asked, got {versions_here().get(name)}")
        found = resolve_assets(plan.assets).fingerprint
        if found != plan.fingerprint:
            raise SetupError(f"expected assets with fingerprint {plan.fingerprint} as on the machine that asked, got {found}")
        super().__init__(plan)


class Seat:
    """What runs as a Ray actor: holds a player, and answers in values rather than exceptions."""

    def __init__(self) -> None:
        """Wait for `start`."""
        self._player: Player | None = None

    def start(self, make_player: Callable[[], Player]) -> str:
        """Make the player; return "" or, in one line, why this node cannot be used."""
        try:
            self._player = make_player()
        except OmniActorError as error:
            return f"{socket.gethostname()}: {error}"
        return ""

    def play(self, job: Job) -> Outcome | None:
        """Run an episode."""
        return self._player.play(Job(*job))


def connect(address: str):
    """Connect to a cluster and return the `ray` module.

    Args:
        address: "HOST:PORT" of the head node, "auto" for the cluster this machine belongs to, or "local" for one of its own.

    Raises:
        SetupError: Ray is not installed, or no cluster answers.
        InputError: an address of another kind.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # silences a warning about a future default
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise SetupError(f"expected Ray for --ray, but it is not installed; run: pip install {RAY}") from error
    if address not in ("auto", "local"):
        host, colon, port = address.rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise InputError(f"expected --ray HOST:PORT, auto or local, got {address[:120]!r}; give the head node's address")
        try:  # Ray itself would wait for minutes
            socket.create_connection((host, int(port)), timeout=PROBE_SECONDS).close()
        except OSError as error:
            raise SetupError(f"expected a Ray cluster at {address}, got: {error}; start it with `ray start --head`") from error
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", ignore_reinit_error=True)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        line = " ".join(str(error).split())[:200]
        raise SetupError(f"expected a Ray cluster at {address}, got: {line}; start it with `ray start --head`") from error
    return ray


def run_on_cluster(
    ray, schedule: Schedule, make_player: Callable[[], Player], workers: int, lost: Callable[[Job, str, float], Outcome]
) -> Iterator[Outcome]:
    """Run all jobs of `schedule` on `workers` actors of one CPU each, yielding outcomes as they come.

    Args:
        ray: the connected module.
        schedule: what to run.
        make_player: makes an actor's player, on its node.
        workers: how many actors; those the cluster has no room for wait.
        lost: makes the outcome of an episode whose actor or node died: (job, reason, seconds).

    Raises:
        SetupError: a node refused, or the cluster has no CPU to give.
    """
    actor_class = ray.remote(num_cpus=1, max_restarts=0)(Seat)
    flying: dict = {}  # reference -> (actor, job or None while it starts, when)

    def seat() -> None:
        actor = actor_class.remote()
        flying[actor.start.remote(make_player)] = (actor, None, time.monotonic())

    try:
        for _ in range(workers):
            seat()
        while any(job for _, job, _ in flying.values()) or (len(schedule) and flying):
            ready, _ = ray.wait(list(flying), num_returns=1, timeout=START_SECONDS)
            if not ready:
                if not any(job for _, job, _ in flying.values()):
                    raise SetupError(
                        f"expected the Ray cluster to give a CPU within {START_SECONDS:.0f} s, got none; free one or add a node"
                    )
                continue
            actor, job, began = flying.pop(ready[0])
            try:
                answer = ray.get(ready[0])
            except ray.exceptions.RayError as error:
                reason = _reason(error, first=job is not None)
                if job is None:
                    raise SetupError(
                        f"expected a Ray worker to start, got: {reason}; omniactor must be installed on every node"
                    ) from error
                schedule.leave(actor)
                ray.kill(actor)
                yield lost(job, f"the Ray worker was lost ({reason})", time.monotonic() - began)
                seat()
                continue
            if job is None and answer:
                raise SetupError(f"a node of the cluster does not fit: {answer}")
            if job is not None and answer is not None:
                yield answer
            following = schedule.take(actor)
            if following is not None:
                flying[actor.play.remote(tuple(following))] = (actor, following, time.monotonic())
    finally:
        for actor, _, _ in flying.values():
            with contextlib.suppress(ray.exceptions.RayError):
                ray.kill(actor)


def _reason(error: Exception, first: bool) -> str:
    """Return one line of an error of Ray: the first says what happened, the last is the exception on the node."""
    lines = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0 if first else -1].strip()[:200]
