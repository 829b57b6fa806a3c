import os
import signal
import time

import pytest

from omniactor.episode import EpisodeRequest, EpisodeResult
from omniactor.errors import UnknownAgentError, WorkerError
from omniactor.worker import EpisodeWorker


@pytest.fixture(scope="module")
def worker():
    worker = EpisodeWorker()
    yield worker
    worker.close()


def request(**changes):
    return EpisodeRequest(**{"task": 49, "agent": "random", "assets": "standin", "image_size": 64, "max_steps": 5, **changes})


def test_an_episode_comes_through_whole(worker):
    *updates, result = worker.run(request(look_every=1))
    assert [u.index for u in updates] == [0, 1, 2, 3, 4, 5]
    assert updates[0].frame.shape[1] == 128
    assert isinstance(result, EpisodeResult)


def test_stop_ends_the_episode_with_its_result(worker, tmp_path):
    messages = []
    for message in worker.run(request(max_steps=5000, video=str(tmp_path / "a.mp4"))):
        messages.append(message)
        if len(messages) == 5:
            worker.stop()
    message = messages[-1]
    assert message.stopped
    assert message.steps < 200
    assert os.path.getsize(message.video) > 0


def test_a_reader_who_leaves_gets_his_files_and_the_worker_goes_on(worker, tmp_path):
    episode = worker.run(request(max_steps=5000, video=str(tmp_path / "a.mp4"), record=str(tmp_path / "a.json")))
    for _ in range(4):
        next(episode)
    episode.close()
    assert sorted(os.listdir(tmp_path)) == ["a.json", "a.mp4"]
    *_, result = worker.run(request())
    assert result.steps == 5


def test_errors_keep_their_class_and_their_one_line(worker):
    with pytest.raises(UnknownAgentError, match="'nobody'"):
        list(worker.run(request(agent="nobody")))
    *_, result = worker.run(request())
    assert result.steps == 5


def test_a_killed_simulator_is_named_and_the_next_run_starts_a_new_one(worker):
    episode = worker.run(request(max_steps=5000))
    next(episode)
    os.kill(worker._process.pid, signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises(WorkerError, match=r"process ended \(exit status -9\)"):
        list(episode)
    assert time.monotonic() - began < 10
    assert not worker.alive
    *_, result = worker.run(request())
    assert result.steps == 5


def test_a_silent_simulator_is_ended_at_the_limit():
    worker = EpisodeWorker(silence_seconds=0.2)  # shorter than starting takes
    with pytest.raises(WorkerError, match="silence"):
        list(worker.run(request()))
    assert not worker.alive
    worker.close()
    worker.close()
