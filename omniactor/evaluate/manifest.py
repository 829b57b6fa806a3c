"""What a results folder evaluates, written once, and whether a later call means the same."""

from __future__ import annotations

import json
from pathlib import Path

from omniactor.errors import InputError

FORMAT, VERSION = "omniactor-evaluation", 1
_MAX_BYTES = 1_000_000


def make_manifest(settings: dict, tasks: list[int], episodes: int, created: str) -> dict:
    """Return the content of `manifest.json`.

    Args:
        settings: everything that can change a result; compared on resuming. Values are JSON, one level of dicts.
        tasks: ids.
        episodes: per task.
        created: UTC, ISO 8601.
    """
    return {
        "format": FORMAT, "version": VERSION, "created": created, "settings": settings, "tasks": tasks, "episodes": episodes,
    }  # fmt: skip


def read_manifest(folder: Path) -> dict | None:
    """Return the manifest of a folder, or None if it has none.

    Raises:
        InputError: it is damaged or not ours.
    """
    file = folder / "manifest.json"
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise InputError(f"expected the manifest of an evaluation in {file}, got a larger file; choose another --out")
        content = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"expected to read {file}, got: {error.strerror}; choose another --out") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"expected JSON in {file}, got: {error}; the manifest is damaged, choose another --out") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f'expected "format": "{FORMAT}" in {file}, got something else; choose another --out')
    if content.get("version") != VERSION:
        raise InputError(
            f"expected manifest version {VERSION} in {file}, got {content.get('version')!r}; use the omniactor that wrote it"
        )
    tasks = content.get("tasks")
    if not (
        isinstance(content.get("settings"), dict)
        and isinstance(content.get("episodes"), int)
        and isinstance(content.get("created"), str)
        and isinstance(tasks, list)
        and all(isinstance(task, int) for task in tasks)
    ):
        raise InputError(f"expected settings, tasks, episodes and created in {file}, got something else; the manifest is damaged")
    return content


def extend(known: dict, asked: dict, folder: Path) -> dict:
    """Return the manifest for going on in `folder`: the known one, with the tasks and episodes that are new.

    Raises:
        InputError: a setting differs, or tasks or episodes of the folder are no longer asked for.
    """
    was, now = _flat(known["settings"]), _flat(asked["settings"])
    for name in [*now, *(name for name in was if name not in now)]:
        if was.get(name) != now.get(name):
            raise InputError(
                f"expected {name} {_text(was.get(name))} as {folder} was begun with, got {_text(now.get(name))}; "
                "repeat the first command or choose another --out"
            )
    missing = [task for task in known["tasks"] if task not in asked["tasks"]]
    if missing:
        raise InputError(
            f"expected tasks {spans(known['tasks'])} as {folder} was begun with, got {spans(asked['tasks'])}; "
            "tasks can be added, not left out"
        )
    if asked["episodes"] < known["episodes"]:
        raise InputError(
            f"expected at least {known['episodes']} episodes per task as {folder} was begun with, got {asked['episodes']}; "
            "episodes can be added, not left out"
        )
    return {**known, "tasks": asked["tasks"], "episodes": asked["episodes"]}


def spans(numbers: list[int]) -> str:
    """Return numbers as `--tasks` reads them: [0, 1, 2, 7] -> "0-2,7"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _flat(settings: dict) -> dict:
    flat = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat.update({f"{name} {key}": inner for key, inner in value.items()})
        else:
            flat[name] = value
    return flat


def _text(value: object) -> str:
    return "nothing" if value is None else str(value)[:120]
