"""The living room: a low, dark, oval table in front of a shelf unit and a picture."""

from __future__ import annotations

from .boxes import panel
from .mjcf import Asset, Part
from .rooms import paint_table, room
from .surfaces import AXIS_RADIUS, Surface, block, blocks, loft
from .textures import label, planks, plaster, wood

TOP = 0.4368  # height of the table top


def living_room() -> Asset:
    """Return the room of the living room tasks."""
    asset = room(
        "living_room",
        ("seamless_wood_planks_floor.png", planks((228, 196, 136))),
        ("light-gray-plaster.png", plaster((223, 219, 212))),
        floor_in_body=True,
    )
    paint_table(asset, wood((104, 66, 52), 11), (0.2, 0.12, 0.09))
    world = Part(asset, asset.world)
    table = world.part("living_room_table")
    low = TOP - 0.0237
    # An oval of three boxes, and the column it stands on. The middle is one box: an object that lands
    # on the seam of two can be pushed along the table by the side of one of them.
    table.solid(
        [
            panel((-0.8242, -0.6193, low), (0.3387, 0.7241, TOP)),
            panel((-0.6668, 0.6980, low), (0.1668, 0.9007, TOP)),
            panel((-0.6668, -0.8214, low), (0.1668, -0.6187, TOP)),
            panel((-0.6616, -0.1852, 0), (0.1616, 0.6852, low)),
        ]
    )
    middle = (-0.243, 0.04)
    slab = loft(
        [
            (low, AXIS_RADIUS, AXIS_RADIUS),
            (low, 0.575, 0.855),
            (low + 0.008, 0.59, 0.872),
            (TOP - 0.004, 0.592, 0.874),
            (TOP, 0.584, 0.866),
        ],
        48,
        3.2,
        center=middle,
    )
    wood_top = _flat_top(0.584, 0.866, middle)
    rim = asset.paint("rim", (0.24, 0.14, 0.11), shine=0.3)
    table.show(slab, rim)
    table.show(wood_top, asset.paint("top", image=wood((98, 68, 54), 11, 128), shine=0.2))
    foot = loft(
        [
            (0, AXIS_RADIUS, AXIS_RADIUS),
            (0, 0.42, 0.45),
            (0.05, 0.40, 0.43),
            (0.09, 0.25, 0.28),
            (low - 0.05, 0.22, 0.25),
            (low, 0.38, 0.41),
        ],
        24,
        3.0,
        center=(-0.25, 0.25),
    )
    table.show(foot, rim)
    # the shelf unit along the back wall
    oak = asset.paint("oak", image=wood((176, 150, 120), 10, 64))
    dark = asset.paint("dark", (0.2, 0.19, 0.19))
    unit = [panel((-1.95, -1.4, z), (-1.6, 1.1, z + 0.03)) for z in (0.04, 0.46, 0.95, 1.4, 1.8)]
    unit += [panel((-1.95, y, 0.0), (-1.6, y + 0.03, 1.83)) for y in (-1.4, -0.58, 0.24, 1.07)]
    world.show(blocks(unit), oak)
    doors = [panel((-1.64, y + 0.035, 0.075), (-1.61, y + 0.815, 0.455)) for y in (-1.4, -0.58, 0.24)]
    world.show(blocks(doors), asset.paint("fronts", (0.62, 0.6, 0.57)))
    screen = panel((-1.8, -0.5, 0.52), (-1.76, 0.2, 0.92))
    pots = [panel((-1.61, y, 0.25), (-1.595, y + 0.1, 0.265)) for y in (-1.05, -0.23, 0.6)]
    world.show(blocks([screen, *pots]), dark)
    spines = []
    for k in range(22):
        y, z = (-1.35 + 0.032 * k, 0.49) if k < 12 else (0.32 + 0.034 * (k - 12), 0.98)
        spines.append((k % 3, panel((-1.85, y, z), (-1.67, y + 0.026, z + 0.22 + 0.02 * (k * 7 % 5)))))
    for tone, color in enumerate(((0.55, 0.2, 0.16), (0.2, 0.32, 0.45), (0.75, 0.7, 0.58))):
        world.show(blocks([b for t, b in spines if t == tone]), asset.paint(f"spine{tone}", color))
    picture = label(
        [(0, (126, 160, 190)), (0.55, (96, 120, 84)), (0.8, (70, 90, 60))], [], [(0.3, 0.7, 0.12, 0.12, (240, 220, 150))]
    )
    world.show(block(panel((-1.985, 1.3, 0.9), (-1.96, 1.9, 1.7))), asset.paint("picture", image=picture))
    return asset


def _flat_top(a: float, b: float, middle: tuple) -> Surface:
    """Return the face of the table top with the grain along y."""
    surface = loft([(TOP, a, b), (TOP, AXIS_RADIUS, AXIS_RADIUS)], 48, 3.2, center=middle)
    surface.uvs[:, 0] = surface.vertices[:, 1] / 0.6
    surface.uvs[:, 1] = surface.vertices[:, 0] / 0.6
    return surface
