"""Similarity: cosines worked out by hand, on plain and on two-expert checkpoints."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from omniactor.cli import main
from omniactor.errors import CheckpointError, InputError
from omniactor.model.presets import make_model
from omniactor.model.weights import upcycle
from omniactor.train.similarity import KINDS, feature_similarity, update_similarity
from tests.model.conftest import SETTINGS, arm, make_base, screen


def changed(model, change):
    """Save a copy of a model whose linear weights were changed by `change(name, value)`."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("_proj.weight") and "language_model" in name:
                value += change(name, value)
    return model


@pytest.fixture
def folders(tmp_path):
    """A base, a run that added one everywhere, a run that added one in layers 0 and 1 and a checkerboard below."""

    def board(name, value):
        signs = torch.ones_like(value)
        if ".layers.2." in name or ".layers.3." in name:
            signs[::2] = -1
        return signs

    make_base("qwen2_vl").save_pretrained(tmp_path / "base")
    changed(make_base("qwen2_vl"), lambda n, v: torch.ones_like(v)).save_pretrained(tmp_path / "gui")
    changed(make_base("qwen2_vl"), board).save_pretrained(tmp_path / "embodied")
    return tmp_path


def test_equal_changes_have_cosine_one_and_alternating_ones_zero(folders):
    result = update_similarity(folders / "base", folders / "gui", folders / "embodied")
    assert tuple(result) == KINDS
    for kind in KINDS:
        np.testing.assert_allclose(result[kind], [1, 1, 0, 0], atol=1e-5)


def test_opposite_changes_have_cosine_minus_one_and_none_where_nothing_changed(folders):
    changed(make_base("qwen2_vl"), lambda n, v: -torch.ones_like(v) * (".layers.0." in n)).save_pretrained(folders / "minus")
    result = update_similarity(folders / "base", folders / "gui", folders / "minus")
    assert result["up"][0] == pytest.approx(-1, abs=1e-5) and result["up"][1:] == [None] * 3


def test_random_changes_match_a_plain_computation(folders):
    torch.manual_seed(3)
    gui, embodied = {}, {}

    def note(store):
        def change(name, value):
            store[name] = torch.randn_like(value)
            return store[name]

        return change

    changed(make_base("qwen2_vl"), note(gui)).save_pretrained(folders / "a")
    changed(make_base("qwen2_vl"), note(embodied)).save_pretrained(folders / "b")
    result = update_similarity(folders / "base", folders / "a", folders / "b")
    for layer, kind, part in ((0, "q", "self_attn"), (3, "down", "mlp"), (2, "v", "self_attn")):
        name = f"model.language_model.layers.{layer}.{part}.{kind}_proj.weight"
        expected = torch.nn.functional.cosine_similarity(gui[name].flatten(), embodied[name].flatten(), dim=0)
        assert result[kind][layer] == pytest.approx(float(expected), abs=1e-5)


def test_of_two_experts_the_one_of_the_world_counts(folders):
    model = upcycle(make_base("qwen2_vl"), "omniactor", 2, **SETTINGS)
    changed(model, lambda n, v: -torch.ones_like(v) if ".embodied." in n else torch.ones_like(v))
    model.save_pretrained(folders / "both")
    result = update_similarity(folders / "base", folders / "both", folders / "both")
    np.testing.assert_allclose(result["gate"], [1, 1, -1, -1], atol=1e-5)


def test_other_shapes_and_missing_layers_are_refused(folders):
    make_base("qwen2_vl", intermediate_size=64).save_pretrained(folders / "narrow")
    make_base("qwen2_vl", num_hidden_layers=2).save_pretrained(folders / "short")
    with pytest.raises(CheckpointError, match="of shape"):
        update_similarity(folders / "base", folders / "gui", folders / "narrow")
    with pytest.raises(CheckpointError, match="the same layers in all checkpoints"):
        update_similarity(folders / "base", folders / "gui", folders / "short")


def test_features_of_the_same_layer_are_compared_by_their_means():
    model, processor = make_model("debug")
    model.eval()
    gui, robot = [screen(0), screen(1)], [arm(0), arm(1), arm(2)]
    result = feature_similarity(model, processor, gui, robot, [0, 3])
    assert {layer: matrix.shape for layer, matrix in result.items()} == {0: (2, 3), 3: (2, 3)}
    with torch.no_grad():
        one = model(**{**processor.encode(model.config, [gui[1]]), "world": "gui"}, output_hidden_states=True).hidden_states[4][0]
        two = model(
            **{**processor.encode(model.config, [robot[2]]), "world": "embodied"}, output_hidden_states=True
        ).hidden_states[4][0]
    expected = torch.nn.functional.cosine_similarity(one.mean(0), two.mean(0), dim=0)
    assert result[3][1, 2] == pytest.approx(float(expected), abs=1e-5)
    with pytest.raises(InputError, match=r"layers in 0\.\.3"):
        feature_similarity(model, processor, gui, robot, [4])


def test_the_command_writes_numbers_and_plots(tmp_path, capsys):
    for name in ("base", "gui", "embodied"):
        model, processor = make_model("debug", "dense")
        changed(model, lambda n, v, name=name: torch.ones_like(v) * (name != "base"))
        model.save_pretrained(tmp_path / name)
        processor.save_pretrained(tmp_path / name)
    arguments = [f"--{name}={tmp_path / name}" for name in ("base", "gui", "embodied")]
    capsys.readouterr()
    assert main(["similarity", *arguments, f"--out={tmp_path / 'out'}", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert result["update_similarity"]["q"] == pytest.approx([1] * 4, abs=1e-4)
    assert list(result["feature_similarity_mean"]) == ["0", "1", "2", "3"]
    for name in result["files"]:
        assert (tmp_path / "out" / name).stat().st_size > 500


def test_without_features_no_model_is_loaded(folders, capsys):
    arguments = [f"--{name}={folders / name}" for name in ("base", "gui", "embodied")]  # plain checkpoints, no processor
    assert main(["similarity", *arguments, "--features", "none", f"--out={folders / 'out'}", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert sorted(result["files"]) == sorted(path.name for path in (folders / "out").iterdir())
    assert result["update_similarity"]["q"] == pytest.approx([1, 1, 0, 0], abs=1e-5)


MEASURED = """
import sys, threading, time
from pathlib import Path
from omniactor.train.similarity import update_similarity
def held(what):  # bytes: RssAnon cannot be taken back, RssFile is what the system keeps of files for as long as it likes
    return int(next(line for line in open("/proc/self/status") if line.startswith(what)).split()[1]) * 1024
update_similarity(*[Path(folder) for folder in sys.argv[1:4]])  # everything is loaded now
before, peak, done = (held("RssAnon"), held("RssFile")), [0, 0], threading.Event()
def watch():
    while not done.wait(0.002):
        for number, what in enumerate(("RssAnon", "RssFile")):
            peak[number] = max(peak[number], held(what) - before[number])
watcher = threading.Thread(target=watch)
watcher.start()
result = update_similarity(*[Path(folder) for folder in sys.argv[4:7]])
done.set()
watcher.join()
print(*peak, [value for values in result.values() for value in values])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures memory as Linux does")
def test_sharded_checkpoints_of_seven_billion_need_the_memory_of_one_tensor(folders, tmp_path):
    """One layer of Qwen2-VL 7B's shapes in bf16, in files that are sparse: all zeros, so that nothing has changed."""
    shapes = {"self_attn.q": (3584, 3584), "self_attn.o": (3584, 3584), "self_attn.k": (512, 3584), "self_attn.v": (512, 3584),
              "mlp.gate": (18944, 3584), "mlp.up": (18944, 3584), "mlp.down": (3584, 18944)}  # fmt: skip
    for run in ("one", "two", "three"):
        (tmp_path / run).mkdir()
        for number, (name, shape) in enumerate(shapes.items()):
            write_sparse(
                tmp_path / run / f"model-{number + 1:05d}-of-00007.safetensors", f"model.layers.0.{name}_proj.weight", shape
            )
    largest = 18944 * 3584 * 2
    small = [folders / name for name in ("base", "gui", "embodied")]
    command = [sys.executable, "-c", MEASURED, *small, *(tmp_path / run for run in ("one", "two", "three"))]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-1000:]
    anonymous, of_files, values = result.stdout.strip().split(" ", 2)
    assert int(anonymous) < largest / 2
    assert int(of_files) < 3.1 * largest  # the tensor in question of three checkpoints, mapped
    assert values == str([None] * 7)


def write_sparse(path, name, shape):
    """Write a safetensors file of one tensor of zeros that takes no room on the disk."""
    size = 2 * shape[0] * shape[1]
    header = json.dumps({name: {"dtype": "BF16", "shape": shape, "data_offsets": [0, size]}}).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
