"""Our own stand-ins for LIBERO's 3D assets, made from boxes and small generated surfaces.

`write_standins(folder)` writes a tree laid out like LIBERO's assets folder, so that hf-libero's object
and room classes load it unchanged. Names, joints, sites, masses and rough dimensions are LIBERO's, since
its placement samplers, initial states and success tests depend on them; the shapes and pictures are ours.
Only what the 90 tasks of LIBERO-90 use is written. The same version writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import appliances, books, containers, cookware, furniture, groceries, tableware
from .kitchen import kitchen
from .living_room import living_room
from .mjcf import Asset
from .study import study

#: asset path in the folder -> function that builds it
ASSETS: dict[str, Callable[[], Asset]] = {
    "stable_hope_objects/alphabet_soup/alphabet_soup.xml": groceries.alphabet_soup,
    "stable_hope_objects/butter/butter.xml": groceries.butter,
    "stable_hope_objects/chocolate_pudding/chocolate_pudding.xml": groceries.chocolate_pudding,
    "stable_hope_objects/cream_cheese/cream_cheese.xml": groceries.cream_cheese,
    "stable_hope_objects/ketchup/ketchup.xml": groceries.ketchup,
    "stable_hope_objects/milk/milk.xml": groceries.milk,
    "stable_hope_objects/new_salad_dressing/new_salad_dressing.xml": groceries.new_salad_dressing,
    "stable_hope_objects/orange_juice/orange_juice.xml": groceries.orange_juice,
    "stable_hope_objects/tomato_sauce/tomato_sauce.xml": groceries.tomato_sauce,
    "stable_scanned_objects/akita_black_bowl/akita_black_bowl.xml": tableware.akita_black_bowl,
    "stable_scanned_objects/basket/basket.xml": containers.basket,
    "stable_scanned_objects/chefmate_8_frypan/chefmate_8_frypan.xml": cookware.chefmate_8_frypan,
    "stable_scanned_objects/plate/plate.xml": tableware.plate,
    "stable_scanned_objects/white_bowl/white_bowl.xml": tableware.white_bowl,
    "turbosquid_objects/black_book/black_book.xml": books.black_book,
    "turbosquid_objects/desk_caddy/desk_caddy.xml": containers.desk_caddy,
    "turbosquid_objects/moka_pot/moka_pot.xml": cookware.moka_pot,
    "turbosquid_objects/porcelain_mug/porcelain_mug.xml": tableware.porcelain_mug,
    "turbosquid_objects/red_coffee_mug/red_coffee_mug.xml": tableware.red_coffee_mug,
    "turbosquid_objects/white_yellow_mug/white_yellow_mug.xml": tableware.white_yellow_mug,
    "turbosquid_objects/wine_bottle/wine_bottle.xml": cookware.wine_bottle,
    "turbosquid_objects/wine_rack/wine_rack.xml": furniture.wine_rack,
    "turbosquid_objects/wooden_tray/wooden_tray.xml": containers.wooden_tray,
    "turbosquid_objects/wooden_two_layer_shelf/wooden_two_layer_shelf.xml": furniture.wooden_two_layer_shelf,
    "turbosquid_objects/yellow_book/yellow_book.xml": books.yellow_book,
    "articulated_objects/flat_stove.xml": appliances.flat_stove,
    "articulated_objects/microwave.xml": appliances.microwave,
    "articulated_objects/white_cabinet.xml": furniture.white_cabinet,
    "articulated_objects/wooden_cabinet.xml": furniture.wooden_cabinet,
    "scenes/libero_kitchen_tabletop_base_style.xml": kitchen,
    "scenes/libero_living_room_tabletop_base_style.xml": living_room,
    "scenes/libero_study_base_style.xml": study,
}


def standin_files() -> dict[str, bytes]:
    """Return the contents of every file of the tree, by path relative to its folder."""
    files: dict[str, bytes] = {}
    for path, build in ASSETS.items():
        files.update(build().files(path))
    return dict(sorted(files.items()))


def write_standins(folder: Path) -> None:
    """Write the whole tree into `folder`, which is made if it does not exist."""
    for path, data in standin_files().items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
