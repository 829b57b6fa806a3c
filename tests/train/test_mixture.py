"""The order of the data is a function of a number."""

from collections import Counter

import pytest

from omniactor.errors import InputError
from omniactor.train.mixture import Mixture


class Numbers:
    """A source whose samples are their own numbers."""

    def __init__(self, name, world, count):
        self.name, self.world, self.count = name, world, count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return (self.name, index)


SOURCES = [Numbers("web", "gui", 37), Numbers("phone", "gui", 11), Numbers("arm", "embodied", 16)]
WEIGHTS = [1.0, 0.5, 5.0]  # the paper's five-fold resampling of the arm


def mixture(batch=3, block=4, seed=0, sources=SOURCES, weights=WEIGHTS):
    return Mixture(sources, weights, batch, block, seed)


def test_the_same_seed_gives_the_same_order_and_another_another():
    first, second, other = mixture(), mixture(), mixture(seed=1)
    assert [first.picks(n) for n in range(200)] == [second.picks(n) for n in range(200)]
    assert [first.picks(n) for n in range(20)] != [other.picks(n) for n in range(20)]


def test_any_number_can_be_asked_for_first():
    whole, fresh = mixture(), mixture()
    expected = [whole.picks(n) for n in range(300)]
    for number in (299, 0, 150, 7, 298):
        assert fresh.picks(number) == expected[number]


def test_every_micro_batch_is_of_one_world_and_blocks_hold_together():
    made = mixture()
    for block in range(50):
        worlds = {made.sources[s].world for n in range(4 * block, 4 * block + 4) for s, _ in made.picks(n)}
        assert worlds == {made.world(4 * block)}


def test_weights_hold_exactly_over_a_pass_of_each_world():
    made, seen = mixture(batch=1, block=1), Counter()
    shown = {"gui": 37 + 6, "embodied": 80}  # 0.5 * 11 rounds to 6
    left = dict(shown)
    number = 0
    while any(left.values()):
        world = made.world(number)
        if left[world]:
            seen[made.picks(number)[0]] += 1
            left[world] -= 1
        number += 1
    assert all(seen[(0, i)] == 1 for i in range(37))
    assert sorted(seen[(1, i)] for i in range(11)) == [0] * 5 + [1] * 6
    assert all(seen[(2, i)] == 5 for i in range(16))


def test_worlds_take_turns_as_often_as_they_have_samples():
    made = mixture(batch=1, block=1)
    for length in (41, 123, 1230):
        arm = sum(made.world(n) == "embodied" for n in range(length))
        assert abs(arm - length * 80 / 123) <= 1


def test_processes_share_the_same_micro_batches_whatever_their_number():
    made = mixture()
    one = [made.picks(n) for n in range(64)]
    for ranks in (2, 4):
        shares = [[made.picks(n) for n in range(rank, 64, ranks)] for rank in range(ranks)]
        assert sorted(p for share in shares for p in share) == sorted(one)
        for step in range(64 // ranks):  # at every moment all train the same world
            assert len({made.world(step * ranks + rank) for rank in range(ranks)}) == 1


def test_one_world_alone_and_a_single_sample_work():
    made = mixture(sources=[Numbers("arm", "embodied", 1)], weights=[1.0])
    assert made.picks(5) == [(0, 0)] * 3


def test_an_empty_source_is_refused():
    with pytest.raises(InputError, match="expected samples in web, got none"):
        mixture(sources=[Numbers("web", "gui", 0)], weights=[1.0])
