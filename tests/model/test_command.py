"""`omniactor upcycle`, `export`, `average` and `predict` from the outside."""

import json

import pytest
import torch
from PIL import Image

from omniactor.agent import make_agent
from omniactor.cli import main
from omniactor.model.presets import make_model
from tests.model.conftest import make_base

QWEN_IDS = {"vocab_size": 152064}


def run(capsys, *arguments):
    status = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return status, out.strip().splitlines()[-1] if out.strip() else "", err.strip()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("debug") / "model"
    model, processor = make_model("debug")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture
def screenshot(tmp_path):
    Image.new("RGB", (60, 90), "white").save(tmp_path / "screen.png")
    return tmp_path / "screen.png"


def test_upcycle_and_export_return_the_base(tmp_path, capsys):
    base = make_base("qwen2_vl", **QWEN_IDS)
    base.save_pretrained(tmp_path / "base")
    status, line, _ = run(capsys, "upcycle", tmp_path / "base", "--out", tmp_path / "up", "--shared-layers", "2", "--json")
    assert status == 0 and json.loads(line)["new"] == 0
    status, line, _ = run(capsys, "export", tmp_path / "up", "--expert", "embodied", "--out", tmp_path / "back", "--json")
    assert status == 0 and json.loads(line)["path"] == str(tmp_path / "back")
    again = type(base).from_pretrained(tmp_path / "back")
    for name, value in base.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_average_writes_a_checkpoint_whose_weights_are_the_mean(checkpoint, tmp_path, capsys):
    other, processor = make_model("debug", seed=1)
    other.save_pretrained(tmp_path / "other")
    processor.save_pretrained(tmp_path / "other")
    (tmp_path / "other" / "manifest.json").write_text("{}")
    status, line, _ = run(capsys, "average", checkpoint, tmp_path / "other", "--out", tmp_path / "mean", "--json")
    assert not (tmp_path / "mean" / "manifest.json").exists()  # of the other's files, not of these
    assert status == 0 and json.loads(line)["distance"] > 0.1
    one, mean = (make_agent(str(folder), None).model.state_dict() for folder in (checkpoint, tmp_path / "mean"))
    assert any(not torch.equal(one[name], value) for name, value in other.state_dict().items())
    for name, value in other.state_dict().items():
        assert torch.allclose(mean[name], (one[name] + value) / 2, atol=1e-6), name


def test_average_refuses_one_checkpoint_and_those_of_different_models(checkpoint, tmp_path, capsys):
    status, _, error = run(capsys, "average", checkpoint, "--out", tmp_path / "mean")
    assert status == 2 and "at least two" in error
    model, processor = make_model("debug", variant="dense")
    model.save_pretrained(tmp_path / "dense")
    processor.save_pretrained(tmp_path / "dense")
    status, _, error = run(capsys, "average", checkpoint, tmp_path / "dense", "--out", tmp_path / "mean")
    assert status == 2 and "of one model" in error and len(error.splitlines()) == 1
    (checkpoint.parent / "other").mkdir()
    for path in checkpoint.iterdir():
        (checkpoint.parent / "other" / path.name).write_bytes(path.read_bytes())
    written = checkpoint.parent / "other" / "processor_config.json"
    written.write_text(json.dumps({**json.loads(written.read_text()), "settings": {"other": 1}}))
    status, _, error = run(capsys, "average", checkpoint, checkpoint.parent / "other", "--out", tmp_path / "mean")
    assert status == 2 and "another processor" in error
    assert not (tmp_path / "mean").exists()


def test_predict_prints_the_action_in_all_its_forms(checkpoint, screenshot, capsys, monkeypatch):
    answer = "Action: Tap OK\nOperation: pyautogui.click(x=0.25, y=0.5)"
    stored = make_agent(str(checkpoint), None)
    model, processor = stored.model, stored.processor
    ids = processor.tokenizer(answer).input_ids

    def generate(input_ids, **_):
        return torch.cat([input_ids, torch.tensor([ids])], dim=1)

    monkeypatch.setattr(model, "generate", generate)
    arguments = ("predict", "--agent", checkpoint, "--image", screenshot, "--instruction", "Press OK", "--history", "Open it")
    status, line, _ = run(capsys, *arguments, "--json")
    result = json.loads(line)
    assert status == 0 and result.pop("seconds") >= 0
    assert result == {
        "action": "Tap OK", "operation": "pyautogui.click(x=0.250, y=0.500)", "kind": "click", "point": [0.25, 0.5], "agent": "model",
        "pixel": [15, 45], "end_pixel": None, "size": [60, 90], "expert": "gui", "text": answer, "problem": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--image": "nothing.png"}, "nothing.png"),
        ({"--agent": "nobody"}, "expected an agent"),
        ({"--agent": "random"}, "expected an agent that looks at pictures, got 'random'"),
        ({"--agent": "/tmp"}, "expected *.safetensors|config.json"),
    ],
)
def test_predict_refuses_bad_input_in_one_line(checkpoint, screenshot, capsys, change, message):
    values = {"--agent": checkpoint, "--image": screenshot, "--instruction": "Press OK", **change}
    status, _, err = run(capsys, "predict", *[part for pair in values.items() for part in pair])
    assert status == 2 and len(err.splitlines()) == 1
    assert any(part in err for part in message.split("|")), err


def test_an_untrained_model_says_what_it_wrote(checkpoint, screenshot, capsys):
    status, _, err = run(capsys, "predict", "--agent", checkpoint, "--image", screenshot, "--instruction", "Press OK")
    assert status == 2 and err.startswith("omniactor: expected the model to write an action, got") and len(err.splitlines()) == 1


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[["("]]', '[["(", "x"]]'])
def test_a_broken_key_map_is_refused(tmp_path, capsys, content):
    make_base("qwen2_vl").save_pretrained(tmp_path / "base")
    (tmp_path / "map.json").write_text(content)
    capsys.readouterr()  # the progress bar of saving
    status, _, err = run(capsys, "upcycle", tmp_path / "base", "--out", tmp_path / "up", "--key-map", tmp_path / "map.json")
    assert (status == 2 and len(err.splitlines()) == 1 and "key map" in err) or "JSON list" in err
    assert not (tmp_path / "up").exists()
