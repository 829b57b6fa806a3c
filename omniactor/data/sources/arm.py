"""What the sources of the arm share: which steps count, chunks of next actions, pictures turned upright."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from omniactor.actions.embodied import ACTION_SIZE, STATE_SIZE
from omniactor.data.sources.draft import Draft, counting, place_name
from omniactor.data.sources.options import SourceOptions
from omniactor.data.tally import Tally
from omniactor.data.turns import embodied_sample

NO_OP = 1e-4
"""A shorter motion is none, as in OpenVLA's preparation of LIBERO."""
_FOREIGN = 1.5
"""Actions beyond it are of another convention and not merely a little over."""


@dataclass(frozen=True, eq=False)
class ArmEpisode:
    """An episode as its source has it.

    Attributes:
        source: the kind of source.
        task: its name.
        instruction: the task in words.
        name: of the episode, no other of the task has it.
        actions: (T, 7).
        states: (n, 8), n observations, or None.
        first: number of the action that follows the first observation: observation i is answered by action first + i.
        picture: (number of the observation, camera) -> uint8 (height, width, 3), upright; asked in order.
    """

    source: str
    task: str
    instruction: str
    name: str
    actions: np.ndarray
    states: np.ndarray | None
    first: int
    picture: Callable[[int, str], np.ndarray]


def episode_drafts(episode: ArmEpisode, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield a sample for every observation after which the arm was told something."""
    where = f"{episode.task}, {episode.name}"
    actions = check_actions(episode.actions, tally, where)
    if actions is None:
        return
    if episode.states is not None and (episode.states.shape[1:] != (STATE_SIZE,) or not np.isfinite(episode.states).all()):
        tally.drop("episode with a state that is not 8 finite numbers per step", where)
        return
    answered = actions[episode.first :]
    if not len(answered):
        tally.drop("episode without a step", where)
        return
    if episode.first:
        tally.note("first actions without an observation before them", episode.first)
    steps = kept_steps(actions, episode.first, tally, where) if options.no_ops == "drop" else np.arange(len(answered))
    for number, step in enumerate(steps):
        chunk = answered[steps[number : number + options.chunk]]
        with counting(tally, f"{where}, step {step}"):
            files = {camera: place_name(episode.task, f"{episode.name}-{step:04d}-{camera}.png") for camera in options.cameras}
            sample = embodied_sample(
                episode.instruction, files, chunk, None if episode.states is None else episode.states[step],
                source=episode.source, task=episode.task, episode=episode.name, step=int(step),
            )  # fmt: skip
            pictures = tuple(episode.picture(int(step), camera) for camera in options.cameras)
            yield Draft(sample, pictures, episode.task)


def check_actions(actions: np.ndarray, tally: Tally, where: str) -> np.ndarray | None:
    """Return actions as float32 (T, 7) in [-1, 1]; None, counted, where they cannot be."""
    if actions.ndim != 2 or actions.shape[1] != ACTION_SIZE or actions.dtype.kind not in "iuf":
        tally.drop("episode whose actions are not rows of 7 numbers", where)
        return None
    if not np.isfinite(actions).all():
        tally.drop("episode with NaN or infinity in its actions", where)
        return None
    beyond = np.abs(actions) > 1.0
    if beyond.any() and np.abs(actions).max() > _FOREIGN:
        tally.drop("episode with actions far beyond [-1, 1], so of another convention", where)
        return None
    if beyond.any():
        # The controller clips them too, so this is what was carried out.
        tally.note("numbers of actions clipped to [-1, 1]", int(beyond.sum()))
    return np.clip(actions, -1.0, 1.0).astype(np.float32)


def kept_steps(actions: np.ndarray, first: int, tally: Tally, where: str) -> np.ndarray:
    """Return the numbers, counted from `first`, of the steps from there on at which something is done.

    Nothing is done where the hand is not moved and the gripper is told what it was told the step before; at the very first
    step, where the hand is not moved. An episode of nothing else is kept whole: a filter that could empty a task would
    do so without a word.
    """
    still = np.linalg.norm(actions[:, :-1], axis=1) < NO_OP
    same_gripper = np.concatenate([[True], actions[1:, -1] == actions[:-1, -1]])
    kept = np.flatnonzero(~(still & same_gripper)[first:])
    if not len(kept):
        tally.note("episodes of nothing but no-ops, kept whole")
        return np.arange(len(actions) - first)
    if len(kept) < len(actions) - first:
        tally.drop("no-op", where, len(actions) - first - len(kept))
    return kept


def upright(pixels: np.ndarray, stored: str) -> np.ndarray:
    """Return a picture as a person sees the scene; `stored` says how it lies in the source, see `SourceOptions`."""
    rows, columns = {"upright": (1, 1), "flipped": (-1, 1), "mirrored": (1, -1), "rotated": (-1, -1)}[stored]
    return np.ascontiguousarray(pixels[::rows, ::columns])
