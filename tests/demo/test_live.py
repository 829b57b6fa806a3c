import time
from dataclasses import replace
from pathlib import Path

import pytest

from demo.limits import LIMITS
from demo.live import LiveRun
from omniactor.episode import EpisodeRequest
from omniactor.errors import WorkerError


def run(tmp_path: Path, worker, **limits):
    request = EpisodeRequest(0, video=str(tmp_path / "v.mp4"), record=str(tmp_path / "r.json"))
    return LiveRun(worker, request, replace(LIMITS, **limits))


def test_every_action_is_kept_and_the_last_update_is_shown(tmp_path, fake_worker):
    live = run(tmp_path, fake_worker(steps=40))
    shown = [update.index for update in live.watch() if update]
    assert shown == sorted(set(shown)) and shown[-1] == 40
    assert len(shown) < 20  # newest only
    assert len(live.actions) == 40 and live.result.success and live.over


def test_steps_that_were_not_drawn_are_kept_but_not_shown(tmp_path, fake_worker):
    live = run(tmp_path, fake_worker(steps=40, pause=0.01, drawn_every=4), pictures_per_second=1000.0)
    shown = [update.index for update in live.watch() if update]
    assert shown[-1] == 40 and not any(index % 4 for index in shown)
    assert len(live.actions) == 40


def test_the_pace_is_that_of_steps_not_of_pictures(tmp_path, fake_worker):
    live = run(tmp_path, fake_worker(steps=40, drawn_every=4))
    list(live.watch())
    live._acting = time.monotonic() - 10.0
    assert round(live.pace, 1) == 4.0


def test_the_pace_is_limited(tmp_path, fake_worker):
    live = run(tmp_path, fake_worker(steps=50, pause=0.01), pictures_per_second=10.0)
    began = time.monotonic()
    shown = len([update for update in live.watch() if update])
    assert shown <= 10 * (time.monotonic() - began) + 2


def test_a_stop_ends_the_episode_with_its_result(tmp_path, fake_worker):
    live = run(tmp_path, fake_worker(steps=1000, pause=0.01))
    for update in live.watch():
        if update:
            live.stop()
    assert live.result.stopped and 0 < live.result.steps < 1000
    assert Path(live.result.video).exists()


def test_an_error_reaches_whoever_watches(tmp_path, fake_worker):
    with pytest.raises(WorkerError, match="run again"):
        list(run(tmp_path, fake_worker(error=WorkerError("run again"))).watch())


def test_an_unexpected_error_becomes_one_line(tmp_path, fake_worker, capsys):
    with pytest.raises(WorkerError, match="KeyError"):
        list(run(tmp_path, fake_worker(error=KeyError("x"))).watch())
    assert "Traceback" in capsys.readouterr().err


def test_an_episode_that_nobody_watches_is_stopped(tmp_path, fake_worker):
    live = run(tmp_path, fake_worker(steps=1000, pause=0.01), unwatched_seconds=0.1)
    assert live.join(3) and live.result.stopped and "nobody" in live.stop_reason


def test_an_episode_that_takes_too_long_is_stopped(tmp_path, fake_worker):
    live = run(tmp_path, fake_worker(steps=1000, pause=0.01), run_seconds=0.2)
    list(live.watch())
    assert live.result.stopped and "may take" in live.stop_reason
