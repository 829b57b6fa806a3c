"""Off-screen cameras: upright RGB frames of a scene, one GL context per process, on one thread."""

from __future__ import annotations

import importlib
import threading

import numpy as np

from omniactor.errors import RenderError
from omniactor.sim.gl import choose_backend

CAMERAS = {"agentview": "agentview", "wrist": "robot0_eye_in_hand"}
"""Our camera name -> the MJCF camera."""
UNDRAWN = 5  # the last of MuJoCo's six groups of geoms; LIBERO uses 0 and 1


class CameraRenderer:
    """Renders the named cameras of one model at one size.

    Args:
        model: compiled MuJoCo model.
        size: height and width in pixels.
        samples: see `Detail.samples`.

    Raises:
        RenderError: no working GL backend.
    """

    def __init__(self, model, size: int, samples: int = 4) -> None:
        """Create the GL context and upload the scene."""
        backend = choose_backend()
        import mujoco

        # The context is made by name: mujoco's own Renderer takes the module that MUJOCO_GL named when
        # mujoco was first imported, which may have been before anyone settled it.
        context_module = importlib.import_module(f"mujoco.{backend}")
        self._mujoco, self._thread, self._size = mujoco, threading.get_ident(), size
        model.vis.global_.offwidth = model.vis.global_.offheight = size
        # No light in LIBERO's rooms casts a shadow; the map would still be allocated. Smooth edges cost a
        # software rasteriser more than half of the frame; without them pictures differ visibly from LIBERO's own.
        model.vis.quality.shadowsize = 0
        model.vis.quality.offsamples = samples
        self._model = model
        self._gl = self._context = None
        try:
            self._gl = context_module.GLContext(size, size)
            self._gl.make_current()
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        except (RuntimeError, ValueError, AttributeError, mujoco.FatalError) as error:
            self.close()
            raise RenderError(f"expected a GL context from {backend}, got: {error}; run `omniactor doctor`") from error
        self._scene = mujoco.MjvScene(model, maxgeom=2000)
        self._options = mujoco.MjvOption()
        self._options.geomgroup[0] = 0  # collision geometry
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._area = mujoco.MjrRect(0, 0, size, size)

    def render(self, data, camera: str) -> np.ndarray:
        """Return a new uint8 array (size, size, 3), RGB, upright.

        Args:
            data: MuJoCo data of the same model, with current kinematics.
            camera: a key of `CAMERAS`, or any camera name of the model.
        """
        if threading.get_ident() != self._thread:
            raise RenderError("expected render() on the thread that made the renderer; give each thread its own environment")
        mujoco, groups = self._mujoco, self._model.geom_group
        self._gl.make_current()
        self._camera.fixedcamid = self._model.camera(CAMERAS.get(camera, camera)).id
        everything = mujoco.mjtCatBit.mjCAT_ALL
        # MuJoCo draws what lies beside the picture too, and a software rasteriser takes its time over it.
        beside = outside_view(self._model, data, self._camera.fixedcamid)
        hidden = groups[beside]
        groups[beside] = UNDRAWN
        try:
            mujoco.mjv_updateScene(self._model, data, self._options, None, self._camera, everything, self._scene)
        finally:
            groups[beside] = hidden
        mujoco.mjr_render(self._area, self._scene, self._context)
        pixels = np.empty((self._size, self._size, 3), np.uint8)
        mujoco.mjr_readPixels(pixels, None, self._area, self._context)
        return pixels[::-1].copy()  # OpenGL's rows start at the bottom

    def close(self) -> None:
        """Free the GL context; closing twice is fine."""
        if self._context is not None:
            self._gl.make_current()
            self._context.free()
            self._context = None
        if self._gl is not None:
            self._gl.free()
            self._gl = None


def outside_view(model, data, camera: int) -> np.ndarray:
    """Return which geoms lie wholly beside or behind what a camera with a square picture sees: bool (ngeom,)."""
    local = (data.geom_xpos - data.cam_xpos[camera]) @ data.cam_xmat[camera].reshape(3, 3)
    depth, radius = -local[:, 2], model.geom_rbound  # a camera looks along its own -z; a plane's radius is 0: endless
    half = np.radians(model.cam_fovy[camera]) / 2
    distance = np.abs(local[:, :2]).max(1) * np.cos(half) - depth * np.sin(half)
    return ((distance > radius) | (depth < -radius)) & (radius > 0)
