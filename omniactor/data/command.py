"""The command `omniactor demos`: its options, the two passes, and what is printed."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

from omniactor.errors import InputError, SetupError, WorkerError

FORMATS = ("hdf5", "lerobot")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `omniactor demos`."""
    parser.add_argument(
        "--out", required=True, metavar="DIR", help="folder of the demonstrations; run again with the same one to go on"
    )
    parser.add_argument("--world", choices=("embodied", "gui"), default="embodied", help="the arm (default), or web pages")
    parser.add_argument(
        "--tasks", help="for example 0-89, 3,7,9 or names; of pages, names, all or expert (default: all 90, or expert)"
    )
    parser.add_argument("--episodes", type=int, default=50, metavar="N", help="kept per task (default: 50)")
    parser.add_argument("--agent", default="expert", help="who acts: expert, random or replay:PATH (default: expert)")
    parser.add_argument("--labels", default="expert", help="whose actions are the labels: expert, or agent (default: expert)")
    parser.add_argument(
        "--handover", type=float, default=0.0, metavar="SHARE", help="of episodes the expert takes over midway (default: 0)"
    )
    parser.add_argument(
        "--interventions", action="store_true", help="the expert takes over for a second, again and again, and gives back"
    )
    parser.add_argument(
        "--alone", type=int, default=0, metavar="STEPS",
        help="with --interventions, the agent first acts alone for up to STEPS steps (default: 0, a turn like the others)",
    )  # fmt: skip
    parser.add_argument(
        "--keep-failures", action="store_true", help="keep episodes that do not succeed too; `success` says which"
    )
    parser.add_argument(
        "--perturb", default="none", help="none, light or strong: noise, pushes, turns, mistaken gripper openings, start poses"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="everything random comes from it (default: 0)")
    parser.add_argument("--max-steps", type=int, metavar="N", help="per attempt (default: 400, or 50 on pages)")
    parser.add_argument(
        "--attempts", type=int, default=10, metavar="N", help="starts drawn per episode before it is given up (default: 10)"
    )
    parser.add_argument(
        "--picture-every", type=int, default=1, metavar="K",
        help="pictures of every K-th step only, in hdf5: more episodes for the same time and space (default: 1)",
    )  # fmt: skip
    kinds = "LIBERO's own models, this project's stand-ins, or whichever can be had (default: auto)"
    parser.add_argument("--assets", choices=("auto", "libero", "standin"), default="auto", help=kinds)
    parser.add_argument("--workers", type=int, metavar="W", help="processes (default: one per CPU)")
    parser.add_argument("--format", default="", help="also render into hdf5, lerobot or hdf5,lerobot (default: states only)")
    parser.add_argument("--scale", type=float, default=2.0, metavar="S", help="of pages: pixels per CSS pixel (default: 2)")
    parser.add_argument("--image-size", type=int, default=128, metavar="PIXELS", help="of both cameras (default: 128)")
    parser.add_argument("--render-assets", choices=("libero", "standin"), help="models in the pictures (default: as simulated)")
    parser.add_argument(
        "--obs-alignment", default="post-action", help="of hdf5: post-action as LIBERO's files (default), or pre-action"
    )
    parser.add_argument("--actions", default="labels", help="what the formats call actions: labels (default), or executed")
    parser.add_argument(
        "--grounding",
        type=int,
        default=0,
        metavar="K",
        help="write where things, or on pages texts, are in every K-th picture (default: 0, none)",
    )
    parser.add_argument("--scenes", action="store_true", help="write compiled scenes, which render with the mujoco package alone")
    parser.add_argument(
        "--render-only", action="store_true", help="render what DIR holds, from its compiled scenes; needs no LIBERO"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Make, render and report.

    Raises:
        InputError: refused before anything started.
        WorkerError: something ended in an error; what was made is kept and reported.
    """
    if options.world == "gui":
        from omniactor.data import page_command

        page_command.run(options)
        return
    options.tasks, options.max_steps = options.tasks or "0-89", 400 if options.max_steps is None else options.max_steps
    formats = _check_rendering(options)
    # The simulator's parts are loaded only now, so that `omniactor --help` stays instant.
    from omniactor.data.folder import alone, check_packed, demos_manifest, summarize

    folder = Path(options.out)
    if options.render_only:
        manifest, made, errors = demos_manifest(folder), None, []
        check_packed(manifest, options)
        assets, fingerprint = options.render_assets or manifest["settings"]["assets"], ""
    else:
        manifest, made, errors, assets, fingerprint = _make(options, folder)
    rendered = None
    if (formats or options.grounding or options.scenes) and not errors:
        from omniactor.data.formats import RenderPlan
        from omniactor.data.passes import render_all

        plan = RenderPlan(
            formats, assets, fingerprint, options.image_size, options.obs_alignment, options.actions, options.grounding,
            options.picture_every,
        )  # fmt: skip
        with alone(folder):
            rendered, errors = render_all(plan, folder, manifest, options.workers)
    _print({**summarize(folder, manifest), "generation": made, "rendering": rendered}, options.json)
    if errors:
        raise WorkerError(
            f"expected everything to come to an end, got {len(errors)} errors ({errors[-1]}); run the same command again"
        )


def _check_rendering(options: argparse.Namespace) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(filter(None, (part.strip() for part in options.format.split(",")))))
    for name in formats:
        if name not in FORMATS:
            raise InputError(
                f"expected --format {' or '.join(FORMATS)}, got {name[:120]!r}; choose one of them, or both with a comma"
            )
    if options.workers is not None and options.workers < 1:
        raise InputError(f"expected at least 1 worker, got {options.workers}; give --workers a number from 1")
    if not 16 <= options.image_size <= 2048:
        raise InputError(f"expected an image size from 16 to 2048 pixels, got {options.image_size}; change --image-size")
    if options.image_size % 2 and "lerobot" in formats:
        raise InputError(f"expected an even image size, as H.264 needs, got {options.image_size}; change --image-size")
    if options.picture_every < 1 or (options.picture_every > 1 and formats != ("hdf5",)):
        raise InputError(
            f"expected --picture-every of 1 or more, and --format hdf5 alone with it, got {options.picture_every}; change one"
        )
    if options.grounding < 0:
        raise InputError(f"expected 0 or more states between grounding pictures, got {options.grounding}; change --grounding")
    alignments, actions = ("post-action", "pre-action"), ("labels", "executed")
    for name, value, choices in (
        ("--obs-alignment", options.obs_alignment, alignments),
        ("--actions", options.actions, actions),
    ):
        if value not in choices:
            raise InputError(f"expected {name} {' or '.join(choices)}, got {value[:120]!r}; choose one of them")
    if options.render_only and not (formats or options.grounding):
        raise InputError(
            "expected something to render with --render-only, got neither --format nor --grounding; give one of them"
        )
    needed = {"hdf5": ("h5py",), "lerobot": ("pyarrow", "av")}
    for module in (module for name in formats for module in needed[name]):
        if importlib.util.find_spec(module) is None:
            raise SetupError(f"expected the package {module} for this format, got none; run: python -m pip install {module}")
    return formats


def _make(options: argparse.Namespace, folder: Path) -> tuple[dict, dict, list[str], str, str]:
    """Run the first pass; return the manifest, facts about the run, reasons of errors, and which assets to render."""
    from omniactor.data.passes import make_missing
    from omniactor.data.plan import make_plan
    from omniactor.evaluate.results import ResultsFolder
    from omniactor.sim.assets import resolve_assets

    plan = make_plan(
        options.tasks, options.episodes, options.assets, agent=options.agent, labels=options.labels, seed=options.seed,
        perturb=options.perturb, handover=options.handover, interventions=options.interventions, alone=options.alone,
        keep="all" if options.keep_failures else "successes",
        max_steps=options.max_steps, attempts=options.attempts,
    )  # fmt: skip
    assets = options.render_assets or plan.assets
    fingerprint = plan.fingerprint if assets == plan.assets else resolve_assets(assets).fingerprint
    results = ResultsFolder(folder, plan.manifest())
    try:
        made, errors = make_missing(plan, results, options.workers)
        return results.manifest, made, errors, assets, fingerprint
    finally:
        results.close()


def _print(summary: dict, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, ensure_ascii=False, allow_nan=False), flush=True)
        return
    for task in summary["tasks"]:
        print(f"{task['task_id']:3d}  {task['kept']:5d} of {task['asked']} kept, {task['steps']:7d} steps, "
              f"{task['failed_attempts']} attempts failed  {task['task']}")  # fmt: skip
    print(f"{summary['kept']} episodes, {summary['steps']} steps, {summary['bytes'] / 1e6:.1f} MB in {summary['out']}")
    for kind, place in ((summary["rendering"] or {}).get("files") or {}).items():
        print(f"{kind}: {place}")
