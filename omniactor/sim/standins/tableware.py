"""Bowls, plate and mugs: hollow things whose walls are rings of boxes. The z axis points up."""

from __future__ import annotations

from collections.abc import Sequence

from .boxes import Box, bar, drum, panel, ring
from .masses import weigh
from .mjcf import Asset
from .surfaces import AXIS_RADIUS, loft, tube


def bowl(
    name: str,
    ring_low: tuple,
    ring_high: tuple,
    foot: tuple,
    wall: float,
    skin: Sequence[tuple],
    color: Sequence[float],
    pos: Sequence[float] = (0, 0, 0),
) -> Asset:
    """Return a bowl of a foot, a lower and an upper ring of plates.

    Args:
        name: Asset name.
        ring_low: ((radius, z) bottom, (radius, z) top) of the lower ring.
        ring_high: The same of the upper ring.
        foot: (radius, low z, high z) of the floor.
        wall: Half thickness of the plates.
        skin: (z, radius) profile of what is seen.
        color: RGB, 0-1.
        pos: Position of the object body in the file.
    """
    asset = Asset(name)
    body = asset.object(pos=pos)
    weigh(body, name)
    body.solid(drum(8, *foot))
    body.solid(ring(14, *ring_low, wall))
    body.solid(ring(14, *ring_high, wall))
    body.show(loft(skin, 24), asset.paint("glaze", color, shine=0.5))
    return asset


def akita_black_bowl() -> Asset:
    """Return the black bowl: rim radius 52 mm, height 52 mm."""
    skin = [
        (0.0016, AXIS_RADIUS),
        (0.0016, 0.023),
        (0.0055, 0.0275),
        (0.0165, 0.0435),
        (0.034, 0.0486),
        (0.052, 0.0526),
        (0.0521, 0.051),
        (0.034, 0.0462),
        (0.0175, 0.0415),
        (0.009, 0.026),
        (0.0068, AXIS_RADIUS),
    ]
    return bowl(
        "akita_black_bowl",
        ((0.0236, 0.004), (0.0436, 0.0157)),
        ((0.0424, 0.0156), (0.0518, 0.0517)),
        (0.0232, 0.0016, 0.0068),
        0.0012,
        skin,
        (0.085, 0.085, 0.09),
        (0, -0.1, 0),
    )


def white_bowl() -> Asset:
    """Return the white bowl: rim radius 40 mm, height 35 mm."""
    skin = [
        (0.0006, AXIS_RADIUS),
        (0.0006, 0.017),
        (0.003, 0.0195),
        (0.011, 0.0315),
        (0.0226, 0.0367),
        (0.035, 0.0405),
        (0.0351, 0.0385),
        (0.0226, 0.0346),
        (0.0115, 0.0295),
        (0.0045, 0.018),
        (0.0042, AXIS_RADIUS),
    ]
    return bowl(
        "white_bowl",
        ((0.017, 0.0028), (0.0312, 0.0116)),
        ((0.0322, 0.0104), (0.0393, 0.0347)),
        (0.0168, 0.0006, 0.0042),
        0.0009,
        skin,
        (0.95, 0.95, 0.93),
    )


def plate() -> Asset:
    """Return the white plate: radius 67 mm, height 19 mm."""
    asset = Asset("plate")
    body = asset.object()
    weigh(body, "plate")
    body.solid([Box((0, 0, 0.0031), (0.0286, 0.0306, 0.0029))])
    body.solid(ring(8, (0.0301, 0.0000), (0.0661, 0.0134), 0.0025))
    skin = [
        (-0.0024, AXIS_RADIUS),
        (-0.0024, 0.031),
        (0.0115, 0.067),
        (0.0155, 0.069),
        (0.0165, 0.0665),
        (0.006, 0.034),
        (0.006, AXIS_RADIUS),
    ]
    body.show(loft(skin, 28), asset.paint("glaze", (0.95, 0.94, 0.91), shine=0.4))
    return asset


def mug(
    name: str,
    center: tuple,
    rings: Sequence[tuple],
    sides: tuple,
    wall: float,
    floor: tuple,
    handle: Sequence[Box],
    grip: Sequence[tuple],
    grip_size: tuple,
    skin: Sequence[tuple],
    inside: int,
    colors: tuple,
) -> Asset:
    """Return a mug of one or two rings of plates, a floor and a handle of three bars.

    Args:
        name: Asset name.
        center: Axis position (x, y).
        rings: ((radius, z) bottom, (radius, z) top) per ring.
        sides: Plates per ring, angle of the first one.
        wall: Half thickness of the plates.
        floor: (radius, low z, high z).
        handle: The bars of the handle.
        grip: (x, z) points of the handle to be seen, at the mug's y.
        grip_size: (radius, width factor) of the handle to be seen.
        skin: (z, radius) profile of what is seen.
        inside: Index of the first section of `skin` that belongs to the inside.
        colors: Colour of the outside and of the inside.
    """
    asset = Asset(name)
    body = asset.object()
    weigh(body, name)
    body.solid(drum(6, *floor, center))
    for low, high in rings:
        body.solid(ring(sides[0], low, high, wall, center, sides[1]))
    body.solid(handle)
    outside = asset.paint("outside", colors[0], shine=0.5)
    body.show(loft(skin[:inside], 24, center=center), outside)
    body.show(loft(skin[inside - 1 :], 24, center=center), asset.paint("inside", colors[1], shine=0.3))
    y = handle[0].center[1]
    body.show(tube([(x, y, z) for x, z in grip], grip_size[0], 8, grip_size[1]), outside)
    return asset


def porcelain_mug() -> Asset:
    """Return the white mug: a cylinder on a narrow foot, 109 mm high, handle towards -x."""
    skin = [
        (0.0024, AXIS_RADIUS),
        (0.0024, 0.0265),
        (0.0068, 0.0285),
        (0.024, 0.0355),
        (0.0415, 0.0415),
        (0.075, 0.0422),
        (0.107, 0.042),
        (0.1085, 0.0405),
        (0.106, 0.0378),
        (0.042, 0.038),
        (0.015, 0.0265),
        (0.0128, AXIS_RADIUS),
    ]
    handle = [
        panel((-0.0633, -0.008, 0.0362), (-0.0557, 0.008, 0.0758)),
        bar((-0.0600, 0, 0.0392), (-0.0232, 0, 0.018), 0.008, 0.0038),
        bar((-0.0600, 0, 0.0728), (-0.0290, 0, 0.0935), 0.008, 0.0038),
    ]
    grip = [
        (-0.0150, 0.0170),
        (-0.0265, 0.0195),
        (-0.044, 0.0285),
        (-0.0575, 0.0405),
        (-0.061, 0.056),
        (-0.0575, 0.0735),
        (-0.0455, 0.085),
        (-0.022, 0.096),
    ]
    return mug(
        "porcelain_mug",
        (0.0156, -0.0015),
        [((0.0256, 0.0066), (0.0408, 0.0412)), ((0.0410, 0.0433), (0.0410, 0.1085))],
        (7, 0.0),
        0.0022,
        (0.0245, 0.0024, 0.0128),
        handle,
        grip,
        (0.0042, 1.6),
        skin,
        8,
        ((0.92, 0.92, 0.92), (0.85, 0.85, 0.85)),
    )


def red_coffee_mug() -> Asset:
    """Return the red mug: a slim cone, 132 mm high, handle towards +x."""
    skin = [
        (-0.0018, AXIS_RADIUS),
        (-0.0018, 0.0275),
        (0.005, 0.0285),
        (0.125, 0.0418),
        (0.1305, 0.043),
        (0.131, 0.0405),
        (0.126, 0.0385),
        (0.012, 0.0235),
        (0.0078, AXIS_RADIUS),
    ]
    handle = [
        bar((0.0137, 0.0011, 0.0252), (0.0601, 0.0011, 0.0756), 0.0076, 0.0029),
        bar((0.0567, 0.0011, 0.0753), (0.0527, 0.0011, 0.1135), 0.0069, 0.0027),
        bar((0.0166, 0.0011, 0.109), (0.0526, 0.0011, 0.1142), 0.0069, 0.0027),
    ]
    grip = [
        (0.012, 0.026),
        (0.038, 0.052),
        (0.0555, 0.0715),
        (0.0575, 0.08),
        (0.054, 0.105),
        (0.0495, 0.1125),
        (0.04, 0.1125),
        (0.02, 0.1095),
    ]
    return mug(
        "red_coffee_mug",
        (-0.0175, -0.0021),
        [((0.0231, -0.0014), (0.0381, 0.1300))],
        (7, 0.28),
        0.0035,
        (0.0235, 0.0028, 0.0078),
        handle,
        grip,
        (0.0042, 1.6),
        skin,
        6,
        ((0.8, 0.08, 0.07), (0.62, 0.06, 0.06)),
    )


def white_yellow_mug() -> Asset:
    """Return the yellow mug: a thick-walled cone, 103 mm high, handle towards +x."""
    skin = [
        (0.0, AXIS_RADIUS),
        (0.0, 0.028),
        (0.0189, 0.0405),
        (0.06, 0.0462),
        (0.1005, 0.0515),
        (0.1028, 0.048),
        (0.1005, 0.0445),
        (0.06, 0.039),
        (0.0205, 0.034),
        (0.008, 0.025),
        (0.0052, AXIS_RADIUS),
    ]
    handle = [
        panel((0.0600, -0.0088, 0.0268), (0.0682, 0.0088, 0.0852)),
        bar((0.0158, 0, 0.0212), (0.0646, 0, 0.0314), 0.0088, 0.0041),
        bar((0.0248, 0, 0.0772), (0.0680, 0, 0.0820), 0.0088, 0.0041),
    ]
    grip = [
        (0.018, 0.0215),
        (0.057, 0.0295),
        (0.0635, 0.0345),
        (0.0642, 0.056),
        (0.0635, 0.0755),
        (0.0585, 0.081),
        (0.024, 0.0775),
    ]
    return mug(
        "white_yellow_mug",
        (-0.0185, -0.0003),
        [((0.0248, 0.0023), (0.0372, 0.0189)), ((0.0367, 0.0160), (0.0481, 0.1025))],
        (14, 0.0),
        0.0041,
        (0.026, 0.0002, 0.0052),
        handle,
        grip,
        (0.0045, 1.7),
        skin,
        7,
        ((0.82, 0.72, 0.26), (0.86, 0.8, 0.5)),
    )
