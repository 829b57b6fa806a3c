"""Two processes share a cache that is damaged under their hands, or die in it at any moment: every scene read is the right one."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from omniactor.sim.assets import resolve_assets
from omniactor.sim.detail import choose_detail
from omniactor.sim.scene import model_bytes
from omniactor.sim.scene_cache import get_scene
from omniactor.sim.tasks import get_task

TASK, DETAIL = get_task(49), choose_detail("fast", 64)
READ = """
import hashlib, sys
from pathlib import Path
from omniactor.sim.assets import AssetSource
from omniactor.sim.detail import choose_detail
from omniactor.sim.scene import model_bytes
from omniactor.sim.scene_cache import get_scene
from omniactor.sim.tasks import get_task
for _ in range(int(sys.argv[2])):
    facts, model = get_scene(get_task(49), AssetSource("standin", Path(sys.argv[1]), ""), choose_detail("fast", 64))
    print(facts.model.split(".")[0], hashlib.sha256(model_bytes(model)).hexdigest()[:32], flush=True)
"""


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache folder."""
    monkeypatch.setenv("OMNIACTOR_CACHE", str(tmp_path))
    return tmp_path / "scenes"


def start(times):
    command = [sys.executable, "-c", READ, str(resolve_assets("standin").folder), str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def expected():
    """Return what every line of a reader must say."""
    facts, model = get_scene(TASK, resolve_assets("standin"), DETAIL)
    digest = facts.model.split(".")[0]
    assert model_bytes(model)  # it is a model that MuJoCo can write again
    return f"{digest} {digest}"


def damage(file, chance):
    """Do to a file what disks, other programs and people do."""
    way = chance.choice(["flip", "cut", "empty", "remove", "folder", "append"])
    if way == "remove":
        file.unlink()
    elif way == "folder":
        file.unlink()
        file.mkdir()
    elif way == "append":
        with file.open("ab") as stream:
            stream.write(b"\0" * 17)
    else:
        size = file.stat().st_size
        with file.open("r+b") as stream:
            if way == "flip":
                stream.seek(chance.randrange(size))
                stream.write(bytes([chance.randrange(256)]))
            else:
                stream.truncate(chance.randrange(size) if way == "cut" else 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_two_readers_get_the_right_scene_while_a_third_damages_the_files(cache, seed):
    wanted, chance, done, damaged = expected(), random.Random(seed), threading.Event(), []

    def vandal():
        while not done.wait(chance.uniform(0.05, 0.5)):
            for blocked in [entry for entry in cache.iterdir() if entry.is_dir()]:
                shutil.rmtree(blocked)
            files = [entry for entry in cache.iterdir() if entry.is_file() and not entry.name.startswith(".")]
            try:
                if files:
                    damage(chance.choice(files), chance)
                    damaged.append(1)
            except (FileNotFoundError, ValueError):  # a reader was faster, or the file is empty already
                continue

    thread = threading.Thread(target=vandal)
    thread.start()
    readers = [start(6) for _ in range(2)]
    outputs = [reader.communicate() for reader in readers]
    done.set()
    thread.join()
    assert [reader.returncode for reader in readers] == [0, 0], outputs
    assert [output.splitlines() for output, _ in outputs] == [[wanted] * 6] * 2
    assert all("Traceback" not in errors for _, errors in outputs)
    assert len(damaged) > 2


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_a_cache_that_serves(cache):
    wanted = expected()
    began = time.monotonic()
    shutil.rmtree(cache)
    start(1).communicate()
    whole, chance, killed = time.monotonic() - began, random.Random(0), 0
    for _ in range(4):
        shutil.rmtree(cache)
        writers = [start(1) for _ in range(2)]
        time.sleep(chance.uniform(0.3, 1.0) * whole)
        for writer in writers:
            killed += writer.poll() is None
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
        assert expected() == wanted  # from what is there, or compiled anew
        process = start(1)
        output, errors = process.communicate()
        assert output.split("\n")[0] == wanted, errors
    assert killed > 0
    assert os.listdir(cache)
