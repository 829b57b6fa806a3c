"""The command `omniactor evaluate miniwob`: its options, and what of them is refused."""

from __future__ import annotations

import argparse

from omniactor.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `omniactor evaluate miniwob`."""
    parser.add_argument("--out", required=True, metavar="DIR", help="results folder; run again with the same one to go on")
    parser.add_argument("--agent", default="expert", help="expert, random, a checkpoint or openai:URL#MODEL (default: expert)")
    parser.add_argument(
        "--tasks", default="expert", help="pages such as click-button,enter-text, or all, or expert: those it can solve "
        "(default: expert)"
    )  # fmt: skip
    parser.add_argument("--episodes", type=int, metavar="N", help="per page, the instances of seeds 0 to N-1 (default: 50)")
    parser.add_argument("--max-steps", type=int, metavar="N", help="per episode (default: 50)")
    parser.add_argument("--workers", type=int, metavar="W", help="processes with a Chromium each (default: one per CPU)")
    parser.add_argument("--videos", choices=("none", "failures", "all"), default="none", help="write videos to DIR/videos")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")
    parser.set_defaults(ray=None)


def plan(options: argparse.Namespace):
    """Return what to evaluate.

    Raises:
        InputError: refused.
        SetupError: no Chromium or no package miniwob.
    """
    from omniactor.evaluate.miniwob import make_plan

    if options.workers is not None and options.workers < 1:
        raise InputError(f"expected at least 1 worker, got {options.workers}; give --workers a number from 1")
    return make_plan(options.agent, options.tasks, options.episodes, options.max_steps)
