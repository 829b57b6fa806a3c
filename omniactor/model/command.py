"""`omniactor predict`, `upcycle`, `export` and `average`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from omniactor.errors import ActionError, InputError

_VARIANTS = ("omniactor", "router", "hard", "dense", "gui", "embodied")


def add_predict_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `omniactor predict`."""
    parser.add_argument("--agent", required=True, help="mini, a checkpoint folder, a Hugging Face repository or openai:URL#MODEL")
    parser.add_argument("--image", required=True, metavar="F", help="screenshot: PNG, JPEG or WebP")
    parser.add_argument("--instruction", required=True, metavar="T", help="the task in words")
    parser.add_argument("--history", nargs="*", default=[], metavar="STEP", help="what was done so far, in words, oldest first")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def predict(options: argparse.Namespace) -> None:
    """Decide on one action for a screenshot and print it."""
    from omniactor.agent import make_agent
    from omniactor.gui import prediction

    observation = prediction.observe_screen(Path(options.image), options.instruction, options.history)
    made = prediction.predict(make_agent(options.agent, None), observation)
    if made.action is None:
        raise ActionError(made.problem)
    print(json.dumps(made.as_json(), ensure_ascii=False) if options.json else str(made.action))


def add_upcycle_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `omniactor upcycle`."""
    parser.add_argument("source", metavar="SRC", help="folder or Hugging Face repository of a Qwen2-VL or Qwen2.5-VL")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to make")
    parser.add_argument("--variant", choices=_VARIANTS, default="omniactor", help="default: omniactor")
    parser.add_argument(
        "--shared-layers", type=int, default=8, metavar="K", help="layers both worlds share (default: 8, the paper's)"
    )
    parser.add_argument(
        "--chunk-size", type=int, default=1, metavar="N", help="arm actions per decision (default: 1, the paper's)"
    )
    parser.add_argument("--decoding", choices=("autoregressive", "parallel"), default="autoregressive",
                        help="of arm actions (default: autoregressive, the paper's)")  # fmt: skip
    parser.add_argument("--key-map", metavar="F.json", help="list of [regular expression, replacement] pairs for tensor names")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def upcycle(options: argparse.Namespace) -> None:
    """Make an OmniActor of a plain checkpoint."""
    from omniactor.model.tensors import local_folder
    from omniactor.model.weights import upcycle_checkpoint

    report = upcycle_checkpoint(
        local_folder(options.source), options.out, options.variant, options.shared_layers, key_map=_read_key_map(options.key_map),
        chunk_size=options.chunk_size, action_decoding=options.decoding,
    )  # fmt: skip
    if options.json:
        print(json.dumps(report))
    else:
        new = f", {report['new']} randomly initialised" if report["new"] else ""
        print(f"{report['path']}: {report['tensors']} tensors, {report['copied_twice']} of them second copies{new}")


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `omniactor export`."""
    parser.add_argument("source", metavar="SRC", help="folder or Hugging Face repository of an OmniActor")
    parser.add_argument("--expert", choices=("gui", "embodied"), required=True, help="which world's expert")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to make")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def export(options: argparse.Namespace) -> None:
    """Write one expert as a plain checkpoint."""
    from omniactor.model.tensors import local_folder
    from omniactor.model.weights import export_checkpoint

    report = export_checkpoint(local_folder(options.source), options.out, options.expert)
    if options.json:
        print(json.dumps(report))
    else:
        print(f"{report['path']}: the {options.expert} expert as a plain checkpoint, {report['tensors']} tensors")


def add_average_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `omniactor average`."""
    parser.add_argument(
        "sources", metavar="SRC", nargs="+", help="checkpoints of one OmniActor: folders or repositories, two or more"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to make")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def average(options: argparse.Namespace) -> None:
    """Write the mean of checkpoints' weights."""
    from omniactor.model.tensors import local_folder
    from omniactor.model.weights import average_checkpoints

    report = average_checkpoints([local_folder(source) for source in options.sources], options.out)
    if options.json:
        print(json.dumps(report))
    else:
        print(f"{report['path']}: the mean of {len(options.sources)} checkpoints, {report['tensors']} tensors, "
              f"at most {100 * report['distance']:.1f} % apart")  # fmt: skip


def _read_key_map(path: str | None) -> list[tuple[str, str]]:
    if path is None:
        return []
    try:
        pairs = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(pairs, list):
            raise TypeError(f"a {type(pairs).__name__}")
        return [(str(pattern), str(replacement)) for pattern, replacement in pairs]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"expected {path} to be a JSON list of [pattern, replacement] pairs, got: {' '.join(str(error).split())[:100]}"
        ) from None
