"""What the three rooms have in common: floor, walls, lights, cameras, and the table as a box."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from PIL import Image

from .mjcf import Asset, Part, text
from .surfaces import sheet

TABLE_CONTACT = {"friction": "1 0.005 0.0001"}

#: camera -> (position, quaternion) as in LIBERO's rooms; its task classes move some of them
CAMERAS = {
    "frontview": ((1.0, 0, 1.45), (0.56, 0.43, 0.43, 0.56)),
    "birdview": ((-0.2, 0, 3.0), (0.7071, 0, 0, 0.7071)),
    "agentview": ((0.5, 0, 1.35), (0.653, 0.271, 0.271, 0.653)),
    "sideview": ((-0.0565177, 1.2761224, 1.4879572), (0.0099051, 0.0068780, 0.5912228, 0.8064181)),
}


def room(name: str, floor: tuple[str, Image.Image], wall: tuple[str, Image.Image], floor_in_body: bool = False) -> Asset:
    """Return an empty room of 5 x 6 m around the origin, its back wall at x = -2.

    Args:
        name: Model name.
        floor: File name and picture of the floor; LIBERO's room class chooses the file by its style.
        wall: The same of the walls.
        floor_in_body: Put the floor into a body of its own, as LIBERO's living room has it.
    """
    asset = Asset(name)
    ET.SubElement(
        asset.resources,
        "texture",
        name="sky",
        type="skybox",
        builtin="gradient",
        rgb1="0.9 0.9 1",
        rgb2="0.2 0.3 0.4",
        width="64",
        height="64",
    )
    asset.texture("texplane", f"../textures/{floor[0]}", floor[1])
    asset.texture("tex-wall", f"../textures/{wall[0]}", wall[1])
    # a plane of texuniform repeats its picture this often per metre
    ET.SubElement(
        asset.resources,
        "material",
        name="floorplane",
        texture="texplane",
        texrepeat="1.5 1.5",
        texuniform="true",
        reflectance="0",
        specular="0",
        shininess="0",
    )
    ET.SubElement(
        asset.resources, "material", name="walls_mat", texture="tex-wall", reflectance="0", specular="0.2", shininess="0.1"
    )
    holder = ET.SubElement(asset.world, "body", name="floor", pos="0 0 0") if floor_in_body else asset.world
    ET.SubElement(
        holder, "geom", name="floor", type="plane", pos="0 0 0", size="3 3 0.125", condim="3", group="1", material="floorplane"
    )
    world = Part(asset, asset.world)
    height = 3.0
    for side, corner, right in (
        ("rear", (-2, 3, 0), (0, -6, 0)),
        ("front", (3, -3, 0), (0, 6, 0)),
        ("left", (3, 3, 0), (-5, 0, 0)),
        ("right", (-2, -3, 0), (5, 0, 0)),
    ):
        length = abs(right[0]) + abs(right[1])
        # (right x up) points outwards for this order, so the sheet is laid from its other end
        start = [c + r for c, r in zip(corner, right, strict=True)]
        wall_sheet = sheet(start, [-r for r in right], (0, 0, height), (length * 0.8, height * 0.8))
        world.show(wall_sheet, "walls_mat", f"wall_{side}_visual")
    for light, pos in (("light1", (1, 1, 4)), ("light2", (-3, -3, 4))):
        ET.SubElement(
            asset.world,
            "light",
            name=light,
            pos=text(pos),
            dir="0 -0.15 -1",
            directional="false",
            diffuse="0.8 0.8 0.8",
            specular="0.3 0.3 0.3",
            castshadow="false",
        )
    for camera, (pos, quat) in CAMERAS.items():
        ET.SubElement(asset.world, "camera", name=camera, mode="fixed", pos=text(pos), quat=text(quat))
    return asset


def paint_table(asset: Asset, image: Image.Image, legs: Sequence[float]) -> None:
    """Add the materials `table_texture` and `table_legs`; a box shows a cube texture on all its sides."""
    asset.texture("tex-table", f"../textures/{asset.name}_table.png", image, "cube")
    ET.SubElement(
        asset.resources, "material", name="table_texture", texture="tex-table", reflectance="0", specular="0.2", shininess="0"
    )
    asset.paint("table_legs", legs)


def box_table(asset: Asset) -> None:
    """Add the body `table` whose box and four legs LIBERO's kitchen class resizes."""
    body = ET.SubElement(asset.world, "body", name="table", pos="0 0 0.4")
    ET.SubElement(
        body,
        "geom",
        name="table_collision",
        type="box",
        pos="0 0 0",
        size="0.4 0.4 0.4",
        group="0",
        rgba="0 0 0 0",
        **TABLE_CONTACT,
    )
    seen = {"contype": "0", "conaffinity": "0", "group": "1", "pos": "0 0 0"}
    ET.SubElement(body, "geom", name="table_visual", type="box", size="0.4 0.4 0.4", material="table_texture", **seen)
    ET.SubElement(body, "site", name="table_top", pos="0 0 0.4", size="0.001 0.001 0.001", rgba="0 0 0 0")
    for k in range(1, 5):
        ET.SubElement(body, "geom", name=f"table_leg{k}_visual", type="cylinder", size="0.05 0.1", material="table_legs", **seen)
