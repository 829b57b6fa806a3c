"""`omniactor doctor`: is this installation right, and what exactly is it?"""

from __future__ import annotations

import platform
import shutil
import time

from omniactor.agent import MINI
from omniactor.errors import OmniActorError
from omniactor.model.card import training_note
from omniactor.paths import cache_dir
from omniactor.record import versions
from omniactor.sim import gl

EXPECTED = {"mujoco": "3.3.2", "robosuite": "1.4.0", "bddl": "1.0.1", "hf-libero": "0.1.4"}
"""Versions that results depend on: MuJoCo from 3.3.3 renders textures darker, from 3.4 settles differently."""

MIN_FREE_BYTES = 2 * 10**9


def examine() -> dict:
    """Try everything and return the findings; `problems` lists what to do, empty when all is well."""
    problems: list[str] = []
    backends = {name: gl.try_backend(name) or "works" for name in ("egl", "osmesa")}
    if "works" not in backends.values():
        problems.append(f"no off-screen GL backend works; {gl.INSTALL_HINT}")
    found = versions()
    for package, wanted in EXPECTED.items():
        if found[package] != wanted:
            problems.append(f"{package} is {found[package]}, expected {wanted}; run: python -m pip install -r requirements.txt")
    findings = {
        "ok": False,
        "problems": problems,
        "python": platform.python_version(),
        "gl_backends": backends,
        "versions": found,
        "checkpoint": training_note(MINI) if MINI.is_dir() else "none: the bundled checkpoint is not part of this version",
        "cache": None,
        "free_disk_bytes": None,
        "assets": None,
        "h264_encoder": None,
        "first_frame": None,
        "live_pages": _live_pages(),
    }
    try:
        folder = cache_dir()
        free = shutil.disk_usage(folder).free
        findings.update(cache=str(folder), free_disk_bytes=free)
        if free < MIN_FREE_BYTES:
            problems.append(f"only {free / 1e9:.1f} GB free at {folder}; free some or set OMNIACTOR_CACHE")
    except OmniActorError as error:
        problems.append(str(error))
    for key, check in (("assets", _assets), ("h264_encoder", _encoder), ("first_frame", _first_frame)):
        try:
            findings[key] = check()
        except OmniActorError as error:
            problems.append(f"{key}: {error}")
    findings["ok"] = not problems
    return findings


def report(findings: dict) -> str:
    """Return the findings as text for people."""
    lines = [f"{'package':14s}version"]
    lines += [f"{name:14s}{version}" for name, version in findings["versions"].items()]
    lines += [f"{'python':14s}{findings['python']}", ""]
    lines += [f"GL {name:11s}{state}" for name, state in findings["gl_backends"].items()]
    for key in ("assets", "first_frame", "h264_encoder", "live_pages", "checkpoint", "cache"):
        value = findings[key]
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        lines.append(f"{key:14s}{text}")
    if findings["free_disk_bytes"] is not None:
        lines.append(f"{'free disk':14s}{findings['free_disk_bytes'] / 1e9:.1f} GB")
    lines += ["", *(f"PROBLEM: {problem}" for problem in findings["problems"])]
    lines.append("Everything works." if findings["ok"] else "See the problems above.")
    return "\n".join(lines)


def _assets() -> dict:
    from omniactor.sim.assets import resolve_assets

    source = resolve_assets("auto")
    return {"kind": source.kind, "origin": source.origin, "folder": str(source.folder), "fingerprint": source.fingerprint}


def _live_pages() -> str:
    """Return what live web pages are opened with, or why they cannot be: they are not needed for anything else."""
    from omniactor.gui.chromium import chromium_version, find_chromium
    from omniactor.gui.pages import pages_folder, pages_version

    try:
        program = find_chromium()
        pages_folder()
    except OmniActorError as error:
        return f"none: {error}"
    return f"{chromium_version(program)}, miniwob {pages_version()}"


def _encoder() -> str:
    from omniactor.sim.video import find_encoder

    return find_encoder()


def _first_frame() -> dict:
    """Build task 0 from whatever assets there are, render it, and see that it is a picture."""
    from omniactor.errors import RenderError
    from omniactor.sim.libero import Libero90Env

    began = time.perf_counter()
    env = Libero90Env(0, image_size=128, obs_type="state")
    try:
        built = time.perf_counter()
        env.reset(options={"init_state": 0})
        frame = env.render()
    finally:
        env.close()
    if frame.std() < 10:
        raise RenderError(
            f"expected a picture of the kitchen, got a nearly blank frame (deviation {frame.std():.1f}); update the GL driver"
        )
    return {
        "task": env.task,
        "assets": env.assets.kind,
        "mean_rgb": [round(float(v), 1) for v in frame.reshape(-1, 3).mean(0)],
        "build_seconds": round(built - began, 2),
    }
