"""`import omniactor` stays light, and transformers' Auto classes know OmniActor whatever was imported first."""

import subprocess
import sys

import pytest


def run(code, *arguments):
    result = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout.strip()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    pytest.importorskip("torch")
    from omniactor.model.presets import make_model

    folder = tmp_path_factory.mktemp("registration")
    for part in make_model("debug"):
        part.save_pretrained(folder)
    return folder


def test_importing_the_package_loads_neither_torch_nor_transformers():
    loaded = "import sys, omniactor; print(sorted({'torch', 'transformers', 'tokenizers', 'huggingface_hub'} & set(sys.modules)))"
    assert run(loaded) == "[]"


EVERY = "import omniactor; from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer;"
LATER = "from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer; import omniactor;"
PARTS = {
    "config": "AutoConfig.from_pretrained(p)",
    "model": "AutoModelForImageTextToText.from_pretrained(p)",
    "processor": "AutoProcessor.from_pretrained(p)",
    "tokenizer": "AutoTokenizer.from_pretrained(p)",
}
NAMES = {"config": "OmniActorConfig", "model": "OmniActorForConditionalGeneration", "processor": "OmniActorProcessor"}


@pytest.mark.parametrize(
    ("imports", "order"),
    [
        (EVERY, ("config", "model", "processor", "tokenizer")),
        (EVERY, ("processor", "tokenizer", "model")),
        (LATER, ("processor", "model", "tokenizer")),
    ],
)
def test_a_saved_checkpoint_loads_through_the_auto_classes(checkpoint, imports, order):
    code = (
        f"import sys; {imports} p = sys.argv[1]; assert 'omniactor.model.configuration' not in sys.modules\n"
        f"for x in ({', '.join(PARTS[o] for o in order)},): print(type(x).__name__)"
    )
    names = run(code, checkpoint).splitlines()
    for name, part in zip(names, order, strict=True):
        assert name == NAMES.get(part, name)


def test_registering_twice_and_other_models_do_no_harm():
    pytest.importorskip("torch")
    code = """
import sys, omniactor
from omniactor.registration import register
register(); register()
from transformers import AutoConfig, CONFIG_MAPPING
register()
assert sum(type(f).__name__ == "_AfterImport" for f in sys.meta_path) == 1
assert AutoConfig.for_model("qwen2_vl").model_type == "qwen2_vl"
assert list(CONFIG_MAPPING).count("omniactor") == 1 and "omniactor" in CONFIG_MAPPING
assert "omniactor.model.configuration" not in sys.modules
assert [c.__name__ for c in CONFIG_MAPPING._extra_content.values()] == ["OmniActorConfig"]
assert dict(CONFIG_MAPPING._extra_content.items())["omniactor"] is CONFIG_MAPPING["omniactor"]
"""
    run(code)


def test_a_registry_that_cannot_be_imported_fails_as_it_would_without_us():
    code = """
import sys, omniactor, importlib.util
sys.modules["transformers"] = None
for _ in range(2):
    try:
        import transformers.models.auto.configuration_auto
    except ImportError:
        pass
    else:
        raise AssertionError
"""
    run(code)
