"""Rows of large JSON files: wherever the buffer ends, and whatever is damaged."""

import json
import tracemalloc

import pytest

from omniactor.data.sources import json_rows
from omniactor.data.sources.json_rows import read_json, read_rows
from omniactor.errors import InputError

ROWS = [{"a": [1, {"b": "]},["}], "é": '\\"\n'}, {}, {"number": 12345}, {"long": "x" * 300}]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("form", ["array", "indented", "lines", "byte order mark"])
def test_rows_are_the_same_wherever_the_buffer_ends(tmp_path, monkeypatch, chunk, form):
    monkeypatch.setattr(json_rows, "_CHUNK", chunk)
    text = {
        "array": json.dumps(ROWS, ensure_ascii=False), "indented": json.dumps(ROWS, indent=2) + "\n\n",
        "lines": "\n".join(map(json.dumps, ROWS)), "byte order mark": "\ufeff" + json.dumps(ROWS),
    }[form]  # fmt: skip
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert list(read_rows(tmp_path / "a.json")) == ROWS


@pytest.mark.parametrize("text", ["", "[]", " [ ] ", "\n"])
def test_a_file_without_rows_has_none(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    assert list(read_rows(tmp_path / "a.json")) == []


@pytest.mark.parametrize(
    "text", ['[{"a": 1}', '[{"a": 1}, {"b"', "[1, 2]", '[{"a": 1}] x', "nonsense", '[{"a": 1}, nonsense]', "[" * 100_000]
)
def test_damage_is_named_after_the_rows_before_it(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError) as caught:
        list(read_rows(tmp_path / "a.json"))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b'[{"a": "\xff"}]')
    for read in (lambda path: list(read_rows(path)), read_json):
        with pytest.raises(InputError):
            read(tmp_path / "a.json")
        with pytest.raises(InputError):
            read(tmp_path / "none.json")


def test_a_file_is_never_in_memory_as_a_whole(tmp_path):
    with (tmp_path / "a.json").open("w") as file:
        file.write("[" + ",".join(json.dumps({"row": number, "text": "x" * 1000}) for number in range(20_000)) + "]")
    tracemalloc.start()
    assert sum(1 for _ in read_rows(tmp_path / "a.json")) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
