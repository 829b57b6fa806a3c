import io

from omniactor.evaluate import report
from omniactor.evaluate.libero90 import make_plan
from omniactor.evaluate.progress import Progress, duration
from omniactor.evaluate.protocol import choose
from tests.evaluate.conftest import outcome

OUTCOMES = [
    outcome(0, 0, "failure"), outcome(0, 1), outcome(47, 1, "error"), outcome(47, 0), outcome(49, 0), outcome(49, 1),
]  # fmt: skip
RUN = {"episodes": 6, "seconds": 90.0, "workers": 2}


def summary(outcomes=OUTCOMES, run=RUN):
    return report.summarize(make_plan("expert", "47,49,0", choose("paper", episodes=2), "standin"), outcomes, run)


def test_rates_are_of_the_episodes_that_ended_and_errors_stand_apart():
    made = summary()
    assert {key: made[key] for key in ("planned", "n", "successes", "failures", "errors", "success_rate", "median_steps")} == {
        "planned": 6, "n": 5, "successes": 4, "failures": 1, "errors": 1, "success_rate": 0.8, "median_steps": 50.5,
    }  # fmt: skip
    assert made["wilson_95"] == [0.375535, 0.963776]
    assert made["episodes_per_minute"] == 4.0


def test_rooms_and_tasks_add_up_to_all():
    made = summary()
    assert list(made["per_task"]) == ["47", "49", "0"]
    assert {room: (row["n"], row["errors"]) for room, row in made["per_room"].items()} == {
        "Kitchen": (2, 0),
        "Living room": (3, 1),
    }
    for group in ("per_room", "per_task"):
        for key in ("n", "successes", "failures", "errors"):
            assert sum(row[key] for row in made[group].values()) == made[key]


def test_failures_and_errors_are_listed_in_planned_order_with_their_reasons():
    made = summary()
    assert [(o["task_id"], o["episode"]) for o in made["failed_episodes"]] == [(0, 0)]
    assert made["error_episodes"] == [{"task_id": 47, "episode": 1, "reason": "it broke"}]


def test_the_order_of_the_outcomes_changes_nothing():
    assert summary(OUTCOMES[::-1]) == summary()


def test_episodes_that_are_no_longer_planned_are_not_counted_and_nothing_run_is_no_rate():
    assert summary([*OUTCOMES, outcome(3, 0)]) == summary()
    nothing = summary([], {"episodes": 0, "seconds": 0.0, "workers": 0})
    assert (nothing["success_rate"], nothing["wilson_95"], nothing["episodes_per_minute"]) == (None, [0.0, 1.0], None)
    assert "-" in report.text(nothing)


def test_the_texts_show_rates_intervals_failures_and_errors(tmp_path):
    report.write_summary(tmp_path, summary(), "2026-01-01", {"mujoco": "3.3.2"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["summary.json", "summary.md"]
    written = (tmp_path / "summary.md").read_text()
    assert "| **All** | 80.0 % | 37.6 to 96.4 % | 4 of 5 | 1 | 50.5 |" in written
    assert "- task 0, episode 0: not reached: Done" in written
    assert "- task 47, episode 1: it broke" in written
    assert "mujoco 3.3.2" in written
    shown = report.text(summary()).splitlines()
    assert shown[0].split() == [
        "47",
        "100.0",
        "%",
        "[",
        "20.7,",
        "100.0]",
        "1/1",
        "50.0",
        "steps",
        "1",
        "errors",
        outcome(47).task,
    ]
    assert "error: task 47 episode 1: it broke" in shown


def test_a_terminal_gets_one_rewritten_line_and_a_file_plain_lines():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        progress = Progress(10, [outcome(0, 0, "failure")], stream)
        for made in OUTCOMES[1:]:
            progress.add(made)
        progress.close()
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().count("\r") == 6
    for stream in (terminal, file):
        assert "6/10 episodes, success 80.0 % (4/5), 1 errors, " in stream.getvalue().splitlines()[-1]
    assert len(file.getvalue().splitlines()) == 1


def test_durations_are_for_people():
    assert [duration(seconds) for seconds in (0, 59.4, 61, 3599, 3600 * 3 + 300)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h 00 min",
        "3 h 05 min",
    ]
