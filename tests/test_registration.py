"""`import omniactor` stays light, and transformers' Auto classes know OmniActor whatever was imported first."""

import importlib
import subprocess
import sys

import pytest

from omniactor import registration


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
HARMLESS = """
from omniactor.registration import register
from transformers import CONFIG_MAPPING
register(); register()
assert sum(type(f).__name__ == "_AfterImport" for f in sys.meta_path) == 1
assert list(CONFIG_MAPPING).count("omniactor") == 1 and "omniactor" in CONFIG_MAPPING
assert AutoConfig.for_model("qwen2_vl").model_type == "qwen2_vl"
assert "omniactor.model.configuration" not in sys.modules  # nobody has asked for it
"""
ENTERED = """
assert [c.__name__ for c in CONFIG_MAPPING._extra_content.values()] == ["OmniActorConfig"]
assert dict(CONFIG_MAPPING._extra_content.items())["omniactor"] is CONFIG_MAPPING["omniactor"]
"""
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
    loads = f"for x in ({', '.join(PARTS[o] for o in order)},): print(type(x).__name__)"
    code = "\n".join([f"import sys; {imports} p = sys.argv[1]", HARMLESS, loads, ENTERED])
    names = run(code, checkpoint).splitlines()
    for name, part in zip(names, order, strict=True):
        assert name == NAMES.get(part, name)


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


class Finder:
    """A finder that does something before a module is searched for, once."""

    def __init__(self, name, do):
        self.name, self.do = name, do

    def find_spec(self, name, path=None, target=None):
        if name == self.name and self.do is not None:
            do, self.do = self.do, None
            do()


@pytest.fixture
def late(tmp_path, monkeypatch):
    """Two importable registries, and the list of those that were entered."""
    entered = []
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("late_a", "late_b"):
        (tmp_path / f"{name}.py").write_text(f"name = {name!r}")
        monkeypatch.setitem(registration._AFTER, name, lambda name=name: entered.append(sys.modules[name].name))
        monkeypatch.delitem(sys.modules, name, raising=False)

    def watch(*finders):
        others = [f for f in sys.meta_path if not isinstance(f, registration._AfterImport)]
        monkeypatch.setattr(sys, "meta_path", [registration._AfterImport(), *finders, *others])
        return entered

    yield watch
    for name in ("late_a", "late_b"):
        sys.modules.pop(name, None)


def test_a_registry_is_entered_once_after_its_own_loader_ran(late):
    entered = late()
    module = importlib.import_module("late_a")
    assert importlib.import_module("late_a") is module and entered == ["late_a"]
    assert module.__loader__ is module.__spec__.loader and type(module.__loader__).__name__ == "SourceFileLoader"


def test_a_search_that_failed_is_made_again(late):
    def fail():
        raise ImportError("not now")

    entered = late(Finder("late_a", fail))
    with pytest.raises(ImportError, match="not now"):
        importlib.import_module("late_a")
    importlib.import_module("late_a")
    assert entered == ["late_a"]


def test_a_registry_imported_while_another_is_searched_for_is_entered_too(late):
    entered = late(Finder("late_a", lambda: importlib.import_module("late_b")))
    importlib.import_module("late_a")
    assert entered == ["late_b", "late_a"]
