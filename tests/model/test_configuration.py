"""Which models can be described, and which descriptions are refused."""

import json

import pytest

from omniactor.errors import CheckpointError, InputError
from omniactor.model.configuration import (
    VARIANTS,
    OmniActorConfig,
    OmniActorStemConfig,
    read_config,
    variant_settings,
)
from omniactor.model.presets import make_config

SMALL = {"vocab_size": 152064, "num_hidden_layers": 12}


def refused(error, call, match):
    with pytest.raises(error, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_missing_settings_are_the_papers():
    config = OmniActorConfig(text_config=SMALL, vision_config={})
    assert config.num_shared_layers == 8 and config.worlds == ["gui", "embodied"]
    assert config.separate_heads and not config.router
    assert (config.first_action_id, config.num_action_bins, config.action_bins.last_id) == (151387, 256, 151642)
    assert (config.action_decoding, config.chunk_size, config.num_action_queries) == ("autoregressive", 1, 0)
    assert config.vision_config.model_type == "qwen2_vl_vision" and not config.prefix_attention


def test_shallow_layers_are_shared_and_deep_ones_are_not():
    config = OmniActorConfig(text_config=SMALL, vision_config={}, num_shared_layers=3)
    assert [config.layer_experts(i) for i in (0, 2)] == [("shared",)] * 2
    assert [config.layer_experts(i) for i in (3, 11)] == [("gui", "embodied")] * 2
    assert config.head_experts == ("gui", "embodied")
    assert OmniActorConfig(text_config=SMALL, vision_config={}, separate_heads=False).head_experts == ("shared",)


@pytest.mark.parametrize(
    ("settings", "queries"),
    [({}, 0), ({"chunk_size": 8}, 0), ({"action_decoding": "parallel"}, 7),
     ({"action_decoding": "parallel", "chunk_size": 8}, 56),
     ({"action_decoding": "parallel", "chunk_size": 8, "queries_per_action": 1}, 8)],
)  # fmt: skip
def test_queries_are_counted_for_parallel_decoding_only(settings, queries):
    assert OmniActorConfig(text_config=SMALL, vision_config={}, **settings).num_action_queries == queries


def test_the_base_family_decides_the_parts():
    config = OmniActorConfig(text_config=SMALL, vision_config={}, base_model_type="qwen2_5_vl")
    assert (config.text_config.model_type, config.vision_config.model_type) == ("qwen2_5_vl_text", "qwen2_5_vl_vision")
    stem = OmniActorConfig(text_config=SMALL, vision_config={"model_type": "omniactor_stem", "hidden_size": 64})
    assert isinstance(stem.vision_config, OmniActorStemConfig) and stem.vision_config.hidden_size == 64


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"worlds": []}, r"worlds out of gui, embodied, got \[\]"),
        ({"worlds": ["gui", "moon"]}, "worlds out of gui, embodied"),
        ({"worlds": ["gui", "gui"]}, "worlds out of gui, embodied"),
        ({"text_config": {"vocab_size": 152064, "num_hidden_layers": 1001}}, "at most 1000 layers, got 1001"),
        ({"num_shared_layers": -1}, r"in 0..12 \(all layers\), got -1"),
        ({"num_shared_layers": 13}, r"in 0..12 \(all layers\), got 13"),
        ({"tie_word_embeddings": True}, "untied output heads"),
        ({"text_config": {**SMALL, "tie_word_embeddings": True}}, "untied output heads"),
        ({"router": True, "worlds": ["embodied"]}, "both worlds for a router"),
        ({"text_config": {"vocab_size": 151642, "num_hidden_layers": 12}}, r"action ids below .*got 151387..151642"),
        ({"first_action_id": -1}, "from an id of 0 or more"),
        ({"num_action_bins": 1}, "at least 2 bins"),
        ({"chunk_size": 0}, "chunk_size of 1 or more"),
        ({"queries_per_action": 2}, "queries_per_action of 1 or 7"),
        ({"base_model_type": "llama"}, "qwen2_vl or qwen2_5_vl, got 'llama'"),
        ({"vision_config": {"model_type": "clip"}}, "got 'clip'"),
        ({"action_decoding": "diffusion"}, "autoregressive or parallel, got 'diffusion'"),
        ({"image_token_id": 151400}, "ids of their own"),
        ({"vision_end_token_id": 151642}, "ids of their own"),
        ({"image_token_id": 151656}, "ids of their own"),
        ({"action_decoding": "parallel", "action_query_token_id": 151655}, "ids of their own"),
        ({"action_decoding": "parallel", "action_query_token_id": 151387}, "ids of their own"),
        ({"action_decoding": "parallel", "action_query_token_id": 152064}, "action_query_token_id below .*got 152064"),
        ({"action_readout": "mean"}, "expected action_readout mode with autoregressive decoding"),
        ({"point_readout": "attention"}, "expected prefix_attention with point_readout attention"),
        ({"point_readout": "digits"}, "point_readout of words or attention"),
        ({"action_bin_sigma": -1.0}, "action_bin_sigma of 0 or more, got -1.0"),
        ({"action_bin_sigma": float("nan")}, "action_bin_sigma of 0 or more, got nan"),
    ],
)
def test_what_cannot_be_is_refused(settings, match):
    refused(InputError, lambda: OmniActorConfig(**{"text_config": SMALL, "vision_config": {}, **settings}), match)


@pytest.mark.parametrize(("patch", "channels"), [(8, [4] * 4), (16, [4] * 3), (12, [4, 4, 4])])
def test_convolutions_must_halve_down_to_a_patch(patch, channels):
    refused(InputError, lambda: OmniActorStemConfig(patch_size=patch, channels=channels), "patch_size = 2 ")


VARIANT_TABLE = {
    "gui": (["gui"], 6, False, False),
    "embodied": (["embodied"], 6, False, False),
    "dense": (["gui", "embodied"], 6, False, False),
    "hard": (["gui", "embodied"], 0, True, False),
    "router": (["gui", "embodied"], 2, True, True),
    "omniactor": (["gui", "embodied"], 2, True, False),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_of_the_paper_has_its_settings(variant):
    settings = variant_settings(variant, 6, 2)
    names = ("worlds", "num_shared_layers", "separate_heads", "router")
    assert tuple(settings[name] for name in names) == VARIANT_TABLE[variant] and len(settings) == 4
    assert tuple(VARIANT_TABLE) == VARIANTS
    settings["worlds"].append("changed")  # a copy of its own
    assert variant_settings(variant, 6, 2)["worlds"] == VARIANT_TABLE[variant][0]


def test_an_unknown_variant_is_refused():
    refused(InputError, lambda: variant_settings("soft", 6, 2), r"\(gui, embodied, dense, hard, router, omniactor\), got 'soft'")


@pytest.mark.parametrize("preset", ["debug", "mini", "7b"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_saving_and_loading_keeps_every_field(preset, variant, tmp_path):
    config = make_config(preset, variant)
    config.save_pretrained(tmp_path)
    for loaded in (OmniActorConfig.from_pretrained(tmp_path), read_config(tmp_path)):
        assert loaded.to_dict() == config.to_dict()
        assert type(loaded.vision_config) is type(config.vision_config)
        assert loaded.action_bins == config.action_bins and loaded.head_experts == config.head_experts


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "readable config.json"), ("{", "readable config.json"), ("[]", "'list'"), ("3", "'int'"), ("{}", "None"),
        ('{"model_type": "qwen2_vl"}', "'qwen2_vl'; make one with `omniactor upcycle`"),
    ],
)  # fmt: skip
def test_a_file_that_describes_no_omniactor_is_refused(tmp_path, content, match):
    (tmp_path / "config.json").write_text(content)
    refused(CheckpointError, lambda: read_config(tmp_path), match)


def test_a_missing_or_unreadable_file_is_refused(tmp_path):
    refused(CheckpointError, lambda: read_config(tmp_path), "readable config.json")
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00")
    refused(CheckpointError, lambda: read_config(tmp_path), "readable config.json")


@pytest.mark.parametrize(
    "change", [{"num_shared_layers": "many"}, {"text_config": []}, {"text_config": {"hidden_size": "wide"}}, {"worlds": 5},
               {"chunk_size": -1}, {"base_model_type": "x"}, {"vision_config": 7}, {"first_action_id": None}]
)  # fmt: skip
def test_a_broken_field_in_a_file_is_refused_in_one_line(tmp_path, change):
    content = {**make_config("debug").to_dict(), **change}
    (tmp_path / "config.json").write_text(json.dumps(content))
    refused(InputError, lambda: read_config(tmp_path), "expected")
