import json
import os

import pytest

from omniactor.errors import InputError, OutputError
from omniactor.evaluate.manifest import make_manifest, spans
from omniactor.evaluate.results import ResultsFolder
from tests.evaluate.conftest import outcome

SETTINGS = {"agent": "expert", "max steps": 400, "version of": {"mujoco": "3.3.2"}}


def manifest(tasks=(47, 0), episodes=3, **changes):
    return make_manifest({**SETTINGS, **changes}, list(tasks), episodes, "2026-01-01T00:00:00+00:00")


@pytest.fixture
def filled(tmp_path):
    """Return a folder with three outcomes."""
    folder = ResultsFolder(tmp_path / "out", manifest())
    for made in (outcome(47, 0), outcome(47, 1, "failure"), outcome(0, 0, "error")):
        folder.add(made)
    folder.close()
    return folder.path


def reopen(path, content=None):
    folder = ResultsFolder(path, content or manifest())
    folder.close()
    return folder


def test_outcomes_come_back_as_they_were_written(filled):
    found = reopen(filled).outcomes
    assert {tuple(job): made.status for job, made in found.items()} == {(47, 0): "success", (47, 1): "failure", (0, 0): "error"}
    assert found[47, 1] == outcome(47, 1, "failure", finished=found[47, 1].finished)


def test_the_latest_outcome_of_an_episode_counts(filled):
    folder = ResultsFolder(filled, manifest())
    folder.add(outcome(0, 0, "success"))
    folder.close()
    assert reopen(filled).outcomes[0, 0].status == "success"


@pytest.mark.parametrize("kept", [1, 30, -1])
def test_a_torn_last_line_is_dropped_and_the_next_line_is_whole(filled, kept):
    results = filled / "results.jsonl"
    whole = results.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    results.write_bytes(whole[: -len(last)] + last[:kept])  # -1: everything but the newline
    folder = ResultsFolder(filled, manifest())
    assert sorted(folder.outcomes) == [(47, 0), (47, 1)]
    folder.add(outcome(0, 2))
    folder.close()
    assert sorted(reopen(filled).outcomes) == [(0, 2), (47, 0), (47, 1)]
    assert [json.loads(line)["episode"] for line in results.read_text().splitlines()] == [0, 1, 2]


def test_damage_in_the_middle_is_refused_by_line_number_and_nothing_is_changed(filled):
    results = filled / "results.jsonl"
    lines = results.read_text().splitlines()
    for bad in ("{", "[]", "7", '{"task_id": 1}', lines[0].replace("success", "maybe"), ""):
        results.write_text("\n".join([lines[0], bad, lines[2]]) + "\n")
        with pytest.raises(InputError, match="line 2"):
            reopen(filled)
        assert results.read_text().splitlines()[1] == bad


def test_tasks_and_episodes_can_be_added_and_the_beginning_stays(filled):
    later = manifest((47, 0, 3), 5)
    later["created"] = "2027-01-01T00:00:00+00:00"
    assert reopen(filled, later).manifest == manifest((47, 0, 3), 5)
    assert json.loads((filled / "manifest.json").read_text()) == manifest((47, 0, 3), 5)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (manifest(agent="random"), "agent expert .* got random"),
        (manifest(**{"max steps": 600}), "max steps 400 .* got 600"),
        (manifest(**{"version of": {"mujoco": "3.9.0"}}), "version of mujoco 3.3.2 .* got 3.9.0"),
        (manifest(new=1), "new nothing .* got 1"),
        (manifest(tasks=(0,)), "tasks 0,47 .* got 0"),
        (manifest(episodes=2), "at least 3 episodes .* got 2"),
    ],
)
def test_other_settings_are_refused_naming_the_setting_what_was_and_what_is_asked(filled, asked, words):
    before = (filled / "manifest.json").read_bytes()
    with pytest.raises(InputError, match=words) as caught:
        reopen(filled, asked)
    assert "\n" not in str(caught.value)
    assert (filled / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": "other"}', '{"format": "omniactor-evaluation", "version": 9}',
                '{"format": "omniactor-evaluation", "version": 1, "settings": []}', "\udcff"],
)  # fmt: skip
def test_a_damaged_manifest_is_refused(filled, content):
    (filled / "manifest.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"manifest\.json"):
        reopen(filled)


def test_a_second_run_in_the_same_folder_is_refused_while_the_first_one_lives(filled):
    first = ResultsFolder(filled, manifest())
    with pytest.raises(InputError, match="another evaluation"):
        ResultsFolder(filled, manifest(episodes=9))
    assert json.loads((filled / "manifest.json").read_text())["episodes"] == 3
    first.close()
    reopen(filled)


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(InputError, match=r"thesis\.txt"):
        reopen(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_a_run_killed_before_its_manifest_leaves_a_folder_that_can_be_used(tmp_path):
    (tmp_path / "results.jsonl").touch()
    (tmp_path / ".manifest.77.part.json").write_text("{")
    assert reopen(tmp_path).outcomes == {}


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below", "/proc/nowhere"):
        with pytest.raises(OutputError, match="folder"):
            reopen(path)


def test_a_full_disk_is_one_line_and_the_results_before_it_stay():
    folder = ResultsFolder.__new__(ResultsFolder)
    folder.outcomes = {}
    with open("/dev/full", "ab", buffering=0) as full, pytest.raises(OutputError, match="No space left"):
        folder._file, folder.path = full, __import__("pathlib").Path("/x")
        folder.add(outcome())
    assert folder.outcomes == {}


def test_spans_are_what_tasks_reads():
    assert spans([0, 1, 2, 7, 9, 10]) == "0-2,7,9-10"
    assert spans([]) == ""
