"""The command line: `omniactor COMMAND ...`.

Exit status: 0 when the command did its work (a failed task is a result), 2 for bad arguments or
input with one line on stderr, 1 for a fault. With `--json` the last line of stdout is exactly one
JSON object (for `tasks`, a list).
"""

from __future__ import annotations

import argparse
import json
import sys

from omniactor.data import check_command, convert_command, pack_command
from omniactor.data.command import add_arguments as add_demos_arguments
from omniactor.data.command import run as run_demos
from omniactor.errors import InputError, OmniActorError
from omniactor.evaluate.command import add_arguments as add_evaluate_arguments
from omniactor.evaluate.command import run as run_evaluate
from omniactor.model import command as model
from omniactor.train.command import add_arguments as add_train_arguments
from omniactor.train.command import run as run_train
from omniactor.train.similarity_command import add_arguments as add_similarity_arguments
from omniactor.train.similarity_command import run as run_similarity


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except InputError as error:
        print(f"omniactor: {error}", file=sys.stderr)
        return 2
    except OmniActorError as error:
        print(f"omniactor: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("omniactor: stopped; what was made so far is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
        return 1
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str):
        print(f"omniactor: {message}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="omniactor", description="One agent that clicks through GUIs and drives a robot arm.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)

    doctor = commands.add_parser("doctor", help="check this installation: rendering, versions, assets, first frame")
    doctor.set_defaults(run=_doctor)

    tasks = commands.add_parser("tasks", help="list the 90 LIBERO-90 tasks with their goals, or the web pages")
    tasks.add_argument("--world", choices=("embodied", "gui"), default="embodied", help="the arm (default), or web pages")
    tasks.set_defaults(run=_tasks)

    rollout = commands.add_parser("rollout", help="run one episode of a task")
    rollout.add_argument(
        "--task", required=True, help="id 0-89 or name, or a page such as miniwob:click-button; see `omniactor tasks`"
    )
    rollout.add_argument("--agent", default="expert", help="expert, random, replay:PATH, mini, or a checkpoint (default: expert)")
    start = rollout.add_mutually_exclusive_group()
    start.add_argument("--init-state", type=int, metavar="N", help="published initial state 0-49 (default: 0)")
    start.add_argument("--seed", type=int, metavar="N", help="draw a fresh start from this seed instead; a page's instance")
    rollout.add_argument("--max-steps", type=int, default=400, metavar="N", help="default: 400, as in the paper")
    rollout.add_argument("--instruction", default="", help="what the agent is told; success is judged by the task's goal")
    rollout.add_argument("--video", metavar="F.mp4", help="write a video")
    rollout.add_argument("--record", metavar="F.json", help="write a record for `omniactor replay`")
    rollout.set_defaults(run=_rollout)

    replay = commands.add_parser("replay", help="simulate a record again and compare every state")
    replay.add_argument("file", metavar="F.json", help="made with `omniactor rollout --record`")
    replay.add_argument("--video", metavar="F.mp4", help="write a video")
    replay.set_defaults(run=_replay)

    evaluate = commands.add_parser("evaluate", help="run a benchmark's episodes and count successes; run again to go on")
    add_evaluate_arguments(evaluate)
    evaluate.set_defaults(run=run_evaluate)

    demos = commands.add_parser("demos", help="make demonstrations with the scripted expert; run again to go on")
    add_demos_arguments(demos)
    demos.set_defaults(run=run_demos)

    pack = commands.add_parser("pack", help="demonstrations of the arm, in pieces, for a machine that only renders and trains")
    pack_command.add_pack_arguments(pack)
    pack.set_defaults(run=pack_command.pack)

    unpack = commands.add_parser("unpack", help="make of the pieces a folder that `omniactor demos --render-only` renders")
    pack_command.add_unpack_arguments(unpack)
    unpack.set_defaults(run=pack_command.unpack)

    convert = commands.add_parser("convert", help="make training samples of published data; run again to go on")
    convert_command.add_arguments(convert)
    convert.set_defaults(run=convert_command.run)

    check_data = commands.add_parser("check-data", help="look for everything that is wrong with training samples")
    check_command.add_arguments(check_data)
    check_data.set_defaults(run=check_command.run)

    predict = commands.add_parser("predict", help="decide on one action for a screenshot")
    model.add_predict_arguments(predict)
    predict.set_defaults(run=model.predict)

    upcycle = commands.add_parser("upcycle", help="make an OmniActor of a plain Qwen2-VL or Qwen2.5-VL checkpoint")
    model.add_upcycle_arguments(upcycle)
    upcycle.set_defaults(run=model.upcycle)

    export = commands.add_parser("export", help="write one expert of an OmniActor as a plain checkpoint")
    model.add_export_arguments(export)
    export.set_defaults(run=model.export)

    average = commands.add_parser("average", help="write the mean of several checkpoints' weights")
    model.add_average_arguments(average)
    average.set_defaults(run=model.average)

    train = commands.add_parser("train", help="train a model by a recipe; run again to go on")
    add_train_arguments(train)
    train.set_defaults(run=run_train)

    similarity = commands.add_parser("similarity", help="where GUI and embodied training pull the weights apart")
    add_similarity_arguments(similarity)
    similarity.set_defaults(run=run_similarity)

    for command in (rollout, replay):
        default = "auto" if command is rollout else None
        command.add_argument("--assets", choices=("auto", "libero", "standin"), default=default,
                             help="LIBERO's own models, this project's stand-ins, or whichever can be had (default: "
                             + ("auto)" if default else "as recorded)"))  # fmt: skip
    for command in (doctor, tasks, rollout, replay):
        command.add_argument("--json", action="store_true", help="print one JSON value as the last line")
    return parser


def _print_json(content: object) -> None:
    print(json.dumps(content, ensure_ascii=False, allow_nan=False), flush=True)


def _doctor(options: argparse.Namespace) -> None:
    from omniactor.doctor import examine, report

    findings = examine()
    if options.json:
        _print_json(findings)
    else:
        print(report(findings))


def _tasks(options: argparse.Namespace) -> None:
    if options.world == "gui":
        _pages(options)
        return
    from omniactor.sim.tasks import TASKS

    rows = [
        {"id": t.id, "name": t.name, "scene": t.scene, "language": t.language, "goal": [str(p) for p in t.goal]} for t in TASKS
    ]
    if options.json:
        _print_json(rows)
        return
    for row in rows:
        print(f"{row['id']:3d}  {row['scene']:20s} {row['language']}\n{'':26s}goal: {', '.join(row['goal'])}")


def _pages(options: argparse.Namespace) -> None:
    from omniactor.experts.web.table import SKILLS
    from omniactor.gui.pages import PAGES

    rows = [{"id": page.id, "name": page.name, "expert": page.short_name in SKILLS} for page in PAGES]
    if options.json:
        _print_json(rows)
        return
    for row in rows:
        print(f"{row['id']:3d}  {row['name']:38s} {'expert' if row['expert'] else ''}".rstrip())


def _rollout(options: argparse.Namespace) -> None:
    from omniactor.episode import EpisodeRequest, EpisodeResult, EpisodeRunner

    request = EpisodeRequest(
        task=options.task, agent=options.agent, assets=options.assets, init_state=options.init_state, seed=options.seed,
        max_steps=options.max_steps, instruction=options.instruction, video=options.video, record=options.record,
    )  # fmt: skip
    request.check()
    runner = EpisodeRunner()
    try:
        for update in runner.run(request):
            if isinstance(update, EpisodeResult):
                result = update
            elif not options.json and sys.stderr.isatty():
                print(f"\rstep {update.index:4d}  {update.seconds * 1000:5.0f} ms", end="", file=sys.stderr, flush=True)
    finally:
        runner.close()
    _report_episode(result.as_json(), options.json)


def _replay(options: argparse.Namespace) -> None:
    from omniactor.replay import replay_record

    result = replay_record(options.file, assets=options.assets, video=options.video)
    _report_episode(result, options.json)


def _report_episode(result: dict, as_json: bool) -> None:
    if as_json:
        _print_json(result)
        return
    outcome = "solved" if result["success"] else "not solved"
    start = f"seed {result['seed']}" if result["init_state"] is None else f"initial state {result['init_state']}"
    print(f"\n{result['task']} ({start}): {outcome} in {result['steps']} steps, {result['steps_per_second']} steps/s")
    print(f"agent {result['agent']}; assets: {result['assets']} ({result['assets_origin']})")
    if result["reason"]:
        print(f"it ended because: {result['reason']}")
    for predicate, holds in result["goals"].items():
        print(f"  [{'x' if holds else ' '}] {predicate}")
    if "identical" in result:
        same = (
            "identical to the record" if result["identical"] else f"differs from the record at step {result['first_difference']}"
        )
        print(f"every state: {same}")
    for kind in ("video", "record"):
        if result[kind]:
            print(f"{kind}: {result[kind]}")
