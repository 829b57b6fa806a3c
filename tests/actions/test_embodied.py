import json

import numpy as np
import pytest

from omniactor.actions.embodied import ActionBins, Normaliser, user_turn
from omniactor.errors import ActionError, InputError

QWEN2 = ActionBins.on_rarest_ids(151643)


def refused(error, call, *arguments, match="expected"):
    with pytest.raises(error, match=match) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)


def test_the_ids_are_those_of_the_paper():
    assert (QWEN2.first_id, QWEN2.last_id, QWEN2.count) == (151387, 151642, 256)
    assert QWEN2.encode([1.0, 0.0, -1.0]).tolist() == [151642, 151515, 151387]
    assert QWEN2.encode(np.zeros((2, 3, 7))).tolist() == np.full((2, 3, 7), 151515).tolist()


def test_ids_ascend_with_the_values_and_all_of_them_are_used():
    ids = QWEN2.encode(np.linspace(-1, 1, 4097))
    assert (np.diff(ids) >= 0).all() and ids.dtype == np.int64
    assert sorted(set(ids.tolist())) == list(range(151387, 151643))


@pytest.mark.parametrize("count", [2, 3, 32, 255, 256, 1000])
def test_a_round_trip_is_off_by_half_an_interval_at_most(count):
    bins = ActionBins(7, count)
    values = np.random.default_rng(0).uniform(-1, 1, (100_000, 7))
    back = bins.decode(bins.encode(values))
    assert back.shape == values.shape and back.dtype == np.float32
    assert np.abs(back - values).max() <= 1 / count + 1e-7
    assert np.array_equal(bins.encode(back), bins.encode(values))  # a centre lies in its own interval


def test_an_edge_belongs_to_the_interval_above_it_and_the_last_one_is_closed():
    bins = ActionBins(0, 4)
    assert bins.bin([-1.0, -0.5, 0.0, 0.5, 1.0]).tolist() == [0, 1, 2, 3, 3]
    below = np.float32([-0.5, 0.0, 0.5, 1.0]) - np.float32(1e-6)
    assert bins.bin(below).tolist() == [0, 1, 2, 3]
    assert bins.centre([0, 1, 2, 3]).tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_float_rounding_beyond_the_limits_is_taken_and_a_real_overshoot_refused():
    assert QWEN2.encode([1 + 1e-7, -1 - 1e-7]).tolist() == [151642, 151387]
    assert QWEN2.encode(np.float32([1 + 1e-7])).tolist() == [151642]
    for value in (1.01, -1.01, 1.00001, 1e30):
        refused(ActionError, QWEN2.encode, [0.0, value], match=r"in \[-1, 1\]")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
def test_what_is_not_finite_never_becomes_a_movement(value):
    refused(ActionError, QWEN2.encode, [0.0, value], match="finite|numbers")


@pytest.mark.parametrize(
    "values",
    [
        "0.5",
        ["0.5", "0"],
        [[0.1], [0.1, 0.2]],
        object(),
        {"x": 1},
        [1j],
        np.array([1j]),
        [True],
        [10**400],
        np.array([["a"], ["b"]]),
    ],
)
def test_what_is_not_a_number_is_refused(values):
    refused(ActionError, QWEN2.encode, values, match="expected numbers")
    refused(ActionError, Normaliser.identity(2).normalise, values)


@pytest.mark.parametrize("ids", [[151386], [151643], [0], [-1], [[151387], [151643]], [2**40]])
def test_ids_of_no_interval_are_refused_instead_of_standing_still(ids):
    refused(ActionError, QWEN2.decode, ids, match="151387..151642")


@pytest.mark.parametrize("ids", [[151387.0], ["a"], [True], [None], [], [[151387], [151387, 151388]], [10**30]])
def test_what_is_no_id_is_refused(ids):
    refused(ActionError, QWEN2.decode, ids, match="integer token ids")


def test_no_id_decodes_to_zero_by_default():
    values = QWEN2.decode(np.arange(151387, 151643))
    assert len(np.unique(values)) == 256 and np.abs(values).min() == 0.00390625
    assert QWEN2.decode(np.uint32([151642]))[0] == np.float32(1 - 1 / 256)


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, 0), (-1, 256)])
def test_what_cannot_be_a_set_of_ids_is_refused(first, count):
    refused(InputError, ActionBins, first, count, match="at least 2 bins")


def test_a_vocabulary_must_hold_more_than_the_bins():
    refused(InputError, ActionBins.on_rarest_ids, 256, 256, match="256 bins and 256 ids")
    assert ActionBins.on_rarest_ids(257).first_id == 1


def test_the_users_words_are_those_of_the_paper():
    assert user_turn("pick it up") == "What action should the robot take to pick it up?"


def test_the_identity_changes_nothing():
    values = np.random.default_rng(0).uniform(-1, 1, (50, 7)).astype(np.float32)
    identity = Normaliser.identity()
    np.testing.assert_allclose(identity.normalise(values), values, atol=1e-7)
    np.testing.assert_allclose(identity.denormalise(values), values, atol=1e-7)


def test_minmax_takes_the_data_to_the_limits():
    fitted = Normaliser.fit([[0.0, -5.0], [10.0, 5.0], [5.0, 0.0]], "minmax")
    assert (fitted.low, fitted.high, fitted.kind) == ((0.0, -5.0), (10.0, 5.0), "minmax")
    assert fitted.normalise([[0, 5], [10, -5], [5, 0], [7.5, 2.5]]).tolist() == [[-1, 1], [1, -1], [0, 0], [0.5, 0.5]]
    assert fitted.denormalise([[-1, 1], [0, -0.5]]).tolist() == [[0, 5], [5, -2.5]]


def test_quantiles_leave_wild_values_out_and_the_gripper_alone():
    rows = np.tile(np.arange(101.0)[:, None], (1, 7))
    rows[0, 0], rows[:, 6] = -1e6, np.where(np.arange(101) % 2, 1, -1)
    fitted = Normaliser.fit(rows, "quantile", keep=[6])
    assert fitted.low == (1.0,) * 6 + (-1.0,) and fitted.high == (99.0,) * 6 + (1.0,)
    assert fitted.normalise(rows)[:, 6].tolist() == rows[:, 6].tolist()
    assert fitted.normalise(rows)[0].tolist()[:6] == [-1.0] * 6  # beyond the limits: clipped


def test_a_dimension_that_never_moved_maps_to_zero_and_back():
    fitted = Normaliser.fit([[3.0, 0.0], [3.0, 1.0]], "minmax")
    assert fitted.normalise([[3.0, 1.0], [9.0, 0.0]]).tolist() == [[0.0, 1.0], [0.0, -1.0]]
    assert fitted.denormalise([[0.7, 1.0]]).tolist() == [[3.0, 1.0]]


def test_a_round_trip_within_the_limits_gives_the_data_back():
    rows = np.random.default_rng(1).normal(0, [1, 10, 0.01], (1000, 3))
    fitted = Normaliser.fit(rows, "quantile")
    inside = ((rows >= fitted.low) & (rows <= fitted.high)).all(axis=1)
    assert 900 < inside.sum() < 1000
    back = fitted.denormalise(fitted.normalise(rows))
    np.testing.assert_allclose(back[inside], rows[inside], atol=1e-6, rtol=1e-5)
    outside = fitted.denormalise(fitted.normalise([1e9, -1e9, 1e9]))
    np.testing.assert_allclose(outside, [fitted.high[0], fitted.low[1], fitted.high[2]], rtol=1e-6)


def test_json_keeps_a_normaliser():
    fitted = Normaliser.fit(np.random.default_rng(0).normal(size=(30, 7)), "quantile", keep=[6])
    assert Normaliser.from_json(json.loads(json.dumps(fitted.as_json()))) == fitted


@pytest.mark.parametrize(
    "content",
    [
        {}, [], None, "two\nlines", {"low": [0], "high": [1]}, {"low": 0, "high": 1, "kind": "minmax"},
        {"low": ["a"], "high": [1], "kind": "minmax"}, {"low": [0, 0], "high": [1], "kind": "minmax"},
        {"low": [2], "high": [1], "kind": "minmax"}, {"low": [float("nan")], "high": [1], "kind": "minmax"},
        {"low": [], "high": [], "kind": "minmax"}, {"low": [0], "high": [1], "kind": "other"},
        {"low": [[0], [0, 1]], "high": [1], "kind": "minmax"}, {"low": [0], "high": [float("inf")], "kind": "quantile"},
    ],
)  # fmt: skip
def test_broken_limits_are_refused(content):
    refused(InputError, Normaliser.from_json, content)


@pytest.mark.parametrize("rows", [[], [1.0, 2.0], [[float("nan")]], np.zeros((0, 7)), [["a"]], [[1], [1, 2]]])
def test_a_table_without_numbers_gives_no_limits(rows):
    refused(InputError, Normaliser.fit, rows, "minmax", match="table of finite numbers")


def test_an_unknown_way_to_find_limits_is_refused():
    refused(InputError, Normaliser.fit, [[1.0]], "identity", match="minmax or quantile")


@pytest.mark.parametrize("shape", [(6,), (8,), (7, 1), (), (0,)])
def test_rows_of_another_length_are_refused(shape):
    refused(ActionError, Normaliser.identity().normalise, np.zeros(shape), match="7 numbers in the last dimension")
    refused(ActionError, Normaliser.identity().denormalise, np.zeros(shape), match="7 numbers in the last dimension")
