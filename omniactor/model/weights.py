"""Weights in and out: upcycle a plain Qwen2-VL, export an expert, average checkpoints, rename foreign ones.

Checkpoints are folders of safetensors; nothing else is read. A tensor is moved on its own, so a 7B model
passes through the memory of one shard. Names follow transformers' Qwen2-VL, with the experts' names put in:

    model.language_model.layers.3.mlp.up_proj.weight                  shared
    model.language_model.layers.20.experts.gui.mlp.up_proj.weight     one per world
    model.language_model.norm.gui.weight   lm_head.gui.weight
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, Qwen2_5_VLConfig, Qwen2VLConfig
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from omniactor.actions.embodied import ActionBins
from omniactor.errors import CheckpointError, InputError
from omniactor.model.configuration import WORLDS, OmniActorConfig, OmniActorStemConfig, read_config, variant_settings
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.processing import OmniActorProcessor
from omniactor.model.tensors import PUBLISHED_QWEN, KeyMap, check_fit, one_line, read_tensor, rename, stored_tensors, write_shards
from omniactor.paths import atomic_folder

_BASES = {"qwen2_vl": Qwen2VLConfig, "qwen2_5_vl": Qwen2_5_VLConfig}
_ARCHITECTURES = {"qwen2_vl": "Qwen2VLForConditionalGeneration", "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration"}
_NEW = re.compile(r"\.router\.weight$|^model\.action_queries\.|^action_spread\.")  # what no plain model has


def base_config(
    base: Qwen2VLConfig | Qwen2_5_VLConfig, variant: str = "omniactor", num_shared_layers: int = 8, **settings
) -> OmniActorConfig:
    """Return the configuration of a plain model's upcycled form.

    Args:
        base: configuration of a Qwen2-VL or Qwen2.5-VL.
        variant: see `variant_settings`.
        num_shared_layers: K_share; no more than the model has layers.
        settings: other fields of `OmniActorConfig`, such as `first_action_id` or `chunk_size`.

    Raises:
        InputError: another kind of model, or settings that do not fit it.
    """
    if base.model_type not in _BASES:
        raise InputError(f"expected a model of type {' or '.join(_BASES)} to upcycle, got {base.model_type!r}")
    text, vision = base.text_config.to_dict(), base.vision_config.to_dict()
    text["tie_word_embeddings"] = False
    if "first_action_id" not in settings:
        specials = (base.vision_start_token_id, base.vision_end_token_id, base.image_token_id, base.video_token_id)
        ordinary = min(151643, text["vocab_size"], *specials)  # 151643 is Qwen2's first special id
        settings["first_action_id"] = ordinary - settings.get("num_action_bins", 256)
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id", "dtype")
    return OmniActorConfig(
        text_config=text, vision_config=vision, base_model_type=base.model_type,
        **{name: getattr(base, name) for name in names},
        **{**variant_settings(variant, text["num_hidden_layers"], num_shared_layers), **settings},
    )  # fmt: skip


def plain_config(config: OmniActorConfig) -> Qwen2VLConfig | Qwen2_5_VLConfig:
    """Return the configuration of the plain model that `export` writes.

    Raises:
        InputError: the model has no plain form: a convolutional stem, or routers that mix experts.
    """
    if isinstance(config.vision_config, OmniActorStemConfig) or config.router:
        what = "routers that mix both experts" if config.router else "a convolutional stem"
        raise InputError(f"expected a model with Qwen2-VL's vision tower and no routers to export, got one with {what}")
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id", "dtype")
    return _BASES[config.base_model_type](
        text_config=config.text_config.to_dict(), vision_config=config.vision_config.to_dict(), tie_word_embeddings=False,
        **{name: getattr(config, name) for name in names},
    )  # fmt: skip


def plain_name(name: str) -> str:
    """Return the plain model's name of one of our tensors (in memory form): experts' names taken out."""
    name = re.sub(r"\.experts\.(gui|embodied)\.", ".", name)
    return re.sub(r"^(lm_head|model\.language_model\.norm)\.(gui|embodied|shared)\.", r"\1.", name)


def upcycle(
    base: PreTrainedModel, variant: str = "omniactor", num_shared_layers: int = 8, **settings
) -> OmniActorForConditionalGeneration:
    """Return an OmniActor whose experts are all copies of a model in memory; see `base_config`.

    Before any training it computes what the model computes, in both worlds.

    Args:
        base: a Qwen2-VL, a Qwen2.5-VL, or an OmniActor of one world or variant "dense".
        variant: see `variant_settings`.
        num_shared_layers: K_share.
        settings: other fields of `OmniActorConfig`.

    Raises:
        InputError: another kind of model, or an OmniActor that has experts already.
    """
    if isinstance(base.config, OmniActorConfig):
        layers = base.config.text_config.num_hidden_layers
        if base.config.separate_heads or base.config.num_shared_layers < layers:
            raise InputError("expected a model without experts to upcycle, got an OmniActor that has them")
        config = OmniActorConfig(**{**base.config.to_dict(), **variant_settings(variant, layers, num_shared_layers), **settings})
    else:
        config = base_config(base.config, variant, num_shared_layers, **settings)
    model = OmniActorForConditionalGeneration(config).to(base.dtype)
    plain = {plain_name(name): value for name, value in base.state_dict().items()}
    plain.setdefault("lm_head.weight", plain["model.language_model.embed_tokens.weight"])
    state = {name: plain.get(plain_name(name), value) for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    return model


def upcycle_checkpoint(
    source: str | Path,
    out: str | Path,
    variant: str = "omniactor",
    num_shared_layers: int = 8,
    key_map: KeyMap = (),
    **settings,
) -> dict:
    """Write the upcycled form of a plain checkpoint, or the renamed form of a foreign OmniActor.

    Every tensor is filled from the source's tensor of its own name, if it has one after `key_map` (so a
    checkpoint that already holds two experts keeps them), else from the plain model's.

    Args:
        source: folder with config.json and safetensors.
        out: folder to make; must not exist.
        variant: see `variant_settings`.
        num_shared_layers: K_share.
        key_map: how the source's names become ours.
        settings: other fields of `OmniActorConfig`.

    Returns:
        "path", "tensors", "copied_twice" (plain tensors that became two experts), "new" (randomly initialised), "processor"
        (whether a tokenizer and picture settings were found and carried over).

    Raises:
        CheckpointError: files missing or broken, or tensors that do not fit; the message lists them.
    """
    source = Path(source)
    stored = stored_tensors(source)
    names = rename(stored, (*key_map, *PUBLISHED_QWEN))
    try:
        base = AutoConfig.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"expected a readable config.json in {source.name}, got {one_line(error)}") from None
    processor = _processor(source)
    if processor is not None and not isinstance(base, OmniActorConfig):
        bins = ActionBins.on_rarest_ids(processor.tokenizer.vocab_size, settings.get("num_action_bins", 256))
        settings.setdefault("first_action_id", bins.first_id)
    config = base if isinstance(base, OmniActorConfig) else base_config(base, variant, num_shared_layers, **settings)
    shapes = OmniActorForConditionalGeneration.expected_shapes(config)
    plan = {name: next((n for n in (name, plain_name(name)) if n in names), None) for name in shapes}
    for name in shapes:  # a tied base has no head of its own
        if plan[name] is None and name.startswith("lm_head.") and base.tie_word_embeddings:
            plan[name] = "model.language_model.embed_tokens.weight"
    check_fit(
        missing=[name for name, origin in plan.items() if origin is None and not _NEW.search(name)],
        unexpected=[name for name in names if name not in plan.values() and name != "lm_head.weight"],
        misshapen=[
            f"{name} {stored[names[origin]].shape} instead of {shapes[name]}"
            for name, origin in plan.items()
            if origin and stored[names[origin]].shape != shapes[name]
        ],
    )

    def tensors() -> Iterator[tuple[str, torch.Tensor]]:
        generator = torch.Generator().manual_seed(0)
        dtype = None
        for name, origin in plan.items():
            if origin is None:
                yield name, torch.randn(shapes[name], generator=generator).mul(0.02).to(dtype)
            else:
                value = read_tensor(stored[names[origin]], names[origin])
                dtype = value.dtype
                yield name, value

    with atomic_folder(out) as folder:
        write_shards(tensors(), folder)
        config.architectures = [OmniActorForConditionalGeneration.__name__]
        config.save_pretrained(folder)
        _copy_companions(source, folder)
        if processor is not None:
            processor.save_pretrained(folder)
    origins = [o for o in plan.values() if o]
    return {
        "path": str(out),
        "tensors": len(plan),
        "copied_twice": len(origins) - len(set(origins)),
        "new": sum(o is None for o in plan.values()),
        "processor": processor is not None,
    }


def export_checkpoint(source: str | Path, out: str | Path, expert: str) -> dict:
    """Write one expert as a plain Qwen2-VL / Qwen2.5-VL checkpoint, in the names the Qwen team published.

    Stock transformers (and what else reads such checkpoints) loads it and computes the same numbers.

    Args:
        source: folder of an OmniActor checkpoint.
        out: folder to make; must not exist.
        expert: "gui" or "embodied".

    Returns:
        "path", "tensors", "left_out" (tensors of the expert that a plain model has no place for).

    Raises:
        CheckpointError: files missing or broken.
        InputError: no such expert, or the model has no plain form.
    """
    source = Path(source)
    stored = stored_tensors(source)
    config = read_config(source)
    if expert not in config.worlds:
        raise InputError(f"expected an expert that {source.name} has ({', '.join(config.worlds)}), got {expert!r}")
    plain = plain_config(config)
    others = re.compile(rf"\.({'|'.join(w for w in WORLDS if w != expert)})\.")
    mine = [name for name in stored if not others.search(name)]
    kept = [name for name in mine if not _NEW.search(name)]
    with atomic_folder(out) as folder:
        write_shards(((_published_name(plain_name(name)), read_tensor(stored[name], name)) for name in kept), folder)
        plain.architectures = [_ARCHITECTURES[plain.model_type]]
        plain.save_pretrained(folder)
        _copy_companions(source, folder, plain=True)
    return {"path": str(out), "tensors": len(kept), "left_out": len(mine) - len(kept)}


def average_checkpoints(sources: Sequence[str | Path], out: str | Path) -> dict:
    """Write the mean of several checkpoints' weights: of one model that was trained on in turn, or along several ways.

    What single trainings got by chance cancels out (Wortsman et al. 2022, "Model soups").

    Args:
        sources: folders of OmniActor checkpoints with the same configuration, at least two; all else is taken from the last.
        out: folder to make; must not exist.

    Returns:
        "path", "tensors", "distance" (how far apart the weights are at most, as a share of their length).

    Raises:
        CheckpointError: files missing or broken, or tensors that do not fit.
        InputError: fewer than two, or models of different kinds.
    """
    folders = [Path(source) for source in sources]
    if len(folders) < 2:
        raise InputError(f"expected at least two checkpoints to average, got {len(folders)}")
    stored = [stored_tensors(folder) for folder in folders]
    configs = [{**read_config(folder).to_dict(), "processor": _settings(folder)} for folder in folders]
    for config in configs:
        config.pop("transformers_version", None)  # who wrote it makes no other model of it
    for folder, config, tensors in zip(folders, configs, stored, strict=True):
        different = sorted(name for name in config.keys() | configs[-1].keys() if config.get(name) != configs[-1].get(name))
        if different:
            raise InputError(f"expected checkpoints of one model, got {folder.name} with another {', '.join(different[:6])}")
        both = tensors.keys() & stored[-1].keys()
        check_fit(
            missing=sorted(stored[-1].keys() - both), unexpected=sorted(tensors.keys() - both),
            misshapen=sorted(name for name in both if tensors[name].shape != stored[-1][name].shape),
        )  # fmt: skip
    apart, length = torch.zeros(len(folders), dtype=torch.float64), 0.0

    def means() -> Iterator[tuple[str, torch.Tensor]]:
        nonlocal length
        for name in stored[-1]:
            tensors = [read_tensor(one[name], name) for one in stored]
            if not tensors[-1].is_floating_point():
                yield name, tensors[-1]
                continue
            values = torch.stack([tensor.double() for tensor in tensors])
            apart.add_((values - values[-1]).flatten(1).square().sum(dim=1))
            length += values[-1].square().sum().item()
            yield name, values.mean(dim=0).to(tensors[-1].dtype)

    with atomic_folder(out) as folder:
        write_shards(means(), folder)
        shutil.copy2(folders[-1] / "config.json", folder / "config.json")
        _copy_companions(folders[-1], folder)
    return {"path": str(out), "tensors": len(stored[-1]), "distance": (apart.max().item() / length) ** 0.5 if length else 0.0}


def load(path: str | Path, worlds: Sequence[str] | None = None, **arguments) -> OmniActorForConditionalGeneration:
    """Load a checkpoint for use; the same as `OmniActorForConditionalGeneration.from_pretrained(...).eval()`."""
    return OmniActorForConditionalGeneration.from_pretrained(path, worlds=worlds, **arguments).eval()


def _processor(source: Path) -> OmniActorProcessor | None:
    """Return a processor made of a plain checkpoint's tokenizer and picture settings; None where it has none."""
    if not (source / "tokenizer_config.json").exists():
        return None
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        pictures = Qwen2VLImageProcessorPil.from_pretrained(source)
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"expected a tokenizer and picture settings in {source.name}, got {one_line(error)}") from None
    return OmniActorProcessor(pictures, tokenizer, settings=_settings(source))


def _settings(source: Path) -> dict | None:
    """Return what a checkpoint's processor knows of the arm, its normalisation for one; None of a plain checkpoint."""
    try:
        return json.loads((source / "processor_config.json").read_text()).get("settings")
    except (OSError, ValueError):
        return None


def _published_name(name: str) -> str:
    return re.sub(r"^model\.(visual\.)", r"\1", re.sub(r"^model\.language_model\.", "model.", name))


def _copy_companions(source: Path, folder: Path, plain: bool = False) -> None:
    """Copy tokenizer, image settings and the like. A plain checkpoint gets no settings of ours."""
    ours = {"config.json", "model.safetensors.index.json", "manifest.json", "recipe.json"}  # of these weights, not of new ones
    ours |= {"processor_config.json"} if plain else set()
    for path in source.iterdir():
        if path.is_file() and path.suffix in (".json", ".txt", ".jinja", ".model") and path.name not in ours:
            shutil.copy2(path, folder / path.name)
