import json
import os

import pytest

from omniactor.evaluate import command


def test_the_report_has_the_documented_keys_and_files(fake, evaluate, tmp_path):
    status, summary, _ = evaluate("--tasks", "47,0", "--episodes", "2", "--workers", "1")
    assert status == 0
    documented = {
        "success_rate", "wilson_95", "per_task", "errors", "n", "successes", "failures", "per_room", "median_steps", "agent",
        "assets", "protocol", "episodes_per_minute",
    }  # fmt: skip
    assert documented <= summary.keys()
    assert fake.played == [(47, 0), (47, 1), (0, 0), (0, 1)]
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == summary
    assert sorted(os.listdir(tmp_path / "out")) == ["manifest.json", "results.jsonl", "summary.json", "summary.md"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["tasks"] == [47, 0]
    assert manifest["settings"]["version of"]["mujoco"]
    assert {"agent", "protocol", "starts", "max steps", "settle steps", "assets", "assets fingerprint"} <= manifest[
        "settings"
    ].keys()


def test_resuming_repeats_errors_and_nothing_else_and_errors_end_with_status_1(fake, evaluate):
    fake.statuses = {(47, 1): "error", (0, 0): "failure"}
    status, summary, stderr = evaluate("--tasks", "47,0", "--episodes", "2")
    assert (status, summary["n"], summary["errors"], summary["failures"]) == (1, 3, 1, 1)
    assert "1 errors in 4" in stderr.splitlines()[-1]
    fake.played.clear()
    fake.statuses = {}
    status, summary, _ = evaluate("--tasks", "47,0", "--episodes", "2")
    assert fake.played == [(47, 1)]
    assert (status, summary["n"], summary["errors"], summary["successes"]) == (0, 4, 0, 3)


def test_a_finished_evaluation_runs_nothing_and_reports_the_same(fake, evaluate):
    _, first, _ = evaluate("--tasks", "47", "--episodes", "2")
    fake.played.clear()
    status, second, _ = evaluate("--tasks", "47", "--episodes", "2")
    assert (status, fake.played) == (0, [])
    for run in (first, second):
        del run["this_run"], run["episodes_per_minute"]
    assert first == second


def test_added_tasks_and_episodes_run_alone(fake, evaluate):
    evaluate("--tasks", "47", "--episodes", "1")
    fake.played.clear()
    status, summary, _ = evaluate("--tasks", "47,0", "--episodes", "2")
    assert (status, sorted(fake.played), summary["n"]) == (0, [(0, 0), (0, 1), (47, 1)], 4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--agent", "random"], "agent expert"),
        (["--max-steps", "30"], "max steps 400"),
        (["--protocol", "openvla", "--episodes", "20"], "protocol paper"),
        (["--starts", "fresh"], "starts published"),
    ],
)
def test_changed_settings_are_refused_with_status_2(fake, evaluate, options, words):
    evaluate("--tasks", "47", "--episodes", "1")
    fake.played.clear()
    status, summary, stderr = evaluate("--tasks", "47", "--episodes", "1", *options)
    assert (status, summary, fake.played) == (2, None, [])
    assert len(stderr.splitlines()) == 1
    assert f"expected {words} as" in stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--agent", "nobody"], "'nobody'"),
        (["--agent", "replay:/nowhere.json"], "record"),
        (["--tasks", "90"], "task id from 0 to 89"),
        (["--tasks", ","], "at least one task"),
        (["--tasks", "25-29"], "got 27 without one; use --tasks 25-26,28-29"),
        (["--tasks", "27"], "got 27 without one; choose other tasks"),
        (["--episodes", "0"], "at least 1 episode"),
        (["--episodes", "51"], "at most 50 episodes"),
        (["--max-steps", "0"], "at least 1 step"),
        (["--max-steps", "1000000"], "from 1 to 100000 steps"),
        (["--workers", "0"], "at least 1 worker"),
        (["--protocol", "mine"], "--protocol paper"),
        (["--ray", "auto", "--videos", "all"], "--videos none"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line_before_anything_starts(fake, evaluate, tmp_path, monkeypatch, options, words):
    from omniactor.experts.table import SKILLS

    monkeypatch.delitem(SKILLS, 27, raising=False)  # a task without a skill, also when the table is complete
    status, summary, stderr = evaluate("--tasks", "47", *options)
    assert (status, summary, fake.played) == (2, None, [])
    assert len(stderr.splitlines()) == 1
    assert stderr.startswith("omniactor: expected")
    assert words in stderr
    assert os.listdir(tmp_path) == []


def test_an_unknown_benchmark_is_answered_with_those_there_are(evaluate, capsys):
    with pytest.raises(SystemExit) as caught:
        evaluate("--tasks", "47", benchmark="libero-91")
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "'libero-91'" in line
    assert "libero-90" in line
    assert "screenspot" in line


def test_an_out_that_is_a_file_is_refused(fake, evaluate, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, stderr = evaluate("--tasks", "47", out=tmp_path / "file")
    assert (status, len(stderr.splitlines()), fake.played) == (2, 1, [])


def test_a_set_up_where_nothing_works_stops_early_and_keeps_the_rest_for_later(fake, evaluate, monkeypatch):
    monkeypatch.setattr(command, "ERRORS_IN_A_ROW", 3)
    fake.statuses = {(47, episode): "error" for episode in range(10)}
    status, summary, stderr = evaluate("--tasks", "47", "--episodes", "10", "--workers", "1")
    assert (status, summary["n"], summary["errors"]) == (1, 0, 3)
    assert "stopped after 3 errors in a row: it broke" in stderr


def test_without_json_the_report_is_a_text(fake, evaluate, tmp_path, capsys):
    from omniactor.cli import main

    arguments = ["evaluate", "libero-90", "--tasks", "47", "--episodes", "2", "--assets", "standin", "--out", str(tmp_path / "o")]
    assert main(arguments) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].endswith("put_it_in_the_basket")
    assert "2/2" in shown[0]
    assert "protocol paper" in shown[-2]
    assert "per minute" in shown[-1]
