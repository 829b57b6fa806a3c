"""The study: a large desk in front of a book shelf, a plant and a floor lamp."""

from __future__ import annotations

import numpy as np

from .boxes import matrix, panel, quat_about, quat_times
from .mjcf import Asset, Part
from .rooms import paint_table, room
from .surfaces import AXIS_RADIUS, block, blocks, loft, merge, tube
from .textures import label, plaster, tiles, wood

DESK_TOP = 0.8851


def study() -> Asset:
    """Return the room of the study tasks."""
    asset = room(
        "study",
        ("light-gray-floor-tile.png", tiles((195, 186, 177), (160, 152, 146))),
        ("light-gray-plaster.png", plaster((223, 219, 212))),
    )
    paint_table(asset, wood((182, 128, 66), 16), (0.35, 0.24, 0.13))
    world = Part(asset, asset.world)
    desk = world.part("study_table")
    slab = panel((-0.6895, -1.3927, 0.8134), (0.6895, 1.3927, DESK_TOP))
    legs = [
        panel((x - 0.02, y - 0.0503, 0.0002), (x + 0.02, y + 0.0503, 0.8134))
        for x in (-0.5005, 0.4962)
        for y in (-0.6906, 0.7122)
    ]
    rails = [panel((-0.5176, y - 0.0503, 0.0038), (0.5078, y + 0.0503, 0.0468)) for y in (-0.6977, 0.7147)]
    desk.solid([slab, *legs, *rails])
    desk.show(blocks([*legs, *rails]), asset.paint("legs", (0.24, 0.16, 0.09)))
    top = block(slab)
    # grain along the desk, its picture repeated
    top.uvs[:, 0] = top.vertices[:, 1] / 0.9
    top.uvs[:, 1] = top.vertices[:, 0] / 0.9 + top.vertices[:, 2]
    desk.show(top, asset.paint("desk", image=wood((182, 128, 66), 16), shine=0.2))
    _shelf(asset, world)
    _plant(asset, world)
    lamp = loft(
        [(0, AXIS_RADIUS), (0, 0.14), (0.02, 0.14), (0.03, 0.012), (1.5, 0.012), (1.5, AXIS_RADIUS)], 14, center=(-1.72, 1.02)
    )
    world.show(lamp, asset.paint("lamp", (0.12, 0.12, 0.12), shine=0.3))
    shade = loft([(1.38, 0.2), (1.7, 0.13), (1.7, AXIS_RADIUS)], 20, center=(-1.72, 1.02))
    world.show(shade, asset.paint("shade", (0.9, 0.84, 0.66)))
    painting = label(
        [(0, (198, 190, 172)), (0.5, (150, 120, 90)), (0.75, (92, 84, 80))],
        [],
        [(0.45, 0.4, 0.2, 0.25, (176, 72, 50)), (0.3, 0.75, 0.1, 0.1, (232, 200, 110))],
    )
    world.show(block(panel((-1.985, 0.02, 1.05), (-1.96, 0.98, 1.95))), asset.paint("painting", image=painting))
    return asset


def _shelf(asset: Asset, world: Part) -> None:
    """Add the white book shelf at the back, with books on its boards."""
    boards = [panel((-1.87, -1.6, z), (-1.56, -0.39, z + 0.03)) for z in (0.05, 0.44, 0.83, 1.22, 1.61)]
    back = panel((-1.88, -1.6, 0), (-1.86, -0.39, 1.8))
    world.show(blocks([*boards, back]), asset.paint("boards", (0.62, 0.62, 0.61)))
    sides = [panel((-1.87, y, 0), (-1.55, y + 0.03, 1.8)) for y in (-1.61, -1.01, -0.41)]
    world.show(blocks(sides), asset.paint("frame", (0.25, 0.25, 0.26)))
    colors = ((0.5, 0.18, 0.15), (0.16, 0.28, 0.42), (0.72, 0.66, 0.5), (0.2, 0.34, 0.24))
    piles: list[list] = [[] for _ in colors]
    for row, z in enumerate((0.08, 0.47, 0.86, 1.25)):
        for k in range(9):
            y = (-0.97 if (row + k) % 3 else -1.55) + 0.042 * k
            height = 0.22 + 0.015 * ((5 * k + 3 * row) % 6)
            piles[(k * 5 + row) % len(colors)].append(panel((-1.82, y, z), (-1.62, y + 0.034, z + height)))
    for tone, (pile, color) in enumerate(zip(piles, colors, strict=True)):
        world.show(blocks(pile), asset.paint(f"books{tone}", color))


def _plant(asset: Asset, world: Part) -> None:
    """Add the potted plant: two stems with crowns of narrow leaves."""
    place = (-1.82, 0.56)
    pot = loft([(0, AXIS_RADIUS), (0, 0.1), (0.2, 0.14), (0.2, 0.125), (0.17, 0.12), (0.17, AXIS_RADIUS)], 16, center=place)
    world.show(pot, asset.paint("pot", (0.6, 0.6, 0.6)))
    stems, leaves = [], []
    for dx, dy, height in ((-0.03, -0.05, 0.95), (0.04, 0.05, 0.6)):
        x, y = place[0] + dx, place[1] + dy
        stems.append(tube([(x, y, 0.15), (x, y + dy * 0.4, height / 2), (x, y + dy * 0.5, height)], 0.035))
        for k in range(26):
            turn, rise = 2.4 * k, 0.9 - 0.07 * (k % 13)
            quat = quat_times(quat_about("z", turn), quat_about("y", np.pi / 2 - rise))
            leaf = loft([(0, 0.004, 0.002), (0.1, 0.018, 0.003), (0.3, 0.002, 0.001)], 4)
            base = (x, y + dy * 0.5, height - 0.012 * (k % 13))
            leaves.append(leaf.moved(base, matrix(quat)))
    world.show(merge(stems), asset.paint("stem", (0.3, 0.24, 0.17)))
    world.show(merge(leaves), asset.paint("leaf", (0.2, 0.42, 0.12)))
