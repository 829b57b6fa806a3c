"""The stove with its knob and the microwave oven with its door."""

from __future__ import annotations

from .boxes import Box, drum, panel
from .masses import weigh
from .mjcf import Asset
from .surfaces import AXIS_RADIUS, block, blocks, loft, merge, tube

CLEAR = (0.8, 0.8, 0.8, 0)


def flat_stove() -> Asset:
    """Return the hot plate at x = 0.15 and its knob, a hinge about z, at the origin."""
    asset = Asset("flat_stove")
    base = asset.object(-0.045, 0.045, 0.045, 0.05).part("base")
    plate = base.part("burner", (0.15, 0, 0))
    weigh(plate, "flat_stove/burner")
    plate.site("cook_region", (0, 0, 0), (0.075, 0.075, 0.0025), rgba=CLEAR)
    plain = {"friction": "1 0.005 0.0001", "solref": "0.02 1", "solimp": "0.9 0.95 0.001"}
    top = Box((0, 0, 0), (0.095, 0.095, 0.02))
    plate.solid([top], "base", **plain)
    plate.solid([Box((0, 0, 0.025), (0.095, 0.095, 0.0005))], "collision_burner", **plain)
    plate.show(block(top), asset.paint("metal", (0.56, 0.56, 0.54), shine=0.6), "base_vis")
    # hidden under the coil until the stove is on: LIBERO switches this site's alpha
    plate.site("burner", (0, 0, 0.022), (0.0625, 0.0005), "cylinder", rgba=(0.9, 0.05, 0.05, 1))
    coil = [
        loft([(0.0200, r - 0.0045), (0.0200, r + 0.0045), (0.0255, r + 0.0035), (0.0255, r - 0.0035), (0.0200, r - 0.0045)], 24)
        for r in (0.014, 0.029, 0.044, 0.059)
    ]
    spokes = blocks(
        [panel((-0.062, -0.003, 0.020), (0.062, 0.003, 0.0235)), panel((-0.003, -0.062, 0.020), (0.003, 0.062, 0.0235))]
    )
    plate.part("burner_plate").show(merge([*coil, spokes]), asset.paint("coil", (0.3, 0.3, 0.3)), "burner")
    knob = base.part("button", quat=(0.7071068, 0, 0, 0.7071068))
    knob.inertial(3, (0, 0, 0), (1, 1, 1))
    knob.joint("button", "hinge", (0, 0, 1), (-0.005, 2.1), 1)
    # the disc, then the grip: a bar across it, highest in its middle
    knob.solid(drum(8, 0.0465, 0.0004, 0.0128, (0.0013, 0.0046)))
    knob.solid(
        [
            panel((-0.0109, -0.0172, 0.0014), (0.0137, 0.0520, 0.0500)),
            panel((-0.0110, -0.0328, 0.0076), (0.0134, -0.0122, 0.0449)),
            panel((-0.0111, -0.0406, 0.0005), (0.0133, -0.0322, 0.0337)),
        ]
    )
    disc = loft(
        [(0.0004, AXIS_RADIUS), (0.0004, 0.048), (0.0105, 0.048), (0.0128, 0.0455), (0.0128, AXIS_RADIUS)],
        20,
        center=(0.0013, 0.0046),
    )
    grip = loft(
        [
            (0.0120, 0.0125, 0.0470),
            (0.0330, 0.0122, 0.0455),
            (0.0470, 0.0115, 0.0350),
            (0.0500, 0.0095, 0.0300),
            (0.0500, AXIS_RADIUS),
        ],
        16,
        4.0,
        center=(0.0012, 0.0056),
    )
    knob.show(merge([disc, grip]), asset.paint("knob", (0.08, 0.08, 0.08), shine=0.4))
    mark = panel((-0.0010, 0.020, 0.0498), (0.0034, 0.0400, 0.0508))
    knob.show(block(mark), asset.paint("mark", (0.8, 0.8, 0.8)))
    return asset


def microwave() -> Asset:
    """Return the oven: 345 x 222 x 187 mm, front towards -y, door hinged at its -x edge, keys at +x."""
    asset = Asset("microwave")
    body = asset.object(-0.06, 0.06, 0.015)
    weigh(body, "microwave")
    body.site("top_side", (0, 0.01, 0.20), (0.12, 0.0835, 0.005), rgba=CLEAR)
    body.site("heating_region", (0, 0.01, 0.096), (0.12, 0.0835, 0.08), rgba=CLEAR)
    # LIBERO's oven touches other things softly, and never itself
    soft = {
        "friction": "1 0.005 0.0001",
        "solref": "0.02 1",
        "solimp": "0.8 0.9 0.01",
        "margin": "0.001",
        "condim": "3",
        "contype": "0",
        "conaffinity": "1",
    }
    black = asset.paint("black", (0.14, 0.14, 0.145), shine=0.4)
    dark = asset.paint("dark", (0.2, 0.2, 0.2), shine=0.2)
    grey = asset.paint("grey", (0.5, 0.5, 0.5), shine=0.6)
    shell = [
        panel((-0.1725, -0.08805, 0), (-0.1435, 0.11105, 0.187)),
        panel((0.0635, -0.08805, 0), (0.1725, 0.11105, 0.187)),
        panel((-0.144, 0.0805, 0), (0.063, 0.1105, 0.187)),
        panel((-0.1435, -0.0880, 0.168), (0.0635, 0.0810, 0.187)),
        panel((-0.1435, -0.0880, 0), (0.0635, 0.0800, 0.024)),
        panel((0.0875, -0.1105, 0), (0.1725, -0.0865, 0.187)),
    ]
    body.solid(shell, **soft)
    body.show(blocks([*shell[:2], *shell[3:]]), black)
    body.show(blocks([shell[2]]), dark)
    keys = [
        panel((x, -0.1125, z), (x + 0.016, -0.1105, z + 0.012)) for x in (0.099, 0.122, 0.145) for z in (0.03, 0.05, 0.07, 0.09)
    ]
    screen = panel((0.099, -0.1120, 0.135), (0.161, -0.1105, 0.160))
    body.show(blocks(keys), grey)
    body.show(block(screen), asset.paint("screen", (0.1, 0.3, 0.32), shine=0.6))
    door = body.part("microdoorroot", (-0.1725, -0.088, 0.096))
    weigh(door, "microwave/microdoorroot")
    door.joint("microjoint", "hinge", (0, 0, 1), (-2.094, 0), 0.5)
    door.solid([panel((0, -0.025, -0.0925), (0.259, -0.001, 0.0925))], **soft)
    # the handle's collision boxes replace LIBERO's capsules of 10 mm radius
    door.solid(
        [
            panel((0.2285, -0.063, -0.074), (0.2465, -0.045, 0.074)),
            panel((0.2285, -0.0535, 0.0560), (0.2465, -0.0215, 0.0740)),
            panel((0.2285, -0.0535, -0.0740), (0.2465, -0.0215, -0.0560)),
        ],
        **soft,
    )
    frame = [
        panel((0, -0.025, -0.0925), (0.259, -0.001, -0.058)),
        panel((0, -0.025, 0.058), (0.259, -0.001, 0.0925)),
        panel((0, -0.025, -0.058), (0.035, -0.001, 0.058)),
        panel((0.205, -0.025, -0.058), (0.259, -0.001, 0.058)),
    ]
    door.show(blocks(frame), dark)
    door.show(
        block(panel((0.035, -0.016, -0.058), (0.205, -0.010, 0.058))),
        asset.paint("window", (0.45, 0.45, 0.45), shine=0.8, alpha=0.3),
    )
    bow = [
        (0.2375, -0.025, 0.065),
        (0.2375, -0.048, 0.065),
        (0.2375, -0.054, 0.060),
        (0.2375, -0.054, -0.060),
        (0.2375, -0.048, -0.065),
        (0.2375, -0.025, -0.065),
    ]
    door.show(tube(bow, 0.010), grey)
    return asset
