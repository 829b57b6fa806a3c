"""From hf-libero's objects to a compiled scene: the one place where LIBERO and robosuite build something.

hf-libero reads the BDDL file and merges the models; what it knows is written down as plain `SceneFacts`, and
its objects are dropped. The simulator then runs on MuJoCo alone, whether a scene was built now or read
from the cache.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np

from omniactor.errors import SetupError, SimulationError
from omniactor.sim.assets import AssetSource
from omniactor.sim.detail import Detail
from omniactor.sim.libero_package import load
from omniactor.sim.render import CAMERAS
from omniactor.sim.scene import SceneFacts
from omniactor.sim.simplify import simplify_scene
from omniactor.sim.tasks import Task


def compile_scene(task: Task, source: AssetSource, detail: Detail):
    """Build a task's scene; returns (facts, `mujoco.MjModel`).

    Raises:
        SetupError: hf-libero or robosuite is missing.
    """
    import mujoco

    domain = build_stock(task, source.folder)
    try:
        _reset(domain)
        full, facts = domain.sim.model._model, _facts(mujoco, task, source, detail, domain)
        for body in facts.fixtures.values():  # a drawn pose would make every build another model
            full.body_pos[body], full.body_quat[body] = 0.0, [1.0, 0.0, 0.0, 0.0]
        for light in facts.lights:
            full.site_rgba[light["site"], 3] = light["off"]
        if not detail.mesh_error:
            return facts, full
        return facts, simplify_scene(domain.model.get_xml(), full, detail)
    finally:
        domain.close()


def build_stock(task: Task, folder: Path):
    """Return hf-libero's own environment object of a task, without cameras; needs seconds.

    Args:
        task: one of the 90.
        folder: laid out as LIBERO's assets.
    """
    envs = load(folder)
    import robosuite

    header = task.bddl_file.read_text(encoding="utf-8").split(")", 1)[0]
    problem = envs.TASK_MAPPING[header.split()[-1].lower()]
    with contextlib.redirect_stdout(io.StringIO()):  # hf-libero prints while it loads
        domain = problem(
            str(task.bddl_file),
            robots=["Panda"],
            controller_configs=robosuite.load_controller_config(default_controller="OSC_POSE"),
            initialization_noise=None,
            has_renderer=False,
            has_offscreen_renderer=False,
            use_camera_obs=False,
            hard_reset=False,
            ignore_done=True,
        )
    # LIBERO appends its joint samplers again at every rebuild, so on stock LIBERO's first reset
    # each has drawn twice before the fixtures are placed. Keep that: same seed, same fixtures.
    domain.object_property_initializers *= 2
    return domain


def _reset(domain) -> None:
    """Reset once, which hides the gripper's marker sites; numpy's global generator stays as it was."""
    from robosuite.utils.errors import RandomizationError

    before = np.random.get_state()
    np.random.seed(0)
    try:
        for _ in range(100):
            try:
                domain.reset()
                return
            except RandomizationError:
                continue
    finally:
        np.random.set_state(before)
    raise SimulationError("expected a free placement, got none in 100 draws; the BDDL file leaves no room")


def _facts(mujoco, task: Task, source: AssetSource, detail: Detail, domain) -> SceneFacts:
    model, problem = domain.sim.model._model, domain.parsed_problem
    fixtures = {name: int(domain.obj_body_id[name]) for name in domain.fixtures_dict}
    things = {**domain.objects_dict, **domain.fixtures_dict}
    return SceneFacts(
        task=task.name, task_id=task.id, instruction=task.language, goal=[str(p) for p in task.goal],
        assets=source.kind, fingerprint=source.fingerprint, detail=detail.label, mujoco=mujoco.__version__, model="",
        nq=int(model.nq), nv=int(model.nv),
        joints={model.joint(j).name: [int(model.jnt_qposadr[j]), int(model.jnt_dofadr[j])] for j in range(model.njnt)},
        cameras=dict(CAMERAS), fixtures=fixtures,
        objects={name: _bodies(model, int(domain.obj_body_id[name])) for name in domain.objects_dict},
        fixture_bodies={name: _bodies(model, body) for name, body in fixtures.items()},
        kinds={name: thing.category_name for name, thing in things.items()},
        contact_geoms={name: [int(model.geom(geom).id) for geom in thing.contact_geoms] for name, thing in things.items()},
        sites={name: _site(model, name, site) for name, site in domain.object_sites_dict.items()},
        switches=_switches(model, domain, things), placement=_placement(model, domain),
        starts={clause[1]: clause[2] for clause in problem["initial_state"] if len(clause) == 3},
        lights=_lights(model, things), workspace=domain.workspace_name,
        base=int(model.body(domain.robots[0].robot_model.root_body).id), problem=problem["problem_name"],
        bddl=task.bddl_file.read_text(encoding="utf-8"), xml=_short_paths(domain.sim.model.get_xml(), source.folder),
    )  # fmt: skip


def _bodies(model, root: int) -> list[int]:
    inside = [root]
    for body in range(root + 1, model.nbody):  # children follow their parents
        if int(model.body_parentid[body]) in inside:
            inside.append(body)
    return inside


def _site(model, name: str, site) -> dict:
    return {
        "site": int(model.site(name).id), "parent": getattr(site, "parent_name", None) or "",
        "size": [float(half) for half in site.size], "joints": list(site.joints or ()),
    }  # fmt: skip


def _switches(model, domain, things: dict) -> dict[str, dict]:
    """Return what opens, closes or turns: each region that joints move, and each thing with joints of its own."""
    owners = {name: (thing, thing.joints) for name, thing in things.items()}
    for name, site in domain.object_sites_dict.items():
        if site.joints and getattr(site, "parent_name", None) in things:
            owners[name] = (things[site.parent_name], site.joints)
    found = {}
    for name, (thing, joints) in owners.items():
        ranges = getattr(thing, "object_properties", {}).get("articulation", {})
        limits = {}
        for key, test in (("open", "is_open"), ("close", "is_close"), ("turnon", "turn_on"), ("turnoff", "turn_off")):
            span = ranges.get(f"default_{key}{'_ranges'}")
            if span and hasattr(thing, test):
                limits[key] = _limit(getattr(thing, test), span)
        if limits:
            found[name] = {"qpos": [int(model.joint(joint).qposadr[0]) for joint in joints], **limits}
    return found


def _limit(test, span: list[float]) -> list:
    """Return [comparison, limit] of one of LIBERO's threshold tests, found by asking it."""
    if test(min(span) - 100.0):
        limit = max(span)
        if test(limit) or not test(np.nextafter(limit, -np.inf)):
            raise SetupError(f"expected LIBERO's threshold below {limit}, got another; install hf-libero==0.1.4")
        return ["<", float(limit)]
    limit = min(span)
    if not test(np.nextafter(limit, np.inf)) or test(np.nextafter(limit, -np.inf)):
        raise SetupError(f"expected LIBERO's threshold above {limit}, got another; install hf-libero==0.1.4")
    return [">=" if test(limit) else ">", float(limit)]


def _placement(model, domain) -> dict:
    from libero.libero.envs.regions import InSiteRegionRandomSampler, MultiRegionRandomSampler, SiteRegionRandomSampler

    robot = domain.robots[0]
    joints = [
        {
            "qpos": [
                int(model.joint(joint).qposadr[0])
                for joint in (
                    domain.object_sites_dict[drawer.name].joints
                    if drawer.name in domain.object_sites_dict
                    else domain.get_object(drawer.name).joints
                )
            ],
            "range": [float(bound) for bound in drawer.joint_ranges],
        }
        for drawer in domain.object_property_initializers
    ]
    things = []
    for composite in (
        domain.placement_initializer,
        domain.conditional_placement_initializer,
        domain.conditional_placement_on_objects_initializer,
    ):
        for name, sampler in composite.samplers.items():
            extra = composite.sample_args[name] or {}
            reference, site = extra.get("reference") or "", extra.get("site_name")
            if isinstance(sampler, InSiteRegionRandomSampler):
                how = "in site"
            elif isinstance(sampler, SiteRegionRandomSampler):
                how = "on site"
            else:
                how = "on object" if reference else "table"
            for thing in sampler.mujoco_objects:
                fixture = thing.name in domain.fixtures_dict
                body, joint = domain.obj_body_id[thing.name], None if fixture else model.joint(thing.joints[-1])
                things.append(
                    {
                        "name": thing.name, "fixture": fixture,
                        "address": int(body if fixture else joint.qposadr[0]),
                        "how": how, "x": _plain(sampler.x_ranges), "y": _plain(sampler.y_ranges),
                        "rotation": _plain(sampler.rotation), "axis": sampler.rotation_axis,
                        "scalar_first": type(sampler) is MultiRegionRandomSampler,
                        "z": float(sampler.z_offset), "inside": bool(sampler.ensure_object_boundary_in_range),
                        "clear": bool(sampler.ensure_valid_placement), "origin": _plain(sampler.reference_pos),
                        "reference": reference, "site": int(model.site(site).id) if site else -1,
                        "radius": float(thing.horizontal_radius), "bottom": float(thing.bottom_offset[-1]),
                        "top": float(thing.top_offset[-1]),
                    }
                )  # fmt: skip
    return {
        "arm": [[int(i) for i in robot._ref_joint_pos_indexes], _plain(np.array(robot.init_qpos))],
        "fingers": [[int(i) for i in robot._ref_gripper_joint_pos_indexes], _plain(np.array(robot.gripper.init_qpos))],
        "joints": joints,
        "things": things,
    }


def _plain(value):
    """Return numbers, tuples, arrays and dicts of them as JSON holds them."""
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return [_plain(inner) for inner in value]


def _lights(model, things: dict) -> list[dict]:
    """Return the sites that LIBERO shows while something is turned on: the stove's burner."""
    found = []
    for name, thing in things.items():
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
