"""A folder of safetensors: which tensors are in it, reading one, writing many, and whether they fit a model."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from omniactor.errors import CheckpointError

KeyMap = Sequence[tuple[str, str]]
"""Pairs (regular expression, replacement), applied in order to every tensor name of a foreign checkpoint."""

PUBLISHED_QWEN: KeyMap = (
    (r"^visual\.", "model.visual."),
    (r"^model\.(?!visual\.|language_model\.)", "model.language_model."),
)
"""Names as the Qwen team published them -> names as transformers 5 has them in memory."""

SHARD_BYTES = 4 << 30
"""Largest file written, and so the memory that passing a checkpoint through takes."""


class StoredTensor(NamedTuple):
    """Where a tensor lies, and its shape."""

    path: Path
    shape: tuple[int, ...]


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return what a folder of safetensors holds, by tensor name.

    Raises:
        CheckpointError: no safetensors, a file that is broken, or a listed tensor that is not there.
    """
    paths = sorted(Path(folder).glob("*.safetensors"))
    if not paths:
        raise CheckpointError(f"expected *.safetensors in {Path(folder).name}, got none; other formats are not read")
    stored = {}
    for path in paths:
        with _opened(path) as file:
            stored.update({name: StoredTensor(path, tuple(file.get_slice(name).get_shape())) for name in file.keys()})  # noqa: SIM118
    index = Path(folder) / "model.safetensors.index.json"
    if index.exists():
        try:
            listed = list(json.loads(index.read_text())["weight_map"])
        except (ValueError, KeyError, TypeError):
            raise CheckpointError(f"expected {index.name} to be a list of tensors, got a broken file; fetch it again") from None
        check_fit(missing=[name for name in listed if name not in stored])
    return stored


def read_tensor(stored: StoredTensor, name: str) -> torch.Tensor:
    """Read one tensor by the name it has in its file."""
    with _opened(stored.path) as file:
        return file.get_tensor(name)


def rename(names, key_map: KeyMap) -> dict[str, str]:
    """Return new name -> old name.

    Raises:
        CheckpointError: two tensors would get one name, or a broken pattern.
    """
    renamed: dict[str, str] = {}
    for old in names:
        new = old
        for pattern, replacement in key_map:
            try:
                new = re.sub(pattern, replacement, new)
            except (re.error, IndexError) as error:  # IndexError: a group that the pattern does not name
                raise CheckpointError(f"expected a regular expression in the key map, got {pattern!r} ({error})") from None
        if new in renamed:
            raise CheckpointError(f"expected one tensor per name after the key map, got {renamed[new]} and {old} both as {new}")
        renamed[new] = old
    return renamed


def check_fit(missing: Sequence[str] = (), unexpected: Sequence[str] = (), misshapen: Sequence[str] = ()) -> None:
    """Refuse tensors that do not fit, naming them.

    Raises:
        CheckpointError: any of the lists holds something.
    """
    found = [
        f"{len(names)} {what}: {', '.join(names[:6])}{' ...' if len(names) > 6 else ''}"
        for what, names in (("missing", missing), ("not known to the model", unexpected), ("of another shape", misshapen))
        if names
    ]
    if found:
        raise CheckpointError(
            f"expected a checkpoint that fits the model, got tensors {'; '.join(found)}; give a key map if names differ"
        )


def write_shards(tensors: Iterator[tuple[str, torch.Tensor]], folder: Path) -> None:
    """Write tensors one after the other as sharded safetensors with an index."""
    shards: list[list[str]] = []
    total, size, pending = 0, 0, {}

    def flush() -> None:
        save_file(pending, folder / f"part-{len(shards)}", metadata={"format": "pt"})
        shards.append(list(pending))
        pending.clear()

    for name, tensor in tensors:
        nbytes = tensor.numel() * tensor.element_size()
        if pending and size + nbytes > SHARD_BYTES:
            flush()
            size = 0
        pending[name] = tensor.contiguous()
        size, total = size + nbytes, total + nbytes
    flush()
    if len(shards) == 1:
        os.replace(folder / "part-0", folder / "model.safetensors")
        return
    weight_map = {}
    for number, names in enumerate(shards):
        file = f"model-{number + 1:05d}-of-{len(shards):05d}.safetensors"
        os.replace(folder / f"part-{number}", folder / file)
        weight_map.update(dict.fromkeys(names, file))
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))


@contextmanager
def _opened(path: Path):
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"expected {path.name} to be intact safetensors, got {one_line(error)}; fetch it again") from None


def local_folder(path: str | Path, **hub) -> Path:
    """Return a checkpoint's folder: `path` itself, or a download of the Hub repository of that name.

    Raises:
        CheckpointError: neither a folder nor a repository that can be reached.
    """
    try:
        if str(path) and Path(path).is_dir():
            return Path(path)
        return Path(snapshot_download(str(path), allow_patterns=["*.safetensors", "*.json", "*.txt", "*.jinja"], **hub))
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise CheckpointError(
            f"expected a folder or a Hugging Face repository, got {str(path)[:120]!r}: {one_line(error)}"
        ) from None


def one_line(error: Exception) -> str:
    """Return an error's text on one line, shortened."""
    return " ".join(str(error).split())[:160] or type(error).__name__
