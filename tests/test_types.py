import numpy as np
import pytest

from omniactor.errors import ActionError
from omniactor.types import EmbodiedAction


def test_an_action_keeps_its_seven_numbers_and_cannot_be_changed():
    given = np.linspace(-1, 1, 7)
    action = EmbodiedAction(given)
    given[:] = 0
    np.testing.assert_allclose(np.asarray(action), np.linspace(-1, 1, 7), atol=1e-7)
    with pytest.raises(ValueError, match="read-only"):
        action.values[0] = 0


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([0] * 6, r"shape \(7,\), got \(6,\)"),
        (np.zeros((1, 7)), r"got \(1, 7\)"),
        ([0] * 6 + [np.nan], "finite"),
        ([np.inf] + [0] * 6, "finite"),
        ([0] * 6 + [2.0], r"in \[-1, 1\]"),
        ([-1.001] + [0] * 6, r"in \[-1, 1\]"),
        ("left", "7 numbers"),
        (None, "shape"),
    ],
)
def test_what_is_not_seven_finite_numbers_in_range_is_refused_with_the_reason(bad, says):
    with pytest.raises(ActionError, match=says):
        EmbodiedAction(bad)


def test_float32_rounding_of_a_clipped_value_is_not_an_overshoot():
    values = np.nextafter(np.float32(1.0), np.float32(2.0)) * np.ones(7, np.float32)
    assert EmbodiedAction(values).values.max() == 1.0
