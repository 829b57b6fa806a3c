"""Compiled scenes: a task's MuJoCo model as one file plus a small JSON, rendered without robosuite.

`export_scene` needs the full simulator; `load_scene` needs only the `mujoco` and `numpy` packages.
A model file fits exactly the MuJoCo version that wrote it: MuJoCo refuses others only sometimes, so
the version is written down and compared. Tasks with the same scene share one model file (named by
its content); where fixtures stand is no part of it, each episode says that.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from omniactor.errors import RecordError, SetupError
from omniactor.paths import atomic_path, write_json

FORMAT, VERSION = "omniactor-scene", 1
_MAX_BYTES = 2_000_000_000


@dataclass(frozen=True)
class SceneFacts:
    """What a renderer and the file formats must know about a task's scene. Ids are MuJoCo's.

    Attributes:
        task: LIBERO's name.
        task_id: 0 to 89.
        instruction: the task in words.
        goal: its predicates.
        assets: "libero" or "standin".
        fingerprint: of the asset folder.
        mujoco: version that wrote the model.
        model: file name of the model, beside the JSON.
        nq: numbers in qpos.
        nv: numbers in qvel.
        joints: name -> [first index in qpos, first index in qvel].
        cameras: our name -> the model's.
        fixtures: name -> body id whose pose an episode gives.
        objects: name -> body ids of a movable object, its root first.
        fixture_bodies: name -> body ids of a fixture, its root first.
        regions: LIBERO's region -> {"site": id, "parent": object, fixture or ""}.
        starts: object -> region of the BDDL file it starts in.
        lights: sites that are shown while a joint is turned: {"site", "qpos", "above", "on", "off"} (site
            id, index in qpos, radians, alpha when shown, alpha when not).
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
    mujoco: str
    model: str
    nq: int
    nv: int
    joints: dict[str, list[int]]
    cameras: dict[str, str]
    fixtures: dict[str, int]
    objects: dict[str, list[int]]
    fixture_bodies: dict[str, list[int]]
    regions: dict[str, dict]
    starts: dict[str, str]
    lights: list[dict]
    problem: str
    bddl: str
    xml: str


def scene_path(folder: Path, assets: str, task_id: int) -> Path:
    """Return where a scene's JSON lies in a demonstrations folder."""
    return folder / "scenes" / assets / f"task{task_id:02d}.json"


def export_scene(task_id: int, source, folder: Path) -> Path:
    """Compile a task's scene and write it; returns the JSON's path.

    Args:
        task_id: 0 to 89.
        source: an `AssetSource`.
        folder: the demonstrations folder.
    """
    import mujoco

    from omniactor.sim.libero import Libero90Env
    from omniactor.sim.render import CAMERAS

    path = scene_path(folder, source.kind, task_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    env = Libero90Env(task_id, assets=source, obs_type="state")
    try:
        env.reset(seed=0)  # hides the gripper's marker sites, as robosuite does at every reset
        model, domain = env.model, env.domain
        fixtures = {name: int(domain.obj_body_id[name]) for name in domain.fixtures_dict}
        lights = _lights(model, domain)
        for body in fixtures.values():  # a drawn pose would make every export another file
            model.body_pos[body], model.body_quat[body] = 0.0, [1.0, 0.0, 0.0, 0.0]
        for light in lights:
            model.site_rgba[light["site"], 3] = light["off"]
        name = _write_model(mujoco, model, path.parent)
        problem = domain.parsed_problem
        facts = SceneFacts(
            task=env.task, task_id=task_id, instruction=env.task_description, goal=[str(p) for p in env.spec_task.goal],
            assets=source.kind, fingerprint=source.fingerprint, mujoco=mujoco.__version__, model=name,
            nq=int(model.nq), nv=int(model.nv),
            joints={model.joint(j).name: [int(model.jnt_qposadr[j]), int(model.jnt_dofadr[j])] for j in range(model.njnt)},
            cameras=dict(CAMERAS), fixtures=fixtures,
            objects={name: _bodies(model, int(domain.obj_body_id[name])) for name in domain.objects_dict},
            fixture_bodies={name: _bodies(model, body) for name, body in fixtures.items()},
            regions={
                name: {"site": int(model.site(name).id), "parent": getattr(region, "parent_name", "") or ""}
                for name, region in domain.object_sites_dict.items() if not name.endswith("init_region")
            },
            starts={clause[1]: clause[2] for clause in problem["initial_state"] if len(clause) == 3},
            lights=lights, problem=problem["problem_name"], bddl=env.spec_task.bddl_file.read_text(encoding="utf-8"),
            xml=_short_paths(domain.sim.model.get_xml(), source.folder),
        )  # fmt: skip
    finally:
        env.close()
    write_json(path, {"format": FORMAT, "version": VERSION, **asdict(facts)})
    return path


def read_scene_facts(path: Path) -> SceneFacts:
    """Read and check a scene's JSON.

    Raises:
        RecordError: missing, damaged, or not one of ours.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT or content.pop("version") != VERSION:
            raise ValueError("another format or version")
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
        with gzip.open(file) as stream:
            content = stream.read(_MAX_BYTES)
    except (OSError, EOFError) as error:
        raise RecordError(f"expected the model of {path.name} at {file}, got: {error}; export the scenes again") from error
    if hashlib.sha256(content).hexdigest()[:16] != file.name.split(".")[0]:
        raise RecordError(f"expected {file} to fit its name, got other content; delete it and export the scenes again")
    model = mujoco.MjModel.from_binary_path("scene.mjb", {"scene.mjb": content})
    if (model.nq, model.nv) != (facts.nq, facts.nv):
        raise RecordError(
            f"expected a model with nq {facts.nq}, nv {facts.nv} in {file}, got {model.nq}, {model.nv}; export again"
        )
    return facts, model


def _write_model(mujoco, model, folder: Path) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "scene.mjb"
        mujoco.mj_saveModel(model, str(plain), None)
        content = plain.read_bytes()
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.mjb.gz"
    if not (folder / name).is_file():
        with atomic_path(folder / name) as temporary:
            temporary.write_bytes(gzip.compress(content, 1, mtime=0))
    return name


def _bodies(model, root: int) -> list[int]:
    inside = [root]
    for body in range(root + 1, model.nbody):  # children follow their parents
        if int(model.body_parentid[body]) in inside:
            inside.append(body)
    return inside


def _lights(model, domain) -> list[dict]:
    """Return the sites that LIBERO shows while something is turned on: the stove's burner."""
    found = []
    for name, thing in {**domain.fixtures_dict, **domain.objects_dict}.items():
        properties = thing.object_properties
        ranges = properties.get("articulation", {}).get("default_turnon_ranges")
        for site_name, _ in properties["vis_site_names"].values():
            site, joint = model.site(site_name).id, model.joint(thing.joints[0])
            alpha = float(model.site_rgba[site, 3])
            on, off = (1.0 - alpha, alpha) if alpha <= 0 else (alpha, 1.0 - alpha)  # LIBERO toggles it so
            found.append(
                {"site": int(site), "qpos": int(joint.qposadr[0]), "above": min(ranges), "on": on, "off": off, "of": name}
            )
    return found


def _short_paths(xml: str, assets: Path) -> str:
    import robosuite

    xml = xml.replace(str(assets), "assets")
    return xml.replace(str(Path(robosuite.__file__).parent), "robosuite")


def pose_scene(facts: SceneFacts, model, data, state: np.ndarray, fixtures: dict[str, list[float]]) -> None:
    """Put a stored state, float64 (1 + nq + nv,), into a scene, with its fixtures; kinematics are current afterwards."""
    import mujoco

    if state.shape != (1 + facts.nq + facts.nv,) or fixtures.keys() != facts.fixtures.keys():
        raise RecordError(
            f"expected states of {1 + facts.nq + facts.nv} numbers and fixtures {sorted(facts.fixtures)} for {facts.task}, "
            f"got {state.shape} and {sorted(fixtures)}; the episode is of another scene"
        )
    for name, pose in fixtures.items():
        body = facts.fixtures[name]
        model.body_pos[body], model.body_quat[body] = pose[:3], pose[3:]
    data.time, data.qpos[:], data.qvel[:] = state[0], state[1 : 1 + facts.nq], state[1 + facts.nq :]
    for light in facts.lights:
        model.site_rgba[light["site"], 3] = light["on"] if data.qpos[light["qpos"]] >= light["above"] else light["off"]
    mujoco.mj_forward(model, data)
