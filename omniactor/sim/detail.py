"""How finely a scene is drawn: LIBERO's models as they are, or as fine as an image of a given size can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omniactor.errors import InputError

NAMES = ("auto", "draft", "fast", "full")
_MESH_ERROR = 0.0002  # metres, for images of 128 pixels; half of it for four times the size
_SMALLEST, _LARGEST = 128, 2048  # image sizes that a scene is made for; the ones between are rounded up to powers of two


@dataclass(frozen=True)
class Detail:
    """What is drawn; what collides and weighs is the same in every detail.

    Attributes:
        name: "full", "fast" or "draft".
        mesh_error: how far a simplified surface may lie from the original, metres; 0: not simplified.
        texture_size: longest side of a texture, pixels; 0: as it is.
        samples: taken of each pixel, so that edges are smooth; 0: one, and jagged edges.
    """

    name: str
    mesh_error: float = 0.0
    texture_size: int = 0
    samples: int = 4

    @property
    def label(self) -> str:
        """Return a name for files: "full", or "fast" with the size of the textures."""
        return self.name + (str(self.texture_size) if self.texture_size else "")


FULL = Detail("full")


def choose_detail(name: str, image_size: int) -> Detail:
    """Return the detail for images of `image_size` pixels.

    Args:
        name: "full"; "fast", whose pictures can hardly be told from it; "draft", which shows by its edges; or
            "auto": full where a GPU renders, fast elsewhere.
        image_size: pixels, both sides.

    Raises:
        InputError: another name.
    """
    if name not in NAMES:
        raise InputError(f"expected a detail of {', '.join(NAMES)}, got {str(name)[:120]!r}; choose one of them")
    if name == "full" or (name == "auto" and renders_on_gpu()):
        return FULL
    size = min(_LARGEST, max(_SMALLEST, 1 << (image_size - 1).bit_length()))
    error = _MESH_ERROR * (128 / size) ** 0.5
    return Detail("draft", 4 * error, 4 * size, 0) if name == "draft" else Detail("fast", error, 4 * size)


def renders_on_gpu() -> bool:
    """Tell whether the off-screen backend of this program draws on a GPU."""
    import os

    return Path("/dev/nvidia0").exists() and os.environ.get("MUJOCO_GL", "egl").strip().lower() not in ("osmesa", "disable")
