"""Recipes: the paper's numbers, and settings that are read or refused."""

import dataclasses

import pytest

from omniactor.errors import InputError
from omniactor.train.recipe import RECIPES, Recipe, change, find_recipe


def test_the_paper_s_stages_have_the_paper_s_numbers():
    grounding, trajectory = RECIPES["grounding"], RECIPES["trajectory"]
    for recipe in (grounding, trajectory):
        assert (recipe.learning_rate, recipe.warmup_ratio, recipe.deepspeed) == (1e-5, 0.03, "zero3")
    assert grounding.batch_size == 128 and round(grounding.max_steps * 128, -5) == 3_400_000
    assert trajectory.batch_size == 64 and round(trajectory.max_steps * 64, -5) == 4_100_000
    assert dict(zip(trajectory.data, trajectory.weights, strict=True))["data/libero-90"] == 5.0


def test_there_is_a_recipe_for_every_variant():
    assert {RECIPES[f"trajectory-{v}"].variant for v in ("gui", "embodied", "dense", "hard", "router")} == {
        "gui", "embodied", "dense", "hard", "router",
    }  # fmt: skip
    assert RECIPES["trajectory"].variant == "omniactor"


@pytest.mark.parametrize(
    ("setting", "field", "value"),
    [
        ("max_steps=20", "max_steps", 20),
        ("learning_rate=3e-4", "learning_rate", 3e-4),
        ("bf16=true", "bf16", True),
        ("bf16=0", "bf16", False),
        ("chunk_size=none", "chunk_size", None),
        ("chunk_size=8", "chunk_size", 8),
        ("freeze=model.visual,lm_head", "freeze", ("model.visual", "lm_head")),
        ("variant=dense", "variant", "dense"),
        ("deepspeed=", "deepspeed", None),
    ],
)
def test_a_setting_is_read_as_its_field(setting, field, value):
    assert getattr(change(Recipe(), [setting]), field) == value


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("learning_rat=1", "got 'learning_rat'; did you mean 'learning_rate'"),
        ("nonsense=1", "got 'nonsense'; see"),
        ("max_steps", "expected max_steps=VALUE"),
        ("max_steps=ten", "expected max_steps as a whole number, got 'ten'"),
        ("bf16=yes", "expected bf16 as true or false, got 'yes'"),
        ("max_steps=0", "expected max_steps of 1 or more, got 0"),
        ("batch_size=6", "multiple of micro_batch_size, got 6 and 4"),
        ("weights=1,2", "one weight per data folder, got 2 weights for 1"),
        ("weights=0", "expected weights above 0"),
        ("eval_every=5", "expected eval_data for evaluations"),
        ("attention=flash", "expected attention sdpa, eager or flash_attention_2, got 'flash'"),
        ("fsdp=true compile=true", "expected compile without DeepSpeed, FSDP and gradient checkpointing"),
        ("gradient_checkpointing=true compile=true", "expected compile without DeepSpeed, FSDP and gradient checkpointing"),
        ("stored=float16", "expected stored as float32 or bfloat16, got 'float16'"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(setting, message):
    with pytest.raises(InputError) as caught:
        change(Recipe(), setting.split())
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_on_a_gpu_the_small_model_is_trained_on_the_same_data():
    cpu, gpu = RECIPES["mini"], RECIPES["mini-gpu"]
    assert (gpu.model, gpu.resident, gpu.bf16, gpu.stored) == ("mini-wide", True, True, "bfloat16")
    assert (gpu.data, gpu.weights, gpu.gaze, gpu.shift) == (cpu.data, cpu.weights, cpu.gaze, cpu.shift)


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'trajectory'"):
        find_recipe("trajectori")


def test_every_field_has_a_comment():
    import inspect

    source = inspect.getsource(Recipe).split('"""', 2)[2]
    commented = 0
    for line, before in zip(source.splitlines()[1:], source.splitlines(), strict=False):
        name = line.strip().split(":")[0]
        if line.startswith("    ") and name in {f.name for f in dataclasses.fields(Recipe)} and ":" in line:
            commented += before.strip().startswith("#")
    assert commented >= 18  # one comment may stand over a group
