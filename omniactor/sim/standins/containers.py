"""Things to put things in: basket, tray, desk caddy. The z axis points up."""

from __future__ import annotations

from .boxes import bar, panel
from .masses import weigh
from .mjcf import Asset
from .surfaces import block, blocks, merge
from .textures import wicker, wood

CLEAR = (0.8, 0.8, 0.8, 0)


def basket() -> Asset:
    """Return the open basket: 169 x 157 mm, rim 146 mm high."""
    asset = Asset("basket")
    body = asset.object()
    weigh(body, "basket")
    body.site("contain_region", (0, 0, 0.07185), (0.06108, 0.06108, 0.06949), quat=(0, 0, 0, 1), rgba=CLEAR)
    weave = asset.paint("wicker", image=wicker((196, 154, 92)))
    # the walls lean outwards
    walls = [
        bar((-0.0679, 0, 0.0131), (-0.0775, 0, 0.1401), 0.0724, 0.0067),
        bar((0.0724, 0, 0.0130), (0.0788, 0, 0.1402), 0.0724, 0.0067),
        bar((0, -0.0657, 0.0182), (0, -0.0715, 0.1454), 0.0724, 0.0067, "yz"),
        bar((0, 0.0662, 0.0182), (0, 0.0720, 0.1454), 0.0724, 0.0067, "yz"),
    ]
    floor = panel((-0.0741, -0.0724, 0.0042), (0.0791, 0.0724, 0.0220))
    body.solid([*walls, floor])
    body.show(merge([block(w, (0, 0, 2, 2)) for w in walls]), weave)
    body.show(block(floor), asset.paint("floor", image=wicker((164, 122, 70))))
    rim = [
        panel((-0.0846, -0.0788, 0.1385), (-0.0702, 0.0792, 0.1460)),
        panel((0.0715, -0.0788, 0.1385), (0.0860, 0.0792, 0.1460)),
        panel((-0.0702, -0.0788, 0.1385), (0.0715, -0.0642, 0.1460)),
        panel((-0.0702, 0.0647, 0.1385), (0.0715, 0.0792, 0.1460)),
    ]
    body.show(blocks(rim), asset.paint("rim", (0.5, 0.36, 0.19)))
    return asset


def wooden_tray() -> Asset:
    """Return the tray: 297 x 167 mm, slatted floor, ends with a slot under their top rail."""
    asset = Asset("wooden_tray")
    body = asset.object()
    weigh(body, "wooden_tray")
    body.site(
        "contain_region", (0.00863, -0.00471, 0.04255), (0.04038, 0.07839, 0.13549), quat=(0.70711, 0, 0.70711, 0), rgba=CLEAR
    )
    pine = asset.paint("pine", image=wood((196, 138, 72)))
    left, right, front, back = -0.1362, 0.1518, -0.0876, 0.0789
    # (from y, to y) of the three slats of the floor
    slats = [
        panel((left, low, -0.001), (right, high, 0.008))
        for low, high in ((-0.0851, -0.0433), (-0.0302, 0.0190), (0.0330, 0.0748))
    ]
    sides = [
        panel((left, front, 0.0038), (right, front + 0.0062, 0.0626)),
        panel((left, back - 0.0062, 0.0028), (right, back, 0.0596)),
    ]
    ends = [panel((x - 0.0023, -0.0833, 0.0053), (x + 0.0023, 0.0723, 0.0545)) for x in (-0.1392, 0.1532)]
    feet = [panel((x - 0.0054, -0.0818, -0.0003), (x + 0.0054, 0.0734, 0.0050)) for x in (-0.1310, 0.1472)]
    posts = [
        panel((x - 0.0062, y - 0.0055, 0.0016), (x + 0.0062, y + 0.0055, 0.0800))
        for x in (-0.1325, 0.1453)
        for y in (-0.0785, 0.0685)
    ]
    rails = [panel((x - 0.0067, -0.0835, 0.0745), (x + 0.0067, 0.0737, 0.0809)) for x in (-0.1335, 0.1471)]
    body.panels([*slats, *sides, *ends, *feet, *posts], pine)
    body.solid([panel((b.center[0] - b.half[0], -0.0835, 0.0785), (b.center[0] + b.half[0], 0.0737, 0.0809)) for b in rails])
    body.show(blocks(rails), pine)
    return asset


def desk_caddy() -> Asset:
    """Return the caddy: 434 x 151 mm, four compartments, its back towards +x and its front open to -x."""
    asset = Asset("desk_caddy")
    body = asset.object()
    weigh(body, "desk_caddy")
    wide, narrow = (0.06196, 0.06216, 0.06046), (0.02775, 0.06216, 0.06046)
    for name, pos, size in (
        ("right_contain_region", (0.00631, -0.14339, 0.06558), wide),
        ("left_contain_region", (0.00631, 0.14551, 0.06558), wide),
        ("back_contain_region", (0.03364, -0.00064, 0.08558), narrow),
    ):
        body.site(name, pos, size, quat=(0, 0, 1, 0), rgba=CLEAR)
    body.site(
        "front_contain_region",
        (-0.03102, -0.00064, 0.04054),
        (0.02775, 0.03595, 0.06216),
        quat=(0, 0, 0.70711, -0.70711),
        rgba=CLEAR,
    )
    walnut = asset.paint("walnut", image=wood((112, 76, 52), 14, 64))
    depth = 0.0706
    panels = [
        panel((-0.0755, -0.2169, 0.0014), (0.0755, 0.2169, 0.0138)),
        panel((0.0628, -0.2098, 0.0053), (0.0708, 0.2098, 0.1683)),
        panel((-0.0709, -0.2098, 0.0049), (-0.0629, 0.2098, 0.0741)),
        panel((-0.0709, -0.2164, 0.0081), (-0.0629, -0.0632, 0.1673)),
        panel((-depth, -0.0742, 0.0026), (depth, -0.0618, 0.1674)),
        panel((-depth, -0.2156, 0.0026), (depth, -0.2032, 0.1674)),
        panel((-0.0056, -0.0668, 0.0118), (0.0024, 0.0668, 0.0986)),
    ]
    for y in (0.0706, 0.2084):
        # the partitions of the low half slope up towards the back
        panels += [
            panel((-depth, y - 0.0036, 0.0119), (depth, y + 0.0036, 0.0785)),
            panel((0.0046, y - 0.0036, 0.0380), (0.0644, y + 0.0036, 0.1116)),
            panel((0.0433, y - 0.0036, 0.1046), (0.0665, y + 0.0036, 0.1426)),
            bar((-0.0579, y, 0.0541), (0.0579, y, 0.1349), 0.0036, 0.0209),
            bar((0.0192, y, 0.1228), (0.0650, y, 0.1546), 0.0036, 0.0114),
        ]
    body.panels(panels, walnut)
    return asset
