"""Control steps per second of whole episodes: simulator, two cameras and decisions in one process.

    python benchmarks/loop.py                        # the bundled checkpoint, or mini's shape with random weights
    python benchmarks/loop.py --agent FOLDER --tasks 0,9,51 --episodes 2 --watched 2

Real time is 20 steps a second. An agent that decides on a chunk of actions looks only when it decides; with --watched 1
the cameras are rendered at every step as well, as they are for a video, with --watched 2 at every second, as for the app.
The last line of stdout is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import omniactor.model  # noqa: F401  before torch: it decides how threads wait

import torch  # isort: skip

from omniactor.agent import MINI, make_agent
from omniactor.model.agent import ModelAgent
from omniactor.model.presets import make_model
from omniactor.rollout import rollout
from omniactor.sim.assets import resolve_assets
from omniactor.sim.libero import Libero90Env
from omniactor.sim.tasks import parse_tasks


def main() -> None:
    """Run the episodes and print where the time went."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--agent", default="mini", help="default: mini")
    parser.add_argument("--tasks", default="0,9,51", help="default: 0,9,51, one of each room's kind of scene")
    parser.add_argument("--episodes", type=int, default=2, help="published initial states per task (default: 2)")
    parser.add_argument("--steps", type=int, default=400, help="longest episode (default: 400)")
    parser.add_argument("--size", type=int, default=256, help="pixels of each camera (default: 256)")
    parser.add_argument(
        "--watched", type=int, default=0, metavar="N", help="render both cameras at every N-th step (default: never)"
    )
    parser.add_argument("--assets", choices=("auto", "libero", "standin"), default="auto")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="CPU threads (default: 2)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    source, weights, spent, rates = resolve_assets(options.assets), "trained", defaultdict(float), []
    steps, seconds, slow, total = 0, 0.0, [], defaultdict(float)
    for task in parse_tasks(options.tasks):
        env = Libero90Env(task.id, assets=source, image_size=options.size, obs_type="state")
        if options.agent == "mini" and not MINI.is_dir():
            agent, weights = ModelAgent(*make_model("mini"), name="mini's shape"), "random"
        else:
            agent = make_agent(options.agent, env)
        _clock(env, "step", "simulate", spent)
        _clock(env, "observe", "look", spent)
        _clock(agent, "act", "decide", spent)
        for state in range(options.episodes):
            for step in rollout(env, agent, options.steps, options={"init_state": state}, look_every=options.watched):
                if step.index == 0:
                    began = time.perf_counter()
                    spent.clear()  # the reset and the first look, which makes the GL context, are not the loop
                else:
                    slow.append(step.seconds)
            taken = time.perf_counter() - began
            for name, part in spent.items():
                total[name] += part
            rates.append(step.index / taken)
            steps, seconds = steps + step.index, seconds + taken
            print(f"{task.name} state {state}: {step.index} steps, {rates[-1]:.1f} a second", file=sys.stderr, flush=True)
        env.close()
    slow.sort()
    parts = {name: round(1000 * total[name] / steps, 2) for name in ("simulate", "look", "decide")}
    print(f"{steps / seconds:.1f} steps a second over {len(rates)} episodes, {1000 * seconds / steps:.1f} ms a step: {parts}")
    print(json.dumps({
        "benchmark": "loop", "agent": options.agent, "weights": weights, "assets": source.kind, "tasks": options.tasks,
        "episodes": len(rates), "steps": steps, "size": options.size, "watched": options.watched, "threads": options.threads,
        "steps_per_second": round(steps / seconds, 2), "slowest_episode": round(min(rates), 2),
        "median_episode": round(statistics.median(rates), 2), "ms_per_step": parts,
        "step_ms_p50": round(1000 * slow[len(slow) // 2], 2), "step_ms_p99": round(1000 * slow[int(len(slow) * 0.99)], 2),
        "real_time": steps / seconds >= 20,
    }))  # fmt: skip


def _clock(thing, method: str, name: str, spent: dict[str, float]) -> None:
    """Add up the time that a method takes."""
    inner = getattr(thing, method)

    def timed(*arguments, **named):
        began = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            spent[name] += time.perf_counter() - began

    setattr(thing, method, timed)


if __name__ == "__main__":
    main()
