"""Tell transformers' Auto classes about OmniActor, without importing transformers or PyTorch.

`import omniactor` must stay light, yet `AutoModelForImageTextToText.from_pretrained(...)` must work after
it. So the name of the model type is entered into transformers' registry when that registry is imported,
and our classes are imported when somebody asks for them.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys

_CONFIGURATIONS = "transformers.models.auto.configuration_auto"
_PROCESSORS = "transformers.models.auto.processing_auto"
_MODEL_TYPE = "omniactor"


def _load() -> type:
    from omniactor.model.auto import register_classes

    return register_classes()


class _Configurations(dict):
    """Model type -> configuration class; ours is imported, and everything registered, on first use."""

    def __getitem__(self, name):
        if name == _MODEL_TYPE and super().__getitem__(name) is None:
            self[_MODEL_TYPE] = _load()
        return super().__getitem__(name)

    def values(self):
        return [self[name] for name in self]

    def items(self):
        return [(name, self[name]) for name in self]


class _Processors(dict):
    """Configuration class -> processor class; read as a whole when a checkpoint names its processor's class."""

    def values(self):
        _load()
        return super().values()


def _enter_configuration() -> None:
    mapping = sys.modules[_CONFIGURATIONS].CONFIG_MAPPING
    if _MODEL_TYPE not in mapping:
        mapping._extra_content = _Configurations({**mapping._extra_content, _MODEL_TYPE: None})


def _enter_processor() -> None:
    mapping = sys.modules[_PROCESSORS].PROCESSOR_MAPPING
    if not isinstance(mapping._extra_content, _Processors):
        mapping._extra_content = _Processors(mapping._extra_content)


_AFTER = {_CONFIGURATIONS: _enter_configuration, _PROCESSORS: _enter_processor}


class _AfterImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Enters our names once a registry has been imported by its ordinary loader."""

    def __init__(self) -> None:
        self.loaders: dict[str, importlib.abc.Loader] = {}

    def find_spec(self, name, path=None, target=None) -> importlib.machinery.ModuleSpec | None:
        if name not in _AFTER:
            return None
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None:
            self.loaders[name], spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return self.loaders[spec.name].create_module(spec)

    def exec_module(self, module) -> None:
        name = module.__spec__.name
        loader = self.loaders.pop(name)
        module.__spec__.loader = module.__loader__ = loader
        loader.exec_module(module)
        _AFTER[name]()


def register() -> None:
    """Enter our names now where the registries are imported already, else as soon as they are."""
    for name, enter in _AFTER.items():
        if name in sys.modules:
            enter()
    if not any(isinstance(finder, _AfterImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterImport())
