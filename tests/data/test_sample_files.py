"""Files of samples: broken lines anywhere, strict and lenient, killed writers, links that lead out."""

import json
import subprocess
import sys
import tracemalloc

import pytest

from omniactor.data.sample_files import SampleFile, SampleWriter, unfinished, write_dataset_info
from omniactor.data.sharegpt import MAX_LINE, Sample
from omniactor.errors import InputError, OutputError, SampleError
from tests.data.malformed import MALFORMED, arm, screen


def line(content):
    return (content if isinstance(content, bytes) else json.dumps(content).encode()) + b"\n"


def sample(number):
    return Sample.from_json(screen(step=number))


@pytest.mark.parametrize("position", [0, 2, 4])
@pytest.mark.parametrize("name", MALFORMED)
def test_a_broken_sample_stops_or_is_counted_wherever_it_is(tmp_path, name, position):
    lines = [line(screen(step=number)) for number in range(4)]
    lines.insert(position, line(MALFORMED[name]))
    path = tmp_path / "samples.jsonl"
    path.write_bytes(b"".join(lines))
    seen = []
    with pytest.raises(SampleError, match=f"line {position + 1}: ") as caught:
        seen.extend(SampleFile(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    lenient = SampleFile(path, strict=False)
    assert [found.step for found in lenient] == [0, 1, 2, 3]
    assert dict(lenient.problems) == {caught.value.kind: 1}
    assert lenient.first_problems == {caught.value.kind: str(caught.value)}


def test_a_line_that_is_too_long_is_one_broken_sample(tmp_path):
    path = tmp_path / "samples.jsonl"
    path.write_bytes(line(screen()) + b" " * (2 * MAX_LINE + 5) + b"\n" + line(screen(step=1)))
    lenient = SampleFile(path, strict=False)
    assert [found.step for found in lenient] == [0, 1]
    assert dict(lenient.problems) == {"too large": 1}


def test_a_file_is_read_in_constant_memory(tmp_path):
    path = tmp_path / "samples.jsonl"
    with path.open("wb") as file:
        for number in range(3000):
            file.write(line(screen(step=number, system="x" * 5000)))
    tracemalloc.start()
    assert sum(1 for _ in SampleFile(path)) == 3000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_link_inside_the_folder_is_followed_and_one_that_leads_out_is_refused(tmp_path):
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    (folder / "real.png").touch()
    (tmp_path / "secret.png").touch()
    (folder / "images/a.png").symlink_to(folder / "real.png")
    (folder / "samples.jsonl").write_bytes(line(screen()))
    assert len(list(SampleFile(folder / "samples.jsonl"))) == 1
    (folder / "images/a.png").unlink()
    (folder / "images/a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(SampleError, match="leads out"):
        list(SampleFile(folder / "samples.jsonl"))
    (folder / "images/a.png").unlink()
    (folder / "images").rmdir()
    (folder / "images").symlink_to(tmp_path)
    with pytest.raises(SampleError, match="leads out"):
        list(SampleFile(folder / "samples.jsonl"))


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(InputError):
            list(SampleFile(path))


def test_the_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "samples.jsonl"
    writer = SampleWriter(path)
    writer.add(sample(0))
    assert not path.exists()
    writer.close()
    writer.leave()
    assert list(SampleFile(path)) == [sample(0)]
    assert [found.name for found in tmp_path.iterdir()] == ["samples.jsonl"]


@pytest.mark.parametrize("left", [b"", b'{"world": "gu', line(screen())[:-1], b"\0" * 4096, b"\0\n" * 100])
def test_a_killed_writers_lines_are_kept_and_its_broken_last_one_dropped(tmp_path, left):
    path = tmp_path / "samples.jsonl"
    unfinished(path).write_bytes(line(screen()) + line(screen(step=1)) + left)
    writer = SampleWriter(path)
    assert writer.done == 2
    assert writer.last == sample(1)
    writer.add(sample(2))
    writer.close()
    assert [found.step for found in SampleFile(path)] == [0, 1, 2]


def test_a_writer_that_is_killed_loses_nothing_that_was_added(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from omniactor.data.sample_files import SampleWriter;"
        "from omniactor.data.sharegpt import Sample;"
        "w = SampleWriter(Path(sys.argv[1]));"
        "s = Sample('gui', 's', (('<image> q', 'a'),), ('a.png',));"
        "[w.add(s) for _ in range(5)]; os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "x.jsonl"]).returncode == -9
    writer = SampleWriter(tmp_path / "x.jsonl")
    assert writer.done == 5
    writer.leave()


def test_two_writers_at_once_are_refused(tmp_path):
    first = SampleWriter(tmp_path / "x.jsonl")
    with pytest.raises(OutputError, match="another run"):
        SampleWriter(tmp_path / "x.jsonl")
    first.leave()
    SampleWriter(tmp_path / "x.jsonl").leave()


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(OutputError):
        SampleWriter(tmp_path / "no" / "x.jsonl")


def test_the_description_for_llama_factory_names_every_column_and_tag(tmp_path):
    """What is not named counts as absent in LLaMA-Factory's `data/parser.py` (DatasetAttr.join)."""
    write_dataset_info(tmp_path, {"ours": "gui.jsonl"})
    entry = json.loads((tmp_path / "dataset_info.json").read_text())["ours"]
    assert entry["file_name"] == "gui.jsonl"
    assert entry["formatting"] == "sharegpt"
    record = screen()
    assert set(entry["columns"].values()) <= record.keys()
    assert entry["columns"].keys() == {"messages", "images", "system"}
    tags = entry["tags"]
    assert tags.keys() == {
        "role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag",
    }  # fmt: skip
    messages = record[entry["columns"]["messages"]]
    assert [message[tags["role_tag"]] for message in messages] == [tags["user_tag"], tags["assistant_tag"]]
    assert all(tags["content_tag"] in message for message in messages)


def test_arm_and_screens_are_both_read():
    assert Sample.from_line(line(arm())).world == "embodied"
