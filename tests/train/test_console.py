"""What a run says: one readable line per entry, nothing of what is for files only."""

import subprocess
import sys

import pytest

from omniactor.train.console import log_line
from omniactor.train.predictions import Prediction

ENTRY = {"loss": 6.8812345678, "grad_norm": 9.8144, "learning_rate": 0.00099713, "samples_per_second": 58.8412, "bin_accuracy": 0.017857,
         "bin_error": 0.68012, "loss_action_dx": 5.553, "loss_embodied": 6.98712, "loss_gui": 6.85512, "token_accuracy_gui": 0.0308,
         "minutes_left": 0.12, "epoch": 0.08333333333333333}  # fmt: skip


def test_an_entry_is_one_line_of_rounded_numbers():
    assert log_line(5, 600, ENTRY) == (
        "step   5/600  loss 6.881  gui 6.855  arm 6.987  tokens right 3.1%  bins right 1.8%  bin error 0.680  "
        "lr 1.0e-03  norm 9.81  samples/s 58.8  7 s left"
    )


def test_an_evaluation_is_marked():
    line = log_line(30, 60, {"eval_loss_gui": 5.0, "eval_bin_error": 0.25, "epoch": 1.0})
    assert line == "step 30/60  held out  gui 5.000  bin error 0.250"


@pytest.mark.parametrize("entry", [{}, {"train_runtime": 3.0, "train_loss": 5.0}, {"epoch": 1.0}])
def test_what_is_for_files_only_is_not_printed(entry):
    assert log_line(5, 60, entry) == ""


@pytest.mark.parametrize(("minutes", "said"), [(0, "0 s"), (0.5, "30 s"), (1.5, "1 min"), (89, "89 min"), (150, "2.5 h")])
def test_the_time_left_is_said_in_a_fitting_unit(minutes, said):
    assert log_line(1, 2, {"loss": 1.0, "minutes_left": minutes}).endswith(f"{said} left")


def test_a_prediction_is_shown_beside_what_was_right():
    shown = str(Prediction("gui", "Click on x", "Action: a\nOperation: b", "junk\n" * 100, None))
    assert shown.startswith("gui: Click on x\n    wanted Action: a / Operation: b\n    got    junk / junk")
    assert max(map(len, shown.split("\n"))) < 170


def test_a_run_prints_lines_of_its_own_and_nothing_else(tmp_path):
    settings = ["max_steps=2", "save_every=2", "log_every=1", "eval_every=2", "eval_batches=1", "eval_samples=1"]
    command = [sys.executable, "-m", "omniactor", "train", "debug", "--out", str(tmp_path / "run"), "--set", *settings]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    starts = ["step 1/2  loss", "step 2/2  loss", "step 2/2  held out", "  gui: ", "      wanted ", "      got  ", "  embodied: ",
              "      wanted ", "      got  "]  # fmt: skip
    assert len(lines) == len(starts) and all(line.startswith(start) for line, start in zip(lines, starts, strict=True))
    assert result.stdout.splitlines()[-1] == "this ran on stand-ins: random weights, toy data"
