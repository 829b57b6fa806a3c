import inspect
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from demo import runs as module
from demo.arm_handlers import PUBLISHED, SEED, ArmHandlers
from demo.refusals import plain_errors
from demo.sessions import BusyError
from omniactor.errors import InputError, OmniActorError, RenderError, UnknownTaskError, WorkerError
from omniactor.experts.table import SKILLS
from omniactor.sim.tasks import TASKS

ABLE = min(SKILLS)
VISITOR = SimpleNamespace(session_hash="visitor")  # stands for gr.Request
RUN = {
    "task": ABLE,
    "agent": "expert",
    "record": None,
    "start": PUBLISHED,
    "number": 0,
    "max_steps": 50,
    "instruction": "",
}


def run(handlers, **changes):
    return list(handlers.run(**{**RUN, **changes}, request=VISITOR))


@pytest.mark.parametrize(
    "error",
    [
        UnknownTaskError("expected a task,\n got <script>"),
        RenderError("no GL backend"),
        WorkerError("died"),
        BusyError("full"),
        OmniActorError("x" * 5000),
        ZeroDivisionError("secret detail"),
    ],
)
def test_every_error_becomes_one_plain_line(error):
    with pytest.raises(gr.Error) as caught, plain_errors():
        raise error
    message = caught.value.message
    assert "\n" not in message and "<" not in message and "secret" not in message and 0 < len(message) <= 500


def test_a_run_ends_with_outcome_video_plot_and_record(handlers):
    *before, last = run(handlers)
    picture, status, outcome, video, plot, record = last
    assert "Success: " in outcome.value and "step 3 of 50" in status
    assert video.visible and plot.visible and record.visible and not picture.visible
    assert Path(before[-1][0]).suffix == ".jpg" and "step 3 of 50" in before[-1][1]
    request = handlers.store.get("visitor").live.request
    assert (request.init_state, request.look_every) == (0, handlers.limits.steps_per_picture)


def test_a_seed_takes_the_place_of_the_published_state(handlers):
    run(handlers, start=SEED, number=7)
    request = handlers.store.get("visitor").live.request
    assert (request.seed, request.init_state) == (7, None)


def test_a_replay_starts_where_its_record_started(handlers, tmp_path):
    run(handlers, agent="replay", record=str(tmp_path / "r.json"), number=3)
    request = handlers.store.get("visitor").live.request
    assert (request.seed, request.init_state) == (None, None) and request.agent.startswith("replay:")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": 90}, "task id from 0 to 89"),
        ({"agent": "replay:/etc/passwd"}, "Expected an agent"),
        ({"agent": "replay"}, "Upload a record"),
        ({"number": 50}, "0 to 49"),
        ({"number": None}, "Enter the number"),
        ({"number": 1.5}, "got 1.5"),
        ({"start": SEED, "number": -1}, "a seed from 0"),
        ({"max_steps": 401}, "from 1 to 400"),
        ({"instruction": "x" * 301}, "at most 300 characters"),
    ],
)
def test_bad_input_is_refused_before_a_simulator_is_taken(handlers, changes, words):
    generator = handlers.run(**{**RUN, **changes}, request=VISITOR)
    assert words in next(generator)[1]  # stays on the page after the message has gone
    with pytest.raises(gr.Error, match=words):
        next(generator)
    assert handlers.store.simulators == 0


def test_the_expert_is_refused_where_it_has_no_skill(handlers):
    without = [task.id for task in TASKS if task.id not in SKILLS]
    if not without:
        pytest.skip("the expert has a skill for every task")
    with pytest.raises(gr.Error, match="no skill"):
        run(handlers, task=without[0])
    run(handlers, task=without[0], agent="random")


def test_a_dead_simulator_is_reported_and_the_next_run_works(handlers):
    run(handlers)
    worker = handlers.store.get("visitor").worker
    worker.error = WorkerError("expected the simulator to go on, but its process ended; run again")
    with pytest.raises(gr.Error, match="its process ended"):
        run(handlers)
    worker.error = None
    assert "Success" in run(handlers)[-1][2].value


def test_stop_keeps_the_partial_video(handlers, fake_worker):
    handlers.store._make_worker = lambda: fake_worker(steps=1000, pause=0.01)
    generator = handlers.run(**RUN, request=VISITOR)
    for picture, *_ in generator:
        if isinstance(picture, str):
            handlers.stop(VISITOR)
        last = picture, *_
    assert "Stopped after" in last[2].value and last[3].visible


def test_leaving_ends_a_run(handlers, fake_worker):
    handlers.store._make_worker = lambda: fake_worker(steps=1000, pause=0.01)
    generator = handlers.run(**RUN, request=VISITOR)
    next(generator)
    folder = handlers.store.get("visitor").folder
    handlers.leave(VISITOR)
    assert handlers.store.get("visitor") is None and not folder.exists()


def test_stop_while_a_run_waits_in_the_queue_calls_it_off(handlers):
    handlers.begin(ABLE, VISITOR)
    handlers.stop(VISITOR)
    assert ["Nothing is running" in row[1] for row in run(handlers)] == [True]
    handlers.stop(VISITOR)  # between two runs it means nothing
    handlers.begin(ABLE, VISITOR)
    assert "Success" in run(handlers)[-1][2].value


def test_old_live_pictures_are_dropped(make_store, handlers):
    handlers.store = make_store(worker={"steps": 30, "pause": 0.01}, pictures_kept=5, pictures_per_second=1000.0)
    run(handlers)
    assert len(list(handlers.store.get("visitor").folder.rglob("live-*.jpg"))) == 5


def test_the_result_shows_no_path_of_the_server(handlers):
    run(handlers, agent="replay", record="/secret/r.json")
    result = module.public_result(handlers.store.get("visitor").live.result)
    assert "/" not in str(result) and result["agent"] == "replay" and result["video"] == "episode.mp4"


def test_choosing_a_task_fills_in_its_instruction(handlers):
    event = gr.SelectData(None, {"index": 1, "value": None})
    task_id, heading, instruction, *_ = handlers.choose_task([5, 46], "expert", event, VISITOR)
    assert (task_id, instruction) == (46, TASKS[46].language) and "Task 46" in heading


def test_choosing_from_a_list_that_has_changed_is_refused(handlers):
    with pytest.raises(gr.Error, match="choose again"):
        handlers.choose_task([5], "expert", gr.SelectData(None, {"index": 3, "value": None}), VISITOR)


def test_choosing_replay_shows_the_upload(handlers):
    shown = [c.visible for c in handlers.choose_agent("replay", 46, "All", "", "") if isinstance(c, gr.File)]
    assert shown == [True]


def test_inputs_that_are_not_numbers_are_refused():
    with pytest.raises(InputError):
        module.whole_number(float("nan"), "a seed", 0, 9)
    with pytest.raises(InputError):
        module.whole_number(float("inf"), "a seed", 0, 9)


def test_the_run_handler_takes_the_request_from_gradio():
    assert inspect.signature(ArmHandlers.run).parameters["request"].annotation == "gr.Request"
