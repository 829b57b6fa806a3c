import pytest

from omniactor.actions.dialects.registry import DIALECTS


@pytest.fixture
def near():
    """Check that a dialect reads an answer as an action; places within a thousandth of what is expected."""

    def check(name, size, answer, kind, **fields):
        action = DIALECTS[name].parse(answer, size)
        assert action.kind == kind
        for field in ("point", "end"):
            expected, got = fields.pop(field, None), getattr(action, field)
            assert (got is None) == (expected is None), action
            if expected is not None:
                assert got == pytest.approx(expected, abs=1e-3)
        for field, expected in fields.items():
            assert getattr(action, field) == expected, action
        return action

    return check
