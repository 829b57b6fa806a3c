"""The command: going on, refusing, rendering from what is there."""

import shutil
import subprocess
import sys
import time

import pytest

from omniactor.data.folder import demos_manifest, render_jobs
from omniactor.data.formats import RenderPlan, render_task
from omniactor.errors import RecordError

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
    assert summary["rendering"]["pictures"] == 2 * summary["steps"]  # the first state of an episode comes before every action
    assert len(list((copied / "hdf5").iterdir())) == 1


def test_a_damaged_episode_is_an_error_and_leaves_no_half_file(copied):
    shutil.rmtree(copied / "lerobot")
    jobs, _ = render_jobs(copied, demos_manifest(copied))
    broken = bytearray(jobs[47].files[1].read_bytes())
    broken[len(broken) // 4 : len(broken) // 4 + 200] = bytes(200)
    jobs[47].files[1].write_bytes(broken)
    with pytest.raises(RecordError, match="episode00001"):
        render_task({}, lambda: None, RenderPlan(("hdf5", "lerobot"), "standin", "", 32), copied, jobs[47])
    assert not (copied / "lerobot/meta/info.json").exists()
    assert not list(copied.rglob("*.part*"))


def killed_while(command, ready, seconds=60):
    """Start a command, end it with SIGKILL as soon as `ready()`."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + seconds
        while not ready() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        process.kill()
        return process.wait()


@pytest.mark.slow
def test_a_killed_run_goes_on_and_comes_out_the_same(demos, folder, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "omniactor", "demos", "--out", str(out), *FIRST]
    status = killed_while(command, lambda: list(out.glob("episodes/task47/episode00000.npz")))
    assert status == -9
    assert demos("--out", out, *FIRST)[0] == 0
    assert digest(out) == digest(folder)
    # And the second pass: killed while it renders, nothing looks finished, and the next run finishes it.
    render = ("--render-only", "--format", "lerobot", "--workers", "1", "--image-size", "64")
    shutil.copytree(folder / "scenes", out / "scenes")
    status = killed_while([*command[:6], *render], lambda: list(out.rglob("*.part.mp4")))
    assert status == -9
    assert not (out / "lerobot/meta/info.json").exists()
    assert demos("--out", out, *render, "--json")[0] == 0
    assert (out / "lerobot/data/chunk-000/file-000.parquet").read_bytes() == (
        folder / "lerobot/data/chunk-000/file-000.parquet"
    ).read_bytes()
    assert not list(out.rglob("*.part*"))


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
        (("--interventions",), "--interventions"),
        (("--agent", "random", "--alone", "100"), "--interventions"),
        (("--agent", "random", "--interventions", "--alone", "400"), "8 to 399"),
        (("--agent", "random", "--interventions", "--alone", "-1"), "--alone"),
        (("--agent", "random", "--interventions", "--handover", "0.5"), "choose one"),
        (("--format", "hdf5", "--picture-every", "0"), "--picture-every"), (("--picture-every", "2"), "--picture-every"),
        (("--format", "hdf5,lerobot", "--picture-every", "2"), "--picture-every"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line_before_anything_is_made(demos, tmp_path, options, reason):
    status, _, error = demos("--out", tmp_path / "out", "--assets", "standin", *options)
    assert status == 2
    assert reason in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
