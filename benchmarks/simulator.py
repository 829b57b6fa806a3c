"""How much faster is the simulator than hf-libero and robosuite as published, and is it the same?

    OMNIACTOR_LIBERO_ASSETS=/folder/with/libero_assets python benchmarks/simulator.py --out benchmarks/results/simulator.json
    OMNIACTOR_LIBERO_ASSETS=/folder/with/libero_assets python benchmarks/simulator.py --parity
    OMNIACTOR_LIBERO_ASSETS=/folder/with/libero_assets python benchmarks/simulator.py --expert 5

Speed: every figure is taken from stock and from ours in turn, each in a process of its own that builds one
task from nothing (ours: from its cache, filled before; the time that took is "compile"). `build` is the
constructor, `ready` adds the first reset with its pictures, `reset` is a later one, rates are control steps
a second under random actions, `floor` is 25 bare `mj_step` calls. The last line of stdout is one JSON
object. Parity: see `parity.py` and `expert.py`.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a clone, installed or not

RATES = {"no cameras": (0, 0), "one 128": (1, 128), "two 128": (2, 128), "one 256": (1, 256), "two 256": (2, 256)}
TARGETS = {"build": 10, "reset": 20, "no cameras": 3.5, "two 128": 8}


def measure(who, task_id, assets, cameras, size, steps):
    """Measure one simulator in this process; returns seconds, rates and megabytes."""
    from omniactor.sim.assets import resolve_assets
    from omniactor.sim.tasks import get_task

    task, source = get_task(task_id), resolve_assets(assets)
    if who == "stock":
        result = measure_stock(task, source, cameras, size, steps)
    else:
        result = measure_ours(task, source, cameras, size, steps, "draft" if who == "draft" else "auto")
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return result


def measure_stock(task, source, cameras, size, steps):
    """Measure hf-libero's environment."""
    from benchmarks.stock import open_stock, prepare, reset_stock

    prepare(source.folder)  # imports are not the constructor
    began = time.perf_counter()
    env = open_stock(task, source.folder, size if cameras else 0)
    if cameras == 1:
        env.env.modify_observable("robot0_eye_in_hand_image", "enabled", False)
        env.env.modify_observable("robot0_eye_in_hand_image", "active", False)
    times = {"build": time.perf_counter() - began}
    for name in ("first_reset", "reset", "reset"):
        began = time.perf_counter()
        reset_stock(env, 1)
        times[name] = time.perf_counter() - began
    return {**times, "rate": rate(env.step, steps)}


def measure_ours(task, source, cameras, size, steps, detail):
    """Measure ours, with the time of each part of a step without cameras."""
    import mujoco

    from omniactor.sim import controller, goals, placement, scene_cache  # noqa: F401 - imports are not the constructor
    from omniactor.sim.libero import Libero90Env

    # LIBERO's own evaluation steps five times after a reset; stock's reset above does not, so ours does not either.
    began = time.perf_counter()
    env = Libero90Env(task, assets=source, image_size=size or 128, obs_type="state", settle_steps=0, detail=detail)
    times = {"build": time.perf_counter() - began}
    shown = ("agentview", "wrist")[:cameras]
    for name in ("first_reset", "reset", "reset"):
        began = time.perf_counter()
        env.reset(seed=1)
        for camera in shown:
            env.picture(camera)
        times[name] = time.perf_counter() - began

    def step(action):
        env.step(action)
        for camera in shown:
            env.picture(camera)

    result = {**times, "rate": rate(step, steps)}
    if not cameras:
        result["parts_ms"] = parts(mujoco, env)
    env.close()
    return result


def parts(mujoco, env, repeat=100):
    """Return milliseconds of one control step's parts: 25 bare mj_step, 25 torques, goals, state."""

    def milliseconds(work):
        began = time.perf_counter()
        for _ in range(repeat):
            work()
        return round(1000 * (time.perf_counter() - began) / repeat, 3)

    def torques():
        env.controller.set_goal(np.full(7, 0.1))
        for _ in range(25):
            env.controller.apply()

    state, found = env.flat_state(), {}
    found["torques"] = milliseconds(torques)
    found["goals"], found["state"] = milliseconds(env.goals), milliseconds(env.state)
    found["floor"] = milliseconds(lambda: [mujoco.mj_step(env.model, env.data) for _ in range(25)])
    env.data.qpos[:], env.data.qvel[:] = state[1 : 1 + env.model.nq], state[1 + env.model.nq :]
    mujoco.mj_forward(env.model, env.data)
    return found


def rate(step, steps):
    """Return control steps a second under random actions."""
    actions = np.random.default_rng(0).uniform(-1, 1, (steps + 5, 7))
    for action in actions[:5]:
        step(action)
    began = time.perf_counter()
    for action in actions[5:]:
        step(action)
    return steps / (time.perf_counter() - began)


def start(who, task_id, assets, cameras, size, steps):
    """Start `measure` in a fresh process."""
    arguments = [str(value) for value in (who, task_id, assets, cameras, size, steps)]
    command = [sys.executable, __file__, "--measure", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """Return what a process measured."""
    output, errors = process.communicate()
    if process.returncode:
        sys.exit(f"simulator: a measurement failed: {errors.strip().splitlines()[-1]}")
    return json.loads(output.strip().splitlines()[-1])


def compare_speed(task_id, assets, steps):
    """Measure one task; returns setting -> {"stock", "ours"} measurements."""
    found = {"compile": finish(start("ours", task_id, assets, 0, 0, 1))["build"]}
    for size in (128, 256):
        finish(start("ours", task_id, assets, 2, size, 1))  # fills the cache
    finish(start("draft", task_id, assets, 2, 128, 1))
    for name, (cameras, size) in RATES.items():
        found[name] = {who: finish(start(who, task_id, assets, cameras, size, steps)) for who in ("stock", "ours")}
    found["two 128, draft"] = {"stock": found["two 128"]["stock"], "ours": finish(start("draft", task_id, assets, 2, 128, steps))}
    for name, cameras in (("two processes, no cameras", 0), ("two processes, two 128", 2)):
        found[name] = {}
        for who in ("stock", "ours"):
            pair = [start(who, task_id, assets, cameras, 128 if cameras else 0, steps) for _ in range(2)]
            found[name][who] = {"rate": sum(finish(process)["rate"] for process in pair)}
    return found


def summarize(by_task):
    """Return medians over tasks: setting -> stock, ours, ratio."""
    rows = {}

    def add(name, stock, ours, ratios):
        rows[name] = {"stock": round(stock, 4), "ours": round(ours, 4), "ratio": round(statistics.median(ratios), 2)}

    tasks = list(by_task.values())
    for name in ("build", "first_reset", "reset"):
        pairs = [(task["two 128"]["stock"][name], task["two 128"]["ours"][name]) for task in tasks]
        add(name, *(statistics.median(column) for column in zip(*pairs, strict=True)), [a / b for a, b in pairs])
    pairs = [
        tuple(task["two 128"][who]["build"] + task["two 128"][who]["first_reset"] for who in ("stock", "ours")) for task in tasks
    ]
    add("ready", *(statistics.median(column) for column in zip(*pairs, strict=True)), [a / b for a, b in pairs])
    for name in [name for name in tasks[0] if isinstance(tasks[0][name], dict)]:
        pairs = [(task[name]["stock"]["rate"], task[name]["ours"]["rate"]) for task in tasks]
        add(name, *(statistics.median(column) for column in zip(*pairs, strict=True)), [b / a for a, b in pairs])
    pairs = [(task["two 256"]["stock"]["peak_mb"], task["two 256"]["ours"]["peak_mb"]) for task in tasks]
    add("peak_mb", *(statistics.median(column) for column in zip(*pairs, strict=True)), [a / b for a, b in pairs])
    return rows


def machine():
    """Return what the figures were taken on."""
    model = "unknown"
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    return {
        "cpu": model, "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version(),
        "backend": os.environ.get("MUJOCO_GL"), "load": [round(value, 2) for value in os.getloadavg()],
    }  # fmt: skip


def run_speed(options, tasks, source):
    """Measure all tasks, print the table, return the result."""
    by_task = {}
    for task in tasks:
        by_task[task.id] = compare_speed(task.id, options.assets, options.steps)
        stock, ours = (by_task[task.id]["two 128"][who]["rate"] for who in ("stock", "ours"))
        print(f"task {task.id}: two 128 px cameras, stock {stock:.1f}, ours {ours:.1f} steps a second", flush=True)
    rows = summarize(by_task)
    print(f"\n{'':28s}{'stock':>10s}{'ours':>10s}{'ratio':>8s}{'target':>8s}")
    for name, row in rows.items():
        print(f"{name:28s}{row['stock']:10.3f}{row['ours']:10.3f}{row['ratio']:8.1f}{TARGETS.get(name, ''):>8}")
    inner = [task["no cameras"]["ours"]["parts_ms"] for task in by_task.values()]
    parts_ms = {name: round(statistics.median(part[name] for part in inner), 3) for name in inner[0]}
    print("milliseconds of a control step:", ", ".join(f"{name} {value}" for name, value in parts_ms.items()))
    met = {name: rows[name]["ratio"] >= target for name, target in TARGETS.items()}
    return {"benchmark": "simulator", "summary": rows, "parts_ms": parts_ms, "targets_met": met, "by_task": by_task}


def run_parity(options, tasks, source):
    """Compare all tasks, print the table, write the worst pictures, return the result."""
    from benchmarks.parity import LIMITS, compare_task, worst_pictures

    rows, kept = [], []
    print(f"{'task':>4s} {'scene':20s}{'start':>9s}{'goals':>6s}{'arm rad':>9s}{'objects m':>10s}  lowest SSIM (draft)")
    for task in tasks:
        rows.append(compare_task(task, source, options.sizes, options.seed, lambda *entry: kept.append(entry)))
        row = rows[-1]
        images = " ".join(f"{name} {value:.4f} ({row['draft_ssim'][name]:.4f})" for name, value in row["ssim"].items())
        verdict = "" if row["passed"] else "  MISSED"
        print(
            f"{task.id:4d} {task.scene:20s}{row['start']:9.1e}{'same' if row['goals'] else 'DIFF':>6s}"
            f"{row['arm']:9.1e}{row['objects']:10.1e}  {images}{verdict}",
            flush=True,
        )
        kept[:] = sorted(kept, key=lambda entry: entry[0])[:8]
    picture = options.picture or Path("build/parity.png")
    picture.parent.mkdir(parents=True, exist_ok=True)
    worst_pictures(kept, picture)
    print(f"the least similar pictures: {picture}")
    result = {"benchmark": "simulator parity", "limits": LIMITS, "passed": sum(row["passed"] for row in rows), "of": len(rows)}
    for column in ("ssim", "draft_ssim"):
        values = [value for row in rows for value in row[column].values()]
        result |= {f"lowest_{column}": min(values), f"mean_{column}": float(np.mean(values))}
    return result | {"seed": options.seed, "rows": rows}


def run_expert(options, tasks, source):
    """Let the expert play in both simulators, print the difference, return the result."""
    from benchmarks.expert import compare_expert

    found = compare_expert(tasks, source, options.expert, options.out and options.out.with_suffix(".jsonl"))
    print(f"the expert: ours {found['ours']}, stock {found['stock']} of {found['of']}: {found['points']:+.2f} points")
    return {"benchmark": "simulator expert", "limit_points": 1.0, "passed": abs(found["points"]) <= 1.0, **found}


def main():
    """Run what was asked for and print the JSON line."""
    if sys.argv[1:2] == ["--measure"]:
        who, task_id, assets, cameras, size, steps = sys.argv[2:8]
        print(json.dumps(measure(who, int(task_id), assets, int(cameras), int(size), int(steps))))
        return
    from omniactor.errors import OmniActorError
    from omniactor.record import versions
    from omniactor.sim.assets import resolve_assets
    from omniactor.sim.gl import choose_backend
    from omniactor.sim.tasks import parse_tasks

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parity", action="store_true", help="compare results instead of speed")
    parser.add_argument("--expert", type=int, default=0, metavar="N", help="compare the expert instead, on N initial states a task")
    parser.add_argument("--tasks", help="default: three of each room; with --parity one of each scene; with --expert all 90")
    parser.add_argument("--assets", default="libero", choices=("libero", "standin"))
    parser.add_argument("--steps", type=int, default=60, help="control steps of a rate")
    parser.add_argument("--seed", type=int, default=0, help="of --parity")
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[128, 256])
    parser.add_argument("--picture", type=Path, help="with --parity: PNG of the least similar pictures")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    default = "0,6,12,18,24,29,33,35,38,40,46,50,55,60,65,70,73,77,81,86" if options.parity else "0,20,35,47,66,75,83"
    default = "0-89" if options.expert else default
    try:
        choose_backend()
        source, tasks = resolve_assets(options.assets), parse_tasks(options.tasks or default)
        run = run_expert if options.expert else run_parity if options.parity else run_speed
        result = run(options, tasks, source)
    except OmniActorError as error:
        sys.exit(f"simulator: {error}")
    result |= {"assets": source.kind, "fingerprint": source.fingerprint, "machine": machine(), "versions": versions()}
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key not in ("by_task", "rows")}))


if __name__ == "__main__":
    main()
