"""Packs: the same HDF5 files from thin episodes, in pieces, on a machine that only renders."""

import json
import shutil

import h5py
import numpy as np
import pytest

from omniactor.cli import main
from omniactor.data import packing
from omniactor.data.packing import FILE, pack, unpack
from omniactor.errors import InputError, RecordError
from omniactor.sim.tasks import TASKS

EVERY = 7
RENDER = ("--render-only", "--format", "hdf5", "--obs-alignment", "pre-action", "--image-size", "48", "--workers", "1", "--json")
ONLY_WHOLE = {"states", "executed", "obs/joint_states"}


@pytest.fixture(scope="module")
def packed(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("pack") / "pack"
    assert main(["pack", str(folder), "--out", str(out), "--picture-every", str(EVERY), "--json"]) == 0
    return out


@pytest.fixture(scope="module")
def unpacked(packed, tmp_path_factory):
    out = tmp_path_factory.mktemp("unpacked") / "out"
    assert main(["unpack", str(packed), "--out", str(out), "--json"]) == 0
    return out


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A folder of another task, with another seed: one short episode that failed."""
    out = tmp_path_factory.mktemp("other") / "out"
    options = ("--agent", "random", "--labels", "agent", "--keep-failures", "--max-steps", "9", "--seed", "5", "--scenes")
    command = ["demos", "--tasks", "49", "--episodes", "1", "--assets", "standin", "--workers", "1", "--json", *options]
    assert main([*command, "--out", str(out)]) == 0
    return out


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copied", ignore=shutil.ignore_patterns("hdf5", "lerobot", "grounding"))


def contents(file):
    found = {}
    file.visititems(lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None)
    return {name: item[:] for name, item in found.items()}


def test_what_is_rendered_is_what_the_whole_episodes_give(demos, copied, unpacked):
    for place in (copied, unpacked):
        status, summary, _ = demos("--out", place, *RENDER, "--picture-every", EVERY)
        assert status == 0
        assert summary["kept"] == 2
        assert summary["rendering"]["pictures"] > 0
    name = f"hdf5/{TASKS[47].name}_demo.hdf5"
    with h5py.File(copied / name) as whole, h5py.File(unpacked / name) as thin:
        expected, found = contents(whole), contents(thin)
        left_out = {f"data/demo_{number}/{entry}" for number in range(2) for entry in ONLY_WHOLE}
        assert set(expected) - set(found) == left_out
        assert set(found) < set(expected)
        for key, array in found.items():
            assert array.dtype == expected[key].dtype
            if key.endswith("_rgb"):
                difference = np.abs(array.astype(int) - expected[key])
                assert array.std() > 10
                assert (difference <= 1).mean() > 0.9999  # single precision moves an edge over a sample now and then
            elif key.endswith("target_pos"):
                np.testing.assert_allclose(array, expected[key], atol=1e-5)
            else:
                assert np.array_equal(array, expected[key]), key
        for place in ("data", "data/demo_0", "data/demo_1"):
            was, now = dict(whole[place].attrs), dict(thin[place].attrs)
            assert set(was) - set(now) == (set() if place == "data" else {"init_state"})
            assert all(np.array_equal(now[key], was[key]) for key in now if key != "digest")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--picture-every", "3"), "--picture-every 7"), ((), "--picture-every 7"),
        (("--picture-every", "7", "--obs-alignment", "post-action"), "--obs-alignment pre-action"),
        (("--picture-every", "7", "--actions", "executed"), "--actions labels"),
        (("--picture-every", "7", "--grounding", "5"), "--grounding 0"),
        (("--format", "lerobot"), "--format hdf5"),
    ],
)  # fmt: skip
def test_pictures_it_has_no_states_for_are_refused_in_one_line(demos, unpacked, options, reason):
    status, _, error = demos("--out", unpacked, *RENDER, *options)
    assert status == 2
    assert f"expected {reason} as " in error
    assert len(error.strip().splitlines()) == 1


def test_an_unpacked_folder_takes_no_new_episodes_and_is_not_packed_again(demos, unpacked, tmp_path):
    status, _, error = demos("--out", unpacked, "--tasks", "47", "--episodes", "3", "--assets", "standin", "--perturb", "light")
    assert status == 2
    assert "packed" in error
    with pytest.raises(InputError, match="an unpacked folder"):
        pack([unpacked], tmp_path / "again")


def test_an_episode_that_is_gone_is_noticed_because_the_others_get_other_pictures(demos, unpacked, tmp_path):
    place = shutil.copytree(unpacked, tmp_path / "place", ignore=shutil.ignore_patterns("hdf5"))
    (place / "episodes/task47/episode00000.npz").unlink()
    status, _, error = demos("--out", place, *RENDER, "--picture-every", EVERY)
    assert status == 1
    assert "episode 1 of task 47 was packed for" in error
    assert not list(place.rglob("*.hdf5"))


@pytest.mark.parametrize("damage", ["gone", "changed", "short"])
def test_a_piece_that_is_missing_or_damaged_is_named(packed, tmp_path, damage, capsys):
    place = shutil.copytree(packed, tmp_path / "pack")
    piece = place / "episodes-00.bin"
    content = bytearray(piece.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        piece.unlink()
    else:
        piece.write_bytes(content if damage == "changed" else content[:100])
    assert main(["unpack", str(place), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "episodes-00.bin" in error
    assert len(error.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pack"]


def test_what_is_no_pack_is_refused(packed, tmp_path):
    for content in (None, "{", "[]", '{"format": "omniactor-pack", "version": 2}'):
        if content:
            (tmp_path / FILE).write_text(content)
        with pytest.raises(InputError, match="omniactor pack"):
            unpack(tmp_path, tmp_path / "out")
    with pytest.raises(InputError, match="a new folder"):
        unpack(packed, tmp_path)


def test_folders_with_different_tasks_come_into_one_pack_in_pieces_of_the_size_asked_for(folder, other, tmp_path):
    report = pack([other, folder], tmp_path / "pack", EVERY, episodes=1, piece_bytes=1_000_000)
    assert (report["tasks"], report["episodes"], report["assets"]) == ([47, 49], 2, ["standin"])
    pieces = report["archives"]["scenes"]["pieces"]
    assert len(pieces) > 1
    assert all(piece["bytes"] == 1_000_000 for piece in pieces[:-1])
    for piece in pieces:
        assert (tmp_path / "pack" / piece["name"]).stat().st_size == piece["bytes"]
    unpack(tmp_path / "pack", tmp_path / "out")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert (manifest["tasks"], manifest["episodes"]) == ([47, 49], 1)
    assert manifest["settings"]["seed"] == [5, 0]
    assert len((tmp_path / "out/results.jsonl").read_text().splitlines()) == 2
    assert len(list(tmp_path.glob("out/episodes/task*/*.npz"))) == 2
    assert len(list(tmp_path.glob("out/scenes/standin/task*.json"))) == 2


def test_scenes_are_the_same_to_the_byte_once_they_are_opened(folder, unpacked):
    import gzip

    (was,), (now,) = ((place / "scenes/standin").glob("*.mjb.gz") for place in (folder, unpacked))
    assert was.name == now.name
    assert gzip.decompress(was.read_bytes()) == gzip.decompress(now.read_bytes())


def test_the_same_task_twice_is_refused(folder, copied, tmp_path):
    with pytest.raises(InputError, match=r"different tasks.*47"):
        pack([folder, copied], tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


def test_other_assets_are_refused(other, copied, tmp_path):
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["settings"]["assets fingerprint"] = "another"
    (copied / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="same assets fingerprint"):
        pack([other, copied], tmp_path / "pack")


def test_what_a_run_in_progress_has_not_reported_is_left_out(copied, tmp_path):
    lines = (copied / "results.jsonl").read_bytes()
    (copied / "results.jsonl").write_bytes(lines[:-20])
    assert pack([copied], tmp_path / "pack", EVERY)["episodes"] == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--picture-every", "0"), "--picture-every"), (("--episodes", "0"), "--episodes"), (("--piece-mb", "0"), "--piece-mb"),
        (("--tasks", "90"), "task id"), (("--tasks", "3"), "--tasks"), (("--scenes", "/nowhere"), "--scenes"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line_and_leaves_nothing(folder, tmp_path, options, reason, capsys):
    assert main(["pack", str(folder), "--out", str(tmp_path / "pack"), *options]) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert len(error.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_scene_that_is_missing_is_named(copied, tmp_path):
    (copied / "scenes/standin/task47.json").unlink()
    with pytest.raises(RecordError, match=r"task47\.json"):
        pack([copied], tmp_path / "pack")


def test_both_commands_say_in_words_what_they_did(folder, tmp_path, capsys):
    assert main(["pack", str(folder), "--out", str(tmp_path / "pack"), "--picture-every", "5", "--tasks", "47"]) == 0
    assert "2 episodes of 1 tasks" in capsys.readouterr().out
    assert main(["unpack", str(tmp_path / "pack"), "--out", str(tmp_path / "out")]) == 0
    assert "--render-only --format hdf5 --obs-alignment pre-action --picture-every 5" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["scenes/libero/..", "scenes/elsewhere/a.mjb", "a.mjb", "scenes/libero/../a.mjb"])
def test_scenes_are_written_nowhere_but_where_scenes_belong(tmp_path, monkeypatch, name):
    monkeypatch.setattr(packing, "_members", lambda archive: iter([(name, b"x")]))
    with pytest.raises(InputError, match="expected scenes/KIND/FILE"):
        packing._extract_scenes(b"", tmp_path / "out")
    assert not (tmp_path / "out").exists()
