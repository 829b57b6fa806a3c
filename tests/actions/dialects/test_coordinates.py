import pytest

from omniactor.actions.dialects.coordinates import display, from_point, resized, to_point
from omniactor.errors import ActionError


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((720, 1280), (728, 1288)),  # Qwen2.5-VL's mobile cookbook declares this size
        ((1080, 2400), (1092, 2408)),  # and this one
        ((1920, 1080), (1932, 1092)),
        ((3456, 2160), (3444, 2156)),
        ((160, 210), (168, 224)),
        ((20, 20), (56, 56)),
        ((10, 1000), (28, 1008)),
        ((8000, 8000), (3584, 3584)),
    ],
)
def test_pictures_are_resized_as_the_qwen_family_does(size, expected):
    assert resized(size) == expected


def test_other_factors_and_limits():
    assert resized((1080, 2400), 32, 65536, 16777216) == (1088, 2400)
    assert resized((160, 210), 28, 100 * 28 * 28) == (252, 336)
    assert resized((1080, 2400), 28, 56 * 56, 28 * 28 * 1280) == (672, 1484)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2048, 1536), (1024, 768)),
        ((2560, 1600), (1280, 800)),
        ((1920, 1080), (1366, 768)),
        ((1280, 800), (1280, 800)),
        ((1000, 750), (1000, 750)),
        ((1080, 2400), (1080, 2400)),
    ],
)
def test_larger_screens_are_scaled_to_a_display_of_their_shape(size, expected):
    assert display(size) == expected


def test_a_place_is_two_numbers_or_the_middle_of_a_box():
    for place in (
        [100, 200],
        (100, 200),
        "(100,200)",
        "<point>100 200</point>",
        [80, 150, 120, 250],
        "[80,150,120,250]",
        [[80, 150], [120, 250]],
    ):
        assert to_point(place, (1000, 1000)) == (0.1, 0.2)


def test_one_unit_beyond_the_edge_is_the_edge_and_no_more():
    assert to_point([1001, 0], (1000, 1000)) == (1, 0)
    for place in ([1002, 0], [-1, 0], [0, 1002]):
        with pytest.raises(ActionError, match="the screen ends there"):
            to_point(place, (1000, 1000))
    with pytest.raises(ActionError):
        to_point([1.001, 0], (1, 1))


@pytest.mark.parametrize(
    "place",
    [
        None,
        5,
        [],
        [1],
        [1, 2, 3],
        ["a", "b"],
        [True, 1],
        {"x": 1},
        "",
        "here",
        "1 2 3 4 5",
        "1" * 500,
        [float("nan"), 1],
        [[1, 2], [3]],
    ],
)
def test_what_is_no_place_is_refused(place):
    with pytest.raises(ActionError):
        to_point(place, (1000, 1000))


def test_a_point_is_printed_in_whole_units_or_three_decimals():
    assert from_point((0.6344, 0.9274), (1, 1)) == [0.634, 0.927]
    assert from_point((0.6344, 0.9274), (1000, 1000)) == [634, 927]
    assert from_point((0.5, 1), (1092, 2408)) == [546, 2408]
