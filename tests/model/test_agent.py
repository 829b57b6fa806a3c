"""A checkpoint acts: chunks for the arm, one decision a look for screens."""

import copy
import shutil

import numpy as np
import pytest
import torch

from omniactor.actions.embodied import HOLD, Normaliser
from omniactor.agent import Agent
from omniactor.errors import ActionError, CheckpointError, ModelError, ModelInputError
from omniactor.model.agent import ModelAgent, load_checkpoint
from omniactor.model.generation import ActionDecoder
from omniactor.model.processing import OmniActorProcessor
from omniactor.types import EmbodiedAction, GuiAction
from tests.model.conftest import arm, lively, screen

CHUNKED = {"action_decoding": "parallel", "chunk_size": 4, "queries_per_action": 1}


def counted(agent):
    """Count the decisions of an agent."""
    calls, decoder = [], agent.decoder
    agent.decoder = lambda *arguments: calls.append(1) or decoder(*arguments)
    return calls


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agents") / "checkpoint"
    for part in lively(**CHUNKED):
        part.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("execute", "decided_at"), [(None, [0, 4, 8]), (4, [0, 4, 8]), (3, [0, 3, 6, 9]), (1, list(range(10)))])
def test_a_chunk_is_handed_out_before_the_agent_looks_again(execute, decided_at):
    model, processor = lively(**CHUNKED)
    agent = ModelAgent(model, processor, execute=execute)
    calls, chunk = counted(agent), None
    agent.reset("lift it")
    for index in range(10):
        before = len(calls)
        action = agent.act(arm(index))
        assert (len(calls) > before) == (index in decided_at)
        if index in decided_at:
            inputs = processor.encode(model.config, [arm(index)])
            chunk, start = ActionDecoder(model)(inputs).bins[0], index
            assert np.array_equal(agent.decision.bins, chunk.numpy())
        assert agent.chunk_position == index - start
        centres = model.config.action_bins.centre(chunk[index - start].numpy())
        assert np.array_equal(action.values[:6], centres[:6]) and abs(action.values[6] - centres[6]) < HOLD
    assert len(calls) == len(decided_at)


@pytest.mark.parametrize(
    ("interval", "number"), [(0, -255 / 256), (120, -15 / 256), (125, 0.0), (127, 0.0), (128, 0.0), (130, 0.0), (255, 255 / 256)]
)
def test_a_gripper_that_is_to_hold_gets_0_and_not_the_middle_of_an_interval_beside_it(monkeypatch, interval, number):
    model, processor = lively(action_decoding="parallel", chunk_size=2)
    logits = torch.zeros(1, 2, 7, 256)
    logits[..., interval] = 9.0
    monkeypatch.setattr(model, "action_logits", lambda hidden: logits)
    agent = ModelAgent(model, processor)
    agent.reset("lift it")
    for index in range(2):
        values = agent.act(arm(index)).values
        assert values[6] == number
        assert (values[:6] == model.config.action_bins.centre(np.array(interval))).all()


def test_reset_drops_the_rest_of_a_chunk():
    agent = ModelAgent(*lively(**CHUNKED))
    calls = counted(agent)
    agent.reset("lift it")
    first = [agent.act(arm()) for _ in range(2)]
    agent.reset("lift it")
    assert agent.decision is None
    assert [agent.act(arm()) for _ in range(2)] == first and len(calls) == 2
    assert agent.chunk_position == 1


def test_the_chunks_of_one_id_after_the_other_are_handed_out_too():
    model, processor = lively(chunk_size=2)
    agent = ModelAgent(model, processor)
    calls = counted(agent)
    actions = [agent.act(arm()) for _ in range(4)]
    assert len(calls) == 2 and actions[:2] == actions[2:] and agent.decision.bins.shape == (2, 7)


@pytest.mark.parametrize(
    ("variant", "expert"),
    [("omniactor", "embodied"), ("hard", "embodied"), ("dense", "shared"), ("embodied", "shared"), ("router", "router")],
)
def test_a_decision_tells_what_was_decided_by_whom_and_how_surely(variant, expert):
    model, processor = lively(variant)
    agent = ModelAgent(model, processor, "Ada")
    assert isinstance(agent, Agent) and agent.needs_images and agent.name == "Ada" and agent.decision is None
    action = agent.act(arm())
    decision, expected = agent.decision, ActionDecoder(model)(processor.encode(model.config, [arm()]))
    assert isinstance(action, EmbodiedAction)
    assert (decision.world, decision.expert, decision.text) == ("embodied", expert, None) and decision.seconds > 0
    assert np.array_equal(decision.bins, expected.bins[0].numpy()) and decision.bins.shape == (1, 7)
    np.testing.assert_allclose(decision.probabilities, expected.probabilities[0].numpy(), atol=1e-6)


@pytest.mark.parametrize(("low", "high"), [((-1.0,) * 7, (1.0,) * 7), ((-0.5,) * 7, (0.25,) * 7), ((-3.0,) * 7, (3.0,) * 7)])
def test_values_are_bin_centres_in_the_datas_units_within_the_arms_limits(low, high):
    model, ready = lively()
    settings = {**ready.settings, "action_normaliser": Normaliser(low, high, "minmax").as_json()}
    agent = ModelAgent(model, OmniActorProcessor(ready.image_processor, ready.tokenizer, settings=settings))
    values = agent.act(arm()).values
    centres = -1 + (2 * agent.decision.bins[0] + 1) / 256
    expected = np.clip(np.array(low) + (centres + 1) / 2 * (np.array(high) - np.array(low)), -1, 1)
    np.testing.assert_allclose(values, expected, atol=1e-6)
    assert values.dtype == np.float32


@pytest.mark.parametrize("temperature", [0.0, 4.0])
def test_the_same_seed_gives_the_same_actions(temperature):
    agent = ModelAgent(*lively(**CHUNKED), temperature=temperature)

    def actions(seed):
        agent.reset("lift it", seed)
        return [agent.act(arm(step)) for step in range(8)]

    first = actions(1)
    assert actions(1) == first and actions(None) == actions(0)
    assert (actions(2) == first) == (temperature == 0)


@pytest.mark.parametrize("execute", [0, -1, 5])
def test_no_more_than_a_chunk_can_be_executed(execute):
    with pytest.raises(ModelInputError, match=f"1 to 4 actions of a chunk, got {execute}"):
        ModelAgent(*lively(**CHUNKED), execute=execute)


def test_a_model_in_training_mode_is_put_to_work():
    model = copy.deepcopy(lively()[0]).train()
    assert not ModelAgent(model, lively()[1]).model.training


def test_weights_that_are_no_numbers_never_move_the_arm():
    model = copy.deepcopy(lively()[0])
    with torch.no_grad():
        model.model.language_model.norm["embodied"].weight[:] = float("nan")
    agent = ModelAgent(model, lively()[1])
    with pytest.raises(ModelError):
        agent.act(arm())
    assert agent.decision is None


@pytest.mark.parametrize(
    ("variant", "expert"), [("omniactor", "gui"), ("dense", "shared"), ("router", "router"), ("gui", "shared")]
)
def test_an_untrained_model_writes_no_action_and_its_words_are_kept(variant, expert):
    agent = ModelAgent(*lively(variant), max_new_tokens=8)
    with pytest.raises(ActionError, match="expected the model to write an action") as caught:
        agent.act(screen())
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    decision = agent.decision
    assert (decision.world, decision.expert, decision.bins, decision.probabilities) == ("gui", expert, None, None)
    assert isinstance(decision.text, str) and decision.text


def saying(text, monkeypatch, **settings):
    """An agent whose model writes a text; what generate was given is kept."""
    model, processor = copy.copy(lively(**settings)[0]), lively(**settings)[1]
    given = {}

    def generate(input_ids, **arguments):
        given.update(arguments, input_ids=input_ids)
        answer = processor.tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        return torch.cat([input_ids, answer], dim=1)

    monkeypatch.setattr(model, "generate", generate, raising=False)
    return ModelAgent(model, processor, max_new_tokens=40), given


@pytest.mark.parametrize(
    "action",
    [
        GuiAction("click", point=(0.5, 0.25), description="Click OK"),
        GuiAction("write", text="naïve 中文 🦾 'quoted'", description="Type it"),
        GuiAction("scroll", pages=-0.5, description="Down"),
        GuiAction("terminate", status="success"),
    ],
)
def test_a_valid_answer_becomes_the_action_that_it_says(action, monkeypatch):
    agent, given = saying(f"{action}<|im_end|>", monkeypatch)
    assert agent.act(screen()) == action
    assert agent.decision.text == str(action)
    assert given["world"] == "gui" and given["eos_token_id"] == 1026 and given["pad_token_id"] == 1024
    assert given["max_new_tokens"] == 40 and given["do_sample"] is False
    assert agent.act(screen(1)) == action  # every look is a decision


@pytest.mark.parametrize(
    "text", ["", "Operation: rm -rf /", "Action: Click\n", "a\nb\nc", "Operation: pyautogui.click(x=5, y=0.5)"]
)
def test_an_answer_that_is_no_action_is_told_in_one_line(text, monkeypatch):
    agent, _ = saying(text, monkeypatch)
    with pytest.raises(ActionError) as caught:
        agent.act(screen())
    assert "\n" not in str(caught.value) and agent.decision.text == text


def test_a_screen_between_two_actions_of_a_chunk_does_not_disturb_it(monkeypatch):
    action = GuiAction("back")
    agent, _ = saying(f"{action}<|im_end|>", monkeypatch, **CHUNKED)
    alone = ModelAgent(*lively(**CHUNKED))
    first = agent.act(arm())
    assert agent.act(screen()) == action
    assert [first, agent.act(arm(1))] == [alone.act(arm()), alone.act(arm(1))] and agent.chunk_position == 1


@pytest.mark.parametrize("preset", ["debug", "mini"])
def test_words_come_out_the_same_as_without_a_cache(preset):
    model, processor = lively(preset=preset)
    agent = ModelAgent(model, processor, max_new_tokens=6)
    with pytest.raises(ActionError):
        agent.act(screen())
    inputs = processor.encode(model.config, [screen()])
    ids = model.generate(**inputs, max_new_tokens=6, do_sample=False, use_cache=False, eos_token_id=1026)
    written = ids[0, inputs["input_ids"].shape[1] :]
    assert agent.decision.text == processor.tokenizer.decode(written, skip_special_tokens=True)


def test_words_are_sampled_again_with_the_same_seed():
    agent = ModelAgent(*lively(), temperature=3.0, max_new_tokens=6)

    def text(seed):
        agent.reset("", seed)
        with pytest.raises(ActionError):
            agent.act(screen())
        return agent.decision.text

    state = torch.get_rng_state()
    assert text(1) == text(1) != text(2)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("decoding", [CHUNKED, {}])
def test_words_never_hold_the_mark_of_an_action_query(decoding):
    model = copy.deepcopy(lively(**decoding)[0])
    query = model.config.action_query_token_id
    with torch.no_grad():
        head = model.lm_head["gui"].weight
        head.zero_()
        head[query] = torch.linspace(-1, 1, 64)
        head[query + 1] = -head[query]  # one of the two is the likeliest whatever the state
        model.model.language_model.norm["gui"].weight.copy_(torch.linspace(-1, 1, 64))
    agent = ModelAgent(model, lively()[1], max_new_tokens=4)
    for seed in range(5):
        with pytest.raises(ActionError):
            agent.act(screen(seed))


def test_a_saved_folder_acts_as_the_model_did(saved):
    agent = ModelAgent(*load_checkpoint(saved), name="again")
    before = ModelAgent(*lively(**CHUNKED))
    assert [agent.act(arm(i)) for i in range(6)] == [before.act(arm(i)) for i in range(6)]
    assert np.array_equal(agent.decision.probabilities, before.decision.probabilities)
    assert agent.processor.prompt == before.processor.prompt and not agent.model.training


def broken(saved, tmp_path, change):
    folder = tmp_path / "broken"
    shutil.copytree(saved, folder)
    change(folder)
    return folder


CHANGES = {
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "no configuration": lambda f: (f / "config.json").unlink(),
    "no processor": lambda f: [(f / n).unlink() for n in ("processor_config.json", "tokenizer.json", "tokenizer_config.json")],
    "no tokenizer": lambda f: [(f / n).unlink() for n in ("tokenizer.json", "tokenizer_config.json")],
    "no settings": lambda f: (f / "processor_config.json").unlink(),
    "cut settings": lambda f: (f / "processor_config.json").write_text("{"),
    "empty settings": lambda f: (f / "processor_config.json").write_text(""),
    "settings of another kind": lambda f: (f / "processor_config.json").write_text("[]"),
    "cut tokenizer": lambda f: (f / "tokenizer.json").write_text('{"model": {'),
    "tokenizer of another kind": lambda f: (f / "tokenizer.json").write_text("{}"),
    "cut weights": lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:1000]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_with_a_part_missing_or_broken_is_refused(saved, tmp_path, change):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(broken(saved, tmp_path, CHANGES[change]))
    assert "\n" not in str(caught.value)


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="folder or a Hugging Face repository"):
        load_checkpoint(tmp_path / "missing")
