"""A loss that has one attention head look at the point that is being written."""

import numpy as np
import pytest
import torch

from omniactor.errors import InputError, ModelInputError
from omniactor.model.agent import ModelAgent
from omniactor.model.gaze import gaze_inputs, read_point
from omniactor.model.loss import gaze_loss
from omniactor.model.presets import make_model
from omniactor.train.batches import Batches
from omniactor.train.mixture import Mixture
from omniactor.train.recipe import RECIPES, change
from omniactor.train.toy import ToySource
from omniactor.types import GuiAction, Observation


@pytest.fixture(scope="module")
def small():
    return make_model("mini", "omniactor", 0)


def batch(small, gaze=0.5):
    model, processor = small
    batches = Batches(Mixture([ToySource("gui")], [1.0], 4), processor, model.config, 1, gaze=gaze)
    return batches.encode(0)


def test_the_digits_of_a_point_are_asked_and_the_four_tokens_around_it_are_wanted(small):
    tokenizer = small[1].tokenizer
    answer = tokenizer("Action: Click 7 up\nOperation: pyautogui.click(x=0.250, y=0.500)", add_special_tokens=False).input_ids
    labels = torch.tensor([[-100] * 14 + answer])
    is_image = torch.zeros_like(labels, dtype=torch.bool)
    is_image[:, 1:13] = True
    made = gaze_inputs([GuiAction("click", point=(0.25, 0.5))], labels, is_image, torch.tensor([[1, 3, 4]]), tokenizer)
    asked = [tokenizer.decode([int(i)]) for i in labels[0, 1:][made["gaze_queries"][0, :-1]]]
    assert "".join(asked) == "02500500"  # not the 7 of the description
    shares = made["gaze_targets"][0, 1:13].view(3, 4)
    assert shares[1].tolist() == [
        0.5,
        0.5,
        0,
        0,
    ]  # 0.25 of four columns lies between the first two; 0.5 of three rows in the second
    assert made["gaze_targets"].sum() == 1


def test_shares_are_one_in_all_even_at_the_edge(small):
    labels = torch.tensor(
        [small[1].tokenizer("Operation: pyautogui.click(x=0.000, y=1.000)", add_special_tokens=False).input_ids]
    )
    images = torch.zeros_like(labels, dtype=torch.bool)
    images[:, :6] = True
    made = gaze_inputs([GuiAction("click", point=(0.0, 1.0))], labels, images, torch.tensor([[1, 2, 3]]), small[1].tokenizer)
    assert made["gaze_targets"][0, :6].tolist() == [0, 0, 0, 1, 0, 0]


def test_actions_without_one_point_ask_nothing(small):
    labels = torch.tensor([small[1].tokenizer("Operation: pyautogui.write('77')", add_special_tokens=False).input_ids])
    made = gaze_inputs(
        [GuiAction("write", text="77")], labels, torch.zeros_like(labels).bool(), torch.tensor([[1, 2, 2]]), small[1].tokenizer
    )
    assert not made["gaze_queries"].any()
    weights = torch.full((1, 2, labels.shape[1], labels.shape[1]), 0.1)
    assert gaze_loss(weights, **{k.removeprefix("gaze_"): v for k, v in made.items()}) == 0


def test_the_loss_is_the_cross_entropy_of_the_first_head():
    weights = torch.zeros(1, 2, 2, 4)
    weights[0, 0, 1] = torch.tensor([0.5, 0.25, 0.25, 0])
    queries, targets = torch.tensor([[True, False, False, True]]), torch.tensor([[0.5, 0.5, 0.0, 0.0]])
    queries[0, 0] = False
    assert float(gaze_loss(weights, queries, targets)) == pytest.approx(-(0.5 * np.log(0.5) + 0.5 * np.log(0.25)))


def test_attention_that_is_trained_looks_there_and_the_rest_of_the_loss_is_as_before(small):
    model, _ = small
    model.set_attn_implementation({"text_config": "eager"})
    inputs = batch(small)
    without = {k: v for k, v in inputs.items() if not k.startswith("gaze")}
    words = model(**without).loss
    before = 2 * (model(**inputs).loss - words).item()  # weighted by a half
    assert before > 1  # it looks nowhere in particular yet
    assert model(**{**inputs, "gaze_weight": 0.0}).loss == words
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(30):
        optimizer.zero_grad()
        model(**{**inputs, "gaze_weight": 5.0}).loss.backward()
        optimizer.step()
    with torch.no_grad():
        after = model(**{**inputs, "gaze_weight": 1.0})
        gaze = after.loss - model(**without).loss
    assert float(gaze) == pytest.approx(float(after.gaze_loss), abs=1e-5)
    assert float(gaze) < 0.5 * before


def test_every_way_to_compute_attention_gives_the_same_loss_and_what_cannot_be_asked_is_refused(small):
    model, _ = small
    inputs, losses = batch(small), []
    for attention in ("eager", "sdpa"):
        model.set_attn_implementation({"text_config": attention})
        losses.append(model(**inputs).gaze_loss.item())
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    with pytest.raises(ModelInputError, match="one world"):
        model(**{**inputs, "states_to_keep": 0})
    for settings in (["gaze=-1"], ["gaze=0.1", "attention=flash_attention_2"]):
        with pytest.raises(InputError, match="gaze"):
            change(RECIPES["debug"], settings)


def test_a_place_is_read_off_between_the_tokens_that_are_looked_at():
    shares = torch.zeros(3, 4)
    shares[1, 1:3] = 0.4
    shares[0, 3] = 0.2  # beside the peak's surroundings
    point, share = read_point(shares.flatten(), 3, 4)
    assert point == (0.5, 0.5)
    assert share == pytest.approx(0.8)
    corner = torch.zeros(12)
    corner[11] = 2.0
    assert read_point(corner, 3, 4) == ((0.875, 0.833), 1.0)


@pytest.mark.parametrize("sharp", [True, False])
def test_the_agent_acts_where_it_looks_if_that_is_one_place_and_where_it_writes_otherwise(small, monkeypatch, sharp):
    model, processor = small
    ids = processor.tokenizer(
        "Action: Click it\nOperation: pyautogui.click(x=0.100, y=0.200)", add_special_tokens=False
    ).input_ids
    monkeypatch.setattr(model, "generate", lambda input_ids, **_: torch.cat([input_ids, torch.tensor([ids])], dim=1))
    monkeypatch.setattr("omniactor.model.agent.LEAST_SHARE", 0.0 if sharp else 1.01)
    agent = ModelAgent(model, processor)
    seen = Observation("gui", {"screen": np.zeros((112, 112, 3), np.uint8)}, "Click it")
    action = agent.act(seen)
    assert (action.point == (0.1, 0.2)) is not sharp
    assert agent.decision.text == str(action)
    monkeypatch.setattr(model.config, "point_readout", "words")
    assert agent.act(seen).point == (0.1, 0.2)


def test_where_it_looked_is_what_training_asks_about(small):
    """The place that acting reads off is computed at the positions, and from the attention, that the loss trains."""
    model, processor = small
    model.set_attn_implementation({"text_config": "eager"})
    seen = Observation("gui", {"screen": np.full((112, 112, 3), 90, np.uint8)}, "Click it")
    action = GuiAction("click", point=(0.25, 0.75), description="Click it")
    inputs = dict(processor.encode(model.config, [seen], [action], padding_side="right"))
    grid = inputs["image_grid_thw"]
    made = gaze_inputs([action], inputs["labels"], inputs["input_ids"] == model.config.image_token_id, grid, processor.tokenizer)
    inputs |= made | {"world": "gui", "states_to_keep": int((inputs["labels"] >= 0).sum()) + 1, "gaze_weight": 1.0}
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(60):
        optimizer.zero_grad()
        model(**inputs).gaze_loss.backward()
        optimizer.step()
    agent, prompt = ModelAgent(model, processor), dict(processor.encode(model.config, [seen]))
    looked = agent._look({**prompt, "world": "gui"}, inputs["input_ids"][:, :-1])
    assert looked == pytest.approx((0.25, 0.75), abs=0.08)
