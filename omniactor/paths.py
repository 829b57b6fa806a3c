"""Where files live on this machine, and how a file is written so that a crash leaves no half of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from omniactor.errors import OutputError, SetupError


def cache_dir() -> Path:
    """Return the cache folder, created: `OMNIACTOR_CACHE`, else `XDG_CACHE_HOME`/omniactor, else ~/.cache/omniactor.

    Raises:
        SetupError: the folder cannot be created or written.
    """
    explicit = os.environ.get("OMNIACTOR_CACHE")
    base = Path(explicit) if explicit else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "omniactor"
    try:
        base.mkdir(parents=True, exist_ok=True)
        writable = os.access(base, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise SetupError(f"expected a writable cache folder, got {base}; set OMNIACTOR_CACHE to a folder you may write")
    return base.resolve()


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` on success, remove it on failure.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """
    final = Path(path)
    check_writable(final)
    # The suffix is kept last: encoders choose the container by it.
    temporary = final.with_name(f".{final.stem}.{os.getpid()}-{threading.get_ident()}.part{final.suffix}")
    try:
        yield temporary
        os.replace(temporary, final)
    except OSError as error:
        raise OutputError(
            f"expected to write {final}, got: {error.strerror or error}; free space or choose another path"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike) -> None:
    """Raise OutputError now if a file at `path` could not be written later."""
    final = Path(path)
    if final.is_dir():
        raise OutputError(f"expected a file path, got the folder {final}; add a file name")
    if not final.parent.is_dir():
        raise OutputError(f"expected an existing folder for {final.name}, got {final.parent}; create it first")
    if not os.access(final.parent, os.W_OK) or (final.exists() and not os.access(final, os.W_OK)):
        raise OutputError(f"expected a writable path, got {final}; choose another path or change its permissions")


def write_json(path: str | os.PathLike, content: object) -> None:
    """Write `content` as JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


@contextlib.contextmanager
def atomic_folder(out: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary folder beside `out` and rename it when everything is in it; remove it on failure.

    Raises:
        OutputError: `out` exists, or its parent cannot be written.
    """
    out = Path(out)
    if out.exists():
        raise OutputError(f"expected a new folder, got {out}, which exists; choose another name")
    temporary = out.with_name(f"{out.name}.tmp-{os.getpid()}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        os.replace(temporary, out)
    except OSError as error:
        raise OutputError(f"expected to write {out}, got: {error.strerror or error}; free space or choose another path") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
