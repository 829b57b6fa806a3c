"""Renders one small picture per scene from the stand-in models: `python -m demo.thumbnails`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from omniactor.sim.assets import resolve_assets
from omniactor.sim.libero import Libero90Env  # before anything that imports mujoco: it chooses the GL backend
from omniactor.sim.tasks import TASKS

THUMBNAILS = Path(__file__).parent.parent / "assets" / "thumbnails"

SIZE = 256


def main(names: list[str]) -> None:
    """Write assets/thumbnails/<SCENE>.jpg for the named scenes, or for all 20."""
    THUMBNAILS.mkdir(parents=True, exist_ok=True)
    first_task = {task.scene: task.id for task in reversed(TASKS)}
    for scene, task_id in sorted(first_task.items()):
        if names and scene not in names:
            continue
        env = Libero90Env(task_id, assets=resolve_assets("standin"), image_size=SIZE)
        try:
            env.reset(options={"init_state": 0})
            picture = next(iter(env.observe(images=True).images.values()))
        finally:
            env.close()
        path = THUMBNAILS / f"{scene}.jpg"
        Image.fromarray(picture).save(path, quality=82, optimize=True)
        print(f"{path.name}: {path.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
