import pytest

from omniactor.evaluate.statistics import median, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # the first four: R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (5, 10, 0.2366, 0.7634),
        (20, 20, 0.8389, 1.0),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_wilson_gives_the_published_intervals(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_symmetric_contains_the_rate_and_stays_within_0_and_1():
    for n in (1, 2, 20, 1800):
        for successes in {0, 1, n // 2, n - 1, n}:
            low, high = wilson(successes, n)
            assert 0 <= low <= successes / n <= high <= 1
            assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_wilson_of_nothing_is_everything_and_of_nonsense_an_error():
    assert wilson(0, 0) == (0.0, 1.0)
    for successes, n in ((2, 1), (-1, 5)):
        with pytest.raises(ValueError, match="successes"):
            wilson(successes, n)


@pytest.mark.parametrize(("values", "middle"), [([], None), ([7], 7.0), ([9, 1, 4], 4.0), ([4, 1, 9, 6], 5.0)])
def test_median_is_the_middle_or_the_mean_of_the_two_middle_values(values, middle):
    assert median(values) == middle
