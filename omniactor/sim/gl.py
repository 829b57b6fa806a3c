"""Which off-screen OpenGL backend works here, found by trying it in a child process.

A broken driver can abort the process, so the trial never happens in ours. The answer is kept in
`MUJOCO_GL`, which child processes inherit: the trial runs once per program.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from omniactor.errors import RenderError

PACKAGES = "libegl1 libgl1 libgl1-mesa-dri libosmesa6 libglib2.0-0"
INSTALL_HINT = f"install the Debian packages: apt-get install {PACKAGES}"
_LIBRARIES = {"egl": "libEGL", "osmesa": "libOSMesa"}

_TRIAL = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='.1' rgba='1 0 0 1'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 32, 32) as renderer:
    renderer.update_scene(data)
    assert renderer.render().std() > 1, "the image is blank"
print("works")
"""

_checked: str | None = None


def try_backend(name: str, timeout: float = 60.0) -> str:
    """Render one frame with backend `name` in a child process; return "" if it worked, else the reason."""
    # PYOPENGL_PLATFORM must agree with MUJOCO_GL, whatever the caller's shell had set.
    environment = {**os.environ, "MUJOCO_GL": name, "PYOPENGL_PLATFORM": name}
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL], env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no frame within {timeout:.0f} s"
    if trial.returncode == 0 and "works" in trial.stdout:
        return ""
    return _reason(name, trial.stderr) or f"the process ended with status {trial.returncode}"


def _reason(name: str, output: str) -> str:
    """Return the line of a trial's output that says why it failed; "" if none does."""
    lines = output.strip().splitlines()
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception): ", line)]
    reason = (errors or lines or [""])[0][:200]
    # PyOpenGL's words for a library that is not there.
    missing = name in _LIBRARIES and re.match(r"AttributeError: 'NoneType' object has no attribute '(gl|egl|OSMesa)", reason)
    return f"not installed ({_LIBRARIES[name]})" if missing else reason


def choose_backend() -> str:
    """Return a backend that renders, and set `MUJOCO_GL` and `PYOPENGL_PLATFORM` for this program.

    An explicit `MUJOCO_GL` is tried alone. Otherwise EGL goes first where a GPU is visible, OSMesa
    first where none is (both then run on the CPU, OSMesa with fewer moving parts).

    Raises:
        RenderError: none works; the message has the reasons and the packages to install.
    """
    global _checked
    if _checked:
        return _checked
    wanted = os.environ.get("MUJOCO_GL", "").strip().lower()
    if wanted and os.environ.get("_OMNIACTOR_GL_CHECKED") == wanted:
        _checked = wanted
        return wanted
    gpu = Path("/dev/nvidia0").exists() or Path("/dev/dri").exists()
    candidates = [wanted] if wanted in ("egl", "osmesa") else (["egl", "osmesa"] if gpu else ["osmesa", "egl"])
    reasons = []
    for name in candidates:
        reason = try_backend(name)
        if not reason:
            os.environ.update(MUJOCO_GL=name, PYOPENGL_PLATFORM=name, _OMNIACTOR_GL_CHECKED=name)
            _checked = name
            return name
        reasons.append(f"{name}: {reason}")
    raise RenderError(f"expected a working off-screen GL backend, got none ({'; '.join(reasons)}); {INSTALL_HINT}")
