"""The project's own recorded episodes: their actions, their words, their pictures."""

import json
import shutil
from pathlib import Path

import pytest

from omniactor.actions.gui import parse_operation, parse_response
from omniactor.data.turns import read_question
from omniactor.gui.images import open_image

RECORDED = Path(__file__).parents[3] / "assets" / "episodes"


def recorded():
    return [json.loads(path.read_text()) for path in sorted(RECORDED.glob("*/episode.json"))]


@pytest.mark.parametrize("level", ["high", "low"])
def test_every_step_of_the_bundled_episodes_becomes_a_sample(convert, tmp_path, level):
    samples, report = convert("episodes", RECORDED, "--level", level)
    steps = [(episode, number, step) for episode in recorded() for number, step in enumerate(episode["steps"])]
    assert len(samples) == len(steps) and report["dropped"] == {}
    for sample, (episode, number, step) in zip(samples, steps, strict=True):
        found, wanted = parse_response(sample.turns[0][1]), parse_operation(step["operation"])
        assert (found.kind, found.text, found.description) == (wanted.kind, wanted.text, step["instruction"])
        assert found.point == (None if wanted.point is None else pytest.approx(wanted.point, abs=5e-4))
        asked, history = read_question(sample.turns[0][0])
        assert asked == episode["instruction"] + (f" You need to: {step['instruction']}" if level == "low" else "")
        assert list(history) == [words for _, words in episode["facts"]["executed"][:number]]
        picture = RECORDED / episode["category"] / step["screenshot"]
        assert (open_image(tmp_path / "out" / sample.images[0]) == open_image(picture)).all()


def test_what_is_missing_is_counted_and_costs_nothing_else(convert, tmp_path):
    source = tmp_path / "src"
    for name in ("drag-box", "login-user"):
        shutil.copytree(RECORDED / name, source / name)
    (source / "login-user/000.png").unlink()
    content = json.loads((source / "login-user/episode.json").read_text())
    content["steps"][1]["operation"] = "import os"
    del content["facts"]["executed"]
    (source / "login-user/episode.json").write_text(json.dumps(content))
    (source / "broken").mkdir()
    (source / "broken/episode.json").write_text("{")
    samples, report = convert("episodes", source)
    assert report["dropped"] == {
        "file that is no episode": 1, "screenshot missing or of no known format": 1, "unreadable action": 1,
    }  # fmt: skip
    assert [sample.step for sample in samples if sample.task == "login-user"] == list(range(2, len(content["steps"])))
    _, history = read_question(samples[-1].turns[0][0])
    assert list(history) == [step["instruction"] for step in content["steps"][:-1]]


def test_a_folder_without_episodes_is_refused(refused, tmp_path):
    assert "expected episode.json" in refused("episodes", tmp_path)
