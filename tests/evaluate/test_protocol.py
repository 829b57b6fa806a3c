import pytest

from omniactor.errors import InputError
from omniactor.evaluate.protocol import PROTOCOLS, choose


@pytest.mark.parametrize(("name", "numbers"), [("paper", (20, 400, 5)), ("libero", (20, 600, 5)), ("openvla", (50, 400, 10))])
def test_the_named_protocols_have_their_published_numbers(name, numbers):
    protocol = choose(name)
    assert (protocol.episodes, protocol.max_steps, protocol.settle_steps) == numbers
    assert protocol.starts == "published"
    assert protocol.name == name
    assert list(PROTOCOLS) == ["paper", "libero", "openvla"]


def test_episode_i_starts_from_state_i_or_from_its_own_far_seed():
    assert [choose("paper").start(i) for i in (0, 19)] == [(0, None), (19, None)]
    assert [choose("paper", "fresh").start(i) for i in (0, 19)] == [(None, 1_000_000), (None, 1_000_019)]


def test_what_is_asked_for_overrides_the_protocol():
    protocol = choose("libero", "fresh", 3, 30)
    assert (protocol.episodes, protocol.max_steps, protocol.settle_steps, protocol.starts) == (3, 30, 5, "fresh")


@pytest.mark.parametrize("arguments", [("mine",), ("paper", "old"), ("paper", None, 0), ("paper", None, None, 0)])
def test_what_does_not_exist_is_refused(arguments):
    with pytest.raises(InputError, match="expected"):
        choose(*arguments)
