"""With the real simulator: what survives a killed worker and a killed run, and what videos show."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import pytest

from omniactor.episode import EpisodeRunner
from omniactor.evaluate.pool import run_here
from omniactor.evaluate.schedule import Job, Schedule

# The expert shuts the microwave's door in 33 to 40 steps: some of these episodes succeed and some do not.
QUICK = ["--agent", "expert", "--tasks", "33", "--episodes", "6", "--max-steps", "36", "--workers", "1"]


class Here:
    """An `EpisodeWorker` without the process, for runs that nobody kills."""

    def __init__(self):
        self._runner = EpisodeRunner()
        self.run, self.close = self._runner.run, self._runner.close

    def stop(self):
        pass


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr("omniactor.evaluate.pool.EpisodeWorker", Here)


def lines(out):
    file = Path(out) / "results.jsonl"
    return file.read_text().splitlines() if file.exists() else []


def results(out):
    """Return what must not depend on how a run went: job -> (status, steps, goals)."""
    found = {}
    for entry in map(json.loads, lines(out)):
        found[entry["task_id"], entry["episode"]] = (entry["status"], entry["steps"], entry["goals"])
    return found


def wait(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def command(out, *options):
    return [
        sys.executable,
        "-m",
        "omniactor",
        "evaluate",
        "libero-90",
        "--assets",
        "standin",
        "--out",
        str(out),
        "--json",
        *options,
    ]


def test_a_killed_worker_is_an_error_apart_the_run_goes_on_and_resuming_repairs_it(evaluate, tmp_path, monkeypatch):
    before = set(multiprocessing.active_children())
    killed = []

    def kill():
        wait(lambda: len(lines(tmp_path / "out")) >= 1, 60)
        time.sleep(0.2)  # into the second episode, of about a second
        for child in set(multiprocessing.active_children()) - before:
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    options = ["--agent", "random", "--tasks", "47", "--episodes", "3", "--max-steps", "120", "--workers", "1"]
    status, summary, _ = evaluate(*options)
    killer.join()
    assert len(killed) == 1
    assert (status, summary["n"], summary["failures"], summary["errors"]) == (1, 2, 2, 1)
    (error,) = summary["error_episodes"]
    assert (error["task_id"], error["episode"]) == (47, 1)
    assert "exit status -9" in error["reason"]
    monkeypatch.setattr("omniactor.evaluate.pool.EpisodeWorker", Here)
    status, summary, _ = evaluate(*options)
    assert (status, summary["n"], summary["errors"], summary["this_run"]["episodes"]) == (0, 3, 0, 1)


def test_a_run_killed_in_the_middle_ends_as_one_that_was_not_and_leaves_no_process(here, evaluate, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    status, expected, _ = evaluate(*QUICK, out=whole)
    assert status == 0
    assert 0 < expected["failures"] < expected["n"] == 6
    with (tmp_path / "stderr").open("w") as errors:
        run = subprocess.Popen(command(cut, *QUICK), stdout=subprocess.DEVNULL, stderr=errors)
    wait(lambda: len(lines(cut)) >= 2 or run.poll() is not None, 60)
    assert run.poll() is None, (tmp_path / "stderr").read_text()
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    tasks = Path(f"/proc/{run.pid}/task")
    pids = [pid for task in tasks.iterdir() for pid in (task / children.name).read_text().split()]
    run.kill()
    run.wait()
    assert pids
    wait(lambda: not any(_alive(pid) for pid in pids), 20)
    kept = lines(cut)
    assert 2 <= len(kept) < 6
    with (cut / "results.jsonl").open("a") as file:
        file.write(kept[0][:40])  # what a kill in the middle of a write leaves
    status, summary, _ = evaluate(*QUICK, out=cut)
    assert status == 0
    assert results(cut) == results(whole)
    assert lines(cut)[: len(kept)] == kept
    assert len(lines(cut)) == 6
    assert summary["this_run"]["episodes"] == 6 - len(kept)
    for made in (summary, expected):
        del made["this_run"], made["episodes_per_minute"]
    assert summary == expected


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_failed_episode_gets_a_video_of_exactly_its_steps_and_a_solved_one_none(here, evaluate, tmp_path):
    status, summary, _ = evaluate(*QUICK, "--episodes", "2", "--videos", "failures")
    assert (status, summary["failures"], summary["successes"]) == (0, 1, 1)
    (failed,) = summary["failed_episodes"]
    assert os.listdir(tmp_path / "out" / "videos") == [f"task33-episode{failed['episode']:02d}.mp4"]
    with av.open(str(tmp_path / "out" / failed["video"])) as container:
        assert sum(1 for _ in container.decode(video=0)) == failed["steps"] + 1


def test_an_interrupted_run_stops_soon_with_status_130_and_keeps_its_results(tmp_path):
    out = tmp_path / "out"
    run = subprocess.Popen(
        command(out, "--agent", "random", "--tasks", "47", "--episodes", "50", "--workers", "1", "--max-steps", "40"),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        # A shell that runs the tests in the background ignores Ctrl-C for its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    wait(lambda: len(lines(out)) >= 1, 60)
    run.send_signal(signal.SIGINT)
    _, stderr = run.communicate(timeout=20)
    assert run.returncode == 130
    assert "what was made so far is kept" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr
    assert {status for status, _, _ in results(out).values()} == {"failure"}


def test_a_mistake_of_ours_in_a_worker_is_raised_and_not_counted(fake):
    class Broken(fake):
        def play(self, job):
            raise ZeroDivisionError("ours")

    outcomes = run_here(Schedule([Job(47, 0)]), Broken, 2)
    try:
        list(outcomes)
    except ZeroDivisionError as error:
        assert str(error) == "ours"
    else:
        raise AssertionError("expected the mistake to surface")
