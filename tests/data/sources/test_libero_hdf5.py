"""LIBERO's HDF5 files: which observation belongs to which action, which way up, and which steps count."""

import numpy as np
import pytest

from omniactor.gui.images import open_image
from tests.data.sources.fixtures.libero import write_libero

TASK = "KITCHEN_SCENE1_put_the_black_bowl_on_the_plate"


def moves(steps, gripper=-1.0):
    """Actions whose first number says which row they are."""
    actions = np.zeros((steps, 7))
    actions[:, 0] = np.arange(1, steps + 1) / 100
    actions[:, 6] = gripper
    return actions


def test_an_observation_after_its_action_is_answered_by_the_next(convert, tmp_path):
    write_libero(tmp_path / "src" / f"{TASK}_demo.hdf5", [moves(5)])
    samples, report = convert("libero-hdf5", tmp_path / "src")
    assert len(samples) == report["kept"] == 4
    for step, sample in enumerate(samples):
        assert sample.actions[0][0] == pytest.approx((step + 2) / 100)  # row `step` was observed after action `step`
        assert sample.state == (step + 1.0,) * 8
        assert (sample.task, sample.episode, sample.step, sample.source) == (TASK, "demo_0", step, "libero-hdf5")
    assert samples[0].turns == (
        ("<image> What action should the robot take to put the black bowl on the plate?",
         "Action: [0.020, 0.000, 0.000, 0.000, 0.000, 0.000, -1.000]"),
    )  # fmt: skip
    assert report["notes"] == {"first actions without an observation before them": 1}


def test_pictures_are_upright_and_of_the_observation(convert, tmp_path):
    source = write_libero(tmp_path / f"{TASK}_demo.hdf5", [moves(5)])
    samples, _ = convert("libero-hdf5", source, "--cameras", "agentview,wrist")
    assert samples[2].cameras == ("agentview", "wrist")
    assert samples[2].turns[0][0].startswith("<image> <image> What action")
    front, wrist = (open_image(tmp_path / "out" / name) for name in samples[2].images)
    assert (front[0, 0] == 30).all()
    assert (front[-1, 0] == 200).all()
    assert (wrist[0, 0] == 225).all()


@pytest.mark.parametrize(
    ("options", "attributes"), [(("--obs-alignment", "pre-action"), {}), ((), {"obs_alignment": "pre-action"})]
)
def test_observations_before_their_action_on_request_or_when_the_file_says_so(convert, tmp_path, options, attributes):
    source = write_libero(tmp_path / f"{TASK}_demo.hdf5", [moves(3)], attributes=attributes)
    samples, _ = convert("libero-hdf5", source, *options)
    assert [sample.actions[0][0] for sample in samples] == pytest.approx([0.01, 0.02, 0.03])


@pytest.mark.parametrize(("stored", "top", "left"), [("upright", 200, 200), ("flipped", 10, 10), ("rotated", 10, 10)])
def test_the_way_up_can_be_given(convert, tmp_path, stored, top, left):
    source = write_libero(tmp_path / f"{TASK}_demo.hdf5", [moves(2)])
    samples, _ = convert("libero-hdf5", source, "--stored", stored)
    assert open_image(tmp_path / "out" / samples[0].images[0])[0, 0].tolist() == [top] * 3


def test_a_chunk_is_the_next_actions_as_far_as_there_are_any(convert, tmp_path):
    source = write_libero(tmp_path / f"{TASK}_demo.hdf5", [moves(6)])
    samples, _ = convert("libero-hdf5", source, "--chunk", "3")
    firsts = [[round(row[0] * 100) for row in sample.actions] for sample in samples]
    assert firsts == [[2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6], [6]]


def test_no_ops_are_left_out_but_a_gripper_that_turns_round_is_none(convert, tmp_path):
    actions = moves(6)
    actions[2, :6] = 0  # nothing is done
    actions[3, :6] = 0
    actions[3, 6] = 1  # the gripper closes
    actions[4, :6] = 0
    actions[4, 6] = 1  # nothing is done
    source = write_libero(tmp_path / f"{TASK}_demo.hdf5", [actions])
    samples, report = convert("libero-hdf5", source, "--chunk", "4")
    assert [sample.step for sample in samples] == [0, 2, 4]
    assert [row[6] for row in samples[0].actions] == [-1, 1, -1]
    assert report["dropped"] == {"no-op": 2}
    assert len(convert("libero-hdf5", source, "--no-ops", "keep", out="all")[0]) == 5


@pytest.mark.parametrize("alignment", ["post-action", "pre-action"])
def test_a_gripper_that_turns_round_after_nothing_but_no_ops_is_kept(convert, tmp_path, alignment):
    actions = np.zeros((5, 7))
    actions[:, 6] = [-1, 1, 1, -1, -1]
    source = write_libero(tmp_path / f"{TASK}_demo.hdf5", [actions])
    samples, _ = convert("libero-hdf5", source, "--obs-alignment", alignment)
    later = int(alignment == "post-action")
    assert [sample.step + later for sample in samples] == [1, 3]


def test_the_filter_never_empties_a_task(convert, tmp_path):
    still = np.zeros((5, 7))
    still[:, 6] = -1
    write_libero(tmp_path / "src" / f"{TASK}_demo.hdf5", [still, still])
    samples, report = convert("libero-hdf5", tmp_path / "src")
    assert len(samples) == 8
    assert report["empty_tasks"] == []
    assert report["notes"]["episodes of nothing but no-ops, kept whole"] == 2


def test_what_cannot_be_used_is_counted_with_its_reason(convert, tmp_path):
    infinite, foreign, over = moves(4), moves(4), moves(4)
    infinite[1, 0], foreign[1, 0], over[1, 0] = np.nan, 30, 1.2
    write_libero(tmp_path / "src" / f"{TASK}_demo.hdf5", [infinite, foreign, over, moves(1)])
    write_libero(tmp_path / "src" / "sub" / "KITCHEN_SCENE9_nothing_demo.hdf5", [moves(1)])
    samples, report = convert("libero-hdf5", tmp_path / "src")
    assert {sample.episode for sample in samples} == {"demo_2"}
    assert max(max(row) for sample in samples for row in sample.actions) == 1
    assert report["dropped"] == {
        "episode without a step": 2, "episode with NaN or infinity in its actions": 1,
        "episode with actions far beyond [-1, 1], so of another convention": 1,
    }  # fmt: skip
    assert report["notes"]["numbers of actions clipped to [-1, 1]"] == 1
    assert report["empty_tasks"] == ["KITCHEN_SCENE9_nothing"]


def test_words_of_tasks_that_are_not_libero_90s_come_from_the_file(convert, tmp_path):
    source = write_libero(tmp_path / "pick_up_the_soup_demo.hdf5", [moves(2)], language="pick up the soup")
    samples, _ = convert("libero-hdf5", source)
    assert samples[0].turns[0][0].endswith("to pick up the soup?")


def test_demonstrations_come_in_the_order_of_their_numbers(convert, tmp_path):
    source = write_libero(tmp_path / f"{TASK}_demo.hdf5", [moves(2)] * 11)
    assert [sample.episode for sample in convert("libero-hdf5", source)[0]] == [f"demo_{number}" for number in range(11)]


def test_a_file_that_is_none_is_refused(refused, tmp_path):
    (tmp_path / "x_demo.hdf5").write_bytes(b"not this")
    assert "HDF5" in refused("libero-hdf5", tmp_path / "x_demo.hdf5")
    (tmp_path / "empty").mkdir()
    assert "_demo.hdf5" in refused("libero-hdf5", tmp_path / "empty")
