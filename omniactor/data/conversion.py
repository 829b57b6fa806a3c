"""A conversion: a publisher's files in, a folder of samples out; goes on where it was stopped.

The folder holds `<kind>.jsonl`, `images/`, `conversion.json` with settings and counts, and for screens
`dataset_info.json`. The source is read from its start again after a stop, which is quick beside writing pictures, and what
was written is not written again.
"""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from omniactor.data.sample_files import SampleWriter, unfinished, write_dataset_info
from omniactor.data.sources.draft import put
from omniactor.data.sources.options import SourceOptions
from omniactor.data.tally import Tally
from omniactor.errors import InputError, OutputError, SetupError
from omniactor.paths import write_json

FORMAT, VERSION = "omniactor-samples", 1
KINDS = {
    "libero-hdf5": "libero_hdf5", "lerobot": "lerobot_v3", "demos": "demos", "episodes": "web_episodes",
    "android-control": "android_control",
    "gui-odyssey": "gui_odyssey", "aguvis": "aguvis", "os-atlas": "os_atlas", "uground": "uground", "aria-ui": "aria_ui",
    "drawn": "drawn",
}  # fmt: skip
"""Kind of source -> its module in `omniactor.data.sources`."""


def source_module(kind: str):
    """Return the module that reads a kind of source.

    Raises:
        InputError: no such kind.
    """
    if kind not in KINDS:
        raise InputError(f"expected a kind of source ({', '.join(KINDS)}), got {kind[:60]!r}")
    return importlib.import_module(f"omniactor.data.sources.{KINDS[kind]}")


def convert(
    kind: str,
    source: Path,
    out: Path,
    options: SourceOptions,
    limit: int | None = None,
    beat: Callable[[int], None] = lambda found: None,
) -> dict:
    """Convert, or go on converting, and return the report that is also in `conversion.json`.

    Args:
        kind: of `KINDS`.
        source: the publisher's file or folder.
        out: a new folder, or one in which the same conversion was begun.
        options: see `SourceOptions`.
        limit: samples at most.
        beat: called with the number of samples so far, at every one.

    Raises:
        InputError: the source or the folder cannot be used.
        OutputError: something cannot be written.
    """
    module = source_module(kind)
    if limit is not None and limit < 1:
        raise InputError(f"expected at least 1 sample, got {limit}; change --limit")
    if not source.exists():
        raise InputError(f"expected the files of {kind} at {source}, got nothing there")
    chosen = {name: value for name, value in asdict(options).items() if name in module.OPTIONS}
    settings = json.loads(json.dumps({"kind": kind, "source": str(source.resolve()), "limit": limit, **chosen}))
    path = out / f"{kind}.jsonl"
    report = _begin(out, settings, path)
    if report is not None and path.is_file():
        return report
    tally, world = Tally(), None
    writer = SampleWriter(path)
    found = 0
    try:
        for draft in itertools.islice(module.drafts(source, options, tally), limit):
            found, world = found + 1, draft.sample.world
            tally.keep(draft.task)
            beat(found)
            if found > writer.done:
                for name, picture in zip(draft.sample.images, draft.pictures, strict=True):
                    put(picture, out / name)
                writer.add(draft.sample)
            elif found == writer.done and draft.sample != writer.last:
                raise InputError(f"expected the source that {out} was begun with, got another; choose another --out")
        if found < writer.done:
            raise InputError(f"expected the source that {out} was begun with, got a shorter one; choose another --out")
        writer.close()
    except ModuleNotFoundError as error:
        raise SetupError(f"expected the package {error.name}, got none; run: python -m pip install {error.name}") from error
    finally:
        writer.leave()
    if world == "gui":
        write_dataset_info(out, {f"omniactor_{kind.replace('-', '_')}": path.name})
    report = {"kind": kind, "out": str(out), "file": path.name, "world": world, **tally.as_json()}
    write_json(out / "conversion.json", {"format": FORMAT, "version": VERSION, "settings": settings, "report": report})
    return report


def _begin(out: Path, settings: dict, path: Path) -> dict | None:
    """Make the folder, or compare what it was made for; return the report of a conversion that is finished."""
    file = out / "conversion.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        before = json.loads(file.read_text(encoding="utf-8"))
        if before["format"] != FORMAT or before["version"] != VERSION:
            raise KeyError("format")
    except FileNotFoundError:
        if any(out.iterdir()):
            raise InputError(f"expected a new folder, or one of omniactor convert, got {out}; choose another --out") from None
        write_json(file, {"format": FORMAT, "version": VERSION, "settings": settings, "report": None})
        return None
    except OSError as error:
        raise OutputError(f"expected a folder to write to, got {out}: {error.strerror}; choose another --out") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"expected conversion.json of this version in {out}, got another; choose another --out") from error
    if before.get("settings") != settings:
        if before.get("report") is None and not path.exists() and not _size(unfinished(path)):  # nothing came of it
            write_json(file, {"format": FORMAT, "version": VERSION, "settings": settings, "report": None})
            return None
        theirs = before.get("settings") or {}
        other = [name for name in settings if theirs.get(name) != settings[name]]
        raise InputError(
            f"expected the settings that {out} was begun with, got another {', '.join(other) or 'set'}; choose another --out"
        )
    return before.get("report")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
