import gradio as gr
import pytest

from demo import api
from demo.api import make_rollout
from omniactor.experts.table import SKILLS

ABLE = str(min(SKILLS))


def test_tasks_lists_all_ninety_with_their_goals():
    tasks = api.tasks()
    assert [task["id"] for task in tasks] == list(range(90))
    assert set(tasks[0]) == {"id", "name", "scene", "room", "language", "goal"}
    assert tasks[0]["goal"] == ["Close wooden_cabinet_1_top_region"]


def test_rollout_streams_pictures_and_ends_with_video_and_result(handlers):
    *before, (picture, status, video, result) = list(make_rollout(handlers)(ABLE))
    assert before[-1][0].endswith(".jpg") and "step 3" in before[-1][1]
    assert picture and status.startswith("Success") and video.endswith("episode.mp4") and result["success"]


def test_rollout_gives_its_simulator_back(handlers):
    for _ in range(6):  # more than the cap
        list(make_rollout(handlers)(ABLE))
    assert handlers.store.simulators == 1


def test_a_caller_that_goes_away_frees_the_simulator(handlers):
    call = make_rollout(handlers)(ABLE)
    next(call)
    call.close()
    assert handlers.store.simulators == 1 and not any(s.running for s in handlers.store._sessions.values())


@pytest.mark.parametrize(
    "bad",
    [
        {"task": "nonsense"},
        {"task": ABLE, "agent": "replay:/etc/passwd"},
        {"task": ABLE, "assets": "/etc"},
        {"task": ABLE, "max_steps": 0},
        {"task": ABLE, "init_state": 50},
    ],
)
def test_bad_calls_are_refused_in_one_line(handlers, bad):
    with pytest.raises(gr.Error) as caught:
        list(make_rollout(handlers)(**bad))
    assert "\n" not in caught.value.message
