"""Which Chromium is on this machine, and what it calls itself."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

from omniactor.errors import SetupError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PACKAGES = "chromium and fonts-liberation"


def find_chromium() -> str:
    """Return the path of Chromium: `OMNIACTOR_CHROMIUM`, or the first of `NAMES` that is installed.

    Raises:
        SetupError: there is none.
    """
    explicit = os.environ.get("OMNIACTOR_CHROMIUM")
    if explicit:
        if os.access(explicit, os.X_OK) and os.path.isfile(explicit):
            return explicit
        raise SetupError(f"expected a program at OMNIACTOR_CHROMIUM, got {explicit}; set it to Chromium's path or unset it")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise SetupError(
            f"expected Chromium for live pages, got none; install Debian's packages {PACKAGES}: "
            "apt-get install --no-install-recommends chromium fonts-liberation"
        )
    return found


@functools.cache
def chromium_version(path: str) -> str:
    """Return what the program calls itself, such as "Chromium 156.0.8078.79"; "unknown" if it does not say."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return " ".join(said.split()[:2]) or "unknown"
