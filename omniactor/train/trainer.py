"""Hugging Face's Trainer with our data order, our measures and checkpoints that are whole or not there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from accelerate import DistributedType, PartialState
from accelerate.utils import FullyShardedDataParallelPlugin
from torch.distributed.tensor import DTensor
from transformers import PrinterCallback, Trainer, TrainingArguments

from omniactor.errors import TrainingError
from omniactor.model.processing import OmniActorProcessor
from omniactor.train.augmentation import Augmentation
from omniactor.train.batches import Batches
from omniactor.train.checkpoint import clear_staged, prune, publish
from omniactor.train.clock import Clock
from omniactor.train.console import Console
from omniactor.train.measures import Measures
from omniactor.train.mixture import Mixture
from omniactor.train.predictions import Prediction, predict
from omniactor.train.recipe import Recipe
from omniactor.train.resident import ResidentPictures


class OmniActorTrainer(Trainer):
    """Trains both worlds by a recipe.

    The order of the data is a function of the step, so a resumed run continues where it was without skipping
    through what it has seen.
    """

    def __init__(
        self,
        model,
        processor: OmniActorProcessor,
        recipe: Recipe,
        arguments: TrainingArguments,
        train: Mixture,
        held_out: Mixture | None = None,
        log: Path | None = None,
        resume: Path | None = None,
        board=None,
    ) -> None:
        """Put the parts together.

        Args:
            model: what is trained.
            processor: saved with it.
            recipe: the run.
            arguments: for the Trainer; see `training_arguments`.
            train: what is trained on.
            held_out: what is evaluated on.
            log: file that gets one JSON line per log entry.
            resume: checkpoint that training goes on from.
            board: TensorBoard's `SummaryWriter`, for what is no number; None for none.
        """
        self.recipe, self.train_mixture, self.eval_mixture = recipe, train, held_out
        self.measures, self._log_file, self._board = Measures(), log, board
        # The Trainer reads its own state only after it has asked for the data.
        state = json.loads((resume / "trainer_state.json").read_text()) if resume else {"global_step": 0, "log_history": []}
        self._first_step = state["global_step"]
        spent = max((entry.get("minutes", 0.0) for entry in state["log_history"]), default=0.0)
        self._clock = Clock(recipe.minutes, spent) if recipe.minutes else None
        self._last = (self._first_step, time.perf_counter())
        super().__init__(model=model, args=arguments, processing_class=processor, eval_dataset=held_out)
        self.can_return_loss = True
        self._resident = None
        if recipe.resident:
            self._resident = ResidentPictures(train.sources, model.config, processor, self.args.device)
        self.console = Console()
        self.remove_callback(PrinterCallback)
        if self._clock is not None:
            self.add_callback(self._clock)
        self.add_callback(self.console)

    @property
    def _accumulation(self) -> int:
        return self.args.gradient_accumulation_steps

    def create_accelerator_and_postprocess(self) -> None:
        """Set up accelerate; on CPUs also FSDP, which accelerate itself leaves out there without a word.

        Raises:
            TrainingError: FSDP was asked for and is not in use.
        """
        super().create_accelerator_and_postprocess()
        state = self.accelerator.state
        if self.args.fsdp and state.distributed_type == DistributedType.MULTI_CPU:
            state.fsdp_plugin = FullyShardedDataParallelPlugin(**self.args.fsdp_plugin_args)
            state.distributed_type = DistributedType.FSDP
            PartialState._shared_state["distributed_type"] = DistributedType.FSDP  # accelerate reads it anew again and again
            self.is_fsdp_enabled = True
        if bool(self.args.fsdp) != self.is_fsdp_enabled:
            raise TrainingError(
                "expected FSDP to be in use as the recipe asks, got plain training; start several processes with torchrun"
            )

    def create_scheduler(self, num_training_steps: int, optimizer=None):
        """Return the learning rate's schedule: transformers' cosine, or that of the clock."""
        if self._clock is None or self.lr_scheduler is not None:
            return super().create_scheduler(num_training_steps, optimizer)
        chosen = self.optimizer if optimizer is None else optimizer
        self.lr_scheduler = self._clock.scheduler(chosen, num_training_steps, self.args.warmup_steps)
        return self.lr_scheduler

    def get_train_dataloader(self):
        """Return this process's micro-batches from the present step on; every process takes its own."""
        per_step = self._accumulation * self.args.world_size
        batches = Batches(
            self.train_mixture, self.processing_class, self.model.config, self.recipe.max_steps * per_step,
            start=self._first_step * per_step, rank=self.args.process_index, ranks=self.args.world_size,
            max_length=self.recipe.max_length, augmentation=self._augmentation(), gaze=self.recipe.gaze,
            resident=self.recipe.resident,
        )  # fmt: skip
        return batches.loader(self.recipe.workers)

    def _prepare_inputs(self, inputs: dict) -> dict:
        """Move a micro-batch to the device; pictures are put in and cut there, if that was left to it."""
        inputs = super()._prepare_inputs(inputs)
        if "pictures" in inputs:
            chosen = (inputs.pop(name) for name in ("pictures", "picture_steps", "picture_tables"))
            inputs["pixel_values"] = self._resident.patches(*chosen)
        elif "screens" in inputs:
            inputs["pixel_values"] = self._resident.cut(inputs.pop("screens"))
        return inputs

    def _augmentation(self) -> Augmentation:
        """Return what the recipe changes in the samples."""
        recipe = self.recipe
        return Augmentation(recipe.shift, recipe.brightness, recipe.state_noise, recipe.state_dropout, recipe.screen_shift)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Return the loss of a micro-batch and take its measures.

        Raises:
            TrainingError: the loss is NaN or infinite; nothing was changed by it.
        """
        output = model(**inputs)
        if not torch.isfinite(output.loss):
            raise TrainingError(
                f"expected a finite loss, got {output.loss.item()} at step {self.state.global_step + 1} ({inputs['world']}); "
                "the last checkpoint is intact, lower the learning rate or check the data"
            )
        if model.training:
            self.measures.add(self.accelerator.unwrap_model(model).config, inputs, output)
        return (output.loss, output) if return_outputs else output.loss

    def training_step(self, model, inputs, num_items_in_batch=None):
        """Compute the gradients of a micro-batch; with DeepSpeed, the last of a step also takes the step."""
        loss = super().training_step(model, inputs, num_items_in_batch)
        if self.is_deepspeed_enabled and self.accelerator.sync_gradients:
            # ZeRO-3 begins a step by writing over the gradients of what its first micro-batch uses. The other world's
            # expert would add to those of the step before, for ever.
            gradients = getattr(model.optimizer, "grad_partitions_flat_buffer", None)
            if gradients is not None:
                gradients.zero_()
        return loss

    def _clip_grad_norm(self, model):
        norm = super()._clip_grad_norm(model)
        if norm is not None and not torch.isfinite(torch.as_tensor(float(norm))):
            raise TrainingError(
                f"expected finite gradients, got norm {float(norm)} at step {self.state.global_step + 1}; "
                "the last checkpoint is intact, lower the learning rate or check the data"
            )
        return norm

    def evaluate(self, *args, metric_key_prefix: str = "eval", **kwargs) -> dict[str, float]:
        """Measure on the held-out mixture, the same micro-batches every time, and show what the model answers to some."""
        measures, model = Measures(), self.accelerator.unwrap_model(self.model)
        batches = Batches(
            self.eval_mixture, self.processing_class, model.config, self.recipe.eval_batches, max_length=self.recipe.max_length
        )
        model.eval()
        with torch.no_grad():
            for inputs in batches.loader():
                inputs = self._prepare_inputs(inputs)
                measures.add(model.config, inputs, model(**inputs))
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in measures.read().items()}
        self.log(metrics)
        for prediction in self._predictions(model):
            self._note(prediction)
        model.train()
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the measures to an entry of training, and write every entry to the log file as one JSON line."""
        if "loss" in logs:
            step, then = self._last
            now = time.perf_counter()
            samples = self.measures.samples * self.args.world_size
            logs |= {"samples_per_second": round(samples / max(now - then, 1e-9), 3), **self.measures.read()}
            left = (self.recipe.max_steps - self.state.global_step) * (now - then) / max(self.state.global_step - step, 1)
            logs["minutes_left"] = round(left / 60, 2)
            if self._clock is not None:
                logs["minutes"] = round(self._clock.spent, 3)
                logs["minutes_left"] = min(logs["minutes_left"], round(max(0.0, self.recipe.minutes - self._clock.spent), 2))
            self._last = (self.state.global_step, now)
        super().log(logs, start_time)
        self._write({k: v for k, v in logs.items() if isinstance(v, (int, float, str))})

    def _write(self, entry: dict) -> None:
        """Append one line to the log file."""
        if self._log_file and self.is_world_process_zero():
            with self._log_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": self.state.global_step, **entry}, ensure_ascii=False) + "\n")

    def _predictions(self, model) -> Iterator[Prediction]:
        """Yield the model's answers to the same few held-out samples of each world."""
        if hasattr(model, "get_base_model"):  # peft's wrapper has no idea of two worlds
            model = model.get_base_model()
        for world in self.eval_mixture.worlds if self.recipe.eval_samples else ():
            samples, number = [], 0
            while len(samples) < self.recipe.eval_samples:
                if self.eval_mixture.world(number) == world:
                    samples += self.eval_mixture.micro_batch(number)
                number += 1
            with self._heads_in_reach(model):
                yield from predict(model, self.processing_class, samples[: self.recipe.eval_samples])

    @contextlib.contextmanager
    def _heads_in_reach(self, model) -> Iterator[None]:
        """Put the heads together where an engine keeps them in shards: predicting reads them outside the forward pass."""
        if self.is_deepspeed_enabled:
            import deepspeed

            with deepspeed.zero.GatheredParameters(list(model.lm_head.parameters())):
                yield
        elif self.is_fsdp_enabled:
            model.unshard()
            yield
            model.reshard()
        else:
            yield

    def _note(self, prediction: Prediction) -> None:
        """Write a prediction into the log file and TensorBoard, and print it."""
        if self.is_world_process_zero():
            self._write({"event": "sample", **prediction.as_json()})
            self.console.show(prediction)
            if self._board is not None:
                text = "    " + str(prediction).replace("\n", "\n    ")  # indented, Markdown leaves it alone
                self._board.add_text(f"samples/{prediction.world}", text, self.state.global_step)

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """Save weights, configuration and processor. What FSDP left in shards is put together first, by all processes."""
        if state_dict is not None:
            whole = {name: value.full_tensor() if isinstance(value, DTensor) else value for name, value in state_dict.items()}
            state_dict = {name: value.detach().cpu() for name, value in whole.items()}
        super()._save(output_dir, state_dict)
        if output_dir is not None:
            (Path(output_dir) / "training_args.bin").unlink(missing_ok=True)  # a pickle, and recipe.json says it all

    def _save_checkpoint(self, model, trial) -> None:
        """Write a checkpoint beside its place, then make it visible in one step.

        Raises:
            TrainingError: it cannot be written, for example because the disk is full; the last one is intact.
        """
        run = Path(self.args.output_dir)
        name = f"checkpoint-{self.state.global_step}"
        try:
            with self._staged(run, name) as staging:
                self.args.output_dir = str(staging)
                super()._save_checkpoint(model, trial)
        finally:
            self.args.output_dir = str(run)
        if self.is_world_process_zero():
            prune(run, run / name, self.recipe.keep)
        self._wait()

    def save_whole(self, path: Path) -> None:
        """Write the model and its processor to a folder that appears when all of it is there.

        Raises:
            TrainingError: it cannot be written.
        """
        with self._staged(path.parent, path.name) as staging:
            self.save_model(str(staging / path.name))

    @contextlib.contextmanager
    def _staged(self, run: Path, name: str) -> Iterator[Path]:
        """Yield a folder beside the run's; what all processes have written to `name` in it then becomes `run/name`."""
        staging = run / f".staged-{os.environ.get('MASTER_PORT', os.getpid())}"  # the same name in every process of a run
        try:
            yield staging
            self._wait()
            if self.is_world_process_zero():
                publish(staging / name, run / name)
                clear_staged(run)
        except (OSError, RuntimeError) as error:  # torch and safetensors report a full disk as RuntimeError
            shutil.rmtree(staging, ignore_errors=True)
            raise TrainingError(
                f"expected to write {name} to {run}, got: {' '.join(str(error).split())[:160]}; "
                "the last checkpoint is intact, free space and run the command again"
            ) from None
        self._wait()

    @staticmethod
    def _wait() -> None:
        if dist.is_initialized():
            dist.barrier()


def training_arguments(recipe: Recipe, out: Path, processes: int) -> TrainingArguments:
    """Return the Trainer's arguments for a recipe.

    Args:
        recipe: the run.
        out: its folder.
        processes: how many train together.

    Raises:
        TrainingError: the batch cannot be shared by so many processes.
    """
    if recipe.minutes and processes > 1:
        raise TrainingError(f"expected one process with minutes, whose clocks would part, got {processes}; set max_steps instead")
    step = recipe.micro_batch_size * processes
    if recipe.batch_size % step or recipe.world_block % processes:
        raise TrainingError(
            f"expected batch_size to be a multiple of {step} (micro-batch times processes) and world_block of {processes}, "
            f"got {recipe.batch_size} and {recipe.world_block}"
        )
    return TrainingArguments(
        output_dir=str(out), max_steps=recipe.max_steps, per_device_train_batch_size=recipe.micro_batch_size,
        gradient_accumulation_steps=recipe.batch_size // step, learning_rate=recipe.learning_rate, lr_scheduler_type="cosine",
        warmup_steps=round(recipe.warmup_ratio * recipe.max_steps), weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm, bf16=recipe.bf16, activation_checkpointing=recipe.gradient_checkpointing,
        logging_steps=recipe.log_every, logging_nan_inf_filter=False, save_strategy="steps",
        save_steps=recipe.save_every, save_total_limit=None, eval_strategy="steps" if recipe.eval_every else "no",
        eval_steps=recipe.eval_every or None, seed=recipe.seed, data_seed=recipe.seed, report_to=[],
        ignore_data_skip=True, remove_unused_columns=False, ddp_find_unused_parameters=True,
        dataloader_pin_memory=False, disable_tqdm=True, log_level="error", use_cpu=not torch.cuda.is_available(),
        **_engine(recipe),
    )  # fmt: skip


def _engine(recipe: Recipe) -> dict:
    configs = Path(__file__).parent / "configs"
    if recipe.deepspeed:
        path = configs / f"{recipe.deepspeed}.json"
        return {"deepspeed": str(path if path.exists() else recipe.deepspeed)}
    if recipe.fsdp:
        return {"fsdp": True, "fsdp_config": str(configs / "fsdp2.json")}
    return {}
