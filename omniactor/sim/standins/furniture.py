"""Cabinets with drawers, the two-layer shelf and the wine rack."""

from __future__ import annotations

from PIL import Image

from .boxes import bar, panel
from .masses import weigh
from .mjcf import Asset
from .surfaces import blocks, merge, tube
from .textures import wood

CLEAR = (0.8, 0.8, 0.8, 0)
DRAWER_STEP = 0.0697  # height from one drawer to the next
#: drawer -> (steps below the top one, height of its site)
DRAWERS = {"top": (0, 0.18563), "middle": (1, 0.11690), "bottom": (2, 0.04701)}


def cabinet(name: str, outside: Image.Image, inside: Image.Image, metal: tuple) -> Asset:
    """Return a cabinet of three drawers that slide out towards -y; 255 x 203 x 223 mm."""
    asset = Asset(name)
    holder = asset.object(-0.045, 0.045, 0.045, 0.05)
    base = holder.part("base")
    weigh(base, f"{name}/base")
    base.site("top_side", (0.00354, 0.01567, 0.22152), (0.12534, 0.09438, 0.00147), rgba=CLEAR)
    shell, lining = asset.paint("shell", image=outside), asset.paint("lining", image=inside)
    handle = asset.paint("handle", metal, shine=0.7)
    base.panels(
        [
            panel((-0.1174, -0.0791, 0.0085), (-0.1070, 0.1117, 0.2201)),
            panel((0.1138, -0.0791, 0.0085), (0.1242, 0.1117, 0.2201)),
            panel((-0.1170, 0.1071, 0.0085), (0.1212, 0.1117, 0.2201)),
            panel((-0.1189, -0.0735, 0.0046), (0.1269, 0.1061, 0.0092)),
            panel((-0.1234, -0.0783, 0.2202), (0.1312, 0.1099, 0.2230)),
        ],
        shell,
    )
    base.panels([panel((-0.1079, -0.0709, z - 0.0011), (0.1157, 0.1083, z + 0.0011)) for z in (0.0093, 0.0793, 0.1494)], lining)
    for level, (steps, region) in DRAWERS.items():
        drawer = base.part(f"cabinet_{level}")
        drawer.inertial(3, (0, 0, 0), (1, 1, 1))
        drawer.joint(f"{level}_level", "slide", (0, 1, 0), (-0.16, 0.01), 50)
        drawer.site(
            f"{level}_region", (0.00328, 0.01128, region), (0.02993, 0.07561, 0.10224), quat=(0.70711, 0, 0.70711, 0), rgba=CLEAR
        )
        z = 0.1834 - steps * DRAWER_STEP
        drawer.panels([panel((-0.1060, -0.0779, z - 0.0346), (0.1126, -0.0725, z + 0.0340))], shell)
        drawer.panels(
            [
                panel((-0.1035, -0.0720, z - 0.0319), (0.1101, -0.0648, z + 0.0323)),
                panel((-0.1035, 0.0872, z - 0.0319), (0.1101, 0.0944, z + 0.0323)),
                panel((-0.1046, -0.0704, z - 0.0314), (-0.0992, 0.0926, z + 0.0318)),
                panel((0.1062, -0.0704, z - 0.0311), (0.1116, 0.0926, z + 0.0315)),
                panel((-0.1035, -0.0704, z - 0.0323), (0.1105, 0.0914, z - 0.0243)),
            ],
            lining,
        )
        # the bottom handles sit a little lower in their fronts
        grip = 0.1839 - steps * DRAWER_STEP - (0.0038 if steps == 1 else 0.0034 if steps else 0)
        drawer.solid(
            [
                panel((-0.0473, -0.1093, grip - 0.0082), (0.0417, -0.0939, grip + 0.0082)),
                panel((0.0241, -0.0941, grip - 0.0055), (0.0343, -0.0729, grip + 0.0055)),
                panel((-0.0407, -0.0941, grip - 0.0055), (-0.0305, -0.0729, grip + 0.0055)),
            ]
        )
        rod = tube([(-0.0473, -0.1016, grip), (0.0417, -0.1016, grip)], 0.0080)
        legs = [tube([(x, -0.1016, grip), (x, -0.0775, grip)], 0.0053) for x in (0.0292, -0.0356)]
        drawer.show(merge([rod, *legs]), handle)
    return asset


def wooden_cabinet() -> Asset:
    """Return the dark wooden cabinet."""
    return cabinet("wooden_cabinet", wood((58, 44, 38), 9, 64), wood((76, 58, 48), 10, 64), (0.42, 0.42, 0.43))


def white_cabinet() -> Asset:
    """Return the white cabinet."""
    return cabinet("white_cabinet", wood((226, 226, 224), 5, 64), wood((206, 204, 200), 10, 64), (0.62, 0.62, 0.63))


def wooden_two_layer_shelf() -> Asset:
    """Return the dark shelf, open towards -y: 352 x 191 x 211 mm, one board half way up."""
    asset = Asset("wooden_two_layer_shelf")
    body = asset.object()
    weigh(body, "wooden_two_layer_shelf")
    body.site("top_side", (0.00496, 0.01567, 0.20688), (0.17557, 0.09438, 0.00147), rgba=CLEAR)
    body.site("top_region", (0.00538, 0.01687, 0.13672), (0.06739, 0.08564, 0.15093), quat=(0.70711, 0, -0.70711, 0), rgba=CLEAR)
    body.site(
        "bottom_region", (0.00555, 0.01687, 0.01407), (0.03528, 0.08564, 0.15580), quat=(0.70711, 0, 0.70711, 0), rgba=CLEAR
    )
    body.panels(
        [
            panel((-0.1609, -0.0791, 0.0002), (-0.1467, 0.1117, 0.2090)),
            panel((0.1560, -0.0791, 0.0002), (0.1702, 0.1117, 0.2090)),
            panel((-0.1604, 0.1071, 0.0002), (0.1662, 0.1117, 0.2090)),
            panel((-0.1481, -0.0709, 0.0690), (0.1585, 0.1083, 0.0712)),
            panel((-0.1708, -0.0790, 0.2057), (0.1808, 0.1116, 0.2107)),
        ],
        asset.paint("wood", image=wood((62, 48, 41), 10, 64)),
    )
    return asset


def wine_rack() -> Asset:
    """Return the rack: two sloped boards on a leaning post, rising towards +y; 269 x 254 x 330 mm."""
    asset = Asset("wine_rack")
    body = asset.object()
    weigh(body, "wine_rack")
    body.site("top_region", (0, -0.08003, 0.21745), (0.10087, 0.02200, 0.00251), quat=(0.8549119, -0.5187733, 0, 0), rgba=CLEAR)
    boards = [
        bar((0, y - 0.06743, z - 0.04096), (0, y + 0.06743, z + 0.04096), 0.1344, 0.0045, "yz")
        for y, z in ((-0.0061, 0.2512), (-0.0427, 0.1273))
    ]
    body.panels(boards, asset.paint("board", image=wood((222, 184, 134), 12, 64)))
    stops = [
        bar((0, y + 0.00425, z - 0.00759), (0, y - 0.00425, z + 0.00759), 0.1322, 0.0011, "yz")
        for y, z in ((-0.0748, 0.2207), (-0.1091, 0.0974))
    ]
    body.solid(stops)
    body.show(blocks(stops), asset.paint("glass", (0.25, 0.5, 0.62), alpha=0.35))
    body.panels(
        [
            panel((-0.0665, -0.0930, 0.0021), (0.0665, 0.0930, 0.0111)),
            bar((0, 0.0098, 0.0179), (0, 0.1288, 0.0023), 0.09, 0.0045, "yz"),
            bar((0, -0.1237, 0.0042), (0, -0.0049, 0.0210), 0.09, 0.0045, "yz"),
            panel((-0.0905, -0.0141, 0.0160), (0.0905, 0.0141, 0.0250)),
            bar((0, -0.0352, 0.0148), (0, 0.0530, 0.3258), 0.0076, 0.0091, "yz"),
        ],
        asset.paint("stand", image=wood((106, 44, 26), 10, 64)),
    )
    return asset
