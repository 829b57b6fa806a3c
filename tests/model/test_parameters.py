"""The formula counts what the model has."""

import math

import pytest

from omniactor.model.configuration import VARIANTS
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.parameters import count_parameters
from omniactor.model.presets import PRESETS, make_config
from omniactor.model.weights import base_config
from tests.model.conftest import FAMILIES, SETTINGS, make_base


def counted(config):
    return sum(math.prod(shape) for shape in OmniActorForConditionalGeneration.expected_shapes(config).values())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_and_variant_has_as_many_parameters_as_the_formula_says(preset, variant):
    config = make_config(preset, variant)
    assert count_parameters(config).total == counted(config)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "settings", [{}, {"action_decoding": "parallel", "chunk_size": 3}, {"action_decoding": "parallel", "queries_per_action": 1}]
)
def test_both_families_and_the_queries_are_counted(family, settings):
    config = base_config(make_base(family).config, "omniactor", 1, **{**SETTINGS, **settings})
    assert count_parameters(config).total == counted(config)


def test_7b_is_the_size_the_paper_implies():
    dense, ours = (count_parameters(make_config("7b", variant)) for variant in ("dense", "omniactor"))
    assert dense.total == 8_291_375_616  # Qwen2-VL-7B-Instruct
    assert ours.total == dense.total + 20 * dense.layer + dense.head == 13_497_532_416
    assert ours.active == dense.active
