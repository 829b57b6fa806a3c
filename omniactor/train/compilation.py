"""Compiled layers: torch.compile, part by part, for training on processors."""

from __future__ import annotations

import torch
from torch import nn
from torch._inductor.cpp_builder import get_cpp_compiler
from torch._inductor.exc import InvalidCxxCompiler
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLDecoderLayer

from omniactor.errors import InputError
from omniactor.model.stem import CameraStem

_PARTS = (Qwen2VLDecoderLayer, CameraStem)


def compile_parts(model: nn.Module) -> int:
    """Have the model's decoder layers and convolution stems compiled when they are first run; returns how many there are.

    In a small model most of a step on a processor goes into what lies between matrix products: casts, norms, activations,
    the softmax. Compiled, they run through memory once. Each part is compiled by itself, for any number of samples and
    tokens, so that layers of one kind share their code and nothing else of the model has to be understood by the compiler.
    Names of parameters stay as they are.

    Raises:
        InputError: no C++ compiler, which processors need for it.
    """
    if not torch.cuda.is_available():
        try:
            get_cpp_compiler()
        except InvalidCxxCompiler:
            raise InputError("expected a C++ compiler for compile=true, got none; install g++ or set compile=false") from None
    parts = [module for module in model.modules() if isinstance(module, _PARTS)]
    for part in parts:
        part.compile(dynamic=True)
    return len(parts)
