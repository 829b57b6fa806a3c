import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.sessions import BusyError
from omniactor.episode import EpisodeRequest
from omniactor.errors import InputError


def request(folder: Path):
    return EpisodeRequest(0, video=str(folder / "v.mp4"), record=str(folder / "r.json"))


def finish(store, key):
    live = store.start(key, request)
    assert live.join(3)
    return live


def wait_for(condition):
    deadline = time.monotonic() + 3
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_a_visitor_keeps_one_simulator(make_store):
    workers = []
    store = make_store(workers)
    finish(store, "a"), finish(store, "a")
    assert len(workers) == 1 and store.simulators == 1


def test_visitors_above_the_cap_are_refused(make_store):
    store = make_store(simulators=2)
    finish(store, "a"), finish(store, "b")
    with pytest.raises(BusyError, match="All 2 simulators"):
        store.start("c", request)
    assert store.get("c") is None


def test_a_simulator_that_has_been_idle_goes_to_the_next_visitor(make_store):
    workers = []
    store = make_store(workers, simulators=1, takeover_seconds=0.05)
    finish(store, "a")
    time.sleep(0.1)
    finish(store, "b")
    assert len(workers) == 1 and store.get("a").worker is None
    assert Path(store.get("a").live.result.video).exists()  # the first visitor's files stay


def test_a_running_simulator_is_never_taken_over(make_store):
    store = make_store(simulators=1, takeover_seconds=0.0, worker={"steps": 1000, "pause": 0.01})
    store.start("a", request)
    with pytest.raises(BusyError):
        store.start("b", request)


def test_a_second_run_of_the_same_visitor_is_refused(make_store):
    store = make_store(worker={"steps": 1000, "pause": 0.01})
    store.start("a", request)
    with pytest.raises(InputError, match="still running"):
        store.start("a", request)


def test_a_bad_request_takes_no_simulator_and_leaves_no_files(make_store, tmp_path):
    store = make_store()

    def refuse(folder):
        raise InputError("no")

    with pytest.raises(InputError):
        store.start("a", refuse)
    assert store.simulators == 0 and not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_leaving_stops_the_episode_and_removes_the_files(make_store):
    workers = []
    store = make_store(workers, worker={"steps": 1000, "pause": 0.01})
    live = store.start("a", request)
    folder = store.get("a").folder
    store.close("a")
    assert live.over and live.result.stopped and not folder.exists() and store.get("a") is None
    assert store.simulators == 1  # the spare for the next visitor
    store.close("a")


def test_an_episode_cut_short_by_a_closed_page_is_kept_the_newest_few(make_store, tmp_path):
    store = make_store(worker={"steps": 1000, "pause": 0.005}, kept_episodes=2)
    for visitor in "abc":
        store.start(visitor, request)
        wait_for(lambda visitor=visitor: store.get(visitor).live.actions)
        store.close(visitor)
    kept = sorted(path.suffix for path in (tmp_path / "kept").iterdir())
    assert kept == [".json", ".json", ".mp4", ".mp4"]
    quick = make_store()
    finish(quick, "done")
    quick.close("done")
    assert len(list((tmp_path / "kept").iterdir())) == 4  # a finished episode was shown; it is not kept


def test_a_second_simulator_that_comes_back_is_closed(make_store):
    workers = []
    store = make_store(workers)
    finish(store, "a"), finish(store, "b")
    store.close("a"), store.close("b")
    assert [worker.closed for worker in workers] == [0, 1] and store.simulators == 1


def test_idle_visitors_are_closed_and_others_are_not(make_store):
    store = make_store(idle_seconds=0.2, worker={"steps": 1000, "pause": 0.01})
    running = store.start("running", request)
    store.start("idle", request).stop()
    wait_for(lambda: not store.get("idle").running)
    time.sleep(0.3)
    store.reap()
    assert store.get("idle") is None and store.get("running").live is running


def test_a_caller_without_a_page_gives_the_simulator_back_but_keeps_the_files(make_store):
    store = make_store()
    live = finish(store, "call")
    store.abandon("call")
    assert store.get("call").worker is None and store.simulators == 1
    assert Path(live.result.video).exists()
    store.abandon("unknown")


def test_the_spare_is_warmed_once_and_used_first(make_store):
    workers = []
    store = make_store(workers)
    store.warm_up(EpisodeRequest(0, max_steps=1))
    store.warm_up(EpisodeRequest(0, max_steps=1))
    wait_for(lambda: workers and workers[0].requests and store.simulators == 1 and not store._warming)
    finish(store, "a")
    assert len(workers) == 1


def test_closing_the_store_closes_everything(make_store, tmp_path):
    workers = []
    store = make_store(workers)
    finish(store, "a"), finish(store, "b")
    store.close_all(), store.close_all()
    assert all(worker.closed for worker in workers) and not list(tmp_path.iterdir())


def test_folders_of_a_killed_server_are_removed_at_the_next_start(make_store, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, alive = tmp_path / f"omniactor-{dead.pid}-x", tmp_path / f"omniactor-{os.getpid()}-x"
    left.mkdir(), alive.mkdir()
    make_store()
    assert not left.exists() and alive.exists()
