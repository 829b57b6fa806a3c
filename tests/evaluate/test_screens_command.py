"""`omniactor evaluate` of recorded screens: the recorded actions are all right, wrong ones are not, and runs go on."""

import json
import os
import shutil
from collections import Counter

import pytest

from omniactor.cli import main
from omniactor.errors import ActionError, PeerError
from omniactor.evaluate import screens_command
from omniactor.evaluate.screens import StepJob, choose
from omniactor.gui.episode_folder import write_episode
from omniactor.types import GuiAction
from tests.data.sources.fixtures.android_control import episode as ac_episode
from tests.data.sources.fixtures.android_control import write_android_control
from tests.data.sources.fixtures.gui_odyssey import write_gui_odyssey
from tests.data.sources.fixtures.pictures import png
from tests.data.sources.test_android_control import GOAL, STEPS
from tests.data.sources.test_gui_odyssey import STEPS as ODYSSEY_STEPS
from tests.gui.conftest import make_episode


@pytest.fixture
def android(tmp_path):
    episodes = [ac_episode(7, GOAL, STEPS), ac_episode(9, "other", STEPS[:3]), ac_episode(3, "train", STEPS[:3])]
    folder = write_android_control(tmp_path / "ac", [episodes], {"train": [3], "validation": [], "test": [7, 9]})
    (folder / "test_subsplits.json").write_text(json.dumps({"IDD": [9], "task_unseen": [7], "app_unseen": [7, 9]}))
    return folder


@pytest.fixture
def odyssey(tmp_path):
    boxed = [(*step[:3], step[3] if len(step) > 3 else [1, 1, 999, 999]) for step in ODYSSEY_STEPS]
    return write_gui_odyssey(
        tmp_path / "od", {"1": boxed, "2": boxed[:2], "3": boxed}, {"random": {"train": ["3.json"], "test": ["1.json", "2.json"]}}
    )


@pytest.fixture
def evaluate(capsys, tmp_path):
    """Return a function: (benchmark, source, *options) -> (status, summary or None, stderr)."""

    def run(benchmark, source, *options, out="out", agent="recorded"):
        arguments = ["evaluate", benchmark, str(source), "--agent", agent, "--out", str(tmp_path / out), "--json", *options]
        status = main(arguments)
        captured = capsys.readouterr()
        lines = captured.out.strip().splitlines()
        return status, json.loads(lines[-1]) if lines else None, captured.err

    return run


class Fake:
    """An agent on a list of answers, one per question; the last goes on. Counts what it was asked."""

    needs_images, name = True, "openai:fake"
    answers, asked = [], []

    def reset(self, instruction, seed=None):
        pass

    def act(self, observation):
        answer = Fake.answers[min(len(Fake.asked), len(Fake.answers) - 1)]
        Fake.asked.append(observation)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr("omniactor.agent.make_agent", lambda name, env: Fake())
    Fake.answers, Fake.asked = [GuiAction("home")], []
    return Fake


PEER = "openai:http://127.0.0.1:9/v1#OmniActor"


@pytest.mark.parametrize("level", ["high", "low"])
@pytest.mark.parametrize("protocol", ["os-atlas", "os-atlas-published", "qwen2.5-vl"])
def test_the_recorded_actions_of_android_control_are_all_right(evaluate, android, level, protocol):
    status, summary, _ = evaluate("android-control", android, "--level", level, "--protocol", protocol)
    assert status == 0
    assert (summary["n"], summary["planned"], summary["step_success_rate"], summary["type_accuracy"]) == (13, 13, 1.0, 1.0)
    assert summary["grounding_accuracy"] == 1.0
    assert (summary["protocol"]["name"], summary["level"], summary["split"]) == (protocol, level, "test")
    assert (summary["episodes"], summary["episode_success_rate"]) == (2, 1.0)
    # Sub-splits overlap; the published script puts every episode into the first that has it.
    sizes = {name: row["n"] for name, row in summary["per_split"].items()}
    assert sizes == (
        {"IDD": 3, "task_unseen": 10} if "published" in protocol else {"IDD": 3, "task_unseen": 10, "app_unseen": 13}
    )


@pytest.mark.parametrize("protocol", ["odyssey", "odyssey-published", "os-atlas", "os-atlas-odyssey-published"])
def test_the_recorded_actions_of_gui_odyssey_are_all_right(evaluate, odyssey, protocol):
    status, summary, _ = evaluate("gui-odyssey", odyssey, "--protocol", protocol)
    assert (status, summary["n"], summary["step_success_rate"]) == (0, 14, 1.0)
    if protocol.startswith("odyssey"):
        assert (summary["ams"], summary["sr"], summary["ams_over"]) == (1.0, 1.0, "mean of 1 categories")
    else:
        assert "ams" not in summary


def test_the_folder_has_the_documented_files_and_one_line_per_step(evaluate, android, tmp_path):
    _, summary, _ = evaluate("android-control", android)
    out = tmp_path / "out"
    assert sorted(os.listdir(out)) == ["manifest.json", "results.jsonl", "steps.json", "summary.json", "summary.md"]
    assert json.loads((out / "summary.json").read_text()) == summary
    rows = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [(row["episode"], row["step"]) for row in rows] == [("7", step) for step in range(10)] + [
        ("9", step) for step in range(3)
    ]
    assert rows[1]["recorded"] == rows[1]["predicted"] == "pyautogui.click(x=0.5, y=0.25)"
    assert rows[1]["judgement"]["measures"] == {"distance": 0.0, "limit": 140.0}
    assert json.loads((out / "steps.json").read_text())["steps"][0] == ["7", 0]
    assert "| task_unseen | 10 |" in (out / "summary.md").read_text()


def test_wrong_unparsed_and_right_answers_are_told_apart(evaluate, android, fake):
    fake.answers = [
        GuiAction("open_app", text="Clock"),
        ActionError("expected a verb, got poetry"),
        GuiAction("scroll", pages=-1),
        GuiAction("home"),
    ]
    status, summary, _ = evaluate("android-control", android, "--workers", "1", agent=PEER)
    assert (status, summary["n"], summary["unparsed"], summary["errors"]) == (0, 13, 1, 0)
    assert summary["successes"] == 3  # the third home is recorded at step 8
    assert summary["agent"] == "openai:OmniActor"
    assert "127.0.0.1" not in json.dumps(summary)


def test_a_server_that_is_down_is_no_failure_and_is_asked_again(evaluate, android, fake, monkeypatch):
    fake.answers = [GuiAction("home")] * 5 + [PeerError("the server is down")]
    monkeypatch.setattr(screens_command, "ERRORS_IN_A_ROW", 4)
    status, summary, stderr = evaluate("android-control", android, "--workers", "1", agent=PEER)
    assert (status, summary["n"], summary["errors"], summary["planned"]) == (1, 5, 4, 13)
    assert "stopped after 4 errors in a row: the server is down" in stderr
    fake.answers, fake.asked[:] = [GuiAction("home")], []
    status, summary, _ = evaluate("android-control", android, "--workers", "1", agent=PEER.replace(":9/", ":8000/"))
    assert (status, summary["n"], summary["errors"], len(fake.asked)) == (0, 13, 0, 8)


def test_a_finished_evaluation_asks_nothing_and_reports_the_same(evaluate, android, fake):
    _, first, _ = evaluate("android-control", android, agent=PEER)
    fake.asked.clear()
    status, second, _ = evaluate("android-control", android, agent=PEER)
    assert (status, fake.asked) == (0, [])
    for run in (first, second):
        del run["this_run"], run["steps_per_minute"]
    assert first == second


def test_a_torn_last_line_is_asked_again(evaluate, android, fake, tmp_path):
    evaluate("android-control", android, agent=PEER)
    results = tmp_path / "out" / "results.jsonl"
    results.write_bytes(results.read_bytes()[:-30])
    fake.asked.clear()
    status, summary, _ = evaluate("android-control", android, agent=PEER)
    assert (status, summary["n"], len(fake.asked)) == (0, 13, 1)


@pytest.mark.parametrize(
    "options",
    [["--level", "low"], ["--protocol", "qwen2.5-vl"], ["--subset", "3"], ["--history", "none"], ["--split", "all"]],
    ids=str,
)
def test_other_settings_in_the_same_folder_are_refused(evaluate, android, options):
    evaluate("android-control", android)
    status, summary, stderr = evaluate("android-control", android, *options)
    assert (status, summary, len(stderr.splitlines())) == (2, None, 1)


def test_many_questions_at_a_time_have_the_same_results(evaluate, android, fake):
    fake.answers = [GuiAction("home")]
    _, one, _ = evaluate("android-control", android, "--workers", "1", agent=PEER)
    _, many, _ = evaluate("android-control", android, "--workers", "5", out="many", agent=PEER)
    assert {key: one[key] for key in ("n", "successes", "per_kind")} == {key: many[key] for key in ("n", "successes", "per_kind")}


def test_the_agents_own_history_needs_whole_episodes(evaluate, android, fake, tmp_path):
    fake.answers = [GuiAction("home", description="I go home.")]
    _, summary, _ = evaluate("android-control", android, "--history", "own", "--workers", "1", agent=PEER)
    assert summary["n"] == 13
    assert [seen.history for seen in fake.asked[:3]] == [(), ("I go home.",), ("I go home.",) * 2]
    status, _, stderr = evaluate("android-control", android, "--history", "own", "--subset", "3", out="other")
    assert (status, "subset" in stderr) == (2, True)


def test_a_subset_is_the_same_whatever_order_the_steps_come_in():
    steps = [StepJob(str(episode), step) for episode in range(300) for step in range(6)]
    drawn = choose(steps, 800)
    assert len(set(drawn)) == 800
    assert sorted(choose(steps[::-1], 800)) == sorted(drawn)
    assert [str(job) for job in sorted(choose(steps[:12], 3))] == ["0/1", "1/3", "1/4"]  # as sha256sum says
    sizes = Counter(job.step for job in drawn)
    assert max(sizes.values()) < 1.35 * min(sizes.values())  # drawn evenly


def test_a_subset_is_evaluated_and_written_out(evaluate, android, tmp_path):
    status, summary, _ = evaluate("android-control", android, "--subset", "5")
    assert (status, summary["n"]) == (0, 5)
    assert summary["subset"] == {"steps": 5, "of": 13, "seed": 800, "ids": "steps.json"}
    written = json.loads((tmp_path / "out" / "steps.json").read_text())["steps"]
    rows = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert sorted(written) == sorted([row["episode"], row["step"]] for row in rows)


def test_what_cannot_be_asked_about_is_left_out_and_counted(evaluate, tmp_path):
    steps = [
        ({"action_type": "dance"}, "Dance"), ({"action_type": "wait"}, ""), ({"action_type": "wait"}, "See <image> 2"),
        ({"action_type": "wait"}, "Wait"),
    ]  # fmt: skip
    source = write_android_control(tmp_path / "src", [[ac_episode(1, "go", steps), ac_episode(1, "again", steps)]])
    status, summary, _ = evaluate("android-control", source, "--split", "all", "--level", "low", "--history", "none")
    assert (status, summary["n"], summary["step_success_rate"]) == (0, 1, 1.0)
    assert summary["left_out"] == {
        "step whose action cannot be read": 1, "step without words at level low": 1,
        "step whose words hold the marker of pictures": 1, "episode of a name that another has": 1,
    }  # fmt: skip


def test_missing_screenshots_are_left_out_and_broken_ones_are_unusable(evaluate, odyssey, fake):
    (odyssey / "data/screenshots/1_0.png").unlink()
    (odyssey / "data/screenshots/1_1.png").write_bytes(png(20, 10)[:50])
    status, summary, _ = evaluate("gui-odyssey", odyssey, "--workers", "1", agent=PEER)
    assert (status, summary["planned"], summary["n"], summary["unusable"], len(fake.asked)) == (0, 13, 12, 1, 12)
    assert summary["left_out"] == {"step without a screenshot": 1}


def test_steps_that_are_gone_later_are_reported(evaluate, odyssey, fake, tmp_path):
    fake.answers = [GuiAction("home")] * 3 + [PeerError("down")]
    evaluate("gui-odyssey", odyssey, "--workers", "1", agent=PEER)
    fake.answers = [GuiAction("home")]
    (odyssey / "data/annotations/2.json").unlink()
    results = tmp_path / "out" / "results.jsonl"
    results.write_text("".join(line for line in results.read_text().splitlines(True) if '"episode": "2"' not in line))
    status, summary, stderr = evaluate("gui-odyssey", odyssey, "--workers", "1", agent=PEER)
    assert (status, summary["missing"], summary["n"]) == (1, 2, 12)
    assert "2 steps that were not found again" in stderr


def test_without_boxes_the_published_odyssey_script_is_refused(evaluate, tmp_path):
    source = write_gui_odyssey(tmp_path / "src", {"1": [("COMPLETE", "", "Done.")]}, {"random": {"train": [], "test": ["1"]}})
    status, _, stderr = evaluate("gui-odyssey", source, "--protocol", "odyssey-published")
    assert (status, "--protocol odyssey" in stderr) == (2, True)


def test_ams_of_the_random_split_is_the_mean_over_categories(evaluate, odyssey, fake):
    file = odyssey / "data/annotations/2.json"
    content = json.loads(file.read_text())
    content["task_info"]["category"] = "Web_Shopping"
    file.write_text(json.dumps(content))
    fake.answers = [GuiAction("home")]
    _, summary, _ = evaluate("gui-odyssey", odyssey, "--workers", "1", agent=PEER)
    assert summary["ams"] == pytest.approx((1 / 12 + 1 / 2) / 2, abs=1e-6)
    assert (summary["sr"], summary["ams_over"]) == (0.0, "mean of 2 categories")
    assert summary["step_success_rate"] == pytest.approx(2 / 14, abs=1e-6)


@pytest.mark.parametrize("packed", [False, True])
def test_episodes_of_any_format_are_evaluated(evaluate, tmp_path, packed):
    write_episode(
        tmp_path / "src",
        make_episode(GuiAction("drag", point=(0.1, 0.1), end=(0.5, 0.5)), GuiAction("hotkey", keys=["ctrl", "c"])),
    )
    source = tmp_path / "src"
    if packed:
        source = shutil.make_archive(str(tmp_path / "packed"), "zip", source)
    status, summary, _ = evaluate("episodes", source)
    assert (status, summary["n"], summary["step_success_rate"]) == (0, 2, 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--subset", "0"], "subset"), (["--subset", "14"], "at most 13"), (["--workers", "0"], "workers"),
        (["--protocol", "point-in-box"], "--protocol"), (["--protocol", "mine"], "--protocol"), (["--split", "mine"], "--split"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_refused_in_one_line(evaluate, android, tmp_path, options, words):
    status, summary, stderr = evaluate("android-control", android, *options)
    assert (status, summary, len(stderr.splitlines())) == (2, None, 1)
    assert words in stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("agent", ["expert", "random", "nobody", "openai:http://127.0.0.1:1/v1#Unheard"])
def test_agents_that_cannot_act_on_screens_are_refused(evaluate, android, agent):
    status, _, stderr = evaluate("android-control", android, agent=agent)
    assert (status, len(stderr.splitlines())) == (2, 1)


def test_without_json_the_report_is_a_text(android, tmp_path, capsys):
    assert main(["evaluate", "android-control", str(android), "--agent", "recorded", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("all ")
    assert "protocol os-atlas; level high; history recorded; ac, test, all steps" in shown[-1]
