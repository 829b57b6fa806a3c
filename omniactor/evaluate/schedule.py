"""Who runs which episode next: a task stays on one worker, until workers would be idle."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Iterable
from typing import NamedTuple


class Job(NamedTuple):
    """One episode: the task's id and the episode's number, from 0."""

    task_id: int
    episode: int


class Schedule:
    """Hands out jobs; safe to call from several threads.

    A worker keeps a compiled scene while the task stays the same, so a worker goes on with its task,
    then takes the longest task nobody has begun, and at the end helps with the task that has most
    episodes left. The last episode of a task is never taken from the worker that has its scene.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        """Sort the jobs by task."""
        self._lock = threading.Lock()
        self._waiting: dict[int, deque[Job]] = {}
        for job in jobs:
            self._waiting.setdefault(job.task_id, deque()).append(job)
        self._begun: dict[Hashable, int] = {}  # worker -> task whose scene it has

    def take(self, worker: Hashable) -> Job | None:
        """Return the next job for `worker`, or None when there is nothing more for it."""
        with self._lock:
            own = self._waiting.get(self._begun.get(worker))
            if own:
                return own.popleft()
            begun = set(self._begun.values())
            fresh = [task for task, jobs in self._waiting.items() if jobs and task not in begun]
            shared = [task for task, jobs in self._waiting.items() if len(jobs) > 1]
            if not fresh and not shared:
                return None
            task = max(fresh or shared, key=lambda task: len(self._waiting[task]))  # the first of equals: given order
            self._begun[worker] = task
            return self._waiting[task].popleft() if fresh else self._waiting[task].pop()

    def leave(self, worker: Hashable) -> None:
        """Forget a worker that is gone; its task is open for others again."""
        with self._lock:
            self._begun.pop(worker, None)

    def __len__(self) -> int:
        """Return how many jobs nobody has taken yet."""
        with self._lock:
            return sum(map(len, self._waiting.values()))
