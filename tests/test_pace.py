import pytest

from omniactor.pace import LAG, Pace


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


@pytest.mark.parametrize("picture", [0.07, 0.08, 0.09])
def test_who_would_fall_behind_draws_as_many_as_the_pace_allows(picture):
    clock = Clock(0.02, picture)
    drawn = clock.run(1000, every=2, pace=20)
    assert clock.now - 100.0 == pytest.approx(50.0, rel=0.02)
    assert len(drawn) == pytest.approx(1000 * 0.03 / picture, rel=0.05)


@pytest.mark.parametrize(("plain", "picture"), [(0.02, 0.2), (0.03, 0.12), (0.04, 0.15)])
def test_late_or_not_a_picture_follows_soon_after_another(plain, picture):
    clock = Clock(plain, picture)
    drawn = clock.run(300, every=2, pace=20)
    assert len(drawn) / (clock.now - 100.0) > min(5.0, 0.9 / (plain + picture))


def test_a_machine_with_fewer_steps_than_pictures_draws_every_one():
    assert Clock(0.1, 0.2).run(4, every=2, pace=20) == [0, 1, 2, 3, 4]


def test_pictures_that_the_agent_asked_for_are_shown_even_when_late(monkeypatch):
    monkeypatch.setattr("omniactor.pace.FEWEST", 0.01)
    assert Clock(0.2, 0.5).run(12, every=2, pace=20, chunk=4) == [0, 4, 8, 12]


def test_a_pause_is_not_made_good_for_ever(monkeypatch):
    monkeypatch.setattr("omniactor.pace.FEWEST", 0.01)
    clock = Clock(0.01, 0.0)
    looks = Pace(1, 20, clock)
    assert [looks.draws(index, False) for index in (0, 1)] == [True, True]
    clock.now += 3600
    assert looks.draws(2, False)  # overdue
    late = 3
    while not looks.draws(late, False):
        clock.now += clock.plain
        late += 1
    assert late == pytest.approx(LAG / 0.04, abs=3)
