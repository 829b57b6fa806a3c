"""Losses against numbers worked out by hand."""

import math
from itertools import pairwise

import pytest
import torch

from omniactor.model.loss import action_loss, load_balancing_loss
from tests.model.conftest import arm, lively


def logits_of(*rows):
    """Logits (1, 1, n, K) whose softmax is the rows."""
    return torch.tensor(rows).log().view(1, 1, len(rows), -1)


def test_the_loss_of_an_action_is_the_mean_of_minus_log_probability():
    logits = logits_of([0.5, 0.25, 0.25], [0.1, 0.1, 0.8])
    loss = action_loss(logits, torch.tensor([[[0, 1]]]), 0)
    assert loss.item() == pytest.approx((math.log(2) + math.log(10)) / 2, abs=1e-6)


def test_what_is_not_asked_does_not_count():
    logits = logits_of([0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [1e-9, 0.5, 0.5])
    assert action_loss(logits, torch.tensor([[[0, 1, -100]]]), 0).item() == pytest.approx((math.log(20)) / 2, abs=1e-6)
    broken = logits.clone()
    broken[..., 2, :] = float("nan")
    assert action_loss(broken, torch.tensor([[[0, 1, -100]]]), 0).item() == pytest.approx((math.log(20)) / 2, abs=1e-6)


def test_soft_targets_are_a_gaussian_over_the_bins():
    weights = [math.exp(-(d**2) / (2 * 1.5**2)) for d in (1, 0, 1, 2)]
    targets = [w / sum(weights) for w in weights]
    row = [0.1, 0.2, 0.3, 0.4]
    expected = -sum(t * math.log(p) for t, p in zip(targets, row, strict=True))
    assert action_loss(logits_of(row), torch.tensor([[[1]]]), 1.5).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("label", [0, 3, 7])
def test_with_soft_targets_a_near_miss_costs_less_than_a_far_one(label):
    def loss(chosen, sigma):
        logits = torch.zeros(1, 1, 1, 8)
        logits[..., chosen] = 3.0
        return action_loss(logits, torch.tensor([[[label]]]), sigma).item()

    by_distance = sorted(range(8), key=lambda b: abs(b - label))
    soft = [loss(b, 1.0) for b in by_distance]
    assert soft == sorted(soft) and soft[0] < soft[1]
    for nearer, further in pairwise(by_distance):
        if abs(nearer - label) < abs(further - label) <= 3:
            assert loss(nearer, 1.0) < loss(further, 1.0) - 1e-3
    assert len({round(loss(b, 0), 6) for b in by_distance[1:]}) == 1  # one-hot: every miss costs the same


def test_a_narrow_gaussian_is_the_label_alone():
    logits = torch.randn(2, 3, 7, 16, generator=torch.Generator().manual_seed(0))
    labels = torch.randint(0, 16, (2, 3, 7), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(action_loss(logits, labels, 0.05), action_loss(logits, labels, 0), atol=1e-6, rtol=0)


def test_nothing_asked_costs_nothing_and_still_has_a_gradient():
    logits = torch.randn(2, 1, 7, 4, requires_grad=True)
    loss = action_loss(logits, torch.full((2, 1, 7), -100), 1.5)
    loss.backward()
    assert loss.item() == 0 and torch.equal(logits.grad, torch.zeros_like(logits))


def test_half_precision_logits_give_a_full_precision_loss():
    logits = logits_of([0.5, 0.25, 0.25]).bfloat16()
    assert action_loss(logits, torch.tensor([[[0]]]), 0).dtype == torch.float32


def test_even_routing_costs_one():
    half = torch.tensor([[[0.6, 0.4], [0.4, 0.6], [0.6, 0.4], [0.4, 0.6]]])
    assert load_balancing_loss((half, half), None).item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("experts", [2, 3])
def test_one_expert_taking_all_costs_the_number_of_experts(experts):
    probabilities = torch.zeros(2, 5, experts)
    probabilities[..., 0] = 1
    assert load_balancing_loss((probabilities,), None).item() == pytest.approx(experts, abs=1e-6)


def test_the_balance_is_shares_times_mean_probabilities_averaged_over_layers():
    uneven = torch.tensor([[[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]]])  # shares 2/3, 1/3; means 0.6, 0.4
    even = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]])  # the first of equals: shares 2/3, 1/3; means 0.5, 0.5
    first = 2 * (2 / 3 * 0.6 + 1 / 3 * 0.4)
    assert load_balancing_loss((uneven,), None).item() == pytest.approx(first, abs=1e-6)
    assert load_balancing_loss((uneven, even), None).item() == pytest.approx((first + 1) / 2, abs=1e-6)


def test_padding_does_not_count():
    tokens = torch.tensor([[[0.9, 0.1], [0.3, 0.7]], [[0.2, 0.8], [0.6, 0.4]]])
    padded = torch.cat([torch.full((2, 3, 2), 0.5) + torch.tensor([0.5, -0.5]), tokens], dim=1)
    mask = torch.tensor([[0, 0, 0, 1, 1]] * 2)
    assert torch.equal(load_balancing_loss((padded,), mask), load_balancing_loss((tokens,), None))
    assert not torch.equal(load_balancing_loss((padded,), None), load_balancing_loss((tokens,), None))


@pytest.mark.parametrize("queries", [1, 7])
def test_the_model_learns_from_queries_alone_though_no_word_is_asked(queries):
    model, processor = lively(action_decoding="parallel", chunk_size=2, queries_per_action=queries)
    encoded = processor.encode(model.config, [arm(), arm(1)], [torch.zeros(2, 7), torch.zeros(1, 7)])
    with torch.no_grad():
        output = model(**encoded)
    asked = torch.tensor([True, True, True, False]).view(2, 2, 1).expand(2, 2, 7)
    expected = -output.action_logits.log_softmax(-1)[..., 128][asked].mean()
    torch.testing.assert_close(output.loss, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("variant", ["omniactor", "router"])
def test_a_batch_of_which_nothing_is_asked_costs_nothing_but_the_balance(variant):
    model, processor = lively(variant)
    encoded = processor.encode(model.config, [arm()])
    output = model(**encoded, labels=torch.full_like(encoded["input_ids"], -100))
    assert output.loss.requires_grad
    expected = 0.0
    if variant == "router":
        expected = 0.01 * load_balancing_loss(output.router_probabilities, encoded["attention_mask"]).item()
    assert output.loss.item() == pytest.approx(expected, abs=1e-6)
