"""Work in a process of its own: a crash, a hang or a leak of the simulator cannot take others along.

The same care as `omniactor.worker`, for functions instead of episodes: the child dies with its parent,
a silent child is ended, an error comes back with its own class.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable

from omniactor.errors import WorkerError
from omniactor.worker import Failure, end_process

SILENCE_SECONDS = 300.0  # compiling a scene from LIBERO's own models on a busy machine takes tens of seconds
BEAT_SECONDS = 1.0


class Stopped(Exception):
    """The parent asked for the end."""


class Child:
    """One child process that calls functions, one at a time; started on first use."""

    def __init__(self, silence_seconds: float = SILENCE_SECONDS) -> None:
        """Start nothing yet."""
        self._silence = silence_seconds
        self._context = multiprocessing.get_context("spawn")
        self._process = self._pipe = None
        self._stop = self._context.Event()

    def call(self, function: Callable, *arguments):
        """Return `function(kept, beat, *arguments)`, called in the child; None when `stop` cut it off.

        `kept` is a dict that lives as long as the child; objects in it with a `close` are closed at
        the end. `beat()` shows that the child is alive and ends the call after `stop`.

        Raises:
            OmniActorError: whatever the function raised, with its own class.
            WorkerError: the child died, fell silent or failed otherwise; the next call starts a new one.
        """
        if self._process is None or not self._process.is_alive():
            self.close()
            self._pipe, theirs = self._context.Pipe()
            self._process = self._context.Process(target=_serve, args=(theirs, self._stop), daemon=True)
            self._process.start()
            theirs.close()
        try:
            self._pipe.send((function, arguments))
            while True:
                if not self._pipe.poll(self._silence):
                    self.close()
                    raise WorkerError(
                        f"expected a worker to answer within {self._silence:.0f} s, got silence; it was ended, run again"
                    )
                kind, content = self._pipe.recv()
                if kind == "result":
                    return content
                if kind == "error":
                    raise content.rebuild()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            self._process.join(timeout=2)
            status = self._process.exitcode
            self.close()
            raise WorkerError(f"expected a worker to go on, but its process ended (exit status {status}); run again") from error

    def stop(self) -> None:
        """End the running call at its next beat; safe from another thread."""
        self._stop.set()

    def close(self) -> None:
        """End the child; closing twice is fine."""
        process, self._process = self._process, None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if process is not None:
            end_process(process)


def _serve(pipe, stop) -> None:
    """Child: answer calls until the parent closes its end or dies."""
    kept: dict = {}
    last = 0.0

    def beat() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < BEAT_SECONDS:
            return
        last = now
        if stop.is_set():
            raise Stopped
        pipe.send(("beat", None))

    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        while True:
            function, arguments = pipe.recv()
            try:
                pipe.send(("result", function(kept, beat, *arguments)))
            except Stopped:
                pipe.send(("result", None))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                raise
            except Exception as error:  # the edge of the process: every error goes to the parent
                pipe.send(("error", Failure(error)))
    for thing in kept.values():
        if hasattr(thing, "close"):
            thing.close()
