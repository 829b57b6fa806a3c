"""Sizes by name: what they are, and that they are the same every time."""

import pytest
import torch

from omniactor.errors import InputError
from omniactor.model.configuration import VARIANTS, OmniActorStemConfig
from omniactor.model.presets import image_processor, make_config, make_model, small_tokenizer


def test_the_same_arguments_give_the_same_model():
    first, second, other = make_model("debug"), make_model("debug"), make_model("debug", seed=1)
    for (name, value), again in zip(first[0].state_dict().items(), second[0].state_dict().values(), strict=True):
        assert torch.equal(value, again), name
    assert not torch.equal(first[0].model.language_model.embed_tokens.weight, other[0].model.language_model.embed_tokens.weight)
    assert first[1].settings == second[1].settings


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_of_the_debug_preset_is_small_and_complete(variant):
    model, processor = make_model("debug", variant)
    config = model.config
    assert model.num_parameters() < 1_000_000 and config.text_config.num_hidden_layers == 4
    assert config.text_config.vocab_size == len(processor.tokenizer) == 1032
    assert (config.first_action_id, config.num_action_bins) == (768, 256)
    roles = ("im_end", "endoftext", "vision_pad", "image_pad", "video_pad", "vision_start", "vision_end")
    names = [f"<|{role}|>" for role in roles]
    ids = [config.text_config.eos_token_id, config.text_config.pad_token_id, config.action_query_token_id, config.image_token_id,
           config.video_token_id, config.vision_start_token_id, config.vision_end_token_id]  # fmt: skip
    assert processor.tokenizer.convert_tokens_to_ids(names) == ids
    assert model.generation_config.pad_token_id == processor.tokenizer.pad_token_id


@pytest.mark.parametrize(("preset", "parameters"), [("mini", 4_608_576), ("mini-wide", 10494848)])
def test_the_mini_presets_see_with_convolutions_and_decide_in_one_pass(preset, parameters):
    model, processor = make_model(preset)
    config = model.config
    assert isinstance(config.vision_config, OmniActorStemConfig)
    assert config.vision_config.cameras == ["agentview", "wrist", "screen"]
    assert (config.action_decoding, config.chunk_size, config.num_action_queries) == ("parallel", 8, 9)
    assert config.prefix_attention and config.action_bin_sigma == 1.5 and config.num_shared_layers == 2
    assert (processor.image_processor.patch_size, processor.image_processor.merge_size) == (16, 1)
    assert processor.prompt.cameras == ("agentview", "wrist") and processor.prompt.state and processor.prompt.compact
    assert model.num_parameters() == parameters


def test_the_7b_preset_has_the_shape_of_the_paper():
    config = make_config("7b")
    text = config.text_config
    assert (text.num_hidden_layers, config.num_shared_layers, text.hidden_size, text.vocab_size) == (28, 8, 3584, 152064)
    assert (config.first_action_id, config.action_bins.last_id) == (151387, 151642)
    assert [config.layer_experts(i) for i in (7, 8)] == [("shared",), ("gui", "embodied")]


def test_settings_and_variants_go_through_to_the_configuration():
    config = make_config("debug", "router", num_shared_layers=1, chunk_size=3, action_decoding="parallel", queries_per_action=1)
    assert (config.router, config.num_shared_layers, config.num_action_queries) == (True, 1, 3)
    assert make_config("debug", "dense", num_shared_layers=1).num_shared_layers == 4  # a dense model shares all
    assert make_config("debug", "hard").num_shared_layers == 0


@pytest.mark.parametrize("call", [make_config, make_model])
def test_unknown_names_are_refused(call):
    with pytest.raises(InputError, match=r"a preset \(debug, mini, mini-wide, 7b\), got 'huge'"):
        call("huge")
    with pytest.raises(InputError, match="got 'soft'"):
        call("debug", "soft")


def test_the_7b_preset_has_no_vocabulary_to_make_a_model_of():
    with pytest.raises(InputError, match=r"\(debug, mini, mini-wide\), got '7b'; upcycle a checkpoint"):
        make_model("7b")


@pytest.mark.parametrize("preset", ["debug", "mini", "7b"])
def test_the_image_processor_cuts_what_the_vision_tower_takes(preset):
    vision = make_config(preset).vision_config
    ready = image_processor(make_config(preset))
    assert (ready.patch_size, ready.merge_size) == (vision.patch_size, vision.spatial_merge_size)
    assert ready.temporal_patch_size == vision.temporal_patch_size


def test_the_small_vocabulary_knows_the_words_of_the_tasks():
    tokenizer = small_tokenizer()
    words = "What action should the robot take to put the bowl on the plate?"
    assert len(tokenizer(words).input_ids) <= 20 < len(words)
