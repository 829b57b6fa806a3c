"""The kitchen: a pale wooden table in front of a counter with cupboards, a hob and a fridge."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from .boxes import panel
from .mjcf import Asset, Part
from .rooms import box_table, paint_table, room
from .surfaces import AXIS_RADIUS, block, blocks, loft, merge, tube
from .textures import linen, tiles, wood


def kitchen() -> Asset:
    """Return the room of the kitchen tasks."""
    asset = room(
        "kitchen",
        ("gray_ceramic_tile.png", tiles((190, 174, 158), (150, 138, 124))),
        ("yellow_linen_wall_texture.png", linen((214, 208, 178))),
    )
    paint_table(asset, wood((202, 183, 163), 12), (0.6, 0.52, 0.45))
    box_table(asset)
    ET.SubElement(
        asset.world,
        "light",
        name="light_kitchen",
        pos="-1.75 0 1.6",
        dir="0 0 -1",
        directional="true",
        diffuse="0.8 0.8 0.8",
        specular="0.8 0.8 0.8",
        castshadow="false",
    )
    world = Part(asset, asset.world)
    fronts = asset.paint("fronts", image=wood((178, 170, 138), 9, 64), shine=0.1)
    carcass = asset.paint("carcass", (0.3, 0.285, 0.23), shine=0.1)
    top = asset.paint("worktop", (0.36, 0.345, 0.33), shine=0.3)
    metal = asset.paint("steel", (0.5, 0.5, 0.5), shine=0.5)
    black = asset.paint("black", (0.08, 0.08, 0.08), shine=0.3)
    # base units 0.6 m wide along y, then the wall units above them
    front, depth, count, width = -1.42, 0.55, 7, 0.6
    left = -1.9
    end = left + count * width
    world.show(
        blocks([panel((front - depth, left, 0), (front - 0.02, end, 0.86)), panel((-1.98, left, 1.45), (-1.68, end, 2.1))]),
        carcass,
    )
    world.show(block(panel((front - depth, left, 0.86), (front + 0.03, end, 0.9))), top)
    doors, handles = [], []
    for k in range(count):
        a, b = left + k * width + 0.008, left + (k + 1) * width - 0.008
        doors += [
            panel((front - 0.02, a, 0.1), (front, b, 0.66)),
            panel((front - 0.02, a, 0.675), (front, b, 0.85)),
            panel((-1.68, a, 1.46), (-1.66, b, 2.09)),
        ]
        middle = (a + b) / 2
        handles += [panel((front, middle - 0.09, z - 0.008), (front + 0.025, middle + 0.09, z + 0.008)) for z in (0.6, 0.76)]
        handles.append(panel((-1.66, b - 0.06, 1.5), (-1.64, b - 0.045, 1.66)))
    world.show(merge(block(d, (0, 0, 1, 1)) for d in doors), fronts)
    fridge = [panel((-1.97, -2.84, 0.02), (-1.53, -1.97, 1.12)), panel((-1.97, -2.84, 1.14), (-1.53, -1.97, 1.77))]
    handles += [panel((-1.53, -2.06, z), (-1.48, -2.03, z + 0.4)) for z in (0.66, 1.2)]
    world.show(merge([blocks(handles), blocks(fridge)]), metal)
    hob = panel((-1.9, -0.1, 0.9), (-1.46, 0.5, 0.908))
    pot = loft(
        [(0.908, AXIS_RADIUS), (0.908, 0.1), (1.05, 0.1), (1.05, 0.107), (1.07, 0.06), (1.075, AXIS_RADIUS)],
        16,
        center=(-1.66, 0.33),
    )
    tap = tube([(-1.85, -0.9, 0.9), (-1.85, -0.9, 1.15), (-1.8, -0.9, 1.2), (-1.7, -0.9, 1.2), (-1.67, -0.9, 1.15)], 0.012)
    world.show(merge([block(hob), pot]), black)
    world.show(merge([tap, block(panel((-1.85, -1.2, 0.9), (-1.5, -0.7, 0.903)))]), metal)
    return asset
