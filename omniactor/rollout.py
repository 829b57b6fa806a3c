"""The one loop that every agent and every environment goes through."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from omniactor.agent import Agent
from omniactor.pace import Pace
from omniactor.types import Step


def rollout(
    env,
    agent: Agent,
    max_steps: int = 400,
    *,
    seed: int | None = None,
    options: Mapping | None = None,
    instruction: str | None = None,
    look_every: int = 0,
    pace: float = 0.0,
    stop_on_success: bool = True,
) -> Iterator[Step]:
    """Run one episode, yielding a `Step` at the start (index 0) and after every action.

    The caller may stop iterating at any time and keeps what was yielded. Errors of the agent or
    the environment propagate: a crash is never a failed episode.

    Args:
        env: an environment with `reset(seed=, options=)`, `step(action)` and `observe(images)`.
        agent: who acts.
        max_steps: stop after this many actions.
        seed: given to the environment and to the agent.
        options: given to the environment's reset, for example `{"init_state": 3}`.
        instruction: what the agent is told; the environment's own by default. It changes nothing in
            how success is judged.
        look_every: render the cameras for the caller every this many steps (0: only when the agent
            looks, or never).
        pace: steps a second that are kept: while the loop is slower, the caller's pictures are further apart (`Pace`).
            0: every one of them is drawn, whatever it takes.
        stop_on_success: end the episode as soon as the goal holds, or can no longer be reached: the environment
            says "terminated".
    """
    env = getattr(env, "unwrapped", env)
    began = time.perf_counter()
    _, info = env.reset(seed=seed, options=options)
    agent.reset(instruction or env.task_description, seed)
    index, action, terminated, looks = 0, None, False, Pace(look_every, pace)
    while True:
        done = index == max_steps or (stop_on_success and (info["is_success"] or terminated))
        needed = agent.needs_images
        watched = looks.draws(index, needed) or (done and look_every > 0)
        observation = env.observe(images=needed or watched)
        if instruction:
            observation = replace(observation, instruction=instruction)
        seconds = time.perf_counter() - began
        yield Step(index, observation, action, info["is_success"], info["goals"], done, seconds, watched)
        if done:
            return
        began = time.perf_counter()
        action = agent.act(observation)
        if action is None:
            return
        _, _, terminated, _, info = env.step(action)
        index += 1
