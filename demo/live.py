"""An episode that is read on a thread of its own, so that the page only ever shows the newest picture."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator

from demo.limits import LIMITS, Limits
from omniactor.episode import EpisodeRequest, EpisodeResult, Update
from omniactor.errors import OmniActorError, WorkerError


class LiveRun:
    """One episode in a worker, watched by at most one visitor.

    Attributes:
        request: what is run.
        actions: every action so far, in order.
        decisions: of a model, (number of the first action it led to, decision), in order.
        limits: the page's numbers.
        result: how it came out; None until it is over.
        stop_reason: why it was asked to stop, or "".
    """

    def __init__(self, worker, request: EpisodeRequest, limits: Limits = LIMITS) -> None:
        """Start reading at once."""
        self.request, self.actions, self.decisions = request, [], []
        self.result: EpisodeResult | None = None
        self.stop_reason = ""
        self._worker, self.limits = worker, limits
        self._newest: Update | None = None
        self._acting = 0.0  # when it began to act
        self._error: OmniActorError | None = None
        self._over = False
        self._news = threading.Condition()
        self._began = self._watched = time.monotonic()
        self._thread = threading.Thread(target=self._read, name="episode reader", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Tell whether the episode has ended, its files written."""
        return self._over

    @property
    def expert(self) -> str | None:
        """The branch of the model that decided last; None before, and of agents that are no models."""
        return self.decisions[-1][1].expert if self.decisions else None

    @property
    def pace(self) -> float | None:
        """Steps a second since the first picture; None before the first step."""
        return len(self.actions) / (time.monotonic() - self._acting) if self.actions else None

    @property
    def waited(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def stop(self, reason: str = "stopped") -> None:
        """Ask the episode to end after its present step."""
        self.stop_reason = self.stop_reason or reason
        self._worker.stop()

    def join(self, seconds: float) -> bool:
        """Wait until the episode is over; tell whether it is."""
        self._thread.join(seconds)
        return self._over

    def watch(self) -> Iterator[Update | None]:
        """Yield the newest update with a picture whenever there is one, at the page's pace; None while the scene is being built.

        Raises:
            OmniActorError: whatever ended the episode.
        """
        shown: Update | None = None
        pause = 1.0 / self.limits.pictures_per_second
        while True:
            began = time.monotonic()
            with self._news:
                self._watched = began
                if self._newest is shown and not self._over:
                    self._news.wait(timeout=1.0)
                newest, over = self._newest, self._over
            if newest is not shown or newest is None:
                shown = newest
                yield newest
                self._watched = time.monotonic()
            if over:
                break
            time.sleep(max(0.0, pause - (time.monotonic() - began)))
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            for message in self._worker.run(self.request):
                self._take(message)
                if self.stop_reason:
                    self._worker.stop()  # again: a stop before the worker began is forgotten by it
        except OmniActorError as error:
            self._error = error
        except Exception as error:  # the edge of the thread; whoever watches gets it
            traceback.print_exc()
            self._error = WorkerError(f"expected the episode to go on, got {type(error).__name__}; run again")
        finally:
            with self._news:
                self._over = True
                self._news.notify_all()

    def _take(self, message: Update | EpisodeResult) -> None:
        with self._news:
            if isinstance(message, EpisodeResult):
                self.result = message
                return
            self._acting = self._acting or time.monotonic()
            if message.action is not None:
                self.actions.append(message.action)
            if message.decision is not None:
                self.decisions.append((message.index, message.decision))
            if message.frame is not None:
                self._newest = message
                self._news.notify_all()
        now = time.monotonic()
        if now - self._watched > self.limits.unwatched_seconds:
            self.stop("nobody was watching")
        elif now - self._began > self.limits.run_seconds:
            self.stop(f"an episode may take {self.limits.run_seconds:.0f} s here")
