"""Files of samples as sources: every line at once, the same pictures and answers that were written."""

import numpy as np
import pytest
from PIL import Image

from omniactor.data.turns import embodied_sample, gui_sample
from omniactor.errors import InputError, SampleError
from omniactor.train.records import RecordSource, folder_sources
from omniactor.types import GuiAction

CLICK = GuiAction("click", point=(0.25, 0.5), description="Tap OK.")
TYPE = GuiAction("write", text="a 'b' <|im_end|>\nc", description="Write it.")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for number, name in enumerate(("screen", "front", "hand")):
        Image.new("RGB", (20 + number, 30), (40 * number, 0, 0)).save(tmp_path / "images" / f"{name}.png")
    screens = [
        gui_sample([("Press OK", (), CLICK)], "images/screen.png"),
        gui_sample([("Find OK", (), CLICK), ("Write", ("Tap it.", "Look: here"), TYPE)], "images/screen.png"),
    ]
    cameras = {"agentview": "images/front.png", "wrist": "images/hand.png"}
    arm = [embodied_sample("open the drawer", cameras, np.full((4, 7), 0.1 * n), np.arange(8) / 10) for n in range(3)]
    (tmp_path / "web.jsonl").write_text("".join(s.to_line() for s in screens))
    (tmp_path / "arm.jsonl").write_text("".join(s.to_line() for s in arm))
    return tmp_path


def test_a_conversation_counts_once_per_question(folder):
    source = RecordSource(folder / "web.jsonl")
    assert (len(source), source.world, source.name) == (3, "gui", "web")
    first, second, third = (source[i] for i in range(3))
    assert (first.observation.instruction, first.observation.history, first.action) == ("Press OK", (), CLICK)
    assert second.action == CLICK and second.observation.images["screen"].shape == (30, 20, 3)
    assert (third.observation.instruction, third.observation.history) == ("Write", ("Tap it.", "Look: here"))
    assert third.action == TYPE


def test_an_arm_sample_has_its_cameras_state_and_as_many_actions_as_asked(folder):
    source = RecordSource(folder / "arm.jsonl", chunk=3)
    sample = source[2]
    assert sample.observation.instruction == "open the drawer"
    assert sample.observation.images["wrist"][0, 0].tolist() == [80, 0, 0]
    np.testing.assert_allclose(sample.observation.state, np.arange(8) / 10, atol=1e-6)
    np.testing.assert_allclose(sample.action, np.full((3, 7), 0.2), atol=1e-6)


def test_the_index_is_kept_and_made_anew_when_the_file_changes(folder):
    RecordSource(folder / "arm.jsonl")
    assert (folder / ".arm.index.npy").exists()
    assert len(RecordSource(folder / "arm.jsonl")) == 3
    lines = (folder / "arm.jsonl").read_text().splitlines(keepends=True)
    (folder / "arm.jsonl").write_text("".join(lines[:2]))
    assert len(RecordSource(folder / "arm.jsonl")) == 2
    (folder / ".arm.index.npy").write_bytes(b"nonsense")
    assert RecordSource(folder / "arm.jsonl")[1].action[0, 0] == pytest.approx(0.1)


def test_a_broken_line_names_file_and_line(folder):
    with (folder / "arm.jsonl").open("a") as file:
        file.write("{broken\n")
    with pytest.raises(SampleError, match=r"arm\.jsonl, line 4"):
        RecordSource(folder / "arm.jsonl")


def test_a_missing_picture_names_file_and_place(folder):
    source = RecordSource(folder / "web.jsonl")
    (folder / "images" / "screen.png").unlink()
    with pytest.raises(SampleError, match=r"web\.jsonl, byte 0"):
        source[0]


def test_a_folder_gives_the_sources_of_the_worlds_asked_for(folder):
    assert [s.name for s in folder_sources(folder, ["gui", "embodied"], 1)] == ["arm", "web"]
    (folder / "results.jsonl").write_text('{"task_id": 7, "status": "success"}\n')  # the generator's own list of episodes
    assert [s.name for s in folder_sources(folder, ["gui"], 1)] == ["web"]
    with pytest.raises(InputError, match="expected a folder of samples"):
        folder_sources(folder / "none", ["gui"], 1)
    with pytest.raises(InputError, match=r"expected \.jsonl or _demo\.hdf5 files with samples of gui"):
        (folder / "web.jsonl").unlink()
        folder_sources(folder, ["gui"], 1)


def test_worlds_do_not_share_a_file(folder):
    (folder / "both.jsonl").write_text((folder / "web.jsonl").read_text() + (folder / "arm.jsonl").read_text())
    with pytest.raises(InputError, match="one world in both"):
        RecordSource(folder / "both.jsonl")


def test_a_run_trains_on_a_folder(folder, tmp_path):
    from omniactor.train.recipe import RECIPES, change
    from omniactor.train.run import train

    settings = [
        "max_steps=2",
        "eval_every=0",
        "eval_data=",
        f"data={folder}",
        "log_every=1",
        "batch_size=4",
        "micro_batch_size=2",
    ]
    outcome = train(change(RECIPES["debug"], [*settings, "world_block=1"]), tmp_path / "out")
    assert outcome.steps == 2 and outcome.stand_ins == ["random weights"]
