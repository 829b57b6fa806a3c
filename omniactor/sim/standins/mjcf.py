"""A small writer of MJCF asset files in the form LIBERO's object classes load.

Robosuite renames and merges these trees, so every attribute stands on its geom (no default classes)
and every geom names its group: 0 is the invisible collision shape, 1 is what is seen.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from .boxes import Box
from .surfaces import Surface, blocks

CONTACT = {"friction": "0.95 0.3 0.1", "solref": "0.001 1", "solimp": "0.998 0.998 0.001"}


def text(values: Iterable[float] | float) -> str:
    """Return numbers as an MJCF attribute, at most seven significant digits."""
    numbers = np.atleast_1d(np.asarray(values, float)).ravel()
    return " ".join(f"{v:.7g}" if abs(v) > 1e-12 else "0" for v in numbers)


class Part:
    """One body of an asset."""

    def __init__(self, asset: Asset, element: ET.Element) -> None:
        self.asset = asset
        self.element = element

    def part(self, name: str, pos: Sequence[float] = (0, 0, 0), quat: Sequence[float] | None = None) -> Part:
        """Add a child body."""
        child = ET.SubElement(self.element, "body", name=name, pos=text(pos))
        if quat is not None:
            child.set("quat", text(quat))
        return Part(self.asset, child)

    def inertial(
        self, mass: float, pos: Sequence[float], diagonal: Sequence[float], quat: Sequence[float] = (1, 0, 0, 0)
    ) -> None:
        """State mass (kg), centre of mass (m) and principal inertia (kg m^2)."""
        ET.SubElement(self.element, "inertial", mass=text(mass), pos=text(pos), diaginertia=text(diagonal), quat=text(quat))

    def joint(self, name: str, kind: str, axis: Sequence[float], limits: Sequence[float], damping: float) -> None:
        """Add a limited hinge or slide joint."""
        ET.SubElement(
            self.element,
            "joint",
            name=name,
            type=kind,
            pos="0 0 0",
            axis=text(axis),
            limited="true",
            range=text(limits),
            damping=text(damping),
        )

    def site(
        self,
        name: str,
        pos: Sequence[float],
        size: Sequence[float] | float,
        kind: str = "box",
        quat: Sequence[float] = (1, 0, 0, 0),
        rgba: Sequence[float] = (0.8, 0.8, 0.8, 0),
    ) -> None:
        """Add a named region that success tests look up."""
        ET.SubElement(
            self.element,
            "site",
            name=name,
            type=kind,
            pos=text(pos),
            quat=text(quat),
            size=text(size),
            rgba=text(rgba),
            group="0",
        )

    def solid(self, boxes: Iterable[Box], name: str | None = None, **changes: str) -> None:
        """Add invisible collision boxes; `changes` replaces contact attributes."""
        for box in boxes:
            geom = ET.SubElement(
                self.element,
                "geom",
                type="box",
                pos=text(box.center),
                size=text(box.half),
                quat=text(box.quat),
                group="0",
                rgba="0 0 0 0",
                **(CONTACT | changes),
            )
            if name:
                geom.set("name", name)

    def show(self, surface: Surface, material: str, name: str | None = None) -> None:
        """Add something that is seen and never touched."""
        geom = ET.SubElement(
            self.element,
            "geom",
            type="mesh",
            mesh=self.asset.mesh(surface),
            group="1",
            contype="0",
            conaffinity="0",
            material=material,
        )
        if name:
            geom.set("name", name)

    def panels(self, boxes: Iterable[Box], material: str) -> None:
        """Add boxes that are both seen and touched."""
        listed = list(boxes)
        self.show(blocks(listed), material)
        self.solid(listed)


class Asset:
    """One MJCF file and the pictures beside it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root = ET.Element("mujoco", model=name)
        self.resources = ET.SubElement(self.root, "asset")
        self.world = ET.SubElement(self.root, "worldbody")
        self.pictures: dict[str, Image.Image] = {}
        self._meshes = 0

    def picture(self, file: str, image: Image.Image) -> str:
        """Remember a picture to be written to `file`, relative to the XML file."""
        self.pictures[file] = image
        return file

    def texture(self, name: str, file: str, image: Image.Image, kind: str = "2d") -> str:
        """Add a texture from a picture."""
        ET.SubElement(self.resources, "texture", name=name, type=kind, file=self.picture(file, image))
        return name

    def paint(
        self,
        name: str,
        color: Sequence[float] = (1, 1, 1),
        image: Image.Image | None = None,
        shine: float = 0.2,
        alpha: float = 1.0,
    ) -> str:
        """Add a material of a colour (0-1), or of a picture, and return its name.

        Reflectance stays 0: a reflecting material costs a second pass over the scene.
        """
        material = ET.SubElement(
            self.resources,
            "material",
            name=name,
            rgba=text([*color, alpha]),
            specular=text(shine),
            shininess=text(shine),
            reflectance="0",
        )
        if image is not None:
            material.set("texture", self.texture(f"tex-{name}", f"{self.name}_{name}.png", image))
        return name

    def mesh(self, surface: Surface) -> str:
        """Add a mesh and return its name."""
        name = f"{self.name}_{self._meshes}"
        self._meshes += 1

        def rows(values: np.ndarray, digits: int) -> str:
            # adding zero turns -0.0 into 0.0
            return " ".join(f"{v:g}" for v in (np.round(values, digits) + 0.0).ravel())

        # MuJoCo counts texture rows from the top of the picture
        uvs = surface.uvs * (1, -1) + (0, 1)
        # shell inertia: the meshes are only seen, and open sheets have no volume
        ET.SubElement(
            self.resources,
            "mesh",
            name=name,
            inertia="shell",
            vertex=rows(surface.vertices, 5),
            normal=rows(surface.normals, 3),
            texcoord=rows(uvs, 4),
            face=" ".join(str(i) for i in surface.faces.ravel()),
        )
        return name

    def object(
        self,
        bottom: float = -0.06,
        top: float = 0.04,
        radius: float = 0.025,
        marker: float = 0.005,
        pos: Sequence[float] = (0, 0, 0),
    ) -> Part:
        """Add the body LIBERO loads, with the three sites its placement samplers read.

        Args:
            bottom: Height of `bottom_site` (m).
            top: Height of `top_site` (m).
            radius: x and y of `horizontal_radius_site` (m).
            marker: Size of these sites (m).
            pos: Position of the object body in the file.
        """
        holder = Part(self, ET.SubElement(self.world, "body"))
        body = holder.part("object", pos)
        for name, place in (
            ("bottom_site", (0, 0, bottom)),
            ("top_site", (0, 0, top)),
            ("horizontal_radius_site", (radius, radius, 0)),
        ):
            ET.SubElement(holder.element, "site", name=name, pos=text(place), size=text(marker), rgba="0 0 0 0")
        return body

    def files(self, path: str) -> dict[str, bytes]:
        """Return the bytes of the XML file at `path` and of its pictures, by path."""
        ET.indent(self.root)
        folder = path.rsplit("/", 1)[0]
        found = {path: ET.tostring(self.root) + b"\n"}
        for file, image in self.pictures.items():
            data = io.BytesIO()
            image.save(data, "PNG", optimize=False)
            place = f"{folder}/{file}"
            if file.startswith("../"):
                place = f"{folder.rsplit('/', 1)[0]}/{file[3:]}" if "/" in folder else file[3:]
            found[place] = data.getvalue()
        return found
