"""Renders the small pictures of scenes (stand-in models) and web pages: `python -m demo.thumbnails [pages]`."""

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
    """Write assets/thumbnails/<SCENE>.jpg for the named scenes, or for all 20; with "pages", those of the web pages."""
    if names == ["pages"]:
        write_pages()
        return
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


def write_pages() -> None:
    """Write assets/thumbnails/pages/<PAGE>.jpg: what seed 0 of every page looks like at the start."""
    from omniactor.gui.miniwob import MiniWobEnv
    from omniactor.gui.pages import PAGES

    folder = THUMBNAILS / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    for page in PAGES:
        env = MiniWobEnv(page, scale=1.5, obs_type="none")
        try:
            env.reset(seed=0)
            Image.fromarray(env.picture()).save(folder / f"{page.short_name}.jpg", quality=80, optimize=True)
        finally:
            env.close()


if __name__ == "__main__":
    main(sys.argv[1:])
