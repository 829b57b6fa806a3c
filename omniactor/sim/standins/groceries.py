"""Groceries: cans, boxes, cartons and bottles. All stand along their own y axis except the flat boxes."""

from __future__ import annotations

from PIL import Image

from .boxes import Box, bar, drum, panel
from .masses import weigh
from .mjcf import Asset
from .surfaces import AXIS_RADIUS, block, loft, merge, prism
from .textures import label

WHITE, BLACK, RED, GREEN = (236, 236, 230), (30, 26, 24), (190, 32, 24), (40, 120, 50)
STEEL = (0.62, 0.62, 0.64)

SOUP = label(
    [(0, (225, 150, 40)), (0.12, (52, 84, 160)), (0.68, (222, 160, 52)), (0.88, (200, 70, 40))],
    [("SOUP", 0.3, 0.25, 2, WHITE), ("SOUP", 0.3, 0.75, 2, WHITE)],
    [(0.62, 0.25, 0.15, 0.14, (240, 190, 70)), (0.62, 0.75, 0.15, 0.14, (240, 190, 70))],
)
TOMATO = label(
    [(0, RED), (0.34, WHITE), (0.42, GREEN), (0.66, WHITE), (0.72, RED)],
    [("TOMATO", 0.54, 0.25, 1, WHITE), ("TOMATO", 0.54, 0.75, 1, WHITE)],
    [
        (0.85, 0.25, 0.1, 0.12, (240, 110, 70)),
        (0.85, 0.75, 0.1, 0.12, (240, 110, 70)),
        (0.17, 0.25, 0.1, 0.16, WHITE),
        (0.17, 0.75, 0.1, 0.16, WHITE),
    ],
)
BUTTER = label(
    [(0, (224, 96, 28)), (0.55, (196, 48, 24)), (0.8, (232, 170, 50))],
    [("BUTTER", 0.38, 0.5, 2, (250, 240, 200))],
    [(0.2, 0.75, 0.14, 0.2, (250, 215, 110))],
)
PUDDING = label(
    [(0, (64, 26, 20)), (0.7, (120, 30, 24)), (0.86, (40, 18, 14))],
    [("PUDDING", 0.3, 0.5, 2, (235, 215, 190))],
    [(0.68, 0.5, 0.18, 0.3, (150, 96, 60))],
)
CREAM = label([(0, (196, 208, 232))], [("CREAM", 0.5, 0.5, 2, (235, 240, 250))], [(0.5, 0.5, 0.34, 0.44, (56, 84, 170))])
MILK = label(
    [(0, (214, 44, 30)), (0.42, WHITE), (0.88, (60, 130, 190))],
    [("MILK", 0.26, 0.5, 3, WHITE), ("MILK", 0.6, 0.5, 3, RED)],
    [(0.8, 0.3, 0.07, 0.2, BLACK), (0.78, 0.72, 0.08, 0.14, BLACK)],
)
JUICE = label(
    [(0, (238, 196, 40)), (0.86, (70, 140, 50))],
    [("ORANGE", 0.28, 0.5, 2, GREEN), ("JUICE", 0.46, 0.5, 2, GREEN)],
    [(0.72, 0.5, 0.15, 0.24, (240, 130, 20))],
)
KETCHUP = label(
    [(0, (220, 222, 224)), (0.2, (206, 206, 208)), (0.26, (196, 60, 22)), (0.5, (196, 44, 20))],
    [("KETCHUP", 0.68, k, 1, (90, 24, 16)) for k in (0.0, 0.25, 0.5, 0.75, 1.0)],
    [(0.68, k, 0.13, 0.115, (240, 222, 180)) for k in (0.0, 0.25, 0.5, 0.75, 1.0)],
)
DRESSING = label(
    [(0, (14, 84, 50)), (0.25, (16, 92, 56)), (0.27, (206, 214, 190)), (0.52, (214, 220, 200)), (0.9, (176, 190, 150))],
    [("SALAD", 0.66, k, 1, WHITE) for k in (0.0, 0.25, 0.5, 0.75, 1.0)],
    [(0.69, k, 0.16, 0.11, (40, 120, 60)) for k in (0.0, 0.25, 0.5, 0.75, 1.0)],
)


def can(name: str, picture: Image.Image, middle_z: float) -> Asset:
    """Return a can of radius 31 mm and height 75 mm about the y axis through z = `middle_z` (m)."""
    asset = Asset(name)
    bottom, top = (-0.04, 0.04) if name == "alphabet_soup" else (-0.06, 0.04)
    body = asset.object(bottom, top)
    weigh(body, name)
    radius, low, high = 0.0312, -0.0382, 0.0372
    body.solid(drum(12, radius - 0.0003, low, high, (0, middle_z), "y"))
    side = loft([(low + 0.003, radius), (high - 0.003, radius)], 20).y_up()
    ends = merge(
        [
            loft([(low, AXIS_RADIUS), (low, radius), (low + 0.003, radius)], 20).y_up(),
            loft(
                [
                    (high - 0.003, radius),
                    (high, radius),
                    (high, radius - 0.002),
                    (high - 0.002, radius - 0.003),
                    (high - 0.002, AXIS_RADIUS),
                ],
                20,
            ).y_up(),
        ]
    )
    body.show(side.moved((0, 0, middle_z)), asset.paint("label", image=picture))
    body.show(ends.moved((0, 0, middle_z)), asset.paint("tin", STEEL, shine=0.6))
    return asset


def alphabet_soup() -> Asset:
    """Return the blue can."""
    return can("alphabet_soup", SOUP, -0.0037)


def tomato_sauce() -> Asset:
    """Return the red, white and green can."""
    return can("tomato_sauce", TOMATO, -0.0033)


def packet(name: str, picture: Image.Image, box: Box, bottom: float, top: float, radius: float) -> Asset:
    """Return a flat packet that is one box, lying on its z face."""
    asset = Asset(name)
    body = asset.object(bottom, top, radius)
    weigh(body, name)
    body.solid([box])
    body.show(block(box), asset.paint("paper", image=picture))
    return asset


def butter() -> Asset:
    """Return the orange packet."""
    return packet("butter", BUTTER, Box((0, 0, 0), (0.03809, 0.01977, 0.00871)), -0.02, 0.02, 0.02)


def chocolate_pudding() -> Asset:
    """Return the brown packet."""
    box = Box((-0.0005, 0, 0.00063), (0.0401, 0.02316, 0.01371))
    return packet("chocolate_pudding", PUDDING, box, -0.06, 0.04, 0.025)


def cream_cheese() -> Asset:
    """Return the white and blue packet."""
    return packet("cream_cheese", CREAM, Box((0, 0, 0), (0.04061, 0.02134, 0.00894)), -0.025, 0.025, 0.03)


def carton(name: str, picture: Image.Image, roof: tuple, radius: float, shift: float) -> Asset:
    """Return a drinks carton with a gable top, 52 x 131 x 53 mm."""
    asset = Asset(name)
    body = asset.object(radius=radius)
    weigh(body, name)
    half, low, eaves, ridge = 0.02625, -0.06975, 0.03975, 0.06144
    trunk = panel((shift - half, low, -half), (shift + half, eaves, half))
    crest = panel((-half, ridge - 0.006, -0.0035), (half, ridge, 0.0035))
    slopes = [bar((0, eaves - 0.001, s * (half - 0.002)), (0, ridge - 0.006, s * 0.0025), half, 0.0022, "yz") for s in (1, -1)]
    body.solid([trunk, *slopes, crest])
    paper = asset.paint("paper", image=picture)
    gable = prism(
        [
            (eaves, half),
            (eaves, -half),
            (ridge - 0.006, -0.003),
            (ridge + 0.003, -0.003),
            (ridge + 0.003, 0.003),
            (ridge - 0.006, 0.003),
        ],
        shift - half,
        shift + half,
    )
    body.show(block(trunk), paper)
    body.show(gable, asset.paint("gable", roof))
    return asset


def milk() -> Asset:
    """Return the red and white carton."""
    return carton("milk", MILK, (0.78, 0.18, 0.14), 0.03, 0.00037)


def orange_juice() -> Asset:
    """Return the yellow and green carton."""
    return carton("orange_juice", JUICE, (0.88, 0.74, 0.2), 0.025, -0.00037)


def ketchup() -> Asset:
    """Return the flat red squeeze bottle with a white cap."""
    asset = Asset("ketchup")
    body = asset.object()
    weigh(body, "ketchup")
    x, z = 0.0004, 0.0008
    # (from, to, half width x, half depth z) of the belly, shoulder, neck
    for low, high, wide, deep in (
        (-0.0724, -0.0063, 0.0281, 0.0169),
        (-0.0076, 0.015, 0.0239, 0.0183),
        (0.0138, 0.0364, 0.0187, 0.0183),
    ):
        body.solid([panel((x - wide, low, z - deep), (x + wide, high, z + deep))])
    body.solid(drum(8, 0.0158, 0.0362, 0.0732, (x, z), "y"))
    shape = loft(
        [
            (-0.0724, AXIS_RADIUS, AXIS_RADIUS),
            (-0.0724, 0.0265, 0.016),
            (-0.069, 0.0284, 0.0176),
            (-0.01, 0.0284, 0.0178),
            (0.014, 0.024, 0.0185),
            (0.034, 0.0185, 0.0185),
            (0.038, 0.0165, 0.017),
            (0.039, 0.0155, 0.0155),
            (0.073, 0.0145, 0.0145),
            (0.0732, AXIS_RADIUS, AXIS_RADIUS),
        ],
        20,
        3.0,
    )
    body.show(shape.y_up().moved((x, 0, z)), asset.paint("bottle", image=KETCHUP, shine=0.4))
    return asset


def new_salad_dressing() -> Asset:
    """Return the bottle with a green cap; its shape sits in a nested body 5 cm up, as in LIBERO's file."""
    asset = Asset("new_salad_dressing")
    body = asset.object().part("sald_dressing_body", (0, 0.05, 0))
    weigh(body, "new_salad_dressing/sald_dressing_body")
    x, z = -0.001, 0.0002
    for low, high, wide, deep in (
        (-0.0728, -0.0628, 0.0173, 0.0173),
        (-0.0628, -0.0516, 0.0222, 0.0173),
        (-0.0524, -0.0104, 0.0264, 0.0173),
        (-0.0104, 0.0013, 0.0229, 0.0173),
        (0.0013, 0.0128, 0.0171, 0.0173),
        (0.0128, 0.0358, 0.0129, 0.0149),
    ):
        body.solid([panel((x - wide, low, z - deep), (x + wide, high, z + deep))])
    body.solid(drum(8, 0.0166, 0.0356, 0.0728, (0.0002, 0.0004), "y"))
    shape = loft(
        [
            (-0.0728, AXIS_RADIUS, AXIS_RADIUS),
            (-0.0728, 0.0175, 0.0165),
            (-0.0628, 0.0222, 0.0175),
            (-0.051, 0.0264, 0.018),
            (-0.0105, 0.0264, 0.018),
            (0.0013, 0.0225, 0.0175),
            (0.0128, 0.016, 0.016),
            (0.0345, 0.0135, 0.0145),
            (0.0355, 0.0166, 0.0166),
            (0.0728, 0.0166, 0.0166),
            (0.0728, AXIS_RADIUS, AXIS_RADIUS),
        ],
        20,
        2.8,
    )
    body.show(shape.y_up().moved((x, 0, z)), asset.paint("bottle", image=DRESSING, shine=0.4))
    return asset
