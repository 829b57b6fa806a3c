"""The stand-in assets: they compile alone, weigh what the table says, and carry the names LIBERO looks up."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import mujoco
import numpy as np
import pytest

from omniactor.sim.standins import ASSETS, standin_files, write_standins
from omniactor.sim.standins.masses import MASSES

OBJECTS = [path for path in ASSETS if not path.startswith("scenes/")]
ROOMS = [path for path in ASSETS if path.startswith("scenes/")]
MARKERS = {"bottom_site", "top_site", "horizontal_radius_site"}
REGIONS = {
    "basket": {"contain_region"},
    "wooden_tray": {"contain_region"},
    "desk_caddy": {f"{side}_contain_region" for side in ("left", "right", "back", "front")},
    "wine_rack": {"top_region"},
    "wooden_two_layer_shelf": {"top_side", "top_region", "bottom_region"},
    "wooden_cabinet": {"top_side", "top_region", "middle_region", "bottom_region"},
    "white_cabinet": {"top_side", "top_region", "middle_region", "bottom_region"},
    "flat_stove": {"cook_region", "burner"},
    "microwave": {"top_side", "heating_region"},
}
DRAWERS = {f"{level}_level": ("slide", (-0.16, 0.01), 50) for level in ("top", "middle", "bottom")}
JOINTS = {
    "wooden_cabinet": DRAWERS,
    "white_cabinet": DRAWERS,
    "flat_stove": {"button": ("hinge", (-0.005, 2.1), 1)},
    "microwave": {"microjoint": ("hinge", (-2.094, 0), 0.5)},
}
STYLE_FILES = {
    "scenes/libero_kitchen_tabletop_base_style.xml": ("gray_ceramic_tile.png", "yellow_linen_wall_texture.png"),
    "scenes/libero_living_room_tabletop_base_style.xml": ("seamless_wood_planks_floor.png", "light-gray-plaster.png"),
    "scenes/libero_study_base_style.xml": ("light-gray-floor-tile.png", "light-gray-plaster.png"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("standins")
    write_standins(place)
    return place


@pytest.fixture(scope="module")
def models(folder: Path) -> dict[str, mujoco.MjModel]:
    # angles in radians, as in the environments robosuite compiles
    found = {}
    for path in ASSETS:
        spec = mujoco.MjSpec.from_file(str(folder / path))
        spec.compiler.degree = False
        found[path] = spec.compile()
    return found


def names(model: mujoco.MjModel, kind: str) -> list[str]:
    return [getattr(model, kind)(k).name for k in range({"site": model.nsite, "joint": model.njnt}[kind])]


def test_writing_twice_gives_the_same_bytes(folder: Path) -> None:
    files = standin_files()
    on_disk = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert on_disk == files


def test_every_file_named_in_an_xml_is_written(folder: Path) -> None:
    for path in ASSETS:
        for file in re.findall(r' file="([^"]+)"', (folder / path).read_text()):
            assert ((folder / path).parent / file).is_file(), (path, file)


@pytest.mark.parametrize("body", sorted(MASSES))
def test_mass_and_inertia_are_those_of_the_table(models: dict, body: str) -> None:
    name, _, part = body.partition("/")
    model = next(m for path, m in models.items() if path.endswith(f"/{name}.xml"))
    found = model.body(part or "object")
    mass, center, diagonal, quat = MASSES[body]
    assert found.mass[0] == pytest.approx(mass, rel=1e-6)
    np.testing.assert_allclose(found.ipos, center, atol=1e-7)
    np.testing.assert_allclose(found.inertia, diagonal, rtol=1e-5)
    # the same axes up to the sign of the quaternion
    assert abs(np.dot(found.iquat, quat) / np.linalg.norm(quat)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("path", OBJECTS)
def test_objects_have_the_form_robosuite_reads(folder: Path, models: dict, path: str) -> None:
    name = Path(path).stem
    root = ET.parse(folder / path).getroot()
    holder = root.find("worldbody/body")
    assert holder.find("./body[@name='object']") is not None
    assert {site.get("name") for site in holder.findall("./site")} == MARKERS
    assert set(names(models[path], "site")) == MARKERS | REGIONS.get(name, set())
    assert root.find("default") is None
    for geom in root.iter("geom"):
        assert geom.get("group") in ("0", "1")
        if geom.get("group") == "0":
            assert geom.get("rgba") == "0 0 0 0" and geom.get("type") == "box"
        else:
            assert (geom.get("contype"), geom.get("conaffinity")) == ("0", "0")


@pytest.mark.parametrize("path", OBJECTS)
def test_joints_are_those_of_libero(models: dict, path: str) -> None:
    model = models[path]
    wanted = JOINTS.get(Path(path).stem, {})
    assert names(model, "joint") == list(wanted)
    kinds = {"slide": mujoco.mjtJoint.mjJNT_SLIDE, "hinge": mujoco.mjtJoint.mjJNT_HINGE}
    for name, (kind, limits, damping) in wanted.items():
        joint = model.joint(name)
        assert joint.type[0] == kinds[kind]
        np.testing.assert_allclose(joint.range, limits)
        assert joint.damping[0] == damping


@pytest.mark.parametrize("path", OBJECTS)
def test_what_is_seen_is_where_what_is_touched_is(models: dict, path: str) -> None:
    model = models[path]
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    bounds = {0: [], 1: []}
    for g in range(model.ngeom):
        turn, place = data.geom_xmat[g].reshape(3, 3), data.geom_xpos[g]
        if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH:
            mesh = model.geom_dataid[g]
            start = model.mesh_vertadr[mesh]
            points = model.mesh_vert[start : start + model.mesh_vertnum[mesh]] @ turn.T + place
        else:
            corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T * model.geom_size[g]
            points = corners @ turn.T + place
        bounds[int(model.geom_group[g])].append((points.min(0), points.max(0)))
    touched, seen = (np.array([np.min([b[0] for b in bounds[k]], 0), np.max([b[1] for b in bounds[k]], 0)]) for k in (0, 1))
    assert np.abs(touched - seen).max() < 0.006


@pytest.mark.parametrize("path", ROOMS)
def test_rooms_have_what_the_arena_classes_look_up(folder: Path, models: dict, path: str) -> None:
    root = ET.parse(folder / path).getroot()
    floor, wall = STYLE_FILES[path]
    assert root.find("asset/texture[@name='texplane']").get("file") == f"../textures/{floor}"
    assert root.find("asset/texture[@name='tex-wall']").get("file") == f"../textures/{wall}"
    assert root.find("worldbody//geom[@name='floor']") is not None
    cameras = {camera.get("name") for camera in root.iter("camera")}
    assert {"frontview", "birdview", "agentview", "sideview"} <= cameras
    body = {"kitchen": "table", "living": "living_room_table", "study": "study_table"}[path.split("_")[1]]
    assert root.find(f"worldbody/body[@name='{body}']") is not None
    if body == "table":
        table = root.find("worldbody/body[@name='table']")
        wanted = ["table_collision", "table_visual", *[f"table_leg{k}_visual" for k in range(1, 5)]]
        assert [geom.get("name") for geom in table.findall("geom")] == wanted
        assert table.find("site[@name='table_top']") is not None


def test_triangles_stay_few(models: dict) -> None:
    triangles = {path: int(model.mesh_facenum.sum()) for path, model in models.items()}
    assert max(triangles[path] for path in OBJECTS) <= 1500
    assert max(triangles[path] for path in ROOMS) <= 3000


def test_pictures_are_small(folder: Path) -> None:
    from PIL import Image

    for picture in folder.rglob("*.png"):
        with Image.open(picture) as image:
            assert max(image.size) <= 128
