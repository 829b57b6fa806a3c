"""Off-screen cameras: upright RGB frames of a scene, one GL context per process, on one thread."""

from __future__ import annotations

import threading

import numpy as np

from omniactor.errors import RenderError
from omniactor.sim.gl import choose_backend

CAMERAS = {"agentview": "agentview", "wrist": "robot0_eye_in_hand"}
"""Our camera name -> the MJCF camera."""


class CameraRenderer:
    """Renders the named cameras of one model at one size.

    Args:
        model: compiled MuJoCo model.
        size: height and width in pixels.

    Raises:
        RenderError: no working GL backend.
    """

    def __init__(self, model, size: int) -> None:
        """Create the GL context and upload the scene."""
        backend = choose_backend()
        import mujoco  # after MUJOCO_GL is settled: mujoco picks its GL module at import

        self._thread = threading.get_ident()
        self._size = size
        model.vis.global_.offwidth = model.vis.global_.offheight = size
        # No light in LIBERO's rooms casts a shadow; the map would still be allocated. Four-fold
        # multisampling costs a software rasteriser more than the rest of the frame.
        model.vis.quality.shadowsize = 0
        model.vis.quality.offsamples = 4 if backend == "egl" and _has_gpu() else 0
        self._options = mujoco.MjvOption()
        self._options.geomgroup[0] = 0  # collision geometry
        try:
            self._renderer = mujoco.Renderer(model, size, size)
        except (RuntimeError, ValueError, AttributeError) as error:
            raise RenderError(f"expected a GL context from {backend}, got: {error}; run `omniactor doctor`") from error

    def render(self, data, camera: str) -> np.ndarray:
        """Return a new uint8 array (size, size, 3), RGB, upright.

        Args:
            data: MuJoCo data of the same model, with current kinematics.
            camera: a key of `CAMERAS`, or any camera name of the model.
        """
        if threading.get_ident() != self._thread:
            raise RenderError("expected render() on the thread that made the renderer; give each thread its own environment")
        self._renderer.update_scene(data, CAMERAS.get(camera, camera), self._options)
        return self._renderer.render()

    def close(self) -> None:
        """Free the GL context; closing twice is fine."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def _has_gpu() -> bool:
    from pathlib import Path

    return Path("/dev/nvidia0").exists()
