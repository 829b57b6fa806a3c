"""A training run from recipe to weights: put together, resumed where it was, saved whole."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import TrainerCallback, set_seed
from transformers.integrations import TensorBoardCallback
from transformers.utils import logging

from omniactor.errors import InputError
from omniactor.model.agent import load_checkpoint
from omniactor.model.configuration import variant_of
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.presets import PRESETS, make_model
from omniactor.model.processing import OmniActorProcessor
from omniactor.model.weights import upcycle
from omniactor.paths import write_json
from omniactor.train.checkpoint import clear_staged, newest_valid
from omniactor.train.compilation import compile_parts
from omniactor.train.launch import prepare_deepspeed
from omniactor.train.log import open_board, rewind
from omniactor.train.mixture import Mixture, Source
from omniactor.train.recipe import FREE, Recipe
from omniactor.train.records import folder_sources
from omniactor.train.toy import ToySource
from omniactor.train.trainer import OmniActorTrainer, training_arguments


@dataclass(frozen=True)
class Outcome:
    """What a run left.

    Attributes:
        path: folder of the trained model, which every command takes as an agent; None when it was stopped before the end.
        checkpoint: the last checkpoint.
        steps: optimizer steps done in all.
        resumed_from: the step it went on from; 0 for a fresh run.
        passed_over: checkpoints that were not whole, and why.
        losses: the last entry of the log with a loss; the mean over the run where it was too short for one.
        stand_ins: "random weights" or "toy data", where that is what it ran on.
    """

    path: str | None
    checkpoint: str | None
    steps: int
    resumed_from: int
    passed_over: list[str]
    losses: dict[str, float]
    stand_ins: list[str]


def train(recipe: Recipe, out: Path) -> Outcome:
    """Train by a recipe; go on from the newest whole checkpoint in `out` if there is one.

    Args:
        recipe: the run.
        out: its folder: checkpoints, `log.jsonl`, TensorBoard files, `recipe.json`, and at the end `model/`.

    Raises:
        InputError: data or model cannot be used, or `out` holds a run of another recipe.
        TrainingError: NaN, or checkpoints cannot be written.
    """
    out = Path(out)
    _claim(recipe, out)
    logging.disable_progress_bar()  # of every checkpoint; they would run into our own lines
    set_seed(recipe.seed)
    model, processor = _model(recipe)
    model.set_attn_implementation({"text_config": recipe.attention})
    worlds, chunk = model.config.worlds, model.config.chunk_size
    weighted = [(s, w) for name, w in zip(recipe.data, recipe.weights, strict=True) for s in sources(name, worlds, chunk)]
    mixture = Mixture(*zip(*weighted, strict=True), recipe.micro_batch_size, recipe.world_block, recipe.seed)
    held_out = None
    if recipe.eval_data:
        kept = [s for name in recipe.eval_data for s in sources(name, worlds, chunk, "eval")]
        held_out = Mixture(kept, [1.0] * len(kept), recipe.micro_batch_size, 1, recipe.seed)
    if recipe.lora_rank:
        model = _with_adapters(model, recipe)
    for name, value in model.named_parameters():
        if any(part in name for part in recipe.freeze):
            value.requires_grad_(False)
    if recipe.compile:
        compile_parts(model)
    if recipe.deepspeed:
        prepare_deepspeed()
    arguments = training_arguments(recipe, out, int(os.environ.get("WORLD_SIZE", "1")))
    resume, passed_over = newest_valid(out)
    begun = int(resume.name.split("-")[1]) if resume else 0
    board = None
    if arguments.process_index == 0:
        clear_staged(out)
        rewind(out / "log.jsonl", begun)
        board = open_board(out / "tensorboard", begun)
    trainer = OmniActorTrainer(model, processor, recipe, arguments, mixture, held_out, out / "log.jsonl", resume, board)
    stop = _StopOnSignal()
    trainer.add_callback(stop)
    if board is not None:
        trainer.add_callback(TensorBoardCallback(board))
    with stop:
        result = trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    path = None
    if not stop.asked:
        path = out / "model"
        if recipe.lora_rank:
            trainer.model = trainer.accelerator.unwrap_model(trainer.model).merge_and_unload()
        if recipe.stored == "bfloat16":
            trainer.model.to(torch.bfloat16)
        trainer.save_whole(path)
    checkpoint, _ = newest_valid(out)
    losses = [entry for entry in trainer.state.log_history if "loss" in entry]
    return Outcome(
        str(path) if path else None, str(checkpoint) if checkpoint else None, trainer.state.global_step,
        begun, passed_over,
        {k: v for k, v in losses[-1].items() if "loss" in k} if losses else {"loss": result.training_loss}, _stand_ins(recipe),
    )  # fmt: skip


def _claim(recipe: Recipe, out: Path) -> None:
    """Write the recipe into the folder, or check that it is the one there: only what changes no weight may differ."""
    content = json.loads(json.dumps(dataclasses.asdict(recipe)))
    path = out / "recipe.json"
    if path.exists():
        try:
            before = json.loads(path.read_text())
        except ValueError:
            raise InputError(f"expected a recipe in {path}, got a broken file; choose another --out") from None
        # A setting that a run of an earlier version did not have yet had its default's effect.
        before = {**json.loads(json.dumps(dataclasses.asdict(Recipe()))), **before}
        changed = sorted(k for k in content if k not in FREE and before[k] != content[k])
        if changed:
            raise InputError(
                f"expected the recipe that {out} was begun with, got other values of {', '.join(changed)}; choose another --out"
            )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"expected to make the folder {out}, got: {error.strerror}; choose another --out") from None
    write_json(path, content)


def _model(recipe: Recipe) -> tuple[OmniActorForConditionalGeneration, OmniActorProcessor]:
    if recipe.model in PRESETS:
        settings = {"num_shared_layers": recipe.shared_layers, "chunk_size": recipe.chunk_size}
        return make_model(recipe.model, recipe.variant, recipe.seed, **{k: v for k, v in settings.items() if v is not None})
    model, processor = load_checkpoint(recipe.model)
    has, wanted = variant_of(model.config), recipe.variant
    if has == wanted and recipe.shared_layers in (None, model.config.num_shared_layers):
        return model, processor
    if model.config.separate_heads:
        raise InputError(
            f"expected a checkpoint of variant {wanted} or one without experts to make it of, got {has}; set variant={has}"
        )
    return upcycle(model, wanted, 8 if recipe.shared_layers is None else recipe.shared_layers), processor


def sources(name: str, worlds: list[str], chunk: int, split: str = "train") -> list[Source]:
    """Return the sources of one entry of a recipe's data, of the worlds that the model has."""
    if name == "toy":
        return [ToySource(world, 2000 if split == "train" else 200, chunk, split) for world in worlds]
    return folder_sources(Path(name), worlds, chunk)


def _with_adapters(model, recipe: Recipe):
    """Return the model with LoRA adapters on the decoder's linear layers."""
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise InputError("expected peft for lora_rank above 0, got none; pip install peft") from None
    layers = r".*language_model\.layers\..*\.(q|k|v|o|gate|up|down)_proj"
    return get_peft_model(model, LoraConfig(r=recipe.lora_rank, lora_alpha=2 * recipe.lora_rank, target_modules=layers))


def _stand_ins(recipe: Recipe) -> list[str]:
    return ["random weights"] * (recipe.model in PRESETS) + ["toy data"] * ("toy" in recipe.data)


class _StopOnSignal(TrainerCallback):
    """On SIGTERM or SIGINT, finish the step, write a checkpoint and stop."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> _StopOnSignal:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, *_) -> None:
        self.asked = True

    def on_step_end(self, args, state, control, **kwargs):
        if self.asked:
            control.should_save = control.should_training_stop = True
        return control
