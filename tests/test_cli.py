import json
import os
import subprocess
import sys

import pytest

from omniactor.cli import main


def last_json(capsys):
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_tasks_lists_90_with_the_documented_keys(capsys):
    assert main(["tasks", "--json"]) == 0
    rows = last_json(capsys)
    assert len(rows) == 90
    assert all(set(row) == {"id", "name", "scene", "language", "goal"} for row in rows)
    assert rows[49]["goal"] == ["In tomato_sauce_1 basket_1_contain_region"]


def test_tasks_are_listed_without_loading_the_simulator():
    code = (
        "import sys; from omniactor.cli import main; main(['tasks']);"
        "heavy = {'mujoco', 'robosuite', 'torch', 'gradio', 'libero', 'numba'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_rollout_replay_and_a_failed_task_is_a_result(capsys, tmp_path):
    record, video = str(tmp_path / "a.json"), str(tmp_path / "a.mp4")
    arguments = ["rollout", "--task", "49", "--agent", "random", "--assets", "standin", "--max-steps", "4", "--seed", "2"]
    assert main([*arguments, "--record", record, "--video", video, "--json"]) == 0
    result = last_json(capsys)
    assert (result["success"], result["steps"], result["agent"], result["assets"], result["seed"]) == (
        False,
        4,
        "random",
        "standin",
        2,
    )
    assert main(["replay", record, "--json"]) == 0
    assert last_json(capsys)["identical"] is True
    assert main(["replay", record]) == 0
    assert "identical to the record" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["rollout", "--task", "900"],
        ["rollout", "--task", "49", "--agent", "nobody", "--assets", "standin"],
        ["rollout", "--task", "1", "--init-state", "50", "--agent", "random", "--assets", "standin"],
        ["rollout", "--task", "49", "--assets", "libero"],
        ["rollout", "--task", "49", "--video", "/nowhere/a.mp4"],
        ["rollout", "--task", "49", "--video", "a.gif"],
        ["rollout", "--task", "49", "--record", "/"],
        ["rollout", "--task", "49", "--max-steps", "0"],
        ["rollout", "--task", "49", "--seed", "-1"],
        ["replay", "/nowhere.json"],
    ],
)
def test_bad_input_ends_with_status_2_one_line_and_no_file(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.err.startswith("omniactor: expected")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["rollout"], ["rollout", "--task", "1", "--seed", "x"], ["rollout", "--task", "1", "--seed", "1", "--init-state", "1"],
     ["rollout", "--task", "1", "--assets", "mine"], ["replay"]],
)  # fmt: skip
def test_bad_arguments_end_with_status_2_and_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_fault_of_the_installation_ends_with_status_1(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OMNIACTOR_CACHE", str(tmp_path / "file" / "cache"))
    assert main(["rollout", "--task", "49", "--assets", "standin"]) == 1
    assert "OMNIACTOR_CACHE" in capsys.readouterr().err


def test_python_m_omniactor_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "omniactor", "rollout", "--task", "x"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
