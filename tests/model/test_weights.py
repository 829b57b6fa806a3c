"""Checkpoints in and out: nothing lost, nothing changed, and every misfit named."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2VLForConditionalGeneration

from omniactor.errors import CheckpointError, InputError, ModelInputError, OutputError
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.weights import export_checkpoint, upcycle, upcycle_checkpoint
from tests.model.conftest import SETTINGS, make_base, make_inputs
from tests.model.test_modeling import drift_apart

STOCK = {"qwen2_vl": Qwen2VLForConditionalGeneration, "qwen2_5_vl": Qwen2_5_VLForConditionalGeneration}


@pytest.fixture
def plain(base, tmp_path):
    base.save_pretrained(tmp_path / "plain")
    return tmp_path / "plain"


@pytest.fixture
def checkpoint(tmp_path):
    """An OmniActor whose experts differ, saved."""
    model = drift_apart(upcycle(make_base("qwen2_vl"), "omniactor", 2, **SETTINGS).eval())
    model.save_pretrained(tmp_path / "omniactor")
    return tmp_path / "omniactor"


def logits(model, **more):
    with torch.no_grad():
        return model(**make_inputs(padded=(1,)), **more).logits


def test_upcycling_a_folder_equals_its_base_in_both_worlds(base, plain, tmp_path):
    report = upcycle_checkpoint(plain, tmp_path / "out", "omniactor", 2, **SETTINGS)
    model = OmniActorForConditionalGeneration.from_pretrained(tmp_path / "out").eval()
    assert report["tensors"] == len(model.state_dict()) and report["new"] == 0
    assert report["copied_twice"] == 2 * 12 + 2  # twelve tensors a layer, the last norm, the head
    for world in ("gui", "embodied"):
        assert torch.equal(logits(model, world=world), logits(base))


def test_upcycling_in_memory_and_on_disk_agree(base, plain, tmp_path):
    upcycle_checkpoint(plain, tmp_path / "out", "hard", **SETTINGS)
    stored = OmniActorForConditionalGeneration.from_pretrained(tmp_path / "out").state_dict()
    for name, value in upcycle(base, "hard", **SETTINGS).state_dict().items():
        assert torch.equal(stored[name], value), name


@pytest.mark.parametrize("expert", ["gui", "embodied"])
def test_an_exported_expert_gives_the_same_numbers_in_stock_transformers(base, family, expert, tmp_path):
    model = drift_apart(upcycle(base, "omniactor", 2, **SETTINGS).eval())
    model.save_pretrained(tmp_path / "omniactor")
    export_checkpoint(tmp_path / "omniactor", tmp_path / "plain", expert)
    stock = STOCK[family].from_pretrained(tmp_path / "plain").eval()
    assert torch.equal(logits(stock), logits(model, world=expert))


def test_export_writes_the_published_names(checkpoint, tmp_path):
    export_checkpoint(checkpoint, tmp_path / "plain", "gui")
    names = set(load_file(tmp_path / "plain" / "model.safetensors"))
    base = make_base("qwen2_vl")
    base.save_pretrained(tmp_path / "stock")
    assert names == set(load_file(tmp_path / "stock" / "model.safetensors"))


def test_save_and_load_keeps_every_number_also_in_shards(checkpoint, tmp_path):
    model = OmniActorForConditionalGeneration.from_pretrained(checkpoint)
    model.save_pretrained(tmp_path / "shards", max_shard_size="100KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 3
    again = OmniActorForConditionalGeneration.from_pretrained(tmp_path / "shards").state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(again[name], value), name


@pytest.mark.parametrize("world", ["gui", "embodied"])
def test_one_expert_can_be_loaded_alone(checkpoint, world):
    both = OmniActorForConditionalGeneration.from_pretrained(checkpoint).eval()
    one = OmniActorForConditionalGeneration.from_pretrained(checkpoint, worlds=[world]).eval()
    other = "embodied" if world == "gui" else "gui"
    assert not any(f".{other}." in name for name in one.state_dict())
    saved = sum(v.numel() for n, v in both.named_parameters() if f".{other}." in n)
    assert one.num_parameters() == both.num_parameters() - saved
    assert torch.equal(logits(one), logits(both, world=world))
    with pytest.raises(ModelInputError, match="got 'robot'"):
        one(**make_inputs(), world="robot")


def test_an_expert_that_is_not_there_is_refused(checkpoint):
    with pytest.raises(ModelInputError, match=r"got \['robot'\]; it has experts for gui, embodied"):
        OmniActorForConditionalGeneration.from_pretrained(checkpoint, worlds=["robot"])


def test_a_tied_base_gets_heads_of_its_own(tmp_path):
    base = make_base("qwen2_vl")
    base.config.tie_word_embeddings = True
    base.tie_weights()
    base.save_pretrained(tmp_path / "tied")
    assert "lm_head.weight" not in load_file(tmp_path / "tied" / "model.safetensors")
    upcycle_checkpoint(tmp_path / "tied", tmp_path / "out", "omniactor", 2, **SETTINGS)
    model = OmniActorForConditionalGeneration.from_pretrained(tmp_path / "out").eval()
    assert torch.equal(logits(model, world="embodied"), logits(base))


def test_a_key_map_renames_a_foreign_checkpoint(checkpoint, tmp_path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    names = {
        name: name.replace("model.language_model.", "thinker.")
        .replace(".experts.gui.", ".moe_0.")
        .replace(".experts.embodied.", ".moe_1.")
        for name in load_file(checkpoint / "model.safetensors")
    }
    save_file({names[n]: v for n, v in load_file(checkpoint / "model.safetensors").items()}, foreign / "model.safetensors")
    (foreign / "config.json").write_text((checkpoint / "config.json").read_text())
    with pytest.raises(CheckpointError, match=r"missing: .*not known to the model: "):
        upcycle_checkpoint(foreign, tmp_path / "out")
    key_map = [(r"^thinker\.", "model.language_model."), (r"\.moe_0\.", ".experts.gui."), (r"\.moe_1\.", ".experts.embodied.")]
    upcycle_checkpoint(foreign, tmp_path / "out", key_map=key_map)
    model = OmniActorForConditionalGeneration.from_pretrained(tmp_path / "out").eval()
    expected = OmniActorForConditionalGeneration.from_pretrained(checkpoint).eval()
    assert torch.equal(logits(model, world="embodied"), logits(expected, world="embodied"))


def break_missing(tensors):
    del tensors["lm_head.gui.weight"]


def break_extra(tensors):
    tensors["extra.weight"] = torch.zeros(2)


def break_shape(tensors):
    tensors["lm_head.gui.weight"] = torch.zeros(5, 64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (break_missing, "1 missing: lm_head.gui.weight"),
        (break_extra, "1 not known to the model: extra.weight"),
        (break_shape, "1 of another shape: lm_head.gui.weight"),
    ],
)
def test_tensors_that_do_not_fit_are_named(checkpoint, tmp_path, change, message):
    tensors = load_file(checkpoint / "model.safetensors")
    change(tensors)
    save_file(tensors, checkpoint / "model.safetensors", metadata={"format": "pt"})
    for attempt in (
        lambda: OmniActorForConditionalGeneration.from_pretrained(checkpoint),
        lambda: upcycle_checkpoint(checkpoint, tmp_path / "out"),
    ):
        with pytest.raises(CheckpointError, match=message) as caught:
            attempt()
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob("out.tmp*"))


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 500, 0.5, 0.99])
def test_a_cut_file_is_refused(checkpoint, tmp_path, keep):
    path = checkpoint / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
    for attempt in (
        lambda: OmniActorForConditionalGeneration.from_pretrained(checkpoint),
        lambda: export_checkpoint(checkpoint, tmp_path / "out", "gui"),
    ):
        with pytest.raises(CheckpointError, match=r"model\.safetensors|intact OmniActor checkpoint"):
            attempt()


@pytest.mark.parametrize("content", ["", "{", '{"model_type": "llama"}', "[]", '{"model_type": "omniactor", "worlds": ["x"]}'])
def test_a_broken_configuration_is_refused(checkpoint, tmp_path, content):
    (checkpoint / "config.json").write_text(content)
    with pytest.raises(InputError) as caught:
        export_checkpoint(checkpoint, tmp_path / "out", "gui")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError):
        OmniActorForConditionalGeneration.from_pretrained(checkpoint)


def test_no_pickle_is_ever_read(checkpoint):
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    with pytest.raises(CheckpointError):
        OmniActorForConditionalGeneration.from_pretrained(checkpoint)


def test_a_missing_shard_is_named(checkpoint, tmp_path):
    OmniActorForConditionalGeneration.from_pretrained(checkpoint).save_pretrained(tmp_path / "shards", max_shard_size="100KB")
    sorted((tmp_path / "shards").glob("*.safetensors"))[1].unlink()
    with pytest.raises(CheckpointError, match="missing: "):
        export_checkpoint(tmp_path / "shards", tmp_path / "out", "gui")
    with pytest.raises(CheckpointError):
        OmniActorForConditionalGeneration.from_pretrained(tmp_path / "shards")


def test_an_existing_folder_is_not_overwritten(checkpoint, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="which exists"):
        export_checkpoint(checkpoint, tmp_path / "out", "gui")


def test_routers_and_stems_have_no_plain_form(tmp_path):
    upcycle(make_base("qwen2_vl"), "router", 2, **SETTINGS).save_pretrained(tmp_path / "router")
    with pytest.raises(InputError, match="routers that mix both experts"):
        export_checkpoint(tmp_path / "router", tmp_path / "out", "gui")


def test_shards_come_with_an_index_that_transformers_reads(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr("omniactor.model.tensors.SHARD_BYTES", 100_000)
    export_checkpoint(checkpoint, tmp_path / "plain", "gui")
    index = json.loads((tmp_path / "plain" / "model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) > 3
    stock = Qwen2VLForConditionalGeneration.from_pretrained(tmp_path / "plain").eval()
    model = OmniActorForConditionalGeneration.from_pretrained(checkpoint).eval()
    assert torch.equal(logits(stock), logits(model, world="gui"))


@pytest.mark.parametrize("variant", ["gui", "embodied", "hard", "router", "omniactor"])
def test_a_dense_omniactor_can_be_upcycled_too(variant):
    dense = upcycle(make_base("qwen2_vl"), "dense", action_decoding="parallel", chunk_size=2, **SETTINGS).eval()
    model = upcycle(dense, variant, 2).eval()
    for world in model.config.worlds:
        torch.testing.assert_close(logits(model, world=world), logits(dense, world=world), atol=1e-5, rtol=0)
    assert torch.equal(model.model.action_queries.weight, dense.model.action_queries.weight)
    if variant == "omniactor":
        with pytest.raises(InputError, match="without experts to upcycle"):
            upcycle(model)
