"""Mixtures: the same order for the same seed, going on anywhere, weights that hold, ranks that do not overlap."""

import json
import random
import tracemalloc
from collections import Counter

import pytest

from omniactor.data.mixture import Mixture, MixtureSource
from omniactor.data.sample_index import IndexedSamples
from omniactor.errors import InputError, SampleError
from tests.data.malformed import arm, screen


@pytest.fixture
def write(tmp_path):
    """Return a function (name, count, make) that writes a file of samples whose `step` says which one it is."""

    def run(name, count, make=screen):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(make(source=name, step=number)) + "\n" for number in range(count)))
        return path

    return run


def seen(batches):
    return [(batch.world, [(sample.source, sample.step) for sample in batch.samples]) for batch in batches]


def take(mixture, count):
    return seen(next(mixture) for _ in range(count))


@pytest.mark.parametrize("case", range(12))
def test_any_mixture_keeps_its_promises(write, case):
    chance = random.Random(case)
    sizes = [chance.randrange(1, 60) for _ in range(chance.randrange(1, 5))]
    makes = [chance.choice((screen, arm)) for _ in sizes]
    weights = [chance.choice((None, 1, 0.3, 2.5, 5)) for _ in sizes]
    sources = [MixtureSource(write(f"s{n}", size, makes[n]), weights[n]) for n, size in enumerate(sizes)]
    ranks, micro, seed = chance.randrange(1, 4), chance.randrange(1, 6), chance.randrange(99)
    mixtures = [Mixture(sources, micro, seed, rank, ranks) for rank in range(ranks)]
    steps = 3 * mixtures[0].steps_per_round
    shares = [take(mixture, steps) for mixture in mixtures]

    # the same again for the same seed, and from anywhere
    assert take(Mixture(sources, micro, seed, 0, ranks), steps) == shares[0]
    for stop in {0, 1, steps // 2, steps - 1}:
        first, second = (Mixture(sources, micro, seed, 0, ranks) for _ in range(2))
        take(first, stop)
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert take(second, steps - stop) == shares[0][stop:]

    # one world per step, whatever the rank
    kind = {f"s{n}": "embodied" if make is arm else "gui" for n, make in enumerate(makes)}
    for step in zip(*shares, strict=True):
        assert len({world for world, _ in step}) == 1
        assert all(kind[name] == world for world, samples in step for name, _ in samples)

    # every source is seen as often as its weight says, and evenly, by all ranks together
    visits = Counter(found for share in shares for _, samples in share for found in samples)
    assert sum(visits.values()) == steps * micro * ranks
    for number, size in enumerate(sizes):
        weight = weights[number] or (5 if makes[number] is arm else 1)
        counts = [visits[f"s{number}", step] for step in range(size)]
        slack = 3 * abs(max(1, round(weight * size)) - weight * size) + 4 * micro * ranks  # begun steps and rounds
        assert abs(sum(counts) - 3 * weight * size) <= slack
        assert max(counts) - min(counts) <= 2 + 5  # a stream may have begun its next round of a source of weight 5


def test_a_round_shows_everything_once_and_ranks_share_it_without_overlap(write):
    source = MixtureSource(write("a", 48))
    shares = [take(Mixture([source], 4, 3, rank, 3), 4) for rank in range(3)]
    found = [sample for share in shares for _, samples in share for sample in samples]
    assert sorted(found) == [("a", number) for number in range(48)]


def test_a_source_of_half_weight_shows_its_other_half_next(write):
    mixture = Mixture([MixtureSource(write("a", 40), 0.5)], 4)
    assert mixture.steps_per_round == 5
    first, second = ({sample for _, samples in take(mixture, 5) for sample in samples} for _ in range(2))
    assert len(first) == len(second) == 20
    assert not first & second


def test_the_arm_is_seen_five_times_and_takes_its_turns_evenly(write):
    mixture = Mixture([MixtureSource(write("screens", 100)), MixtureSource(write("robot", 40, arm))], 2)
    worlds = [world for world, _ in take(mixture, 150)]
    assert worlds.count("embodied") == 100  # 40 samples five times, in twos
    for begin in range(0, 147, 3):
        assert worlds[begin : begin + 3].count("gui") == 1


def test_the_state_is_small_and_of_one_mixture(write):
    a, b = MixtureSource(write("a", 20)), MixtureSource(write("b", 20))
    mixture = Mixture([a, b], 2, seed=1)
    take(mixture, 7)
    state = mixture.state_dict()
    assert len(json.dumps(state)) < 200
    for other in (
        Mixture([a], 2, seed=1), Mixture([b, a], 2, seed=1), Mixture([a, b], 3, seed=1), Mixture([a, b], 2, seed=2),
        Mixture([a, b], 2, seed=1, ranks=2), Mixture([a, MixtureSource(b.path, 2)], 2, seed=1),
    ):  # fmt: skip
        with pytest.raises(InputError, match="this mixture"):
            other.load_state_dict(state)
    for broken in ({}, None, {"step": -1}, {"step": True}, {"step": "7", "mixture": state["mixture"]}):
        with pytest.raises(InputError):
            mixture.load_state_dict(broken)


def test_settings_and_files_that_do_not_fit_are_refused(write, tmp_path):
    source = MixtureSource(write("a", 3))
    for arguments in (([], 1), ([source], 0), ([source], 1, 0, 2, 2), ([MixtureSource(source.path, 0)], 1)):
        with pytest.raises(InputError):
            Mixture(*arguments)
    (tmp_path / "empty.jsonl").touch()
    for path in (tmp_path / "none.jsonl", tmp_path / "empty.jsonl"):
        with pytest.raises(InputError):
            Mixture([MixtureSource(path)], 1)


def test_a_broken_line_and_a_line_of_the_other_world_are_named(write):
    path = write("a", 3)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + "{\n" + json.dumps(arm()) + "\n")
    with pytest.raises(SampleError, match="line 2"):
        IndexedSamples(path)[1]
    with pytest.raises(SampleError, match=r"line [23]"):
        take(Mixture([MixtureSource(path)], 3), 1)


def test_a_last_line_that_was_cut_is_no_sample(write):
    path = write("a", 3)
    path.write_text(path.read_text() + '{"world"')
    assert len(IndexedSamples(path)) == 3


def test_pictures_are_beside_the_samples_file(write):
    path = write("a", 3)
    assert next(Mixture([MixtureSource(path)], 2)).folders == (path.parent, path.parent)


def test_a_large_file_is_not_loaded(write):
    path = write("a", 20_000)
    tracemalloc.start()
    mixture = Mixture([MixtureSource(path)], 8)
    take(mixture, 20)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert path.stat().st_size > 4_000_000
    assert held < 1_000_000
