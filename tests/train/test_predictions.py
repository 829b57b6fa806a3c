"""Predictions are the model's own answers, one per sample, and their errors are distances."""

import numpy as np
import pytest
import torch

from omniactor.actions.embodied import ACTION_SIZE
from omniactor.model.agent import ModelAgent
from omniactor.model.presets import make_model
from omniactor.train import predictions
from omniactor.train.mixture import Sample
from omniactor.train.predictions import predict
from omniactor.train.toy import ToySource


@pytest.fixture(scope="module")
def parts():
    model, processor = make_model("debug")
    return model.eval(), processor


def test_a_batch_answers_as_the_agent_does_one_by_one(parts):
    samples = [ToySource("embodied")[index] for index in range(3)]
    agent = ModelAgent(*parts)
    for sample, found in zip(samples, predict(*parts, samples), strict=True):
        agent.reset("x")
        acted = agent.act(sample.observation).values
        assert found.predicted == f"Action: [{', '.join(f'{value:.3f}' for value in acted)}]"
        assert found.error == pytest.approx(np.abs(acted - sample.action[0]).mean(), abs=1e-4)
        assert (found.world, found.instruction) == ("embodied", sample.observation.instruction)


def test_an_answer_that_is_no_action_has_no_error(parts):
    sample = ToySource("gui")[0]
    found = predict(*parts, [sample], max_new_tokens=8)[0]
    assert found.error is None and found.wanted == str(sample.action) and found.predicted


def test_the_error_of_a_click_is_its_distance(parts, monkeypatch):
    sample = ToySource("gui")[0]
    x, y = sample.action.point
    text = f"Action: Click.\nOperation: pyautogui.click(x={round(x, 3) - 0.03:.3f}, y={round(y, 3) + 0.04:.3f})"
    ids = torch.tensor([parts[1].tokenizer(text, add_special_tokens=False).input_ids])
    monkeypatch.setattr(parts[0], "generate", lambda input_ids, **_: torch.cat([input_ids, ids], dim=1))
    found = predict(*parts, [sample])[0]
    assert found.predicted == text and found.error == pytest.approx(0.05, abs=0.002)


def test_chunks_show_their_first_action(parts, monkeypatch):
    actions = np.zeros((8, ACTION_SIZE))
    actions[0, 0] = 0.5
    model, processor = make_model("debug", chunk_size=8)
    sample = Sample(ToySource("embodied")[0].observation, actions)
    found = predictions.predict(model.eval(), processor, [sample])[0]
    assert found.wanted == "Action: [0.500, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000]"
