"""Scenes from the cache are those that were compiled; damage, crowds, kills and other versions do no harm."""

import os
import signal
import subprocess
import sys
import time

import mujoco
import numpy as np
import pytest

from omniactor.errors import InputError
from omniactor.sim import scene_cache
from omniactor.sim.assets import resolve_assets
from omniactor.sim.detail import choose_detail
from omniactor.sim.libero import Libero90Env
from omniactor.sim.scene import model_bytes
from omniactor.sim.scene_cache import cache_limit, entry_path, get_scene, prune
from omniactor.sim.tasks import get_task

TASK, DETAIL = get_task(49), choose_detail("fast", 64)
GET = """
import sys
from pathlib import Path
from omniactor.sim.assets import AssetSource
from omniactor.sim.detail import choose_detail
from omniactor.sim.scene_cache import get_scene
from omniactor.sim.tasks import get_task
facts, model = get_scene(get_task(49), AssetSource("standin", Path(sys.argv[1]), ""), choose_detail("fast", 64))
print(facts.model, model.nq, "robosuite" in sys.modules)
"""


@pytest.fixture(scope="module")
def source():
    return resolve_assets("standin")


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache folder."""
    monkeypatch.setenv("OMNIACTOR_CACHE", str(tmp_path))
    return tmp_path / "scenes"


def get(source):
    facts, model = get_scene(TASK, source, DETAIL)
    return facts, model_bytes(model)


def compilations(monkeypatch):
    """Count how often a scene is compiled."""
    from omniactor.sim import compile as module

    counted, original = [], module.compile_scene
    monkeypatch.setattr(module, "compile_scene", lambda *arguments: counted.append(1) or original(*arguments))
    return counted


def start(cache, source, program=GET):
    environment = {**os.environ, "OMNIACTOR_CACHE": str(cache.parent)}
    command = [sys.executable, "-c", program, str(source.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_a_scene_from_the_cache_is_the_one_that_was_compiled_bit_for_bit(cache, source):
    actions = np.random.default_rng(0).uniform(-1, 1, (50, 7))
    runs = []
    for _ in range(2):
        env = Libero90Env(TASK, assets=source, obs_type="state", image_size=64)
        env.reset(seed=3)
        runs.append([env.fixture_poses(), *[(env.step(action), env.flat_state())[1] for action in actions], env.goals()])
        env.close()
    assert len(list(cache.glob("*.mjb"))) == 1
    assert runs[0][0] == runs[1][0]
    np.testing.assert_array_equal(runs[0][1:-1], runs[1][1:-1])
    assert runs[0][-1] == runs[1][-1]


def test_a_hit_needs_neither_libero_nor_robosuite(cache, source):
    get(source)
    process = start(cache, source)
    output, errors = process.communicate()
    assert output.split()[2] == "False", errors


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("suffix", ["json", "mjb"])
def test_a_byte_that_changed_anywhere_is_noticed_and_the_scene_compiled_again(cache, source, monkeypatch, share, suffix):
    facts, model = get(source)
    (file,) = cache.glob(f"*.{suffix}")
    content = bytearray(file.read_bytes())
    content[round(share * (len(content) - 2))] ^= 0x04
    file.write_bytes(content)
    counted = compilations(monkeypatch)
    again = get(source)
    assert (len(counted), again) == (1, (facts, model))
    assert (get(source), len(counted)) == ((facts, model), 1)  # and it was repaired


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("suffix", ["json", "mjb"])
def test_a_file_cut_short_is_noticed_and_the_scene_compiled_again(cache, source, monkeypatch, share, suffix, capfd):
    expected = get(source)
    (file,) = cache.glob(f"*.{suffix}")
    os.truncate(file, int(share * file.stat().st_size))
    counted = compilations(monkeypatch)
    assert (get(source), len(counted)) == (expected, 1)
    assert "Traceback" not in capfd.readouterr().err


def test_a_model_that_another_process_removed_is_compiled_again(cache, source):
    expected = get(source)
    next(cache.glob("*.mjb")).unlink()
    assert get(source) == expected


def test_two_processes_that_want_the_same_scene_get_the_same_one_compiled_once(cache, source):
    processes = [start(cache, source) for _ in range(2)]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    (first, second) = (output.split() for output, _ in outputs)
    assert first[:2] == second[:2]
    assert sorted([first[2], second[2]]) == ["False", "True"]  # one of them compiled
    assert len(list(cache.glob("*.mjb"))) == len(list(cache.glob("*.json"))) == 1


@pytest.mark.parametrize("stop_in", ["write_bytes", "write_text"])
def test_a_writer_that_is_killed_leaves_nothing_that_is_read(cache, source, stop_in):
    """Killed with half of the model, or half of the JSON, on disk."""
    slow = f"""
import pathlib, time
original = pathlib.Path.{stop_in}
def half(self, content, *arguments, **options):
    if not self.name.endswith((".part.mjb", ".part.json")) or "config" in self.name:
        return original(self, content, *arguments, **options)
    original(self, content[: len(content) // 2], *arguments, **options)
    print("half", flush=True)
    time.sleep(60)
pathlib.Path.{stop_in} = half
"""
    process = start(cache, source, slow + GET)
    assert process.stdout.readline().strip() == "half"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not list(cache.glob("task*.json"))
    assert list(cache.glob(".*.part.*"))
    began = time.monotonic()
    facts, _ = get(source)  # the killed process's lock holds nobody up
    assert time.monotonic() - began < 50
    assert (cache / facts.model).is_file()
    for leftover in cache.glob(".*.part.*"):
        os.utime(leftover, (0, 0))
    prune(cache, 10**12)
    assert not list(cache.glob(".*.part.*"))


def test_the_folder_is_bounded_and_the_longest_unused_goes_first(tmp_path):
    for age, name in enumerate(["new.mjb", "middle.mjb", "old.mjb"]):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    prune(tmp_path, 200)
    assert {file.name for file in tmp_path.iterdir()} == {"new.mjb", "middle.mjb"}
    prune(tmp_path, 99)
    assert not list(tmp_path.iterdir())


def test_a_scene_that_is_used_counts_as_new(cache, source):
    get(source)
    for file in cache.iterdir():
        os.utime(file, (0, 0))
    get(source)
    assert all(file.stat().st_mtime > 0 for file in [*cache.glob("*.json"), *cache.glob("*.mjb")])


def test_a_limit_smaller_than_one_scene_still_gives_the_scene(cache, source, monkeypatch):
    monkeypatch.setenv("OMNIACTOR_SCENE_CACHE_MB", "0")
    facts, model = get(source)
    assert facts.nq > 0
    assert not list(cache.glob("*.mjb"))
    assert get(source) == (facts, model)


def test_a_limit_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setenv("OMNIACTOR_SCENE_CACHE_MB", "lots")
    with pytest.raises(InputError, match="megabytes"):
        cache_limit()


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(cache, source, monkeypatch, capfd):
    from omniactor.errors import OutputError

    def full(*_):
        raise OutputError("expected to write x, got: No space left on device; free space or choose another path")

    monkeypatch.setattr(scene_cache, "write_scene", full)
    assert get(source)[0].nq > 0
    assert "No space left" in capfd.readouterr().err


def test_another_version_detail_task_or_asset_has_another_entry(cache, source, monkeypatch, tmp_path):
    import dataclasses
    import shutil

    entries = {entry_path(TASK, source, DETAIL)}
    entries.add(entry_path(get_task(48), source, DETAIL))
    entries.add(entry_path(TASK, source, choose_detail("fast", 256)))
    entries.add(entry_path(TASK, source, choose_detail("full", 64)))
    copy = tmp_path / "models"
    shutil.copytree(source.folder, copy)
    entries.add(entry_path(TASK, dataclasses.replace(source, folder=copy), DETAIL))
    picture = next(copy.rglob("*.png"))
    picture.write_bytes(picture.read_bytes()[::-1])  # the same size, other content
    entries.add(entry_path(TASK, dataclasses.replace(source, folder=copy), DETAIL))
    monkeypatch.setattr(mujoco, "__version__", "9.9.9")
    entries.add(entry_path(TASK, source, DETAIL))
    monkeypatch.setattr(scene_cache, "_source_digest", lambda: "other")
    entries.add(entry_path(TASK, source, DETAIL))
    assert len(entries) == 8


def test_a_model_of_another_mujoco_is_not_read_even_under_the_right_name(cache, source, monkeypatch):
    get(source)
    (entry,) = cache.glob("*.json")
    monkeypatch.setattr(mujoco, "__version__", "9.9.9")
    entry.rename(entry_path(TASK, source, DETAIL))
    counted = compilations(monkeypatch)
    assert get(source)[0].mujoco == "9.9.9"
    assert len(counted) == 1
