"""The frying pan, the moka pot and the wine bottle. The z axis points up."""

from __future__ import annotations

from .boxes import Box, bar, drum, panel, quat_about, ring
from .masses import weigh
from .mjcf import Asset
from .surfaces import AXIS_RADIUS, loft, merge, tube
from .textures import label

BLACK = (0.05, 0.05, 0.052)


def chefmate_8_frypan() -> Asset:
    """Return the pan: radius 98 mm, 41 mm high, a long handle rising towards +x."""
    asset = Asset("chefmate_8_frypan")
    body = asset.object()
    weigh(body, "chefmate_8_frypan")
    middle = (0.0065, -0.0005)
    handle = [
        bar((0.1265, 0, 0.0355), (0.2587, 0, 0.0527), 0.0127, 0.0062),
        bar((0.098, 0.0036, 0.0155), (0.136, 0.0036, 0.032), 0.0105, 0.0075),
    ]
    body.solid(drum(10, 0.074, 0.0007, 0.0122, middle))
    body.solid(ring(18, (0.0785, 0.004), (0.1005, 0.0406), 0.0036, middle))
    body.solid(handle)
    skin = [
        (0.0007, AXIS_RADIUS),
        (0.0007, 0.076),
        (0.0045, 0.0825),
        (0.0385, 0.1045),
        (0.0424, 0.1035),
        (0.0415, 0.0985),
        (0.0385, 0.0965),
        (0.0145, 0.081),
        (0.0122, 0.074),
        (0.0122, AXIS_RADIUS),
    ]
    body.show(loft(skin[:5], 32, center=middle), asset.paint("outside", BLACK, shine=0.4))
    body.show(loft(skin[4:6], 32, center=middle), asset.paint("rim", (0.3, 0.3, 0.3), shine=0.7))
    body.show(loft(skin[5:8], 32, center=middle), asset.paint("side", (0.16, 0.16, 0.155), shine=0.8))
    body.show(loft(skin[7:], 32, center=middle), asset.paint("base", (0.09, 0.095, 0.09), shine=0.6))
    grip = [(0.098, 0.0, 0.018), (0.118, 0, 0.026), (0.14, 0, 0.0365), (0.2, 0, 0.045), (0.255, 0, 0.0525), (0.2587, 0, 0.053)]
    body.show(tube(grip, 0.0065, 8, 1.9), asset.paint("handle", BLACK, shine=0.2))
    return asset


def moka_pot() -> Asset:
    """Return the eight-sided pot: 133 mm high without its knob, spout towards -y, handle towards +y."""
    asset = Asset("moka_pot")
    body = asset.object()
    weigh(body, "moka_pot")
    low, high = -0.0661, 0.0669
    spout = [
        panel((-0.0176, -0.0417, 0.0181), (0.0176, -0.03, 0.0671)),
        panel((-0.008, -0.0563, 0.0325), (0.008, -0.0419, 0.0599)),
    ]
    arm = [
        panel((-0.0102, 0.0344, 0.0388), (0.0102, 0.0488, 0.0662)),
        bar((0, 0.0442, 0.0603), (0, 0.0735, 0.0603), 0.0066, 0.007, "yz"),
        bar((0, 0.068, 0.0595), (0, 0.0832, 0.047), 0.0066, 0.007, "yz"),
        bar((0, 0.0832, 0.0525), (0, 0.0625, 0.0035), 0.0066, 0.007, "yz"),
        bar((0, 0.067, 0.0095), (0, 0.0520, -0.0025), 0.0066, 0.007, "yz"),
    ]
    knob = panel((-0.0052, -0.0073, 0.0629), (0.0052, 0.0047, 0.0857))
    # a stretched octagon: flat towards +-y, edges at +-x
    sides = [Box((0, 0, (low + high) / 2), (0.0369, 0.0172, (high - low) / 2), quat_about("z", s * 0.389)) for s in (1, -1)]
    body.solid([panel((-0.025, -0.0346, low), (0.025, 0.0346, high)), *sides])
    body.solid([*spout, *arm, knob])
    # from the foot over the waist to the lid: height, share of the greatest radius
    outline = [
        (low, 0.98),
        (-0.008, 0.86),
        (-0.005, 0.9),
        (0.003, 0.9),
        (0.006, 0.86),
        (high - 0.004, 1),
        (high - 0.003, 0.98),
        (high + 0.003, 0.3),
    ]
    kettle = loft(
        [(low, AXIS_RADIUS), *[(z, 0.0398 * share, 0.0368 * share) for z, share in outline], (high + 0.003, AXIS_RADIUS)],
        8,
        facets=True,
    )
    beak = loft(
        [(0.018, 0.012, 0.002), (0.045, 0.014, 0.012), (0.066, 0.015, 0.021), (0.066, AXIS_RADIUS)],
        8,
        facets=True,
        center=(0, -0.036),
    )
    body.show(merge([kettle, beak]), asset.paint("metal", (0.8, 0.8, 0.81), shine=0.8))
    grip = [
        (0, 0.036, 0.0545),
        (0, 0.05, 0.061),
        (0, 0.07, 0.0605),
        (0, 0.0795, 0.0545),
        (0, 0.081, 0.044),
        (0, 0.0735, 0.0285),
        (0, 0.066, 0.0125),
        (0, 0.0555, 0.0015),
    ]
    top = loft([(0.0665, 0.004), (0.075, 0.004), (0.077, 0.0075), (0.0845, 0.0075), (0.0857, AXIS_RADIUS)], 10)
    body.show(merge([tube(grip, 0.0065, 8, 1.0), top]), asset.paint("handle", BLACK, shine=0.3))
    return asset


def wine_bottle() -> Asset:
    """Return the dark green bottle: 158 mm high, radius 20 mm, label towards -y."""
    asset = Asset("wine_bottle")
    body = asset.object()
    weigh(body, "wine_bottle")
    body.solid([Box((0, 0, 0.0373), (0.015, 0.015, 0.0362))])
    body.solid(ring(8, (0.0179, 0.0035), (0.0179, 0.0631), 0.002, overlap=1.4))
    body.solid([panel((-0.0118, -0.0118, 0.0741), (0.0118, 0.0118, 0.0881)), panel((-0.008, -0.008, 0.086), (0.008, 0.008, 0.1))])
    body.solid(drum(8, 0.0068, 0.06, 0.1581))
    skin = [
        (0.0011, AXIS_RADIUS),
        (0.0011, 0.0185),
        (0.0035, 0.0205),
        (0.0635, 0.0205),
        (0.074, 0.0185),
        (0.087, 0.012),
        (0.1, 0.008),
        (0.14, 0.007),
    ]
    body.show(loft(skin, 20), asset.paint("glass", (0.03, 0.1, 0.04), shine=0.9))
    cap = [(0.1395, 0.007), (0.14, 0.0077), (0.157, 0.0077), (0.1581, AXIS_RADIUS)]
    body.show(loft(cap, 12), asset.paint("cork", (0.72, 0.5, 0.28)))
    picture = label(
        [(0, (232, 226, 206))],
        [("WINE", 0.5, k, 2, (130, 26, 30)) for k in (0.25, 0.75)],
        [(0.5, k, 0.28, 0.2, (216, 200, 160)) for k in (0.25, 0.75)],
    )
    body.show(loft([(0.014, 0.0208), (0.052, 0.0208)], 20), asset.paint("label", image=picture))
    return asset
