"""Episodes in a process of their own: a crash, a hang or a leak of the simulator cannot take others along.

The parent sends requests and reads updates; the child owns the scene and the GL context (one per
process, on one thread). Covered: a child that dies, hangs or raises; a caller that stops reading; a
parent that dies. Not covered: a machine out of memory that kills the parent.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import time
import traceback
from collections.abc import Iterator

from omniactor import errors
from omniactor.episode import EpisodeRequest, EpisodeResult, Update
from omniactor.errors import OmniActorError, WorkerError

SILENCE_SECONDS = 180.0  # building a scene from LIBERO's own models on a busy machine takes 10-20
FINISH_SECONDS = 20.0  # for writing the video after a stop


class EpisodeWorker:
    """One child process that runs episodes, one at a time; started on first use."""

    def __init__(self, silence_seconds: float = SILENCE_SECONDS) -> None:
        """Start nothing yet."""
        self._silence = silence_seconds
        self._context = multiprocessing.get_context("spawn")
        self._process = self._pipe = self._stop = None

    @property
    def alive(self) -> bool:
        """Tell whether the child is running."""
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        """Start the child and let it load its libraries, so that the first episode begins sooner."""
        if self.alive:
            return
        self.close()
        self._stop = self._context.Event()
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self._stop), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, request: EpisodeRequest) -> Iterator[Update | EpisodeResult]:
        """Run one episode in the child; same contract as `EpisodeRunner.run`.

        Closing the generator early stops the episode and waits until its files are written.

        Raises:
            OmniActorError: whatever the episode raised, with its own class.
            WorkerError: the child died or fell silent; it is gone, and the next run starts a new one.
        """
        self.start()
        self._stop.clear()
        finished = False
        try:
            self._pipe.send(request)
            while not finished:
                message = self._receive(self._silence)
                finished = isinstance(message, (EpisodeResult, Failure))
                if isinstance(message, Failure):
                    raise message.rebuild()
                yield message
        except (BrokenPipeError, ConnectionResetError) as error:
            finished = True
            raise self._died() from error
        except WorkerError:
            finished = True
            raise
        finally:
            if not finished:
                self._finish()

    def stop(self) -> None:
        """Ask the running episode to end after its present step; `run` then yields its result."""
        if self._stop is not None:
            self._stop.set()

    def close(self) -> None:
        """End the child; closing twice is fine."""
        process, self._process = self._process, None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if process is not None:
            end_process(process)

    def _receive(self, seconds: float):
        if not self._pipe.poll(seconds):
            self.close()
            raise WorkerError(f"expected the simulator to answer within {seconds:.0f} s, got silence; it was ended, run again")
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError) as error:
            raise self._died() from error

    def _died(self) -> WorkerError:
        process = self._process
        if process is not None:
            process.join(timeout=2)
        status = getattr(process, "exitcode", None)
        self.close()
        return WorkerError(f"expected the simulator to go on, but its process ended (exit status {status}); run again")

    def _finish(self) -> None:
        """Stop an episode that nobody reads any more and wait until its files are on disk."""
        self.stop()
        deadline = time.monotonic() + FINISH_SECONDS
        with contextlib.suppress(OmniActorError, OSError):
            while time.monotonic() < deadline:
                if isinstance(self._receive(max(0.1, deadline - time.monotonic())), (EpisodeResult, Failure)):
                    return
        self.close()


def end_process(process) -> None:
    """End a child whose pipe is closed: let it go, ask it to go, make it go."""
    process.join(timeout=0.5)
    for insist in (process.terminate, process.kill):
        if process.is_alive():
            insist()
            process.join(timeout=3)


class Failure:
    """An exception on its way through the pipe: class name and message, never the object itself."""

    def __init__(self, error: BaseException) -> None:
        self.name = type(error).__name__
        self.message = str(error)
        self.trace = "" if isinstance(error, OmniActorError) else traceback.format_exc()

    def rebuild(self) -> OmniActorError:
        """Return the error as its own class; one that is not ours becomes a WorkerError, its trace goes to stderr."""
        known = getattr(errors, self.name, None)
        if isinstance(known, type) and issubclass(known, OmniActorError):
            return known(self.message)
        print(self.trace, file=sys.stderr, flush=True)  # for whoever runs the server; people get one line
        return WorkerError(f"a worker failed ({self.name}: {self.message[:200]}); the server's log has the details")


def _serve(pipe, stop) -> None:
    """Child: run requests until the parent closes its end."""
    from omniactor.episode import EpisodeRunner

    runner = EpisodeRunner()
    with contextlib.suppress(OmniActorError, ImportError):
        from omniactor.sim import libero  # noqa: F401 - load the heavy libraries before the first request
    try:
        while True:
            request = pipe.recv()
            try:
                for message in runner.run(request, stop=stop.is_set):
                    pipe.send(message)
            except (BrokenPipeError, EOFError):
                raise
            except Exception as error:  # the edge of the process: every error goes to the parent
                runner.close()
                pipe.send(Failure(error))
    except (EOFError, OSError, KeyboardInterrupt):
        pass
    finally:
        runner.close()
