"""What does a picture cost without a GPU, and how near to full detail is it? The ways of drawing that were weighed.

    OMNIACTOR_LIBERO_ASSETS=/folder/with/libero_assets python benchmarks/drawing.py --out benchmarks/results/drawing.json

For each task: both cameras at the start of two published states and after 100 random actions, in each way. The
similarity is to full detail with four samples of a pixel, which is what stock LIBERO draws. "cpu" is milliseconds of
all threads for one picture (other programs on the machine hardly change it), "wall" their median on the clock.
"2 x 2" draws twice as wide and high with one sample of a pixel and averages. The last line of stdout is one JSON object.
"""

import argparse
import dataclasses
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a clone, installed or not

SIZE, ACTIONS = 128, 100
WAYS = {  # name -> (detail, samples of a pixel, how many times as wide and high)
    "full, 4 samples": ("full", 4, 1),
    "full, 1 sample": ("full", 0, 1),
    "fast, 4 samples": ("fast", 4, 1),
    "fast, 2 samples": ("fast", 2, 1),
    "fast, 2 x 2": ("fast", 0, 2),
    "fast, 1 sample": ("fast", 0, 1),
    "draft, 4 samples": ("draft", 4, 1),
    "draft, 2 x 2": ("draft", 0, 2),
    "draft, 1 sample": ("draft", 0, 1),
}


def draw(task, source, name, moments):
    """Return the pictures of one way at given moments, and milliseconds and triangles of each."""
    import mujoco

    from omniactor.sim.detail import choose_detail
    from omniactor.sim.render import CAMERAS, CameraRenderer
    from omniactor.sim.scene_cache import get_scene

    kind, samples, times = WAYS[name]
    detail = dataclasses.replace(choose_detail(kind, SIZE), samples=samples)
    facts, model = get_scene(task, source, detail)
    data = mujoco.MjData(model)
    renderer = CameraRenderer(model, times * SIZE, samples)
    pictures, cpu, wall = [], [], []
    for state, fixtures in moments:
        for fixture, pose in fixtures.items():
            body = facts.fixtures[fixture]
            model.body_pos[body], model.body_quat[body] = pose[:3], pose[3:]
        data.qpos[:] = state[1 : 1 + model.nq]
        mujoco.mj_forward(model, data)
        for camera in CAMERAS:
            for _ in range(4):
                began = time.process_time(), time.perf_counter()
                picture = renderer.render(data, camera)
                cpu.append(1000 * (time.process_time() - began[0]))
                wall.append(1000 * (time.perf_counter() - began[1]))
            blocks = picture.reshape(SIZE, times, SIZE, times, 3).astype(np.uint16)
            pictures.append(((blocks.sum((1, 3)) + times * times // 2) // (times * times)).astype(np.uint8))
    triangles = sum(int(model.mesh_facenum[mesh]) for mesh in model.geom_dataid[(model.geom_type == 7) & (model.geom_group > 0)])
    renderer.close()
    return pictures, statistics.median(cpu), statistics.median(wall), triangles


def moments_of(task, source):
    """Return (state, fixture poses) at the start of two published states and after random actions from there."""
    from omniactor.sim.libero import Libero90Env

    env, moments = Libero90Env(task, assets=source, obs_type="state", image_size=SIZE, detail="fast"), []
    for state in (0, 1):
        env.reset(seed=state, options={"init_state": state})
        moments.append((env.flat_state(), env.fixture_poses()))
        for action in np.random.default_rng([state, task.id]).uniform(-1, 1, (ACTIONS, 7)):
            env.step(action)
        moments.append((env.flat_state(), env.fixture_poses()))
    env.close()
    return moments


def main():
    """Draw, compare, print the table and the JSON line."""
    from skimage.metrics import structural_similarity

    from omniactor.errors import OmniActorError
    from omniactor.record import versions
    from omniactor.sim.assets import resolve_assets
    from omniactor.sim.gl import choose_backend
    from omniactor.sim.tasks import parse_tasks

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", default="0,20,35,47,57,66,75,80,86")
    parser.add_argument("--assets", default="libero", choices=("libero", "standin"))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    try:
        backend = choose_backend()
        source, tasks = resolve_assets(options.assets), parse_tasks(options.tasks)
    except OmniActorError as error:
        sys.exit(f"drawing: {error}")
    found = {name: {"ssim": [], "cpu": [], "wall": [], "triangles": []} for name in WAYS}
    for task in tasks:
        moments, reference = moments_of(task, source), None
        for name, row in found.items():
            pictures, cpu, wall, triangles = draw(task, source, name, moments)
            reference = reference or pictures
            pairs = zip(reference, pictures, strict=True)
            row["ssim"] += [float(structural_similarity(full, picture, channel_axis=2)) for full, picture in pairs]
            row["cpu"].append(cpu), row["wall"].append(wall), row["triangles"].append(triangles)
        print(f"task {task.id} drawn", file=sys.stderr)
    print(f"{'':20s}{'triangles':>10s}{'lowest SSIM':>13s}{'mean SSIM':>11s}{'cpu ms':>8s}{'wall ms':>9s}")
    rows = {}
    for name, row in found.items():
        rows[name] = {
            "triangles": round(statistics.mean(row["triangles"])), "lowest_ssim": round(min(row["ssim"]), 4),
            "mean_ssim": round(statistics.mean(row["ssim"]), 4), "cpu_ms": round(statistics.mean(row["cpu"]), 2),
            "wall_ms": round(statistics.mean(row["wall"]), 2),
        }  # fmt: skip
        lowest, mean, cpu, wall = (rows[name][key] for key in ("lowest_ssim", "mean_ssim", "cpu_ms", "wall_ms"))
        print(f"{name:20s}{rows[name]['triangles']:10d}{lowest:13.4f}{mean:11.4f}{cpu:8.1f}{wall:9.1f}")
    result = {
        "benchmark": "drawing", "size": SIZE, "tasks": [task.id for task in tasks], "ways": rows, "backend": backend,
        "assets": source.kind, "fingerprint": source.fingerprint, "cores": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()], "versions": versions(),
    }  # fmt: skip
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
