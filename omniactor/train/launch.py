"""What is looked at before a run begins: DeepSpeed's surroundings, and what this machine computes slowly."""

from __future__ import annotations

import os
import socket

from omniactor.errors import InputError
from omniactor.model.tensors import one_line


def prepare_deepspeed() -> None:
    """Load DeepSpeed, and tell it that a process without a launcher is alone: it would look for MPI.

    Raises:
        InputError: it is not installed, or does not load here; the message says why.
    """
    import torch

    if not torch.cuda.is_available():
        os.environ.setdefault("DS_ACCELERATOR", "cpu")  # it warns where it finds that out itself
    try:
        import deepspeed  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            f"expected the package {error.name} for deepspeed, got none; pip install {error.name}, or set deepspeed= fsdp=true"
        ) from None
    except Exception as error:  # it looks for compilers and drivers when it is loaded, and fails in many ways
        raise InputError(
            f"expected DeepSpeed to load, got: {one_line(error)[:160]}; mend that, or set deepspeed= fsdp=true"
        ) from None
    if "RANK" not in os.environ:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}


def bf16_is_emulated() -> bool:
    """Tell whether this machine has no instructions for bfloat16: there it is ten times slower than float32, not faster."""
    import torch

    return not torch.cuda.is_available() and not torch.ops.mkldnn._is_mkldnn_bf16_supported()
