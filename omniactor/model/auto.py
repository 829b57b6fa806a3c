"""OmniActor's entries in transformers' Auto classes."""

from __future__ import annotations

from transformers import AutoModelForImageTextToText, AutoProcessor

from omniactor.model.configuration import OmniActorConfig
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.processing import OmniActorProcessor


def register_classes() -> type[OmniActorConfig]:
    """Register model and processor under the configuration class, and return that."""
    AutoModelForImageTextToText.register(OmniActorConfig, OmniActorForConditionalGeneration, exist_ok=True)
    AutoProcessor.register(OmniActorConfig, OmniActorProcessor, exist_ok=True)
    return OmniActorConfig
