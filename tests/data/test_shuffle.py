"""Shuffled orders without a list."""

import pytest

from omniactor.data.shuffle import Shuffled


@pytest.mark.parametrize("count", [*range(1, 40), 64, 65, 255, 1000, 4097])
def test_a_shuffled_order_has_every_number_once(count):
    assert sorted(Shuffled(count, 7, "a")[place] for place in range(count)) == list(range(count))


def test_orders_of_other_seeds_differ_and_none_stays_in_place():
    orders = [tuple(Shuffled(500, seed)[place] for place in range(500)) for seed in range(20)]
    assert len(set(orders)) == 20
    for order in orders:
        assert sum(place == number for place, number in enumerate(order)) < 10
        assert abs(sum(order[:250]) / 250 - 249.5) < 40  # the first half is no half of the numbers
    with pytest.raises(IndexError):
        Shuffled(5)[5]
