"""`omniactor train`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import warnings
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `omniactor train`."""
    parser.add_argument("recipe", metavar="RECIPE", help="debug, grounding, trajectory, trajectory-VARIANT")
    parser.add_argument("--set", nargs="*", default=[], action="extend", metavar="KEY=VALUE", help="change settings")
    parser.add_argument("--out", metavar="DIR", help="folder of the run (default: runs/RECIPE); an existing run goes on")
    parser.add_argument("--show", action="store_true", help="print the recipe with its changes and stop")
    parser.add_argument("--json", action="store_true", help="print one JSON value as the last line")


def run(options: argparse.Namespace) -> None:
    """Train and say what came out."""
    from omniactor.train.recipe import change, find_recipe

    recipe = change(find_recipe(options.recipe), options.set)
    if options.show:
        content = dataclasses.asdict(recipe)
        print(json.dumps(content) if options.json else "\n".join(f"{key} = {value}" for key, value in content.items()))
        return
    # The engines' notes to their own developers, several a step.
    warnings.filterwarnings("ignore", category=FutureWarning)
    from omniactor.train.launch import bf16_is_emulated
    from omniactor.train.run import train

    if recipe.bf16 and bf16_is_emulated() and os.environ.get("RANK", "0") == "0":
        print("bf16 is about ten times slower than float32 on this processor; stop and add --set bf16=false", file=sys.stderr)
    outcome = train(recipe, Path(options.out or f"runs/{options.recipe}"))
    if os.environ.get("RANK", "0") != "0":
        return  # one process speaks for all
    if options.json:
        print(json.dumps(dataclasses.asdict(outcome)))
        return
    for reason in outcome.passed_over:
        print(f"passed over: {reason}")
    if outcome.path is None:
        print(f"stopped at step {outcome.steps}; the same command goes on from {outcome.checkpoint}")
        return
    print(f"{outcome.steps} steps, loss {outcome.losses['loss']:.4f}; the model is in {outcome.path}")
    if outcome.stand_ins:
        print(f"this ran on stand-ins: {', '.join(outcome.stand_ins)}")
