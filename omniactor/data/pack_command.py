"""The commands `omniactor pack` and `omniactor unpack`: demonstrations to another machine, in pieces."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_pack_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `omniactor pack`."""
    parser.add_argument("folders", nargs="+", metavar="DIR", help="what `omniactor demos` made; several with different tasks")
    parser.add_argument("--out", required=True, metavar="NEWDIR", help="folder of the pieces; a new one")
    parser.add_argument(
        "--picture-every", type=int, default=1, metavar="K", help="only every K-th step can be rendered there (default: 1)"
    )
    parser.add_argument("--episodes", type=int, metavar="N", help="the first N of each task (default: all)")
    parser.add_argument("--tasks", help="for example 0-89, 3,7,9 or names (default: all)")
    parser.add_argument("--scenes", metavar="DIR", help="folder with the compiled scenes of all tasks (default: each DIR's own)")
    parser.add_argument("--piece-mb", type=int, default=50, metavar="MB", help="of a file, at most (default: 50)")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def add_unpack_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `omniactor unpack`."""
    parser.add_argument("folder", metavar="NEWDIR", help="what `omniactor pack` wrote, all pieces")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the demonstrations; a new one")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def pack(options: argparse.Namespace) -> None:
    """Pack and report.

    Raises:
        InputError: what is there does not fit together, or is damaged.
    """
    # The parts are loaded only now, so that `omniactor --help` stays instant.
    from omniactor.data import packing
    from omniactor.sim.tasks import parse_tasks

    folders, scenes = [Path(folder) for folder in options.folders], Path(options.scenes) if options.scenes else None
    tasks = [task.id for task in parse_tasks(options.tasks)] if options.tasks else None
    report = packing.pack(
        folders, Path(options.out), options.picture_every, options.episodes, tasks, scenes, options.piece_mb * 1_000_000
    )
    if options.json:
        print(json.dumps(report, ensure_ascii=False, allow_nan=False), flush=True)
        return
    print(f"{report['episodes']} episodes of {len(report['tasks'])} tasks, pictures of every {report['picture_every']} steps, "
          f"scenes of {' and '.join(report['assets'])} in {report['out']}")  # fmt: skip
    for name, archive in report["archives"].items():
        print(f"{name}: {archive['bytes'] / 1e6:.1f} MB of {archive['plain_bytes'] / 1e6:.1f} MB in {len(archive['pieces'])} "
              f"pieces, {report['seconds'][name]} s")  # fmt: skip


def unpack(options: argparse.Namespace) -> None:
    """Unpack and report.

    Raises:
        InputError: no pack, or a piece is missing or damaged.
    """
    from omniactor.data import packing

    report = packing.unpack(Path(options.folder), Path(options.out))
    if options.json:
        print(json.dumps(report, ensure_ascii=False, allow_nan=False), flush=True)
        return
    print(
        f"{report['episodes']} episodes of {len(report['tasks'])} tasks in {report['out']}, {report['seconds']} s; render with:"
    )
    print(f"omniactor demos --out {report['out']} --render-only --format hdf5 --obs-alignment pre-action "
          f"--picture-every {report['picture_every']} --image-size 112")  # fmt: skip
