"""The two binders of the study. They stand on end; the z axis points up."""

from __future__ import annotations

from .boxes import Box, panel
from .masses import weigh
from .mjcf import Asset
from .surfaces import block, merge


def book(name: str, cover: Box, color: tuple, rings: tuple) -> Asset:
    """Return a binder that stands on its z face, spine towards +y, pages towards -y, two ring holes."""
    asset = Asset(name)
    body = asset.object()
    weigh(body, name)
    body.solid([cover])
    (x, y, z), (thin, wide, tall) = cover.center, cover.half
    board = 0.0022
    boards = [
        panel((x - thin, y - wide, z - tall), (x - thin + board, y + wide, z + tall)),
        panel((x + thin - board, y - wide, z - tall), (x + thin, y + wide, z + tall)),
        panel((x - thin, y + wide - board, z - tall), (x + thin, y + wide, z + tall)),
        panel((x - thin, y - wide, z - tall), (x + thin, y + wide, z - tall + board)),
    ]
    body.show(merge(block(b) for b in boards), asset.paint("cover", color, shine=0.3))
    pages = panel((x - thin + board, y - wide + 0.003, z - tall + 0.003), (x + thin - board, y + wide - board, z + tall - 0.004))
    body.show(block(pages), asset.paint("pages", (0.74, 0.73, 0.7)))
    hole = panel((x - 0.004, y + wide, z - tall + 0.014), (x + 0.004, y + wide + 0.0006, z - tall + 0.022))
    tag = panel((x - thin * 0.6, y + wide, z + tall * 0.1), (x + thin * 0.6, y + wide + 0.0005, z + tall * 0.8))
    body.show(merge([block(hole), block(tag)]), asset.paint("tag", rings))
    return asset


def black_book() -> Asset:
    """Return the black binder, 134 mm tall and 29 mm thick."""
    return book(
        "black_book", Box((-0.00047, -0.01215, 0.06937), (0.01434, 0.05519, 0.0672)), (0.03, 0.03, 0.032), (0.45, 0.45, 0.46)
    )


def yellow_book() -> Asset:
    """Return the pale yellow binder, 122 mm tall and 24 mm thick."""
    return book("yellow_book", Box((0.00164, 0.00008, 0.06309), (0.01177, 0.04887, 0.06112)), (0.8, 0.72, 0.48), (0.5, 0.36, 0.2))
