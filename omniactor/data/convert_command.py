"""The command `omniactor convert`: publishers' data into samples, with what was kept, left out, and why."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from omniactor.errors import InputError

KINDS = (
    "libero-hdf5", "lerobot", "demos", "episodes", "android-control", "gui-odyssey", "aguvis", "os-atlas", "uground", "aria-ui",
    "drawn",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `omniactor convert`."""
    parser.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("source", metavar="SRC", help="the publisher's file or folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the samples; run again with the same one to go on")
    parser.add_argument("--limit", type=int, metavar="N", help="samples at most (default: all)")
    arm = parser.add_argument_group("samples of the arm")
    arm.add_argument("--chunk", type=int, metavar="N", help="next actions per sample, at most (default: 1)")
    arm.add_argument("--cameras", help="agentview, wrist or agentview,wrist (default: agentview)")
    arm.add_argument(
        "--stored", help="pictures lie upright, flipped (upside-down), mirrored or rotated (default: as the source says)"
    )
    arm.add_argument("--obs-alignment", help="observations are post-action or pre-action (default: as the file says)")
    arm.add_argument("--no-ops", help="steps at which nothing is done: drop (default) or keep")
    screens = parser.add_argument_group("samples of screens")
    screens.add_argument("--level", help="high: the task (default); low: the task and what to do now")
    screens.add_argument("--split", help="train (default), validation, test or all")
    screens.add_argument("--split-by", help="GUI-Odyssey's random (default), app, device or task")
    screens.add_argument("--scrolls", help="GUI-Odyssey's finger as scroll (default) or swipe")
    screens.add_argument("--pairs", type=int, metavar="N", help="questions about one picture, at most (default: 16)")
    screens.add_argument("--coordinates", help="fractions, thousandths or pixels (default: what the source is known to use)")
    drawn = parser.add_argument_group("screens drawn at random from a file of words")
    drawn.add_argument("--screens", type=int, metavar="N", help="how many (default: 1000)")
    drawn.add_argument("--seed", type=int, metavar="S", help="what they are drawn from (default: 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Convert and print the report.

    Raises:
        InputError: refused, or a source that cannot be read.
    """
    # The sources' parts are loaded only now, so that `omniactor --help` stays instant.
    from omniactor.data.conversion import convert, source_module
    from omniactor.data.sources.options import SourceOptions

    names = [field.name for field in dataclasses.fields(SourceOptions)]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    allowed = source_module(options.kind).OPTIONS
    for name in given:
        if name not in allowed:
            flags = ", ".join(f"--{known.replace('_', '-')}" for known in allowed)
            raise InputError(f"expected options that {options.kind} has ({flags}), got --{name.replace('_', '-')}")
    if "cameras" in given:
        given["cameras"] = tuple(part.strip() for part in given["cameras"].split(","))
    report = convert(options.kind, Path(options.source), Path(options.out), SourceOptions(**given), options.limit, _beat)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, allow_nan=False), flush=True)
        return
    print(f"{report['kept']} samples of {report['tasks']} tasks in {report['out']}/{report['file']}")
    for title, counts in (("left out", report["dropped"]), ("note", report["notes"])):
        for reason, count in counts.items():
            print(f"  {title}: {count} x {reason}")
            for example in report["examples"].get(reason, [])[:1] if title == "left out" else ():
                print(f"      such as {example}")
    for task in report["empty_tasks"]:
        print(f"  nothing kept of: {task}")


def _beat(found: int) -> None:
    if found % 100 == 0 and sys.stderr.isatty():
        print(f"\r{found} samples", end="", file=sys.stderr, flush=True)
