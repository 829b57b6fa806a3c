"""`omniactor check-data`: every kind of problem is found once it is there, and none where there is none."""

import json

import numpy as np
import pytest
from PIL import Image

from omniactor.cli import main
from omniactor.data.check import CheckSettings, check_folder, estimate_tokens
from omniactor.data.sample_files import write_dataset_info
from omniactor.data.turns import embodied_sample, gui_sample
from omniactor.errors import InputError
from omniactor.types import GuiAction


def screen(number=0, image=None, answer=None):
    action = answer or GuiAction("click", point=(0.5, number / 100), description="Tap.")
    return gui_sample([(f"Do {number}.", (), action)], image or f"images/{number}.png", source="test", episode="e", step=number)


def arm(number=0, value=0.25):
    images = {"agentview": f"images/{number}.png"}
    return embodied_sample("open it", images, np.full((2, 7), value), np.zeros(8), task="open_it", step=number)


@pytest.fixture
def write(tmp_path):
    """Return a function (file, *samples or lines) that writes a folder with all pictures."""

    def run(file, *samples):
        (tmp_path / "images").mkdir(exist_ok=True)
        lines = [sample if isinstance(sample, str) else sample.to_line() for sample in samples]
        (tmp_path / file).write_text("".join(lines))
        for sample in samples:
            for name in () if isinstance(sample, str) else sample.images:
                Image.new("RGB", (60, 40), (9, 9, 9)).save(tmp_path / name)
        if not isinstance(samples[0], str) and samples[0].world == "gui":
            write_dataset_info(tmp_path, {"test": file})
        return tmp_path

    return run


def problems(folder, **settings):
    found = check_folder(folder, CheckSettings(**settings))["problems"]
    return {kind: problem["count"] for kind, problem in found.items()}


def test_nothing_is_wrong_with_good_samples(write):
    folder = write("a.jsonl", *map(screen, range(5)))
    write("b.jsonl", arm(10), arm(11, -1.0), arm(12, 1.0))
    result = check_folder(folder, CheckSettings())
    assert result["problems"] == {}
    assert result["samples"] == 8
    assert result["files"]["b.jsonl"] == {"samples": 3, "worlds": {"embodied": 3}}
    assert result["images"] == {"named": 8, "distinct": 8, "missing": 0, "unreadable": 0}
    assert result["action_range"] == {"low": [-1.0] * 7, "high": [1.0] * 7}
    assert result["tasks"] == {"count": 2, "fewest": 3, "median": 5, "most": 5}


def test_pictures_that_are_missing_broken_or_too_small(write):
    folder = write("a.jsonl", *map(screen, range(4)), screen(5, "images/0.png"))
    (folder / "images/0.png").unlink()
    (folder / "images/1.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    Image.new("RGB", (60, 20)).save(folder / "images/2.png")
    assert problems(folder) == {"picture missing": 1, "picture unreadable": 1, "picture with a side below 28 pixels": 1}
    assert problems(folder, images="exist") == {"picture missing": 1}
    assert problems(folder, images="skip") == {}


def test_the_same_again_and_the_same_question_with_another_answer(write):
    other = screen(1, answer=GuiAction("home", description="Go home."))
    folder = write("a.jsonl", screen(0), screen(1), screen(0), other)
    assert problems(folder) == {"the same sample again": 1, "the same question with another answer": 1}


def test_broken_lines_are_counted_by_kind_with_the_first_of_each(write):
    wrong = json.loads(arm(3).to_line())
    wrong["actions"][0][0] = 2.0
    folder = write("a.jsonl", arm(0), "{\n", json.dumps(wrong) + "\n", "[]\n")
    found = check_folder(folder, CheckSettings())["problems"]
    assert {kind: problem["count"] for kind, problem in found.items()} == {"broken sample: json": 2, "broken sample: numbers": 1}
    assert "line 3" in found["broken sample: numbers"]["examples"][0]


def test_answers_that_are_no_operation_or_differ_from_their_numbers(write):
    answer = json.loads(screen(0).to_line())
    answer["conversations"][1]["value"] = "(0.5, 0.5)"
    folder = write("a.jsonl", screen(1), json.dumps(answer) + "\n")
    other = json.loads(arm(2).to_line())
    other["conversations"][1]["value"] = "Action: [0, 0, 0, 0, 0, 0, 0]"
    write("b.jsonl", arm(3), json.dumps(other) + "\n")
    assert problems(folder, images="skip") == {"answer that is no operation": 1, "answer that differs from its numbers": 1}


def test_both_worlds_in_one_file_and_files_that_are_not_described(write):
    folder = write("a.jsonl", screen(0), arm(1))
    write_dataset_info(folder, {"other": "gone.jsonl"})
    (folder / "empty.jsonl").touch()
    assert problems(folder) == {
        "both worlds in one file": 1, "file of screens that dataset_info.json leaves out": 1,
        "entry of dataset_info.json without samples of screens": 1, "file without samples": 1,
    }  # fmt: skip
    (folder / "dataset_info.json").write_text("[")
    assert "dataset_info.json unreadable" in problems(folder)


def test_tasks_left_empty_and_conversions_not_finished(write):
    folder = write("a.jsonl", arm(0))
    (folder / "conversion.json").write_text(json.dumps({"report": {"empty_tasks": ["close_it"]}}))
    (folder / ".b.jsonl.part").touch()
    assert problems(folder) == {"task of which nothing was kept": 1, "conversion not finished": 1}
    (folder / "conversion.json").write_text("{}")
    assert "conversion.json unreadable" in problems(folder)


def test_lengths_against_the_cut_off(write):
    folder = write("a.jsonl", screen(0), screen(1, answer=GuiAction("write", text="word " * 2000, description="Type.")))
    result = check_folder(folder, CheckSettings(cutoff=3000))
    assert result["problems"]["longer than the cut-off"]["count"] == 1
    assert result["tokens"]["counted"] == "estimated from letters"
    one_per_letter = check_folder(folder, CheckSettings(cutoff=3000), len)
    assert one_per_letter["tokens"]["counted"] == "with the tokenizer"
    assert one_per_letter["tokens"]["longest"] > 3 * result["tokens"]["longest"] * 0.7
    assert estimate_tokens("abc" * 100) == 101


def test_a_picture_counts_as_many_tokens_as_it_is_shown_with(write):
    folder = write("a.jsonl", screen(0))
    Image.new("RGB", (280, 560)).save(folder / "images/0.png")
    small = check_folder(folder, CheckSettings())["tokens"]["longest"]
    Image.new("RGB", (560, 560)).save(folder / "images/0.png")
    assert check_folder(folder, CheckSettings())["tokens"]["longest"] - small == 200


def test_a_tokenizer_of_a_checkpoint_counts(write, tmp_path, capsys):
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    model.save(str(tmp_path / "tokenizer.json"))
    folder = write("a.jsonl", screen(0))
    assert main(["check-data", str(folder), "--tokenizer", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tokens"]["counted"] == "with the tokenizer"


def test_the_command_lists_problems_and_ends_with_status_0(write, capsys):
    folder = write("a.jsonl", screen(0), screen(0))
    assert main(["check-data", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "1 x the same sample again" in said
    assert "a.jsonl, line 2" in said
    assert main(["check-data", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["problems"]["the same sample again"]["count"] == 1


@pytest.mark.parametrize("options", [["--cutoff", "0"], ["--images", "perhaps"], ["--tokenizer", "/no/such/file"]])
def test_bad_arguments_are_refused_in_one_line(write, options, capsys):
    assert main(["check-data", str(write("a.jsonl", screen(0))), *options]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_folder_without_samples_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError):
            check_folder(folder, CheckSettings())
