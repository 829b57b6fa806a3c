"""Decoding actions: every shortcut gives the numbers of the plain loop."""

import copy
import math

import numpy as np
import pytest
import torch

from omniactor.errors import ModelError, ModelInputError
from omniactor.model.generation import ActionDecoder
from tests.model.conftest import arm, lively, screen

LOOPED = ("omniactor", "dense", "hard", "router")
SHORT, LONG = "lift it", "put the black bowl in the bottom drawer of the cabinet and close it"


def encode(variant, *observations, **settings):
    model, processor = lively(variant, **settings)
    return processor.encode(model.config, observations)


def plain_loop(model, inputs):
    """Bins (N * 7) and their distribution, recomputing the whole sequence for every value."""
    inputs, first, bins, rows = dict(inputs), model.config.first_action_id, [], []
    inputs["world"] = "embodied"
    with torch.no_grad():
        for _ in range(model.config.chunk_size * 7):
            logits = model(**inputs, use_cache=False).logits[0, -1, first : first + model.config.num_action_bins]
            bins.append(int(logits.argmax()))
            rows.append(logits.softmax(-1))
            after = {"input_ids": first + bins[-1], "attention_mask": 1, "mm_token_type_ids": 0, "bidirectional": 0}
            for name in after.keys() & inputs.keys():
                inputs[name] = torch.cat([inputs[name], inputs[name].new_full((1, 1), after[name])], dim=1)
    return torch.tensor(bins), torch.stack(rows)


def check_same(prediction, other, rows=slice(None)):
    assert torch.equal(prediction.bins, other.bins[rows])
    torch.testing.assert_close(prediction.distribution, other.distribution[rows], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("variant", "settings"),
    [*((v, {"chunk_size": 2}) for v in LOOPED), ("omniactor", {"prefix_attention": True}), ("embodied", {})],
)
@pytest.mark.parametrize("static", [0, 120])
def test_decoding_equals_the_plain_loop_without_a_cache(variant, settings, static):
    model, _ = lively(variant, **settings)
    inputs = encode(variant, arm(3), **settings)
    bins, rows = plain_loop(model, inputs)
    prediction = ActionDecoder(model, static_cache=static)(inputs)
    assert torch.equal(prediction.bins.flatten(), bins) and prediction.bins.shape == (1, model.config.chunk_size, 7)
    torch.testing.assert_close(prediction.distribution.view(-1, 256), rows, atol=1e-5, rtol=0)
    assert len(set(bins.tolist())) > 2  # the values do depend on what came before


@pytest.mark.parametrize("variant", ["omniactor", "router"])
def test_nothing_but_action_ids_can_come_out(variant):
    model = copy.deepcopy(lively(variant)[0])
    with torch.no_grad():
        for name, head in model.lm_head.named_parameters():
            head[:768] += 100 if "embodied" in name else 0  # words would win by far
            head[1024:] += 100 if "embodied" in name else 0
    prediction = ActionDecoder(model)(encode(variant, arm()))
    check_same(prediction, ActionDecoder(lively(variant)[0])(encode(variant, arm())))
    ids = prediction.bins + model.config.first_action_id
    assert int(ids.min()) >= 768 and int(ids.max()) <= 1023
    assert np.abs(model.config.action_bins.decode(ids.numpy())).max() < 1


@pytest.mark.parametrize("variant", LOOPED)
@pytest.mark.parametrize("static", [0, 100])
def test_what_is_kept_between_calls_changes_no_number(variant, static):
    model, processor = lively(variant)
    chatty = copy.copy(processor)
    chatty.prompt = type(processor.prompt)(**{**vars(processor.prompt), "compact": False})
    static = 400 if static else 0
    kept = ActionDecoder(model, static_cache=static)
    reused = []
    for seed, words, ready in [(0, SHORT, processor), (1, SHORT, processor), (1, SHORT, processor), (2, LONG, processor),
                               (0, SHORT, chatty), (1, LONG, chatty), (2, LONG, chatty), (0, SHORT, processor)]:  # fmt: skip
        inputs = ready.encode(model.config, [arm(seed, words)])
        check_same(kept(inputs), ActionDecoder(model, static_cache=static)(inputs))
        reused.append(kept.reused)
    prefix = chatty.encode(model.config, [arm()])["input_ids"][0].tolist().index(model.config.image_token_id)
    assert reused == [0, 2, 2, 2, 1, prefix, prefix, 1]  # up to the first picture


@pytest.mark.parametrize("static", [0, 400])
def test_a_call_that_failed_leaves_nothing_behind(static):
    model, processor = lively()
    chatty = copy.copy(processor)
    chatty.prompt = type(processor.prompt)(**{**vars(processor.prompt), "compact": False})
    kept, asked = ActionDecoder(model, static_cache=static), []
    first, second = (p.encode(model.config, [arm()]) for p in (chatty, processor))
    kept(first)

    def fail(*arguments):
        asked.append(arguments)
        raise KeyboardInterrupt

    kept._step, step = fail, kept._step
    with pytest.raises(KeyboardInterrupt):
        kept(second)  # its prompt is in the cache now
    kept._step = step
    check_same(kept(first), ActionDecoder(model, static_cache=static)(first))
    assert len(asked) == 1


@pytest.mark.parametrize("static", [0, 120])
def test_batches_of_any_size_may_follow_each_other(static):
    model, _ = lively()
    kept = ActionDecoder(model, static_cache=static)
    for seeds in ([0], [1, 2], [3], [4], [5, 6, 7], [8, 9, 10], [0]):
        inputs = encode("omniactor", *(arm(seed, LONG if seed % 2 else SHORT) for seed in seeds))
        check_same(kept(inputs), ActionDecoder(model)(inputs))
        assert len(seeds) == 1 or kept.reused == 0


@pytest.mark.parametrize("static", [0, 120])
@pytest.mark.parametrize("variant", LOOPED)
def test_a_padded_batch_equals_the_samples_alone(variant, static):
    model, _ = lively(variant)
    observations = [arm(0, SHORT), arm(1, LONG), arm(2, SHORT)]
    inputs = encode(variant, *observations)
    assert inputs["attention_mask"].min() == 0
    together = ActionDecoder(model, static_cache=static)(inputs)
    assert together.bins.shape == (3, 1, 7) and together.distribution.shape == (3, 1, 7, 256)
    for row, observation in enumerate(observations):
        check_same(ActionDecoder(model)(encode(variant, observation)), together, slice(row, row + 1))


PARALLEL = [
    ("omniactor", {"action_decoding": "parallel", "chunk_size": 3, "queries_per_action": 1}),
    ("omniactor", {"action_decoding": "parallel", "chunk_size": 3, "queries_per_action": 7}),
    ("router", {"action_decoding": "parallel", "chunk_size": 2, "queries_per_action": 1}),
    ("dense", {"action_decoding": "parallel", "chunk_size": 2, "prefix_attention": True}),
    ("omniactor", {"preset": "mini"}),
]


@pytest.mark.parametrize(("variant", "settings"), PARALLEL)
def test_a_parallel_chunk_is_what_the_model_computes(variant, settings):
    model, _ = lively(variant, **settings)
    inputs = encode(variant, arm(0, SHORT), arm(1, LONG), **settings)
    chunk = model.config.chunk_size
    prediction = ActionDecoder(model)(inputs)
    with torch.no_grad():
        logits = model(**inputs).action_logits
    assert logits.shape == (2, model.config.num_query_rows, 7, 256) and prediction.bins.shape == (2, chunk, 7)
    if model.config.target_query:
        offsets = model.config.action_bins.centre(logits[:, chunk, :6].argmax(-1).numpy()) * 0.4
        np.testing.assert_allclose(prediction.targets.numpy(), offsets.reshape(2, 2, 3), rtol=1e-6)
    logits = logits[:, :chunk]
    read_as_mode = slice(6, 7) if model.config.action_readout == "mean" else slice(0, 7)
    assert torch.equal(prediction.bins[..., read_as_mode], logits.argmax(-1)[..., read_as_mode])
    torch.testing.assert_close(prediction.distribution, logits.softmax(-1), atol=1e-5, rtol=0)
    for row, observation in enumerate((arm(0, SHORT), arm(1, LONG))):
        check_same(ActionDecoder(model)(encode(variant, observation, **settings)), prediction, slice(row, row + 1))


def test_the_mean_is_read_off_all_intervals_but_the_grippers_likeliest(monkeypatch):
    settings = {"action_decoding": "parallel", "chunk_size": 2}
    model, _ = lively(**settings)
    inputs = encode("omniactor", arm(), **settings)
    logits = torch.full((1, 2, 7, 256), -1e9)
    # A spike at "leave it", and twice as much spread over corrections to one side: 64 intervals down to -0.75.
    logits[..., 128] = 0.0
    logits[..., 32:96] = math.log(2 / 64)
    monkeypatch.setattr(model, "action_logits", lambda hidden: logits)
    likeliest = ActionDecoder(model)(inputs)
    assert (likeliest.bins == 128).all() and likeliest.values.numpy() == pytest.approx(1 / 256)
    monkeypatch.setattr(model.config, "action_readout", "mean")
    mean = ActionDecoder(model)(inputs)
    expected = (1 / 256 + 2 * -0.5) / 3
    assert mean.values[..., :6].numpy() == pytest.approx(expected, abs=1e-5)
    assert (mean.bins[..., :6] == math.floor((expected + 1) * 128)).all()
    assert (mean.bins[..., 6] == 128).all() and mean.values[..., 6].numpy() == pytest.approx(1 / 256)
    drawn = ActionDecoder(model)(inputs, 1.0, torch.Generator().manual_seed(0))
    assert torch.equal(drawn.values, torch.from_numpy(model.config.action_bins.centre(drawn.bins.numpy())))


def test_samples_that_do_not_end_in_their_queries_are_refused():
    settings = {"action_decoding": "parallel", "chunk_size": 2}
    model, processor = lively(**settings)
    inputs = processor.encode(model.config, [arm(0, SHORT), arm(1, LONG)], padding_side="right")
    with pytest.raises(ModelInputError, match="pad them on the left"):
        ActionDecoder(model)(inputs)


@pytest.mark.parametrize(("variant", "settings"), PARALLEL[:2])
def test_queries_of_a_chunk_see_each_other_and_the_whole_prompt(variant, settings):
    model = copy.deepcopy(lively(variant, **settings)[0])
    before = ActionDecoder(model)(encode(variant, arm(), **settings)).distribution
    with torch.no_grad():
        model.model.action_queries.weight[-1] += 1
    last_changed = ActionDecoder(model)(encode(variant, arm(), **settings)).distribution
    assert (last_changed - before).abs().amax(-1).min() > 1e-6  # the first value, too
    other_words = ActionDecoder(model)(encode(variant, arm(0, SHORT), **settings)).distribution
    assert (other_words - last_changed).abs().amax(-1).min() > 1e-6


@pytest.mark.parametrize("settings", [{}, {"action_decoding": "parallel", "chunk_size": 3}])
def test_samples_are_the_same_again_with_the_same_generator(settings):
    model, _ = lively(**settings)
    inputs = encode("omniactor", arm(), **settings)
    draw = [ActionDecoder(model)(inputs, 5.0, torch.Generator().manual_seed(seed)).bins for seed in (1, 1, 2)]
    assert torch.equal(draw[0], draw[1]) and not torch.equal(draw[0], draw[2])
    kept, generator = ActionDecoder(model), torch.Generator().manual_seed(1)
    assert torch.equal(kept(inputs, 5.0, generator).bins, draw[0])
    assert not torch.equal(kept(inputs, 5.0, generator).bins, draw[0])  # the generator has moved on


@pytest.mark.parametrize("temperature", [1e-3, 1e-30])
@pytest.mark.parametrize("settings", [{}, {"action_decoding": "parallel", "chunk_size": 3}])
def test_a_low_temperature_is_the_likeliest_and_the_global_generator_stays(settings, temperature):
    model, _ = lively(**settings)
    inputs, likeliest = encode("omniactor", arm(), **settings), ActionDecoder(model)(encode("omniactor", arm(), **settings))
    state = torch.get_rng_state()
    cold = ActionDecoder(model)(inputs, temperature, torch.Generator().manual_seed(0))
    assert torch.equal(cold.bins, likeliest.bins) and torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("temperature", [-1.0, float("nan"), float("inf")])
def test_a_temperature_must_be_a_finite_number_of_zero_or_more(temperature):
    with pytest.raises(ModelInputError, match="temperature of 0 or more") as caught:
        ActionDecoder(lively()[0])(encode("omniactor", arm()), temperature)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("temperature", [0.0, 3.0])
@pytest.mark.parametrize("settings", [{"chunk_size": 2}, {"action_decoding": "parallel", "chunk_size": 2}])
def test_probabilities_are_those_of_the_chosen_bins(settings, temperature):
    model, _ = lively(**settings)
    prediction = ActionDecoder(model)(encode("omniactor", arm(), arm(1, LONG), **settings), temperature)
    torch.testing.assert_close(prediction.distribution.sum(-1), torch.ones(2, 2, 7), atol=1e-5, rtol=0)
    assert prediction.distribution.dtype == torch.float32 and prediction.bins.dtype == torch.long
    for place in np.ndindex(2, 2, 7):
        assert prediction.probabilities[place] == prediction.distribution[place][prediction.bins[place]]
    if temperature == 0:
        assert torch.equal(prediction.probabilities, prediction.distribution.amax(-1))


@pytest.mark.parametrize("settings", [{}, {"action_decoding": "parallel"}])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_never_move_the_arm(settings, value):
    model = copy.deepcopy(lively(**settings)[0])
    inputs, kept = encode("omniactor", arm(), **settings), ActionDecoder(model)
    kept(inputs)
    with torch.no_grad():
        model.lm_head["embodied"].weight[800] = value
    with pytest.raises(ModelError, match="finite logits") as caught:
        kept(inputs)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("observations", [[screen()], [arm(), screen()]])
def test_screens_are_refused(observations):
    with pytest.raises(ModelInputError, match="expected embodied samples to decide on actions, got gui"):
        ActionDecoder(lively()[0])(encode("omniactor", *observations))


def test_a_model_without_an_arm_is_refused():
    with pytest.raises(ModelInputError, match=r"\(gui\), got 'embodied'"):
        ActionDecoder(lively("gui")[0])(encode("gui", arm()))


def test_a_static_cache_must_hold_prompt_and_chunk():
    model, _ = lively()
    inputs = encode("omniactor", arm())
    needed = inputs["input_ids"].shape[1] + 6  # the last value is read, never fed back
    with pytest.raises(ModelInputError, match=f"at most {needed - 1} positions, got {needed}"):
        ActionDecoder(model, static_cache=needed - 1)(inputs)
    check_same(ActionDecoder(model, static_cache=needed)(inputs), ActionDecoder(model)(inputs))


def test_compiled_decoding_needs_a_static_cache():
    with pytest.raises(ModelInputError, match="static cache for compiled decoding"):
        ActionDecoder(lively()[0], compiled=True)


@pytest.mark.parametrize("settings", [{}, {"action_decoding": "parallel"}])
def test_labels_beside_the_inputs_are_not_looked_at(settings):
    model, _ = lively(**settings)
    inputs = encode("omniactor", arm(), **settings)
    labels = {"labels": torch.zeros_like(inputs["input_ids"]), "action_labels": torch.zeros(1, 1, 7)}
    check_same(ActionDecoder(model)({**inputs, **labels}), ActionDecoder(model)(inputs))
