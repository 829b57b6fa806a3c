"""Who has which simulator: one per visitor, capped, closed when the visitor leaves or falls idle."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from demo.limits import LIMITS, Limits
from demo.live import LiveRun
from omniactor.episode import EpisodeRequest
from omniactor.errors import InputError, OmniActorError
from omniactor.worker import EpisodeWorker

END_SECONDS = 25.0  # for an episode to write its files


class BusyError(OmniActorError):
    """Every simulator of this server is taken."""


class Session:
    """What one visitor holds: a folder for files, a simulator once something was run, the present episode."""

    def __init__(self, folder: Path) -> None:
        """Hold nothing yet."""
        self.folder = folder
        self.worker = None
        self.live: LiveRun | None = None
        self.used = time.monotonic()

    @property
    def running(self) -> bool:
        """Tell whether an episode is under way."""
        return self.live is not None and not self.live.over

    @property
    def screens(self) -> Path:
        """Return the folder for what belongs to no run; it stays until the visitor leaves or falls idle."""
        return self.folder / "screens"

    def remove_files(self) -> None:
        """Remove everything of this visitor."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_runs(self, tab: str) -> None:
        """Remove everything this visitor's runs on a tab wrote."""
        shutil.rmtree(self.folder / tab, ignore_errors=True)

    def keep_files(self, kept: Path, most: int) -> None:
        """Move video and record of the present episode into `kept`, where the newest `most` episodes stay."""
        stem = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(3)
        for path in (Path(self.live.request.video), Path(self.live.request.record)):
            if path.is_file():
                kept.mkdir(parents=True, exist_ok=True)
                shutil.move(path, kept / f"{stem}{path.suffix}")
        stems = sorted({path.stem for path in kept.glob("*-*-*.*")})
        for old in stems[: max(0, len(stems) - most)]:
            for path in kept.glob(f"{old}.*"):
                path.unlink(missing_ok=True)

    def new_folder(self, tab: str) -> Path:
        """Return a new folder for one run on a tab and remove those of earlier ones there."""
        self.remove_runs(tab)
        folder = self.folder / tab / secrets.token_hex(4)
        folder.mkdir(parents=True)
        return folder


class SessionStore:
    """All sessions of this server.

    Args:
        root: where visitors' folders go; must be a folder that Gradio may serve from.
        limits: the numbers.
        make_worker: makes a simulator process; tests give a fake.
        kept: folder for episodes whose page was closed while they ran; None keeps none.
    """

    def __init__(
        self,
        root: Path,
        limits: Limits = LIMITS,
        make_worker: Callable[[], EpisodeWorker] = EpisodeWorker,
        kept: Path | None = None,
    ) -> None:
        """Open an empty store; nothing starts yet."""
        self.limits, self._make_worker, self._kept = limits, make_worker, kept
        _remove_leftovers(Path(root))
        self._root = Path(root) / f"omniactor-{os.getpid()}-{secrets.token_hex(8)}"
        self._sessions: dict[str, Session] = {}
        self._called_off: set[str] = set()
        self._spare = None
        self._warming = False
        self._warm_request: EpisodeRequest | None = None
        self._lock = threading.RLock()
        self._closed = threading.Event()
        atexit.register(self.close_all)

    @property
    def simulators(self) -> int:
        """Number of simulators given out or spare."""
        with self._lock:
            given = sum(session.worker is not None for session in self._sessions.values())
            return given + (self._spare is not None) + self._warming

    def get(self, key: str) -> Session | None:
        """Return the session of a visitor, or None."""
        with self._lock:
            return self._sessions.get(key)

    def start(self, key: str, make_request: Callable[[Path], EpisodeRequest], tab: str = "arm") -> LiveRun:
        """Start an episode for a visitor.

        Args:
            key: the visitor.
            make_request: gets the folder for this episode's files.
            tab: where it is shown; what was shown on the visitor's other tabs stays.

        Raises:
            InputError: the visitor has one running already.
            BusyError: no simulator is free.
        """
        with self._lock:
            session = self._sessions.get(key) or Session(self._root / secrets.token_hex(16))
            if session.running:
                raise InputError("An episode of yours is still running; press Stop first.")
            try:
                request = make_request(session.new_folder(tab))
                session.worker = session.worker or self._take_worker()
            except OmniActorError:
                session.remove_runs(tab)
                raise
            self._sessions[key] = session
            session.used = time.monotonic()
            session.live = LiveRun(session.worker, request, self.limits)
            return session.live

    def folder(self, key: str) -> Path:
        """Return a visitor's folder for files that belong to no run, made if need be; using it counts as not idle."""
        with self._lock:
            session = self._sessions.setdefault(key, Session(self._root / secrets.token_hex(16)))
            session.used = time.monotonic()
            session.screens.mkdir(parents=True, exist_ok=True)
            return session.screens

    def stop(self, key: str) -> None:
        """Ask a visitor's episode to end after its present step, or, while it waits in the queue, not to begin."""
        with self._lock:
            session = self._sessions.get(key)
            if session is None or not session.running:
                self._called_off.add(key)
            else:
                session.live.stop()

    def called_off(self, key: str) -> bool:
        """Tell whether a waiting episode was stopped, and forget it."""
        with self._lock:
            found = key in self._called_off
            self._called_off.discard(key)
            return found

    def abandon(self, key: str) -> None:
        """End a caller's episode and take the simulator back, but keep the files until they are old."""
        session = self.get(key)
        if session is None:
            return
        _end_episode(session)
        self._retire(session)

    def close(self, key: str) -> None:
        """End a visitor's session: its episode, its simulator, its files. Unknown visitors are fine.

        Video and record of an episode that was still running are kept, as far as it got.
        """
        with self._lock:
            self._called_off.discard(key)
            session = self._sessions.pop(key, None)
        if session is not None:
            cut_short = session.running
            _end_episode(session)
            if cut_short and self._kept is not None:
                session.keep_files(self._kept, self.limits.kept_episodes)
            self._retire(session)
            session.remove_files()

    def reap(self) -> None:
        """Close every session that has been idle for too long, and see to a spare simulator while nothing runs."""
        now = time.monotonic()
        with self._lock:
            for session in self._sessions.values():
                if session.running:
                    session.used = now
            old = [key for key, session in self._sessions.items() if now - session.used > self.limits.idle_seconds]
            quiet = not any(session.running for session in self._sessions.values())
        for key in old:
            self.close(key)
        if quiet and self._warm_request is not None:
            self.warm_up(self._warm_request)

    def warm_up(self, request: EpisodeRequest | None = None) -> None:
        """Have a spare simulator ready, with the scene of `request` built; returns at once.

        A failure is not reported here: the first visitor's run will meet it again and say so.
        """
        with self._lock:
            if self._spare is not None or self._warming or self._closed.is_set():
                return
            if self.simulators >= self.limits.simulators:
                return
            self._warming, self._warm_request = True, request
        threading.Thread(target=self._warm, args=(request,), name="warm-up", daemon=True).start()

    def keep_tidy(self) -> None:
        """Call `reap` every now and then, on a thread, until `close_all`."""

        def loop() -> None:
            while not self._closed.wait(self.limits.reap_seconds):
                self.reap()

        threading.Thread(target=loop, name="session reaper", daemon=True).start()

    def close_all(self) -> None:
        """Close every session and the spare simulator, and remove all files; calling it twice is fine."""
        self._closed.set()
        with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
            spare, self._spare = self._spare, None
        for session in sessions:
            _end_episode(session, patience=2.0)
            if session.worker is not None:
                session.worker.close()
        if spare is not None:
            spare.close()
        shutil.rmtree(self._root, ignore_errors=True)

    def _take_worker(self):
        """Return the spare simulator, a new one, or one whose visitor has been idle; the lock is held."""
        if self._spare is not None:
            worker, self._spare = self._spare, None
            return worker
        if self.simulators < self.limits.simulators:
            return self._make_worker()
        now = time.monotonic()
        idle = [s for s in self._sessions.values() if s.worker is not None and not s.running]
        idle = [s for s in idle if now - s.used > self.limits.takeover_seconds]
        if not idle:
            taken = f"All {self.limits.simulators} simulators of this server are taken"
            raise BusyError(f"{taken}; please try again in a minute.")
        oldest = min(idle, key=lambda session: session.used)
        worker, oldest.worker = oldest.worker, None
        return worker

    def _retire(self, session: Session) -> None:
        """Take a session's simulator: it becomes the spare if there is none and it is in order, else it is closed."""
        with self._lock:
            worker, session.worker = session.worker, None
            wanted = self._spare is None and not self._closed.is_set() and not session.running
            if worker is not None and wanted and worker.alive:
                self._spare, worker = worker, None
        if worker is not None:
            worker.close()

    def _warm(self, request: EpisodeRequest | None) -> None:
        worker = self._make_worker()
        with contextlib.suppress(OmniActorError):
            worker.start()
            if request is not None:
                for _ in worker.run(request):
                    pass
        with self._lock:
            self._warming = False
            if self._spare is None and not self._closed.is_set():
                self._spare, worker = worker, None
        if worker is not None:
            worker.close()


def _end_episode(session: Session, patience: float = END_SECONDS) -> None:
    if session.running:
        session.live.stop("the page was closed")
        session.live.join(patience)


def _remove_leftovers(root: Path) -> None:
    """Remove the folders of servers that were killed before they could do it themselves."""
    for folder in root.glob("omniactor-*-*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (ValueError, PermissionError):
            continue
