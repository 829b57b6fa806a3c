"""The command: going on, refusing, rendering from what is there."""

import json
import shutil

import pytest

FIRST = (
    "--tasks", "47", "--episodes", "2", "--assets", "standin", "--perturb", "light", "--workers", "1", "--json",
)  # fmt: skip
"""The options the folder was begun with; see conftest."""


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "out")


def digest(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.npz")}


def test_a_finished_folder_needs_nothing_more(demos, folder):
    more = ("--image-size", "64", "--format", "hdf5,lerobot", "--grounding", "20")
    status, summary, _ = demos("--out", folder, *FIRST, *more)
    assert status == 0
    assert summary["generation"]["episodes"] == 0
    assert summary["rendering"]["pictures"] == 0
    assert (summary["kept"], summary["asked"], summary["successes"]) == (2, 2, 2)
    assert summary["tasks"][0]["task_id"] == 47
    assert (folder / "lerobot/meta/info.json").is_file()


def test_what_a_kill_left_is_made_again_with_the_same_bytes(demos, copied):
    before = digest(copied)
    (copied / "episodes/task47/episode00001.npz").unlink()
    (copied / "episodes/task47/.episode00001.123.part.npz").write_bytes(b"half")
    lines = (copied / "results.jsonl").read_bytes()
    (copied / "results.jsonl").write_bytes(lines[:-20])
    status, summary, _ = demos("--out", copied, *FIRST)
    assert status == 0
    assert summary["generation"]["episodes"] == 1
    assert digest(copied) == before
    assert not list(copied.rglob("*.part*"))


def test_other_settings_in_the_same_folder_are_refused(demos, folder):
    status, _, error = demos("--out", folder, *FIRST, "--seed", "5")
    assert status == 2
    assert "seed" in error


def test_rendering_needs_only_the_folder(demos, copied, monkeypatch):
    shutil.rmtree(copied / "hdf5")
    monkeypatch.setattr("omniactor.data.plan.resolve_assets", lambda kind: pytest.fail("assets were asked for"))
    status, summary, _ = demos(
        "--out", copied, "--render-only", "--format", "hdf5", "--image-size", "32", "--workers", "1", "--json"
    )
    assert status == 0
    assert summary["rendering"]["pictures"] == 2 * (summary["steps"] + 2)
    assert len(list((copied / "hdf5").iterdir())) == 1


def test_a_damaged_episode_is_an_error_and_leaves_no_half_file(demos, copied):
    shutil.rmtree(copied / "lerobot")
    file = copied / "episodes/task47/episode00001.npz"
    content = json.loads((copied / "manifest.json").read_text())
    assert content["episodes"] == 2
    broken = bytearray(file.read_bytes())
    broken[len(broken) // 4 : len(broken) // 4 + 200] = bytes(200)
    file.write_bytes(broken)
    status, _, error = demos("--out", copied, "--render-only", "--format", "lerobot", "--workers", "1")
    assert status in (1, 2)
    assert "episode00001" in error
    assert not (copied / "lerobot/meta/info.json").exists()
    assert not list(copied.rglob("*.part*"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--episodes", "0"), "episodes"), (("--tasks", "90"), "task id"), (("--format", "rlds"), "--format"),
        (("--perturb", "heavy"), "--perturb"), (("--labels", "nobody"), "--labels"), (("--agent", "nobody"), "agent"),
        (("--handover", "0.5"), "--handover"), (("--agent", "random", "--handover", "nan"), "--handover"),
        (("--seed", "-1"), "seed"), (("--max-steps", "0"), "steps"), (("--attempts", "0"), "attempts"),
        (("--workers", "0"), "worker"), (("--image-size", "8"), "image size"), (("--grounding", "-1"), "grounding"),
        (("--image-size", "65", "--format", "lerobot"), "even"), (("--obs-alignment", "both"), "--obs-alignment"),
        (("--actions", "clean"), "--actions"), (("--render-only",), "something to render"),
        (("--render-only", "--format", "hdf5"), "folder of demonstrations"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line_before_anything_is_made(demos, tmp_path, options, reason):
    status, _, error = demos("--out", tmp_path / "out", "--assets", "standin", *options)
    assert status == 2
    assert reason in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
