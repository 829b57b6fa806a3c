"""Do things rest on the stand-ins where they rest on LIBERO's own models?

    OMNIACTOR_LIBERO_ASSETS=/folder/with/libero_assets python benchmarks/settling.py --tasks 0-89

Loads every published initial state with both kinds of assets and the same fixture seed, holds the
arm still for one second, and compares the pose of every movable object. Prints a table per object
type and, last, one JSON line. `--out F.json` writes that to a file, and every task's rows to F.jsonl as
it ends: a re-run goes on from there. Needs LIBERO's own models.
"""

import argparse
import json
import multiprocessing
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a clone, installed or not

LIMIT_METRES, LIMIT_DEGREES = 0.02, 15.0


def settle(task_id, assets, states):
    """Return {object: poses (len(states), 7)} after one second, and the states solved at the start."""
    from omniactor.sim.libero import Libero90Env

    env = Libero90Env(task_id, assets=assets, obs_type="state", settle_steps=20)
    poses, solved = defaultdict(list), []
    for state in states:
        _, info = env.reset(options={"init_state": state})
        if info["is_success"]:
            solved.append(state)
        for name, (body, *_) in env.facts.objects.items():
            poses[name].append(np.concatenate([env.data.xpos[body], env.data.xquat[body]]))
    kinds = {name: env.facts.kinds[name] for name in env.facts.objects}
    env.close()
    return {name: np.array(rows) for name, rows in poses.items()}, solved, kinds


def compare(task_id, states):
    """Return one row per object and state: (object type, task, object, state, metres, degrees), and solved starts."""
    own, solved_own, kinds = settle(task_id, "libero", states)
    ours, solved_ours, _ = settle(task_id, "standin", states)
    rows = []
    for name, kind in kinds.items():
        metres = np.linalg.norm(own[name][:, :3] - ours[name][:, :3], axis=1)
        cosine = np.clip(np.abs((own[name][:, 3:] * ours[name][:, 3:]).sum(1)), 0, 1)
        degrees = np.degrees(2 * np.arccos(cosine))
        rows += [(kind, task_id, name, s, float(m), float(d)) for s, m, d in zip(states, metres, degrees, strict=True)]
    return rows, [("libero", task_id, s) for s in solved_own] + [("standin", task_id, s) for s in solved_ours]


def compare_all(arguments):
    """Unpack what the process pool hands over."""
    return compare(*arguments)


def main():
    """Run the comparison and print the table and the JSON line."""
    from omniactor.errors import OmniActorError
    from omniactor.record import versions
    from omniactor.sim.assets import resolve_assets
    from omniactor.sim.tasks import parse_tasks

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", default="0-89")
    parser.add_argument("--states", type=int, default=50, help="the first N published states (default: all 50)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    try:
        own = resolve_assets("libero")
    except OmniActorError as error:
        sys.exit(f"settling: {error}")

    tasks = parse_tasks(options.tasks)
    rows, solved, done = [], [], set()
    log = options.out and options.out.with_suffix(".jsonl")
    if log and log.exists():
        for line in log.read_text().splitlines():
            entry = json.loads(line)
            if entry["states"] == options.states:
                rows += entry["rows"]
                solved += entry["solved"]
                done.add(entry["task"])
    with multiprocessing.get_context("spawn").Pool(options.workers, maxtasksperchild=4) as pool:
        for more, at_start in pool.imap(compare_all, [(task.id, range(options.states)) for task in tasks if task.id not in done]):
            rows += more
            if log:
                entry = {"task": more[0][1], "states": options.states, "rows": more, "solved": at_start}
                with log.open("a") as file:
                    file.write(json.dumps(entry) + "\n")
            solved += at_start
            print(f"\r{len({row[1] for row in rows})}/{len(tasks)} tasks", end="", file=sys.stderr)

    print(f"\n{'object type':22s}{'poses':>7s}{'max cm':>8s}{'99% cm':>8s}{'max deg':>9s}{'over':>6s}")
    table = {}
    for kind in sorted({row[0] for row in rows}):
        metres = np.array([row[4] for row in rows if row[0] == kind])
        degrees = np.array([row[5] for row in rows if row[0] == kind])
        over = int(((metres > LIMIT_METRES) | (degrees > LIMIT_DEGREES)).sum())
        table[kind] = {
            "poses": len(metres), "max_m": round(metres.max(), 4), "p99_m": round(float(np.quantile(metres, 0.99)), 4),
            "max_deg": round(degrees.max(), 2), "over": over,
        }  # fmt: skip
        print(
            f"{kind:22s}{len(metres):7d}{metres.max() * 100:8.2f}{table[kind]['p99_m'] * 100:8.2f}{degrees.max():9.2f}{over:6d}"
        )
    over = [row[1:] for row in rows if row[4] > LIMIT_METRES or row[5] > LIMIT_DEGREES]
    result = {
        "benchmark": "settling", "tasks": len(tasks), "states": options.states, "poses": len(rows), "over_limit": len(over),
        "limit": [LIMIT_METRES, LIMIT_DEGREES], "by_type": table, "exceptions": over[:200], "solved_at_start": solved,
        "libero_assets": own.fingerprint, "versions": versions(),
    }  # fmt: skip
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "exceptions"}))


if __name__ == "__main__":
    main()
