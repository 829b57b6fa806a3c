import pytest

from omniactor.pace import LAG, SPARSEST, Pace


class Clock:
    """A loop whose step takes `plain` seconds and `picture` more where it is drawn."""

    def __init__(self, plain, picture):
        self.now, self.plain, self.picture = 100.0, plain, picture

    def __call__(self):
        return self.now

    def run(self, steps, every, pace, chunk=10**9):
        looks, drawn = Pace(every, pace, self), []
        for index in range(steps + 1):
            looked_at = index % chunk == 0
            if looks.draws(index, looked_at):
                drawn.append(index)
                self.now += self.picture
            elif looked_at:
                self.now += self.picture
            self.now += self.plain
        return drawn


def test_without_a_pace_every_nth_step_is_drawn_however_slow():
    assert Clock(9.0, 9.0).run(7, every=3, pace=0) == [0, 3, 6]


def test_nothing_is_drawn_for_nobody():
    assert Clock(0.0, 0.0).run(5, every=0, pace=20) == []


def test_who_keeps_the_pace_draws_what_was_asked_for():
    assert Clock(0.01, 0.05).run(10, every=2, pace=20) == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize("picture", [0.09, 0.11, 0.14])
def test_who_would_fall_behind_draws_as_many_as_the_pace_allows(picture):
    clock = Clock(0.02, picture)
    drawn = clock.run(1000, every=2, pace=20)
    assert clock.now - 100.0 == pytest.approx(50.0, rel=0.02)
    assert len(drawn) == pytest.approx(1000 * 0.03 / picture, rel=0.05)


def test_too_slow_a_machine_still_draws():
    assert Clock(0.2, 0.5).run(20, every=2, pace=20) == [0, 2 * SPARSEST, 4 * SPARSEST]


def test_pictures_that_the_agent_asked_for_are_shown_even_when_late():
    assert Clock(0.2, 0.5).run(12, every=2, pace=20, chunk=4) == [0, 4, 8, 12]


def test_a_pause_is_not_made_good_for_ever():
    clock = Clock(0.01, 0.01)
    looks = Pace(1, 20, clock)
    assert looks.draws(0, False)
    assert looks.draws(1, False)
    clock.now += 3600
    late = 0
    while not looks.draws(2 + late, False) or late < 2 * SPARSEST:
        clock.now += 0.01
        late += 1
        assert late < LAG / 0.04 + SPARSEST + 2
