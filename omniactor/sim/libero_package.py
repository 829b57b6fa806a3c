"""Getting at hf-libero and robosuite without their side effects.

hf-libero asks a question on stdin when its config file is missing, and declares dependencies that
its environments do not need; robosuite logs to a fixed path in /tmp and compiles with numba on
first use. This module puts the config in place, sets robosuite's own private macros, and is the
only door through which the rest of the package imports either.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
import types
from pathlib import Path

from omniactor.errors import SetupError
from omniactor.paths import atomic_path, cache_dir
from omniactor.sim.gl import INSTALL_HINT
from omniactor.sim.tasks import HF_LIBERO, libero_folder


def is_installed() -> bool:
    """Tell whether hf-libero can be imported."""
    return importlib.util.find_spec("libero") is not None


def install() -> None:
    """Install hf-libero without its dependencies into the running interpreter, if it is missing.

    The pip that `requirements.txt` goes through cannot express "without dependencies" for one line,
    so programs that start from a plain `pip install -r requirements.txt` call this first.

    Raises:
        SetupError: pip failed; the message has its last line.
    """
    if is_installed():
        return
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--quiet", HF_LIBERO]
    print(f"Installing {HF_LIBERO} without its dependencies ...", flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    importlib.invalidate_caches()
    if done.returncode != 0 or not is_installed():
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SetupError(f"expected pip to install {HF_LIBERO}, got: {reason}; run: {' '.join(command)}")


def load(assets: Path) -> types.ModuleType:
    """Import hf-libero's environments with `assets` as their asset folder; return `libero.libero.envs`.

    Args:
        assets: a folder laid out as LIBERO's assets. It may differ from call to call: LIBERO's
            classes read it when they are constructed.

    Raises:
        SetupError: hf-libero, robosuite or one of their system libraries is missing.
    """
    package = libero_folder()
    folder = cache_dir() / "libero_config"
    folder.mkdir(exist_ok=True)
    config = folder / "config.yaml"
    lines = {"benchmark_root": "", "bddl_files": "bddl_files", "init_states": "init_files"}
    text = "".join(f"{key}: {package / sub}\n" for key, sub in lines.items())
    text += f"datasets: {folder / 'datasets'}\nassets: {assets}\n"
    if not config.is_file() or config.read_text(encoding="utf-8") != text:
        with atomic_path(config) as temporary:
            temporary.write_text(text, encoding="utf-8")
    os.environ["LIBERO_CONFIG_PATH"] = str(folder)
    # robosuite looks for this module to override its macros: no log file shared between users, no
    # numba compilation (our control loop does not use it), no GL context of its own.
    macros = types.ModuleType("robosuite.macros_private")
    macros.__dict__.update(FILE_LOGGING_LEVEL=None, ENABLE_NUMBA=False, MUJOCO_GPU_RENDERING=False)
    sys.modules.setdefault("robosuite.macros_private", macros)
    try:
        libero = importlib.import_module("libero.libero")
        libero._assets_path_cache = str(assets)
        return importlib.import_module("libero.libero.envs")
    except ImportError as error:
        hint = INSTALL_HINT if ".so" in str(error) else "run: python -m pip install -r requirements.txt"
        raise SetupError(f"expected hf-libero and robosuite to import, got: {error}; {hint}") from error
