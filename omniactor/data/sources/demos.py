"""This project's own demonstrations: a folder of `omniactor demos`, rendered or as states.

What was rendered is taken as it is, HDF5 before LeRobot because its pictures are exact; where nothing was rendered, pictures
are made now from the compiled scenes in the folder, which needs MuJoCo.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from omniactor.data.sources import lerobot_v3, libero_hdf5
from omniactor.data.sources.arm import ArmEpisode, episode_drafts
from omniactor.data.sources.draft import Draft
from omniactor.data.sources.options import SourceOptions
from omniactor.data.tally import Tally
from omniactor.errors import InputError

KIND = "demos"
OPTIONS = ("chunk", "cameras", "no_ops")
SIZE = 256
"""Of pictures that are made here: what the paper's data has."""


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield the samples of a folder of demonstrations.

    Raises:
        InputError: not such a folder, or one with neither pictures nor compiled scenes.
    """
    if (source / "hdf5").is_dir() and any((source / "hdf5").glob("*.hdf5")):
        found = libero_hdf5.drafts(source / "hdf5", options, tally)
    elif (source / "lerobot/meta/info.json").is_file():
        found = lerobot_v3.drafts(source / "lerobot", options, tally)
    else:
        found = _rendered(source, options, tally)
    for draft in found:
        yield replace(draft, sample=replace(draft.sample, source=KIND))


def _rendered(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    from omniactor.data.episodes import read_episode
    from omniactor.data.folder import demos_manifest, episodes_of
    from omniactor.data.rendering import SceneRenderer
    from omniactor.data.scene import scene_path
    from omniactor.sim.tasks import TASKS

    manifest = demos_manifest(source)
    assets = manifest["settings"]["assets"]
    for task_id in manifest["tasks"]:
        files = episodes_of(source, manifest, task_id)
        scene = scene_path(source, assets, task_id)
        if not files:
            tally.expect(TASKS[task_id].name)
            continue
        if not scene.is_file():
            raise InputError(f"expected pictures or compiled scenes in {source}, got neither; run omniactor demos --scenes on it")
        renderer = SceneRenderer(scene, SIZE)
        try:
            for file in files:
                episode = read_episode(file)
                name = f"episode{episode.facts.episode:05d}"

                arm = ArmEpisode(
                    KIND, episode.facts.task, episode.facts.instruction, name, episode.labels, episode.robot_states[:-1], 0,
                    partial(_picture, renderer, episode),
                )  # fmt: skip
                yield from episode_drafts(arm, options, tally)
        finally:
            renderer.close()


def _picture(renderer, episode, step: int, camera: str) -> np.ndarray:
    renderer.pose(episode.states[step], episode.facts.fixtures)
    return renderer.render(renderer.data, camera)
