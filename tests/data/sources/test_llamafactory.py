"""LLaMA-Factory's own loader on what the converters write; runs where it is installed."""

import os

import pytest

from tests.data.sources.fixtures.android_control import episode, write_android_control

STEPS = [({"action_type": "click", "x": 54, "y": 60}, "Tap"), ({"action_type": "input_text", "text": "it's\nme"}, "Type")]


def test_its_loader_keeps_every_sample_and_finds_every_picture(convert, tmp_path):
    loader = pytest.importorskip("llamafactory.data.loader", exc_type=ImportError)
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import Seq2SeqTrainingArguments

    source = write_android_control(tmp_path / "src", [[episode(n, f"goal {n}", STEPS) for n in range(3)]], {"train": [0, 1, 2]})
    samples, _ = convert("android-control", source)
    folder = str(tmp_path / "out")
    attributes = get_dataset_list(["omniactor_android_control"], folder)[0]
    rows = loader._load_single_dataset(
        attributes,
        ModelArguments(model_name_or_path="none", cache_dir=str(tmp_path / "cache")),
        DataArguments(template="qwen2_vl", dataset="omniactor_android_control", dataset_dir=folder, media_dir=folder),
        Seq2SeqTrainingArguments(output_dir=str(tmp_path / "run"), report_to=[]),
    )
    assert len(rows) == len(samples) == 6
    for row, sample in zip(rows, samples, strict=True):
        assert [turn["content"] for turn in (*row["_prompt"], *row["_response"])] == [
            text for turn in sample.turns for text in turn
        ]
        assert [turn["role"] for turn in (*row["_prompt"], *row["_response"])] == ["user", "assistant"]
        assert row["_system"] == sample.system
        assert row["_images"] == [os.path.join(folder, name) for name in sample.images] and all(
            map(os.path.isfile, row["_images"])
        )
