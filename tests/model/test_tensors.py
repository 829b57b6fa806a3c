"""A folder of safetensors: names in, names out, nothing lost and nothing guessed."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from omniactor.errors import CheckpointError
from omniactor.model import tensors
from omniactor.model.tensors import check_fit, local_folder, one_line, read_tensor, rename, stored_tensors, write_shards


def refused(call, match):
    with pytest.raises(CheckpointError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_patterns_are_applied_in_order_to_every_name():
    names = ["visual.a", "model.b", "c"]
    assert rename(names, []) == {n: n for n in names}
    assert rename(names, [(r"^visual\.", "model."), (r"^model\.", "all."), (r"c$", r"\g<0>\g<0>")]) == {
        "all.a": "visual.a", "all.b": "model.b", "cc": "c"
    }  # fmt: skip


def test_two_tensors_never_get_one_name():
    refused(lambda: rename(["a.1", "b.1"], [(r"^[ab]\.", "c.")]), "got a.1 and b.1 both as c.1")
    assert rename(["a.1", "b.1"], [(r"^a\.", "b2.")]) == {"b2.1": "a.1", "b.1": "b.1"}


@pytest.mark.parametrize(("pattern", "replacement"), [("(", "x"), ("*", "x"), ("a", r"\1"), ("(?P<n>a)", r"\g<m>"), ("a", "\\")])
def test_a_broken_pattern_is_named(pattern, replacement):
    refused(lambda: rename(["abc"], [(pattern, replacement)]), "a regular expression in the key map")


def test_what_fits_is_silent_and_what_does_not_is_listed():
    check_fit([], [], [])
    refused(lambda: check_fit(["a", "b"]), "2 missing: a, b; give a key map")
    refused(
        lambda: check_fit(unexpected=[f"t{i}" for i in range(7)]), r"7 not known to the model: t0, t1, t2, t3, t4, t5 \.\.\.;"
    )
    refused(
        lambda: check_fit(["a"], ["b"], ["c (1,) instead of (2,)"]),
        r"1 missing: a; 1 not known.*: b; 1 of another shape: c \(1,\)",
    )


def some(count=5, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return {f"layer.{i}": torch.randn(10, 10 + i, generator=generator).to(dtype) for i in range(count)}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_written_is_read_back(tmp_path, dtype):
    content = some(dtype=dtype)
    write_shards(iter(content.items()), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
    stored = stored_tensors(tmp_path)
    assert {name: entry.shape for name, entry in stored.items()} == {name: tuple(v.shape) for name, v in content.items()}
    for name, value in content.items():
        assert torch.equal(read_tensor(stored[name], name), value)


def test_shards_hold_no_more_than_the_limit_and_the_index_finds_every_tensor(tmp_path, monkeypatch):
    monkeypatch.setattr(tensors, "SHARD_BYTES", 900)
    content = {**some(4), "big": torch.zeros(1000), "small": torch.zeros(1)}  # 400, 440, 480, 520, 4000 and 4 bytes
    write_shards(iter(content.items()), tmp_path)
    files = sorted(p.name for p in tmp_path.glob("*.safetensors"))
    assert files == [f"model-{i:05d}-of-00005.safetensors" for i in range(1, 6)]
    held = [sorted(load_file(tmp_path / file)) for file in files]
    assert held == [["layer.0", "layer.1"], ["layer.2"], ["layer.3"], ["big"], ["small"]]
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["weight_map"] == {name: file for file, names in zip(files, held, strict=True) for name in names}
    assert index["metadata"]["total_size"] == 400 + 440 + 480 + 520 + 4000 + 4
    assert not list(tmp_path.glob("part-*"))
    stored = stored_tensors(tmp_path)
    assert all(torch.equal(read_tensor(stored[name], name), value) for name, value in content.items())


def test_a_tensor_that_is_not_contiguous_is_written_as_it_looks(tmp_path):
    value = torch.arange(12.0).view(3, 4).T
    write_shards(iter({"a": value}.items()), tmp_path)
    assert torch.equal(load_file(tmp_path / "model.safetensors")["a"], value)


def test_a_folder_without_safetensors_is_refused(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    refused(lambda: stored_tensors(tmp_path), r"expected \*.safetensors in .*, got none")


def test_a_tensor_that_the_index_lists_must_be_there(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "model-00001-of-00002.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(
        json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}})
    )
    refused(lambda: stored_tensors(tmp_path), "1 missing: b")
    for broken in ("{", "{}", "[]", '{"weight_map": 3}'):
        index.write_text(broken)
        refused(lambda: stored_tensors(tmp_path), "a list of tensors, got a broken file")


@pytest.mark.parametrize("content", [b"", b"\0" * 8, b"\xff" * 100, b'{"a": 1}', b"\x02\0\0\0\0\0\0\0[]"])
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    refused(lambda: stored_tensors(tmp_path), "model.safetensors to be intact safetensors")


def test_a_folder_named_like_a_file_is_refused(tmp_path):
    (tmp_path / "model.safetensors").mkdir()
    refused(lambda: stored_tensors(tmp_path), "intact safetensors")


def test_a_folder_is_taken_as_it_is_and_nothing_else_is_found_offline(tmp_path):
    assert local_folder(tmp_path) == tmp_path and local_folder(str(tmp_path)) == tmp_path
    for path in (tmp_path / "missing", "nobody/nothing", "not a name", "", "a/b/c", "x" * 5000):
        refused(lambda path=path: local_folder(path), "a folder or a Hugging Face repository")


def test_an_error_becomes_one_short_line():
    assert one_line(ValueError("a\n  b\tc")) == "a b c" and one_line(KeyError()) == "KeyError"
    assert len(one_line(ValueError("x" * 1000))) == 160
