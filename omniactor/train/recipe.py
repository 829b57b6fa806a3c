"""What a training run is, as one frozen record, and the runs that have a name.

omniactor train debug --set max_steps=20 --set variant=dense
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from dataclasses import dataclass, replace

from omniactor.errors import InputError

FREE = ("keep", "save_every", "log_every", "eval_every", "eval_batches", "eval_samples", "workers")
"""Settings of a recipe that change no weight."""


@dataclass(frozen=True)
class Recipe:
    """One training run, whole: the same recipe and data give the same weights on one CPU."""

    # The model: a preset with random weights, or a checkpoint folder or repository to go on from.
    model: str = "debug"
    # gui, embodied, dense, hard, router or omniactor. A checkpoint without experts is upcycled to it.
    variant: str = "omniactor"
    # K_share; None leaves the preset's or the checkpoint's, and is 8 where a checkpoint is upcycled.
    shared_layers: int | None = None
    # Actions per decision of a preset; None leaves the preset's.
    chunk_size: int | None = None

    # Training data: folders of records, or "toy" for the squares this program draws itself.
    data: tuple[str, ...] = ("toy",)
    # How often each of them is seen per pass; the paper resamples its embodied data five times.
    weights: tuple[float, ...] = (1.0,)
    # Keep the arm's pictures in the memory of the device that trains and change and cut pictures there, so that a GPU is not
    # kept waiting.
    resident: bool = False
    # Of the arm's samples: pictures moved by so many pixels and lit otherwise by this share, noise (metres) on the arm's
    # state, and the share of samples in which it is hidden; see `augmentation`.
    shift: int = 0
    brightness: float = 0.0
    state_noise: float = 0.0
    state_dropout: float = 0.0
    # Pixels that screens are moved, at most, with the points of their actions.
    screen_shift: int = 0
    # Weight of a loss by which one attention head looks at the point whose digits are written, of screens; see `model.gaze`.
    gaze: float = 0.0
    # Held-out data for evaluations; empty for none.
    eval_data: tuple[str, ...] = ()
    # Micro-batches per evaluation.
    eval_batches: int = 8
    # Held-out samples per world whose answers are printed and logged at each evaluation; 0 for none.
    eval_samples: int = 2
    # Longest sample in tokens; longer ones are refused, not cut: a cut answer teaches the wrong end.
    max_length: int = 4096

    # Optimizer steps.
    max_steps: int = 100
    # Minutes of training after which the run ends, wherever it is, with the learning rate at its end too; None for as long as it
    # takes. How many steps that were depends on the machine, so the same recipe no longer gives the same weights.
    minutes: float | None = None
    # Samples per optimizer step, over all processes.
    batch_size: int = 8
    # Samples that one process computes at a time; all of one world.
    micro_batch_size: int = 4
    # So many micro-batches in a row are of one world, so that all processes train the same expert. A multiple
    # of their number; the same value gives the same order of samples on any number of processes.
    world_block: int = 8

    # AdamW with cosine decay after a linear warm-up (paper, section 4.1: 1e-5 and 3 %).
    learning_rate: float = 1e-5
    warmup_ratio: float = 0.03
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    # Parameters whose name contains one of these are not trained.
    freeze: tuple[str, ...] = ()

    # Compute in bf16 with float32 weights: faster on GPUs and on processors with instructions for it, far slower on others.
    bf16: bool = False
    # How the decoder's attention is computed: sdpa, eager or flash_attention_2, transformers' names. On a CPU and with
    # sequences of a few hundred tokens, eager trains 1.4 times as fast as sdpa.
    attention: str = "sdpa"
    # Compile decoder layers and convolution stems (torch.compile), which takes minutes before the first step; see `compilation`.
    compile: bool = False
    # Recompute activations in the backward pass instead of keeping them.
    gradient_checkpointing: bool = False
    # Rank of LoRA adapters (peft) on every linear layer of the decoder; 0 trains all weights. Checkpoints then hold the
    # adapters alone; the model at the end has them merged in.
    lora_rank: int = 0
    # A DeepSpeed configuration file (train/configs/zero3.json), or an FSDP2 one for accelerate; None for neither.
    deepspeed: str | None = None
    fsdp: bool = False

    # Steps between lines of the log, evaluations (0 for none) and checkpoints, and how many of those are kept.
    log_every: int = 10
    eval_every: int = 0
    save_every: int = 50
    keep: int = 2
    # Processes that read ahead; 0 reads in the training process.
    workers: int = 0
    # Type of the numbers in the model at the end, float32 or bfloat16: half the size. Checkpoints on the way stay float32.
    stored: str = "float32"
    # Of weights, order of data and everything else that is drawn.
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse combinations that cannot run, before anything is loaded."""
        if len(self.weights) != len(self.data) or not self.data:
            raise InputError(f"expected one weight per data folder, got {len(self.weights)} weights for {len(self.data)}")
        if min(self.weights) <= 0:
            raise InputError(f"expected weights above 0, got {self.weights}; leave out a folder that should not be seen")
        for name in (
            "max_steps",
            "batch_size",
            "micro_batch_size",
            "world_block",
            "log_every",
            "save_every",
            "keep",
            "max_length",
        ):
            if getattr(self, name) < 1:
                raise InputError(f"expected {name} of 1 or more, got {getattr(self, name)}")
        if self.batch_size % self.micro_batch_size:
            raise InputError(
                f"expected batch_size to be a multiple of micro_batch_size, got {self.batch_size} and {self.micro_batch_size}"
            )
        if self.attention not in ("sdpa", "eager", "flash_attention_2"):
            raise InputError(f"expected attention sdpa, eager or flash_attention_2, got {self.attention!r}")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise InputError(f"expected minutes above 0, or none, got {self.minutes}")
        if self.stored not in ("float32", "bfloat16"):
            raise InputError(f"expected stored as float32 or bfloat16, got {self.stored!r}")
        if self.gaze < 0:
            raise InputError(f"expected gaze of 0 or more, got {self.gaze}")
        if self.gaze and self.attention == "flash_attention_2":
            raise InputError(
                "expected attention sdpa or eager with gaze, as the other does not say where it looks; set attention=eager"
            )
        if self.eval_every and not self.eval_data:
            raise InputError("expected eval_data for evaluations, got none; set eval_data or eval_every=0")
        if self.deepspeed and self.fsdp:
            raise InputError("expected DeepSpeed or FSDP, got both; choose one")
        if self.compile and (self.deepspeed or self.fsdp or self.gradient_checkpointing):
            raise InputError("expected compile without DeepSpeed, FSDP and gradient checkpointing, got both; set compile=false")
        if self.lora_rank and (self.deepspeed or self.fsdp):
            raise InputError("expected LoRA without DeepSpeed and FSDP, got both; set deepspeed= fsdp=false")


_PAPER = Recipe(
    learning_rate=1e-5, warmup_ratio=0.03, bf16=True, gradient_checkpointing=True, micro_batch_size=1, save_every=500,
    log_every=10, workers=4, max_length=8192, deepspeed="zero3",
)  # fmt: skip

_TRAJECTORY = replace(
    _PAPER, model="omniactor-grounded", data=("data/aguvis-stage2", "data/libero-90"), weights=(1.0, 5.0), batch_size=64,
    max_steps=64_000,  # 4.1 M samples
)  # fmt: skip

_MINI = Recipe(
    model="mini", data=("data/mini/arm/hdf5", "data/mini/arm-standin/hdf5", "data/mini/web", "data/mini/drawn"),
    weights=(1.0, 1.0, 2.0, 1.0), shift=4, brightness=0.2, state_noise=0.01, state_dropout=0.3, screen_shift=24, gaze=0.25,
    learning_rate=1e-3, weight_decay=0.01, batch_size=64, micro_batch_size=32, world_block=2, attention="eager",
    max_steps=10_000, save_every=250, log_every=25,
)  # fmt: skip

RECIPES: dict[str, Recipe] = {
    # Seconds on a CPU: every part of a run, on squares drawn by the program.
    "debug": Recipe(learning_rate=1e-3, max_steps=60, save_every=20, log_every=5, eval_data=("toy",), eval_every=30),
    # The bundled checkpoint, both worlds from nothing on two CPU cores; docs/mini.md has the commands around it.
    "mini": _MINI,
    # The same on one GPU, for all 90 tasks: a wider model, larger batches, the arm's pictures in the GPU's memory.
    "mini-gpu": replace(
        _MINI, model="mini-wide", resident=True, bf16=True, attention="sdpa", stored="bfloat16", batch_size=1024,
        micro_batch_size=1024, world_block=1, workers=14, learning_rate=1.5e-3, max_steps=5_000, save_every=500,
    ),
    # The paper's first stage: GUI grounding, 3.4 M samples in batches of 128.
    "grounding": replace(
        _PAPER, model="omniactor-7b", batch_size=128, max_steps=26_500, weights=(1.0, 1.0, 1.0, 1.0),
        data=("data/os-atlas", "data/uground", "data/aguvis-stage1", "data/aria-ui"),
    ),
    # The paper's second stage, GUI and arm together; one recipe per variant of its Table 2.
    "trajectory": _TRAJECTORY,
    "trajectory-gui": replace(_TRAJECTORY, variant="gui", data=("data/aguvis-stage2",), weights=(1.0,)),
    "trajectory-embodied": replace(_TRAJECTORY, variant="embodied", data=("data/libero-90",), weights=(5.0,)),
    "trajectory-dense": replace(_TRAJECTORY, variant="dense"),
    "trajectory-hard": replace(_TRAJECTORY, variant="hard"),
    "trajectory-router": replace(_TRAJECTORY, variant="router"),
}  # fmt: skip


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises:
        InputError: no such recipe; the message names the nearest.
    """
    if name not in RECIPES:
        raise InputError(f"expected a recipe ({', '.join(RECIPES)}), got {name!r}{_nearest(name, RECIPES)}")
    return RECIPES[name]


def change(recipe: Recipe, settings: list[str]) -> Recipe:
    """Return the recipe with `key=value` settings, each read as the type of its field; tuples are separated by commas.

    Raises:
        InputError: no such key (the message names the nearest), or a value that cannot be read.
    """
    hints = typing.get_type_hints(Recipe)
    values = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if key not in hints:
            raise InputError(f"expected a setting of a recipe, got {key!r}{_nearest(key, hints)}; see omniactor/train/recipe.py")
        if not equals:
            raise InputError(f"expected {key}=VALUE, got {setting!r}")
        try:
            values[key] = _read(text, hints[key])
        except ValueError:
            raise InputError(f"expected {key} as {_name(hints[key])}, got {text!r}") from None
    return dataclasses.replace(recipe, **values)


def _read(text: str, hint) -> object:
    if isinstance(hint, types.UnionType):  # "X | None"
        return None if text in ("", "none", "None") else _read(text, typing.get_args(hint)[0])
    if typing.get_origin(hint) is tuple:
        return tuple(_read(part, typing.get_args(hint)[0]) for part in text.split(",") if part)
    if hint is bool:
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError
        return text.lower() in ("true", "1")
    return hint(text)


def _name(hint) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false"}.get(hint, str(hint))


def _nearest(name: str, known) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
