"""Compiled scenes: a task's MuJoCo model as one file, and beside it a JSON with everything else the simulator needs.

The same two files serve the cache (`scene_cache`) and other machines (`omniactor.data.scene`). To read
them takes only `mujoco` and `numpy`. A model file fits exactly the MuJoCo version that wrote it: MuJoCo
refuses others only sometimes, so the version is written down and compared. Both files carry a digest,
because MuJoCo does not survive every damaged model. Tasks with the same scene share one model file
(named by its content); where fixtures stand is no part of it, the episode says that.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from omniactor.errors import RecordError, SetupError
from omniactor.paths import atomic_path, write_json

FORMAT, VERSION = "omniactor-scene", 2
_MAX_BYTES = 2_000_000_000


@dataclass(frozen=True)
class SceneFacts:
    """What the environment, experts, renderers and file formats must know about a task's scene. Ids are MuJoCo's.

    Attributes:
        task: LIBERO's name.
        task_id: 0 to 89.
        instruction: the task in words.
        goal: its predicates.
        assets: "libero" or "standin".
        fingerprint: of the asset folder.
        detail: label of the `Detail` it was made for.
        mujoco: version that wrote the model.
        model: file name of the model, beside the JSON; "" while it is in no file.
        nq: numbers in qpos.
        nv: numbers in qvel.
        joints: name -> [first index in qpos, first index in qvel].
        cameras: our name -> the model's.
        fixtures: name -> body id whose pose an episode gives.
        objects: name -> body ids of a movable object, its root first.
        fixture_bodies: name -> body ids of a fixture, its root first.
        kinds: object or fixture -> LIBERO's category, for example "akita_black_bowl".
        contact_geoms: object or fixture -> ids of the geoms that LIBERO's predicates ask about.
        sites: LIBERO's region -> {"site": id, "parent": object, fixture or "", "size": half sizes (3,)
            metres, "joints": names of what moves it}.
        switches: region or fixture -> {"qpos": indices, "open", "close", "turnon", "turnoff": [comparison,
            metres or radians] where LIBERO defines them}.
        placement: how a reset draws the scene, see `omniactor.sim.placement`.
        starts: object -> region of the BDDL file it starts in.
        lights: sites that are shown while a joint is turned: {"site", "qpos", "above", "on", "off"} (site
            id, index in qpos, radians, alpha when shown, alpha when not).
        workspace: LIBERO's name of the table.
        base: body id of the robot's base.
        problem: LIBERO's problem name.
        bddl: text of the BDDL file.
        xml: the model as MJCF, asset paths shortened; for LIBERO's HDF5 layout.
    """

    task: str
    task_id: int
    instruction: str
    goal: list[str]
    assets: str
    fingerprint: str
    detail: str
    mujoco: str
    model: str
    nq: int
    nv: int
    joints: dict[str, list[int]]
    cameras: dict[str, str]
    fixtures: dict[str, int]
    objects: dict[str, list[int]]
    fixture_bodies: dict[str, list[int]]
    kinds: dict[str, str]
    contact_geoms: dict[str, list[int]]
    sites: dict[str, dict]
    switches: dict[str, dict]
    placement: dict
    starts: dict[str, str]
    lights: list[dict]
    workspace: str
    base: int
    problem: str
    bddl: str
    xml: str

    @property
    def regions(self) -> dict[str, dict]:
        """The sites that mean a place, without those that only say where things start."""
        return {name: site for name, site in self.sites.items() if not name.endswith("init_region")}

    def body(self, name: str) -> int | None:
        """Return the root body id of an object or fixture, or None."""
        return self.objects[name][0] if name in self.objects else self.fixtures.get(name)


def write_scene(path: Path, facts: SceneFacts, model, compress: bool = False) -> SceneFacts:
    """Write a scene's two files, each atomically, the model first; returns the facts with the model's file name.

    Raises:
        OutputError: the folder cannot be written.
    """
    content = model_bytes(model)
    suffix = ".mjb.gz" if compress else ".mjb"
    facts = replace(facts, model=hashlib.sha256(content).hexdigest()[:32] + suffix)
    file = path.parent / facts.model
    # A file of that name may be there and damaged: it is replaced, which harms no reader.
    with atomic_path(file) as temporary:
        temporary.write_bytes(gzip.compress(content, 1, mtime=0) if compress else content)
    plain = asdict(facts)
    write_json(path, {"format": FORMAT, "version": VERSION, "digest": _digest(plain), **plain})
    return facts


def read_scene_facts(path: Path) -> SceneFacts:
    """Read and check a scene's JSON.

    Raises:
        RecordError: missing, damaged, or not one of ours.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT or content.pop("version") != VERSION:
            raise ValueError("another format or version")
        if content.pop("digest") != _digest(content):
            raise ValueError("content that does not fit its digest")
        return SceneFacts(**content)
    except FileNotFoundError as error:
        raise RecordError(
            f"expected a compiled scene at {path}, got nothing; run `omniactor demos --scenes` where LIBERO is installed"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(
            f"expected a compiled scene in {path}, got: {' '.join(str(error).split())[:160]}; delete it and export again"
        ) from error


def load_scene(path: Path):
    """Return (facts, `mujoco.MjModel`) of a scene's JSON.

    Raises:
        RecordError: see `read_scene_facts`; or the model file is missing or damaged.
        SetupError: another MuJoCo version is installed than wrote the model.
    """
    import mujoco

    facts = read_scene_facts(path)
    if mujoco.__version__ != facts.mujoco:
        raise SetupError(
            f"expected mujoco {facts.mujoco}, which wrote {path.name}, got {mujoco.__version__}; "
            f"run: python -m pip install mujoco=={facts.mujoco}, or export the scenes again"
        )
    file = path.parent / Path(facts.model).name
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read(_MAX_BYTES)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise RecordError(f"expected the model of {path.name} at {file}, got: {error}; export the scenes again") from error
    if hashlib.sha256(content).hexdigest()[:32] != file.name.split(".")[0]:
        raise RecordError(f"expected {file} to fit its name, got other content; delete it and export the scenes again")
    model = mujoco.MjModel.from_binary_path("scene.mjb", {"scene.mjb": content})
    if (model.nq, model.nv) != (facts.nq, facts.nv):
        raise RecordError(
            f"expected a model with nq {facts.nq}, nv {facts.nv} in {file}, got {model.nq}, {model.nv}; export again"
        )
    return facts, model


def model_bytes(model) -> bytes:
    """Return a model as MuJoCo's binary file holds it."""
    import mujoco

    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "scene.mjb"
        mujoco.mj_saveModel(model, str(plain), None)
        return plain.read_bytes()


def show_lights(facts: SceneFacts, model, qpos: np.ndarray) -> None:
    """Show the burner of a stove that is on, hide that of one that is off, as LIBERO does after every step."""
    for light in facts.lights:
        model.site_rgba[light["site"], 3] = light["on"] if qpos[light["qpos"]] >= light["above"] else light["off"]


def _digest(plain: dict) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
