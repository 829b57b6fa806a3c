"""Pictures from stored states: both cameras, any size, either kind of assets; needs only MuJoCo."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from omniactor.data.scene import pose_scene
from omniactor.errors import InputError
from omniactor.sim.render import CAMERAS, CameraRenderer
from omniactor.sim.scene import load_scene
from omniactor.sim.targets import make_targets

SIZES = (16, 2048)


class SceneRenderer(CameraRenderer):
    """Renders a compiled scene in any stored state.

    Args:
        path: a scene's JSON, see `scene.export_scene`.
        size: height and width in pixels.

    Attributes:
        facts: the scene's `SceneFacts`.
        model: the MuJoCo model.
        data: its data, in the state last given to `pose`.
    """

    def __init__(self, path: Path, size: int) -> None:
        """Load the scene and create a GL context."""
        if not SIZES[0] <= size <= SIZES[1]:
            raise InputError(f"expected an image size from {SIZES[0]} to {SIZES[1]} pixels, got {size}")
        self.facts, self.model = load_scene(path)
        self.data = mujoco.MjData(self.model)
        self._targets = make_targets(self.facts, self.model, self.data)
        super().__init__(self.model, size)

    def pose(self, state: np.ndarray, fixtures: dict[str, list[float]]) -> None:
        """Set a state, float64 (1 + nq + nv,), and the poses of the fixtures."""
        pose_scene(self.facts, self.model, self.data, state, fixtures)

    def images(self) -> dict[str, np.ndarray]:
        """Return both cameras: name -> uint8 (size, size, 3), RGB, upright."""
        return {name: self.render(self.data, name) for name in CAMERAS}

    def targets(self) -> np.ndarray:
        """Return where the thing and the place are that the goal asks about; see `Targets.positions`."""
        return self._targets.positions()

    def bodies(self, camera: str) -> np.ndarray:
        """Return what is seen where: int32 (size, size), the body id of the geometry at each pixel, -1 for none.

        MuJoCo's own segmentation: what is hidden behind something else is not there.
        """
        flags = self._scene.flags
        segment, colour = mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR
        flags[segment] = flags[colour] = 1
        try:
            pixels = self.render(self.data, camera).astype(np.int32)
        finally:
            flags[segment] = flags[colour] = 0
        numbers = pixels[..., 0] + (pixels[..., 1] << 8) + (pixels[..., 2] << 16)
        body_of = np.full(self._scene.ngeom + 2, -1, np.int32)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM and 0 <= geom.segid < self._scene.ngeom:
                body_of[geom.segid + 1] = self.model.geom_bodyid[geom.objid]
        # Where multisampling mixed two numbers at an edge, the pixel may name nothing: no body.
        return body_of[np.where(numbers <= self._scene.ngeom, numbers, self._scene.ngeom + 1)]

    def project(self, points: np.ndarray, camera: str) -> np.ndarray:
        """Return where world points (n, 3) fall in the picture: (n, 2), 0-1 from the upper left; NaN behind the camera."""
        index = self.model.camera(CAMERAS[camera]).id
        local = (points - self.data.cam_xpos[index]) @ self.data.cam_xmat[index].reshape(3, 3)
        depth = -local[:, 2]  # a camera looks along its own -z
        scale = np.tan(np.deg2rad(self.model.cam_fovy[index]) / 2)
        depth = np.where(depth > 1e-6, depth, np.nan)
        return np.stack([0.5 + local[:, 0] / depth / scale / 2, 0.5 - local[:, 1] / depth / scale / 2], axis=1)
