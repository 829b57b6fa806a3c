"""Tell transformers' Auto classes about OmniActor, without importing transformers.

`import omniactor` must stay light, yet `AutoModelForImageTextToText.from_pretrained(...)` must work after
it. So the classes are registered when transformers' own registries are imported: at once if they already
are, else right after.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys


def _register_configuration() -> None:
    from transformers.models.auto.configuration_auto import AutoConfig

    from omniactor.model.configuration import OmniActorConfig, OmniActorStemConfig

    AutoConfig.register(OmniActorConfig.model_type, OmniActorConfig, exist_ok=True)
    AutoConfig.register(OmniActorStemConfig.model_type, OmniActorStemConfig, exist_ok=True)


def _register_model() -> None:
    from transformers.models.auto.modeling_auto import AutoModelForImageTextToText

    from omniactor.model.configuration import OmniActorConfig
    from omniactor.model.modeling import OmniActorForConditionalGeneration

    AutoModelForImageTextToText.register(OmniActorConfig, OmniActorForConditionalGeneration, exist_ok=True)


def _register_processor() -> None:
    from transformers.models.auto.processing_auto import AutoProcessor

    from omniactor.model.configuration import OmniActorConfig
    from omniactor.model.processing import OmniActorProcessor

    AutoProcessor.register(OmniActorConfig, OmniActorProcessor, exist_ok=True)


_AFTER = {
    "transformers.models.auto.configuration_auto": _register_configuration,
    "transformers.models.auto.modeling_auto": _register_model,
    "transformers.models.auto.processing_auto": _register_processor,
}


class _AfterImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Runs a function once a module has been imported by its ordinary loader."""

    def __init__(self) -> None:
        self._searching = False
        self._loaders: dict[str, importlib.abc.Loader] = {}

    def find_spec(self, name, path=None, target=None) -> importlib.machinery.ModuleSpec | None:
        if name not in _AFTER or self._searching:
            return None
        self._searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._searching = False
        if spec is None or spec.loader is None:
            return None
        self._loaders[name], spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return self._loaders[spec.name].create_module(spec)

    def exec_module(self, module) -> None:
        name = module.__spec__.name
        loader = self._loaders.pop(name)
        module.__spec__.loader = module.__loader__ = loader
        loader.exec_module(module)
        _AFTER[name]()


def register() -> None:
    """Register what is imported already and arrange for the rest."""
    if not any(isinstance(finder, _AfterImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterImport())
    for name, function in _AFTER.items():
        if name in sys.modules:
            function()
