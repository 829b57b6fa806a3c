"""Where things are in the pictures: ShareGPT records for every object, fixture and region of a scene.

Objects and fixtures come from MuJoCo's segmentation: only what is seen counts, the box encloses the
visible pixels and the point is a pixel of the thing itself. Regions have no geometry of their own:
their box is the projection of their eight corners, cut at the border, and something may stand before it.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omniactor.data.names import is_sided, object_words, region_words
from omniactor.data.rendering import SceneRenderer
from omniactor.paths import atomic_path, write_json

MIN_PIXELS = 12  # fewer visible pixels are no thing to point at
MIN_REGION = 0.01  # of the picture's side: narrower regions are left out
_CORNERS = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8).T


@dataclass(frozen=True)
class Target:
    """One thing in one picture; coordinates 0-1 from the upper left corner.

    Attributes:
        name: LIBERO's name.
        words: in plain words.
        kind: "object", "fixture" or "region".
        point: (x, y): on a pixel of the thing, near the middle of what is seen of it; a region's middle.
        box: (x0, y0, x1, y1).
    """

    name: str
    words: str
    kind: str
    point: tuple[float, float]
    box: tuple[float, float, float, float]


def find_targets(renderer: SceneRenderer, camera: str) -> list[Target]:
    """Return what `camera` sees of the scene in the renderer's present state; side words only as agentview sees them."""
    facts, data = renderer.facts, renderer.data
    bodies = {**facts.objects, **facts.fixture_bodies}
    words = object_words(facts, {name: data.xpos[inside[0]] for name, inside in bodies.items()})
    seen = renderer.bodies(camera)
    found = []
    for name, inside in bodies.items():
        rows, columns = np.nonzero(np.isin(seen, inside))
        if name in words and len(rows) >= MIN_PIXELS:
            kind = "object" if name in facts.objects else "fixture"
            found.append(Target(name, words[name], kind, *_outline(rows, columns, seen.shape[0])))
    for name, region in facts.regions.items():
        box = _project_region(renderer, camera, region["site"])
        if box is not None and (not region["parent"] or region["parent"] in words):
            x0, y0, x1, y1 = box
            point = (round((x0 + x1) / 2, 4), round((y0 + y1) / 2, 4))
            found.append(Target(name, region_words(name, region["parent"]), "region", point, box))
    return [target for target in found if camera == "agentview" or not is_sided(target.words)]


def record(target: Target, image: str, facts: dict) -> dict:
    """Return a ShareGPT record; `facts` are added as they are."""
    return {
        "conversations": [
            {"from": "human", "value": f"<image>\nWhere is the {target.words}?"},
            {"from": "gpt", "value": f"({target.point[0]:.3f}, {target.point[1]:.3f})"},
        ],
        "images": [image], "box": list(target.box), "target": target.name, "kind": target.kind, **facts,
    }  # fmt: skip


def save_image(pixels: np.ndarray, path: Path) -> None:
    """Write a picture as PNG; the records that name it are written last, so no half of one is ever named."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, format="PNG")


class GroundingWriter:
    """Writes one task's grounding records and pictures; the records appear, complete, on `close()`."""

    def __init__(self, folder: Path, renderer: SceneRenderer, every: int, digest: str) -> None:
        """Prepare the folder; earlier records of the task stop counting."""
        self._folder, self._renderer, self._every, self._digest = folder, renderer, every, digest
        self._stem = f"task{renderer.facts.task_id:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self._stem}.digest").unlink(missing_ok=True)
        shutil.rmtree(folder / "images" / self._stem, ignore_errors=True)
        self._temporary = folder / f".{self._stem}.{os.getpid()}.part.jsonl"
        self._file = self._temporary.open("w", encoding="utf-8")

    def wants(self, step: int) -> bool:
        """Tell whether state number `step` is looked at."""
        return step % self._every == 0

    def begin(self, episode) -> None:
        """Start an episode."""
        self._facts = episode.facts

    def add(self, step: int, images: dict, targets: np.ndarray | None = None) -> None:
        """Take the pictures of the state the renderer is in."""
        if not self.wants(step):
            return
        for camera, pixels in images.items():
            targets = find_targets(self._renderer, camera)
            if not targets:
                continue
            name = f"images/{self._stem}/episode{self._facts.episode:05d}-{step:04d}-{camera}.png"
            save_image(pixels, self._folder / name)
            facts = {"task_id": self._facts.task_id, "episode": self._facts.episode, "step": step, "camera": camera}
            for target in targets:
                self._file.write(json.dumps(record(target, name, facts), ensure_ascii=False) + "\n")

    def end(self) -> None:
        """Finish the episode."""

    def close(self) -> None:
        """Make the records count."""
        self._file.close()
        self._temporary.replace(self._folder / f"{self._stem}.jsonl")
        (self._folder / f"{self._stem}.digest").write_text(self._digest, encoding="utf-8")

    def discard(self) -> None:
        """Drop what was written; harmless after `close()`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def join_records(folder: Path, task_ids: list[int]) -> Path:
    """Put the tasks' records into one file, and describe it as LLaMA-Factory reads it; returns its path."""
    path = folder / "grounding.jsonl"
    with atomic_path(path) as temporary, temporary.open("wb") as joined:
        for task_id in task_ids:
            with (folder / f"task{task_id:02d}.jsonl").open("rb") as part:
                shutil.copyfileobj(part, joined)
    columns = {"messages": "conversations", "images": "images"}
    content = {"grounding": {"file_name": path.name, "formatting": "sharegpt", "columns": columns}}
    write_json(folder / "dataset_info.json", content)
    return path


def _outline(rows: np.ndarray, columns: np.ndarray, size: int) -> tuple[tuple[float, float], tuple[float, float, float, float]]:
    """Return point and box of the pixels of one thing."""
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    point = (round(float(columns[nearest] + 0.5) / size, 4), round(float(rows[nearest] + 0.5) / size, 4))
    edges = (columns.min() / size, rows.min() / size, (columns.max() + 1) / size, (rows.max() + 1) / size)
    return point, tuple(round(float(edge), 4) for edge in edges)


def _project_region(renderer: SceneRenderer, camera: str, site: int) -> tuple[float, float, float, float] | None:
    """Return the box of a region's site in the picture, or None when its middle is outside or behind the camera."""
    data, model = renderer.data, renderer.model
    rotation, middle = data.site_xmat[site].reshape(3, 3), data.site_xpos[site]
    points = renderer.project(np.vstack([middle, middle + (_CORNERS * model.site_size[site]) @ rotation.T]), camera)
    if np.isnan(points).any() or (points[0] < 0).any() or (points[0] > 1).any():
        return None
    low, high = points[1:].min(0).clip(0, 1), points[1:].max(0).clip(0, 1)
    if (high - low).min() < MIN_REGION:
        return None
    return tuple(round(float(edge), 4) for edge in (*low, *high))
