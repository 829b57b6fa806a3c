"""The equalities that make OmniActor a Qwen2-VL: same numbers, gradients that add up, experts that keep apart."""

import pytest
import torch

from omniactor.errors import ModelInputError
from omniactor.model.configuration import VARIANTS
from omniactor.model.weights import upcycle
from tests.model.conftest import IMAGE, LAYERS, SETTINGS, make_base, make_inputs, one_sample

WORLDS = ("gui", "embodied")


def make(base, variant="omniactor", **settings):
    return upcycle(base, variant, 2, **{**SETTINGS, **settings}).eval()


def drift_apart(model, seed=1):
    """Make the experts differ, as training would."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if ".gui." in name or ".embodied." in name:
                value.add_(torch.randn(value.shape, generator=generator) * 0.02)
    return model


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "router"])
def test_an_upcycled_model_equals_its_base_bit_for_bit_in_every_world(base, variant):
    model, inputs = make(base, variant), make_inputs(padded=(1,))
    with torch.no_grad():
        expected = base(**inputs).logits
        for world in model.config.worlds:
            assert torch.equal(model(**inputs, world=world).logits, expected)


def test_an_upcycled_router_equals_its_base_up_to_rounding(base):
    model, inputs = make(base, "router"), make_inputs(padded=(1,))
    with torch.no_grad():
        torch.testing.assert_close(model(**inputs, world="gui").logits, base(**inputs).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_mixed_batch_gives_the_numbers_of_its_samples_alone(base, side):
    model, inputs = drift_apart(make(base)), make_inputs(padded=(1,), side=side)
    worlds = ["embodied", "gui", "embodied"]
    with torch.no_grad():
        mixed = model(**inputs, world=worlds).logits
        for row, world in enumerate(worlds):
            alone, kept = one_sample(inputs, row), inputs["attention_mask"][row].bool()
            for key in ("input_ids", "attention_mask", "mm_token_type_ids"):
                alone[key] = alone[key][:, kept]  # without any padding
            torch.testing.assert_close(mixed[row, kept], model(**alone, world=world).logits[0], atol=1e-5, rtol=1e-4)
        other = model(**one_sample(inputs, 0), world="gui").logits[0]
    assert (mixed[0] - other).abs().max() > 1e-3  # the world does make a difference


def test_worlds_may_be_names_or_numbers(base):
    model, inputs = drift_apart(make(base)), make_inputs()
    with torch.no_grad():
        named = model(**inputs, world=["gui", "embodied", "gui"]).logits
        numbered = model(**inputs, world=torch.tensor([0, 1, 0])).logits
    assert torch.equal(named, numbered)


def test_gradients_of_shared_tensors_are_the_base_gradients_summed_over_worlds(base):
    model = make(base).train()
    base.train()
    inputs, labels = make_inputs(batch=2), make_inputs(batch=2)["input_ids"]
    base(**inputs, labels=labels).loss.backward()
    expected = {name: value.grad for name, value in base.named_parameters()}
    model(**inputs, labels=labels, world=["gui", "embodied"]).loss.backward()
    ours = dict(model.named_parameters())
    for name in ("model.visual.patch_embed.proj.weight", "model.language_model.embed_tokens.weight",
                 "model.language_model.layers.0.self_attn.q_proj.weight", "model.language_model.layers.1.mlp.down_proj.weight"):  # fmt: skip
        torch.testing.assert_close(ours[name].grad, expected[name], atol=1e-6, rtol=1e-4)
    for name in ("self_attn.o_proj.weight", "mlp.gate_proj.weight", "input_layernorm.weight"):
        deep = [ours[f"model.language_model.layers.3.experts.{w}.{name}"].grad for w in WORLDS]
        torch.testing.assert_close(sum(deep), expected[f"model.language_model.layers.3.{name}"], atol=1e-6, rtol=1e-4)
    heads = sum(ours[f"lm_head.{w}.weight"].grad for w in WORLDS)
    torch.testing.assert_close(heads, expected["lm_head.weight"], atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(("world", "other"), [WORLDS, WORLDS[::-1]])
def test_a_batch_of_one_world_leaves_the_other_expert_without_gradient(base, world, other):
    model, inputs = make(base).train(), make_inputs()
    model(**inputs, labels=inputs["input_ids"], world=world).loss.backward()
    for name, value in model.named_parameters():
        assert (value.grad is None) == (f".{other}." in name), name


def test_only_the_expert_in_use_runs(base):
    model, ran = make(base), []
    for index in (2, 3):
        for world in WORLDS:
            expert = model.model.language_model.layers[index].experts[world]
            expert.register_forward_hook(lambda *_, key=(index, world): ran.append(key))
    with torch.no_grad():
        model(**make_inputs(), world="embodied")
    assert ran == [(2, "embodied"), (3, "embodied")]


@pytest.mark.parametrize("shared", range(LAYERS + 1))
def test_any_number_of_layers_can_be_shared(shared):
    base = make_base("qwen2_vl")
    model, inputs = upcycle(base, "omniactor", shared, **SETTINGS).eval(), make_inputs()
    experts = sum("experts.embodied" in n and n.endswith("up_proj.weight") for n, _ in model.named_parameters())
    assert experts == LAYERS - shared
    with torch.no_grad():
        assert torch.equal(model(**inputs, world=["gui", "embodied", "gui"]).logits, base(**inputs).logits)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_takes_a_training_step_that_lowers_its_loss(variant):
    model = make(make_base("qwen2_vl"), variant).train()
    inputs = make_inputs(batch=4)
    world = [model.config.worlds[i % len(model.config.worlds)] for i in range(4)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = model(**inputs, labels=inputs["input_ids"], world=world)
    before.loss.backward()
    optimizer.step()
    assert model(**inputs, labels=inputs["input_ids"], world=world).loss < before.loss


def test_gradient_checkpointing_gives_the_same_gradients(base):
    inputs = make_inputs()
    gradients = []
    for checkpointing in (False, True):
        model = drift_apart(make(base)).train()
        if checkpointing:
            model.activation_checkpointing_enable()
        model(**inputs, labels=inputs["input_ids"], world=["gui", "embodied", "gui"]).loss.backward()
        gradients.append(model.model.language_model.layers[3].experts["gui"].mlp.up_proj.weight.grad)
    torch.testing.assert_close(*gradients)


def test_generation_equals_the_base_with_and_without_cache(base):
    model, inputs = make(base), make_inputs(padded=(1,))
    expected = base.generate(**inputs, max_new_tokens=6, do_sample=False)
    for settings in ({}, {"use_cache": False}, {"cache_implementation": "static"}):
        assert torch.equal(model.generate(**inputs, max_new_tokens=6, do_sample=False, world="gui", **settings), expected), (
            settings
        )


@pytest.mark.parametrize("variant", ["hard", "router", "omniactor"])
def test_generation_with_a_cache_equals_generation_without(variant):
    model, inputs = drift_apart(make(make_base("qwen2_vl"), variant)), make_inputs(padded=(1,))
    settings = {"max_new_tokens": 6, "do_sample": False, "world": "embodied"}
    assert torch.equal(model.generate(**inputs, **settings), model.generate(**inputs, **settings, use_cache=False))


def test_router_probabilities_are_readable_and_balanced_by_the_loss():
    model, inputs = make(make_base("qwen2_vl"), "router").train(), make_inputs()
    output = model(**inputs, labels=inputs["input_ids"], world="gui")
    assert [tuple(p.shape) for p in output.router_probabilities] == [(3, 24, 2)] * 2
    torch.testing.assert_close(output.router_probabilities[0].sum(-1), torch.ones(3, 24))
    plain = torch.nn.functional.cross_entropy(output.logits[:, :-1].flatten(0, 1), inputs["input_ids"][:, 1:].flatten())
    assert 0.009 < (output.loss - plain).item() < 0.021  # 0.01 times 1 (even) to 2 (one expert takes all)
    output.loss.backward()
    assert model.model.language_model.layers[2].router.weight.grad.abs().sum() > 0


def test_hidden_states_are_those_between_the_layers(base):
    model, inputs = make(base), make_inputs()
    with torch.no_grad():
        ours = model(**inputs, world="gui", output_hidden_states=True).hidden_states
        expected = base(**inputs, output_hidden_states=True).hidden_states
    assert len(ours) == LAYERS + 1
    for index in range(LAYERS):
        assert torch.equal(ours[index], expected[index])


def test_tokens_marked_as_bidirectional_see_each_other_and_others_do_not():
    model, inputs = make(make_base("qwen2_vl")), make_inputs(batch=1, length=12)
    changed = {**inputs, "input_ids": inputs["input_ids"].clone()}
    changed["input_ids"][0, 5] = 7
    marks = torch.zeros(1, 12, dtype=torch.long)
    marks[0, :6] = 1
    with torch.no_grad():
        causal = [model(**i, world="gui").logits for i in (inputs, changed)]
        opened = [model(**i, world="gui", bidirectional=marks).logits for i in (inputs, changed)]
    assert torch.equal(causal[0][0, :5], causal[1][0, :5])  # what comes later is not seen
    assert (opened[0][0, :5] - opened[1][0, :5]).abs().amax(-1).min() > 1e-5  # unless both are marked


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"world": None}, "expected world='gui' or 'embodied'"),
        ({"world": "robot"}, r"gui, embodied\), got 'robot'"),
        ({"world": ["gui"]}, r"one world per sample \(3\), got 1"),
        ({"world": torch.tensor([0, 1, 2])}, "got '2'"),
        ({"world": "gui", "pixel_values": torch.zeros(10, 1176)}, "to cover 10 patches"),
        ({"world": "gui", "image_grid_thw": None}, "to cover 48 patches, got None"),
        (
            {"world": "gui", "input_ids": torch.full((3, 24), 5)},
            "expected 12 image tokens in input_ids to match the inputs, got 0",
        ),
        ({"world": "gui", "input_ids": None}, "expected input_ids or inputs_embeds"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_in_one_line(change, message):
    model = make(make_base("qwen2_vl"))
    with pytest.raises(ModelInputError, match=message) as caught:
        model(**{**make_inputs(), **change})
    assert "\n" not in str(caught.value)


def test_a_cache_and_a_mixed_batch_do_not_go_together():
    model, inputs = make(make_base("qwen2_vl")), make_inputs()
    assert model(**inputs, world=["gui", "embodied", "gui"]).past_key_values is None
    with pytest.raises(ModelInputError, match="one world per batch beside a cache"):
        model(**inputs, world=["gui", "embodied", "gui"], past_key_values=model.model.new_cache())
    with pytest.raises(ModelInputError, match="one world per call of generate"):
        model.generate(**inputs, world=["gui", "embodied", "gui"])


def test_a_model_of_one_world_needs_no_world_and_refuses_the_other():
    model, inputs = make(make_base("qwen2_vl"), "gui"), make_inputs()
    with torch.no_grad():
        assert torch.equal(model(**inputs).logits, model(**inputs, world="gui").logits)
    with pytest.raises(ModelInputError, match=r"that this model has \(gui\), got 'embodied'"):
        model(**inputs, world="embodied")


def test_image_tokens_are_the_towers_of_the_base(base):
    model, inputs = make(base), make_inputs()
    with torch.no_grad():
        ours = model.model.image_tokens(inputs["pixel_values"], inputs["image_grid_thw"], None)
        expected = base.model.visual(inputs["pixel_values"], grid_thw=inputs["image_grid_thw"]).pooler_output
    assert torch.equal(ours, expected) and len(ours) == int((inputs["input_ids"] == IMAGE).sum())
