"""A process that dies between any two things it does to the disk leaves a run that goes on to the same weights."""

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from omniactor.train.checkpoint import newest_valid

SMALL = (
    "max_steps=6", "save_every=2", "log_every=2", "eval_every=0", "eval_data=", "batch_size=4", "micro_batch_size=2", "world_block=2",
)  # fmt: skip

# Counts what is done to files of the run (opened to write, moved, removed, made) and dies by SIGKILL at a given count.
DRIVER = """
import os, signal, sys
out, fatal, trace = sys.argv[1], int(sys.argv[2]), sys.argv[3]
count = 0
def watch(event, arguments):
    global count
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
    elif event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"):
        path, writes = arguments[0], True
    else:
        return
    path = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    if not writes or not (path.startswith(out) or not path.startswith("/")) or "tensorboard" in path:
        return
    count += 1
    if fatal == 0:
        os.write(descriptor, f"{event} {path}\\n".encode())
    elif count == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
from omniactor.cli import main
descriptor = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(watch)
sys.exit(main(["train", "debug", "--out", out, "--set", *sys.argv[4:]]))
"""


def run(folder, fatal, trace="/dev/null"):
    command = [sys.executable, "-c", DRIVER, str(folder), str(fatal), str(trace), *SMALL]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run, and what it did to the disk."""
    folder = tmp_path_factory.mktemp("kills")
    result = run(folder / "whole", 0, folder / "trace")
    assert result.returncode == 0, result.stderr[-2000:]
    return folder / "whole", (folder / "trace").read_text().splitlines()


# Of checkpoint 4, for there is one before it; and of what follows.
MOMENTS = {
    "before its weights": lambda steps: _find(steps, "checkpoint-4/config.json"),
    "after its weights": lambda steps: _find(steps, "checkpoint-4/training_args.bin"),
    "before its manifest": lambda steps: _find(steps, "checkpoint-4/manifest.json"),
    "before it is moved to its place": lambda steps: _find(steps, "os.rename", "checkpoint-4"),
    "while an old one is removed": lambda steps: _find(steps, "shutil.rmtree", "checkpoint-2") + 5,
    "while the model is written": lambda steps: _find(steps, "model/generation_config.json", after="checkpoint-6/manifest.json"),
}
MORE = {
    "before the first checkpoint": lambda steps: _find(steps, "checkpoint-2/trainer_state.json"),
    "after it is moved to its place": lambda steps: _find(steps, "os.rename", "checkpoint-4") + 1,
    "before a line of the log": lambda steps: _find(steps, "log.jsonl", after="checkpoint-4/manifest.json"),
    "before the model is moved to its place": lambda steps: _find(steps, "os.rename", "model"),
    "before the last thing": lambda steps: len(steps) - 1,
}


def _find(steps, *words, after=""):
    begin = next(number for number, step in enumerate(steps) if after in step)
    return next(number for number, step in enumerate(steps) if number >= begin and all(word in step for word in words))


@pytest.mark.parametrize("moment", [*MOMENTS, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_a_run_killed_there_goes_on_to_the_same_weights(whole, tmp_path, moment):
    reference, steps = whole
    out = tmp_path / "run"
    assert run(out, 1 + (MOMENTS | MORE)[moment](steps)).returncode == -9
    path, _ = newest_valid(out)
    done = int(path.name.split("-")[1]) if path else 0
    result = run(out, 0)
    assert result.returncode == 0, result.stderr[-2000:]
    first, second = (load_file(folder / "model" / "model.safetensors") for folder in (reference, out))
    assert first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())
    assert not list(out.glob(".staged*")) and not list(out.glob(".*.part*"))
    logged = [json.loads(line)["step"] for line in (out / "log.jsonl").read_text().splitlines() if "minutes_left" in line]
    assert logged == ([2, 4, 6] if done < 6 else logged[:3])
