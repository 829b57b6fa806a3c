"""Episodes on this machine: one simulator process per worker, driven from one thread each."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from omniactor.episode import EpisodeRequest, EpisodeResult
from omniactor.errors import OmniActorError
from omniactor.evaluate.libero90 import Plan
from omniactor.evaluate.results import Outcome
from omniactor.evaluate.schedule import Job, Schedule
from omniactor.worker import EpisodeWorker

STOP_SECONDS = 5.0  # for the episodes in flight to end after an interruption; then they are left to the exit


class Player(Protocol):
    """Plays one episode after the other."""

    def play(self, job: Job) -> Outcome | None:
        """Return the outcome, or None when the episode was cut off by `stop`."""
        ...

    def stop(self) -> None:
        """End the episode in flight soon; called from another thread."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


class EpisodePlayer:
    """Plays the episodes of a plan in a process of its own; whatever goes wrong there becomes an `error` outcome.

    Args:
        plan: what is evaluated.
        out: the results folder; needed for videos.
        videos: "none", "failures" or "all".
    """

    def __init__(self, plan: Plan, out: Path | None = None, videos: str = "none") -> None:
        """Start nothing yet."""
        self._plan, self._out, self._videos = plan, out, videos
        self._worker = EpisodeWorker()

    def play(self, job: Job) -> Outcome | None:
        """Run an episode; a dead or raising simulator is replaced for the next one."""
        request, began = self._plan.request(job), time.perf_counter()
        stem = f"task{job.task_id:02d}-episode{job.episode:02d}"
        try:
            if self._videos == "none":
                result = self._run(request)
                return result and self._plan.outcome(job, result, time.perf_counter() - began)
            folder = self._out / "videos"
            folder.mkdir(exist_ok=True)
            video, record = folder / f"{stem}.mp4", folder / f".{stem}.json"
            if self._videos == "all":
                result = self._run(replace(request, video=str(video)))
                return result and self._plan.outcome(job, result, time.perf_counter() - began, f"videos/{video.name}")
            try:
                result = self._run(replace(request, record=str(record)))
                seconds = time.perf_counter() - began
                if result is None or result.success:
                    return result and self._plan.outcome(job, result, seconds)
                problem = self._film(request, result, record, video)
                name = None if problem else f"videos/{video.name}"
                return self._plan.outcome(job, result, seconds, name, problem)
            finally:
                record.unlink(missing_ok=True)
        except (OmniActorError, OSError) as error:
            return self._plan.error(job, str(error), time.perf_counter() - began)

    def stop(self) -> None:
        """End the episode in flight after its present step."""
        self._worker.stop()

    def close(self) -> None:
        """End the simulator process."""
        self._worker.close()

    def _run(self, request: EpisodeRequest) -> EpisodeResult | None:
        for message in self._worker.run(request):
            result = message
        return None if result.stopped else result

    def _film(self, request: EpisodeRequest, result: EpisodeResult, record: Path, video: Path) -> str:
        """Simulate the recorded actions again with cameras on; return "" or why there is no video.

        Most episodes need no pictures, and rendering costs several times the physics. Repeating the
        actions, not the agent, shows the episode that failed even if the agent draws at random.
        """
        try:
            again = self._run(replace(request, agent=f"replay:{record}", video=str(video)))
        except OmniActorError as error:
            again, problem = None, f"no video: {error}"
        else:
            problem = "no video: stopped"
        if again is not None and (again.steps, again.goals) == (result.steps, result.goals):
            return ""
        video.unlink(missing_ok=True)
        return problem if again is None else "no video: the replay came out differently"


def run_here(schedule: Schedule, make_player: Callable[[], Player], workers: int) -> Iterator[Outcome]:
    """Run all jobs of `schedule` on `workers` processes, yielding outcomes as they come.

    Closing the generator early ends the episodes in flight; their outcomes are lost.
    """
    done: queue.SimpleQueue = queue.SimpleQueue()
    over = threading.Event()
    players: list[Player] = [make_player() for _ in range(workers)]

    def drive(player: Player) -> None:
        problem = None
        try:
            while not over.is_set() and (job := schedule.take(player)) is not None:
                outcome = player.play(job)
                if outcome is not None and not over.is_set():
                    done.put(outcome)
        except Exception as error:  # the edge of the thread: a mistake of ours is raised by the reader
            problem = error
        finally:
            player.close()
            done.put(problem)

    threads = [threading.Thread(target=drive, args=(player,), daemon=True) for player in players]
    try:
        for thread in threads:
            thread.start()
        running = len(threads)
        while running:
            outcome = done.get()
            if isinstance(outcome, Outcome):
                yield outcome
                continue
            running -= 1
            if outcome is not None:
                raise outcome
    finally:
        over.set()
        deadline = time.monotonic() + STOP_SECONDS
        for player in players:
            with contextlib.suppress(OSError, ValueError):
                player.stop()
        for thread in threads:
            if thread.is_alive():
                thread.join(timeout=max(0.0, deadline - time.monotonic()))
