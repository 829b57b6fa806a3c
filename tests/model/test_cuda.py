"""The equalities on a GPU, in the types it is used with. Skipped where there is none: `python -m pytest -m cuda`."""

import pytest
import torch

from omniactor.model.generation import ActionDecoder
from omniactor.model.presets import make_model
from omniactor.model.weights import upcycle
from tests.model.conftest import SETTINGS, arm, make_base, make_inputs
from tests.model.test_modeling import drift_apart

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")]


def on_gpu(inputs):
    return {name: value.cuda() if isinstance(value, torch.Tensor) else value for name, value in inputs.items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_upcycled_model_equals_its_base_bit_for_bit(base, dtype):
    base = base.to("cuda", dtype)
    model, inputs = upcycle(base, "omniactor", 2, **SETTINGS).to("cuda").eval(), on_gpu(make_inputs(padded=(1,)))
    with torch.no_grad():
        for world in ("gui", "embodied"):
            assert torch.equal(model(**inputs, world=world).logits, base(**inputs).logits)


def test_a_mixed_batch_gives_the_numbers_of_pure_ones():
    model = drift_apart(upcycle(make_base("qwen2_vl"), "omniactor", 2, **SETTINGS)).to("cuda").eval()
    inputs = on_gpu(make_inputs(padded=(1,)))
    kept = inputs["attention_mask"].bool()
    with torch.no_grad():
        mixed = model(**inputs, world=["gui", "embodied", "gui"]).logits
        for world, rows in (("gui", [0, 2]), ("embodied", [1])):
            pure = model(**inputs, world=world).logits
            for row in rows:
                torch.testing.assert_close(mixed[row][kept[row]], pure[row][kept[row]], atol=1e-4, rtol=1e-3)


def test_a_compiled_step_with_a_static_cache_decides_the_same():
    model, processor = make_model("debug", chunk_size=2)
    model.to("cuda").eval()
    plain, fast = ActionDecoder(model), ActionDecoder(model, static_cache=128, compiled=True)
    for seed in range(3):
        inputs = processor.encode(model.config, [arm(seed)]).to("cuda")
        expected, got = plain(inputs), fast(inputs)
        torch.testing.assert_close(got.distribution, expected.distribution, atol=1e-5, rtol=1e-3)
