"""Is the fast simulator the same simulator? Against hf-libero and robosuite as published, task by task.

Called by `python benchmarks/simulator.py --parity`. For each task, in one process:

start    every number of qpos, of the fixtures' poses and of the goals after a reset from a seed, equal
arm      100 random actions: largest difference of a joint of the arm, radians (limit 1e-3)
objects  the same: of a free object's position before the robot first touches anything, metres (limit 1e-3)
images   structural similarity of both cameras at each size, before and after those actions (limit 0.97);
         of `detail="draft"` too, without a limit
"""

from pathlib import Path

import numpy as np

from benchmarks.stock import CAMERAS, models, open_stock, reset_stock

LIMITS = {"start": 0.0, "arm": 1e-3, "objects": 1e-3, "ssim": 0.97}
STEPS, SETTLE = 100, 5


def compare_task(task, source, sizes, seed, keep):
    """Return one row of the table; `keep(similarity, title, theirs, ours)` is given every picture."""
    from omniactor.sim.init_states import get_init_state
    from omniactor.sim.libero import Libero90Env

    ours = Libero90Env(task, assets=source, obs_type="state", settle_steps=0)
    stock = open_stock(task, source.folder)
    reset_stock(stock, seed)
    ours.reset(seed=seed)
    model, data = models(stock)
    start = max(
        float(np.abs(mine - theirs).max(initial=0.0))
        for mine, theirs in (
            (ours.data.qpos, data.qpos),
            (ours.model.body_pos, model.body_pos),
            (ours.model.body_quat, model.body_quat),
        )
    )
    same_goals = list(ours.goals().values()) == judge(stock)
    actions = np.random.default_rng([seed, task.id]).uniform(-1, 1, (STEPS, 7)).astype(np.float32)
    arm, objects, touched = 0.0, 0.0, None
    free = [ours.facts.joints[f"{name}_joint0"][0] for name in ours.facts.objects]
    robot = robot_geoms(ours.model)
    for step, action in enumerate(actions):
        ours.step(action)
        stock.step(action.astype(np.float64))
        difference = np.abs(ours.data.qpos - data.qpos)
        arm = max(arm, float(difference[ours.controller.qpos].max()))
        pairs = ours.data.contact.geom[: ours.data.ncon]
        if touched is None and (robot[pairs].sum(1) == 1).any():
            touched = step
        if touched is None:
            objects = max([objects, *(float(difference[i : i + 3].max()) for i in free)])
        same_goals = same_goals and list(ours.goals().values()) == judge(stock)
    ours.close()
    stock.close()
    row = {
        "task": task.id, "scene": task.scene, "start": start, "goals": same_goals, "arm": arm, "objects": objects,
        "first_contact": touched, "ssim": {}, "draft_ssim": {},
    }  # fmt: skip
    state = get_init_state(task, seed % 50)
    for size in sizes:
        compare_images(task, source, size, state, actions, keep, row)
    row["passed"] = bool(
        start <= LIMITS["start"] and same_goals and arm <= LIMITS["arm"] and objects <= LIMITS["objects"]
        and min(row["ssim"].values(), default=1.0) >= LIMITS["ssim"]
    )  # fmt: skip
    return row


def compare_images(task, source, size, state, actions, keep, row):
    """Put into the row, for each camera at this size, the lower of the similarities at the start and after the actions."""
    import mujoco
    from skimage.metrics import structural_similarity

    from omniactor.sim.libero import Libero90Env

    columns = {"ssim": "auto", "draft_ssim": "draft"}
    envs = {key: Libero90Env(task, source, size, obs_type="state", detail=detail) for key, detail in columns.items()}
    stock = open_stock(task, source.folder, size)
    reset_stock(stock, 0, state)
    for env in envs.values():
        env.reset(seed=0, options={"init_state": find_state(task, state)})
    ours = envs["ssim"]
    for moment in ("start", "end"):
        _, data = models(stock)
        data.qpos[:], data.qvel[:] = ours.data.qpos, ours.data.qvel  # the same state: only the drawing is compared
        stock.sim.forward()
        stock.env._post_process()  # the burner's light
        for name, camera in CAMERAS.items():
            stock.sim._render_context_offscreen.gl_ctx.make_current()  # robosuite forgets that there may be another
            theirs = stock.sim.render(camera_name=camera, height=size, width=size)[::-1]
            for column, env in envs.items():
                mujoco.mj_forward(env.model, env.data)
                mine = env.picture(name)
                similarity = float(structural_similarity(theirs, mine, channel_axis=2))
                key = f"{name}@{size}"
                row[column][key] = min(row[column].get(key, 1.0), similarity)
                if env is ours:
                    keep(similarity, f"task {task.id} {name} {size} px, {moment}: SSIM {similarity:.4f}", theirs, mine)
        if moment == "start":
            for action in actions:
                for env in envs.values():
                    env.step(action)
    for env in envs.values():
        env.close()
    stock.close()


def judge(stock):
    """Return hf-libero's own answers for each predicate of the goal."""
    return [bool(stock.env._eval_predicate(clause)) for clause in stock.env.parsed_problem["goal_state"]]


def robot_geoms(model):
    """Return for each geom whether it belongs to the robot: bool (ngeom,)."""
    names = [model.body(body).name for body in model.geom_bodyid]
    return np.array([name.startswith(("robot0_", "gripper0_", "mount0_")) for name in names])


def find_state(task, state):
    """Return the number of a published state."""
    from omniactor.sim.init_states import load_init_states

    return int(np.nonzero((load_init_states(task.init_states_file) == state).all(1))[0][0])


def worst_pictures(kept, path: Path, count=8):
    """Write the least similar pictures side by side: LIBERO's, ours, and four times the difference."""
    from PIL import Image, ImageDraw

    side, bar = 256, 18
    kept = sorted(kept, key=lambda entry: entry[0])[:count]
    sheet = Image.new("RGB", (3 * side, len(kept) * (side + bar)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (_, title, theirs, mine) in enumerate(kept):
        top = row * (side + bar)
        draw.text((4, top + 3), f"{title}   (LIBERO's, ours, difference x 4)", "black")
        difference = np.clip(4 * np.abs(theirs.astype(int) - mine), 0, 255).astype(np.uint8)
        for column, picture in enumerate((theirs, mine, difference)):
            sheet.paste(Image.fromarray(picture).resize((side, side), Image.NEAREST), (column * side, top + bar))
    sheet.save(path)
