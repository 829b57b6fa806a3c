"""The command `omniactor check-data`: what is in a folder of samples, and what is wrong with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from omniactor.errors import InputError, SetupError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `omniactor check-data`."""
    parser.add_argument("folder", metavar="DIR", help="folder with files of samples, such as `omniactor convert` makes")
    parser.add_argument("--cutoff", type=int, default=8192, metavar="N", help="tokens at which training cuts (default: 8192)")
    parser.add_argument("--tokenizer", metavar="PATH", help="tokenizer.json or its folder (default: estimate from letters)")
    parser.add_argument("--images", default="read", help="read every picture (default), exist: only look for it, or skip")
    parser.add_argument(
        "--screen-pixels", type=int, default=1280 * 28 * 28, metavar="N", help="most pixels of a screen (default: 1003520)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Check and print; problems are results, not errors.

    Raises:
        InputError: no folder of samples, or no tokenizer.
    """
    from omniactor.data.check import CheckSettings, check_folder

    settings = CheckSettings(options.cutoff, options.images, options.screen_pixels)
    count = _tokenizer(Path(options.tokenizer)) if options.tokenizer else None
    result = check_folder(Path(options.folder), settings, count)
    if options.json:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False), flush=True)
        return
    tokens, images = result["tokens"], result["images"]
    print(f"{result['samples']} samples of {result['tasks']['count']} tasks, {images['distinct']} pictures")
    print(f"tokens ({tokens['counted']}): {tokens['mean']} on average, {tokens['longest']} at most, cut-off {tokens['cutoff']}")
    for kind, found in result["problems"].items():
        print(f"  {found['count']} x {kind}")
        for example in found["examples"]:
            print(f"      {example}")
    if not result["problems"]:
        print("nothing wrong was found")


def _tokenizer(path: Path) -> Callable[[str], int]:
    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise SetupError("expected the package tokenizers, got none; run: python -m pip install tokenizers") from error
    if not file.is_file():
        raise InputError(f"expected a tokenizer.json at {path}, got nothing there; give --tokenizer another path")
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the package raises plain Exception
        raise InputError(f"expected a tokenizer in {file}, got: {' '.join(str(error).split())[:120]}") from error
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
