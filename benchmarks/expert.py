"""Does the scripted expert solve as many tasks in stock LIBERO as here? The same start in both, episode by episode.

Called by `python benchmarks/simulator.py --expert N`: N published initial states of each task. With `--out F.json`
every pair of episodes goes to F.jsonl as it ends, and a re-run goes on from there.
"""

import json
from pathlib import Path

from benchmarks.stock import StockTask

STEPS = 400


def compare_expert(tasks, source, states, log: Path | None):
    """Return both success counts over the same (task, initial state) pairs, and the pairs that differ."""
    done = read_log(log, source.fingerprint)
    pairs = {}
    for task in tasks:
        missing = [state for state in range(states) if (task.id, state) not in done]
        for entry in play(task, source, missing):
            done[task.id, entry["state"]] = entry
            if log:
                with log.open("a") as file:
                    file.write(json.dumps(entry) + "\n")
        here = [done[task.id, state] for state in range(states)]
        pairs |= {(task.id, entry["state"]): entry for entry in here}
        counts = " ".join(f"{who} {sum(entry[who]['success'] for entry in here)}" for who in ("ours", "stock"))
        print(f"expert, task {task.id}: {counts} of {states}", flush=True)
    return summarize(pairs, len(tasks), states)


def play(task, source, states):
    """Yield for each initial state what became of the expert's episode in both simulators."""
    from omniactor.agent import make_agent
    from omniactor.rollout import rollout
    from omniactor.sim.libero import Libero90Env

    if not states:
        return
    envs = {"ours": Libero90Env(task, assets=source, obs_type="state"), "stock": StockTask(task, source)}
    agents = {who: make_agent("expert", env) for who, env in envs.items()}
    for state in states:
        entry = {"task": task.id, "state": state, "assets": source.fingerprint}
        for who, env in envs.items():
            *_, last = rollout(env, agents[who], STEPS, seed=0, options={"init_state": state})
            entry[who] = {"success": bool(last.success), "steps": last.index}
        yield entry
    for env in envs.values():
        env.close()


def read_log(log: Path | None, fingerprint):
    """Return (task, state) -> entry of earlier runs with the same assets; a line cut short by a kill is dropped."""
    done = {}
    if log and log.exists():
        whole, _, torn = log.read_text().rpartition("\n")
        if torn:
            log.write_text(whole + "\n" if whole else "")
        entries = [json.loads(line) for line in whole.splitlines()]
        done = {(entry["task"], entry["state"]): entry for entry in entries if entry["assets"] == fingerprint}
    return done


def summarize(pairs, tasks, states):
    """Return counts, rates, their difference in percentage points, and the pairs that came out differently."""
    won = {who: sum(entry[who]["success"] for entry in pairs.values()) for who in ("ours", "stock")}
    differ = [
        {"task": task, "state": state, "ours": entry["ours"], "stock": entry["stock"]}
        for (task, state), entry in pairs.items()
        if entry["ours"]["success"] != entry["stock"]["success"]
    ]
    return {
        "tasks": tasks, "states": states, "of": len(pairs), **won,
        "rates": {who: round(count / len(pairs), 4) for who, count in won.items()},
        "points": round(100 * (won["ours"] - won["stock"]) / len(pairs), 2),
        "same_steps": sum(entry["ours"] == entry["stock"] for entry in pairs.values()), "differ": differ,
    }  # fmt: skip
