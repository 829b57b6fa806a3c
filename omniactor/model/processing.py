"""Observations in, token ids and pixels out: the prompt of both worlds.

A prompt is assembled from ids. What people typed is encoded with special tokens switched off, so a visitor
who writes `<|im_end|>` gets these letters and nothing else; action and state ids are put in as numbers.

    <|im_start|>system ... <|im_end|>
    <|im_start|>user <pictures> What action should the robot take to ...? [8 state ids] <|im_end|>
    <|im_start|>assistant [7 action ids per action, or the places of the queries]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import Literal

import numpy as np
import torch
from PIL import Image
from transformers import BatchFeature
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize
from transformers.models.qwen2_vl.processing_qwen2_vl import Qwen2VLProcessor

from omniactor.actions import embodied, gui
from omniactor.actions.embodied import ACTION_SIZE, STATE_SIZE, Normaliser
from omniactor.errors import ImageError, InputError, ModelInputError
from omniactor.model.configuration import WORLDS, OmniActorConfig
from omniactor.types import EmbodiedAction, GuiAction, Observation

IGNORED = -100
"""The label of a position that nothing is asked of."""
MOST_TASKS = 256
"""Texts for the arm whose ids are kept."""


@dataclass(frozen=True)
class PromptSettings:
    """How a checkpoint was shown the world; saved with it, in `processor_config.json`.

    Attributes:
        cameras: names of the pictures of an embodied observation, in the order of the prompt. The paper shows one.
        camera_size: (height, width) they are resized to. The paper: 256 px, shown at 448.
        camera_transform: "upright" as people see it, "flipped" (raw OpenGL rows, upside down) or "rotated" (180 degrees).
        screen_pixels: (least, most) pixels of a screen; its shape stays.
        state: the arm's state stands in the prompt, as eight ids.
        compact: no system prompt and no roles; for models so small that these words would be a burden.
        action_normaliser: between the data's actions and [-1, 1].
        state_normaliser: between the arm's state and [-1, 1].
    """

    cameras: tuple[str, ...] = ("agentview",)
    camera_size: tuple[int, int] = (448, 448)
    camera_transform: Literal["upright", "flipped", "rotated"] = "upright"
    screen_pixels: tuple[int, int] = (56 * 56, 1280 * 28 * 28)
    state: bool = False
    compact: bool = False
    action_normaliser: Normaliser = field(default_factory=Normaliser.identity)
    state_normaliser: Normaliser = field(default_factory=lambda: Normaliser.identity(STATE_SIZE))

    def __post_init__(self) -> None:
        """Refuse settings that no picture could follow."""
        if not isinstance(self.cameras, tuple) or not self.cameras or not all(isinstance(c, str) for c in self.cameras):
            raise InputError(f"expected cameras as names, at least one, got {self.cameras!r}")
        if not _two_numbers(self.camera_size):
            raise InputError(f"expected camera_size as height and width in pixels, got {self.camera_size!r}")
        if not _two_numbers(self.screen_pixels) or self.screen_pixels[0] > self.screen_pixels[1]:
            raise InputError(f"expected screen_pixels as the least and the most pixels, got {self.screen_pixels!r}")
        if self.camera_transform not in ("upright", "flipped", "rotated"):
            raise InputError(f"expected a camera_transform of upright, flipped or rotated, got {self.camera_transform!r}")
        sizes = len(self.action_normaliser.low), len(self.state_normaliser.low)
        if sizes != (ACTION_SIZE, STATE_SIZE):
            raise InputError(f"expected normalisers of {ACTION_SIZE} action and {STATE_SIZE} state numbers, got {sizes}")

    @classmethod
    def from_json(cls, content: dict) -> PromptSettings:
        """Read what `as_json` returned; lists become tuples."""
        known = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items() if k in cls.__dataclass_fields__}
        for name in ("action_normaliser", "state_normaliser"):
            if name in known:
                known[name] = Normaliser.from_json(known[name])
        if unknown := set(content) - set(known):
            raise InputError(f"expected prompt settings out of {', '.join(cls.__dataclass_fields__)}, got {sorted(unknown)}")
        return cls(**known)

    def as_json(self) -> dict:
        """Return what `from_json` takes."""
        content = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {
            **content,
            "action_normaliser": self.action_normaliser.as_json(),
            "state_normaliser": self.state_normaliser.as_json(),
        }


def _facts(config: OmniActorConfig) -> SimpleNamespace:
    """Return what is read of a configuration once per sample: a configuration itself takes microseconds for each look."""
    names = (
        "action_bins", "action_query_token_id", "chunk_size", "image_token_id", "num_action_queries", "num_query_rows",
        "prefix_attention", "target_query", "vision_config", "vision_end_token_id", "vision_start_token_id",
    )  # fmt: skip
    return SimpleNamespace(**{name: getattr(config, name) for name in names})


def _two_numbers(value) -> bool:
    """Return whether a setting is two whole numbers of 1 or more."""
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, int) and v >= 1 for v in value)


@dataclass
class _Prompt:
    """One sample on its way into a batch."""

    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    prompt_length: int = 0


class OmniActorProcessor(Qwen2VLProcessor):
    """Tokenizer, image processor and prompt settings of a checkpoint.

    `encode` takes observations. The inherited call takes `text` and `images` as Qwen2-VL's processor does.
    """

    def __init__(self, image_processor=None, tokenizer=None, chat_template=None, settings: dict | None = None, **kwargs):
        # Qwen2VLProcessor wants a video processor, which OmniActor has no use for.
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        super(Qwen2VLProcessor, self).__init__(image_processor, tokenizer, chat_template=chat_template, **kwargs)
        self.prompt = PromptSettings.from_json(settings or {})
        factor = image_processor.patch_size * image_processor.merge_size
        if any(side % factor for side in self.prompt.camera_size):
            raise InputError(f"expected camera_size in multiples of {factor} pixels, got {self.prompt.camera_size}")
        self.settings = self.prompt.as_json()

    def encode(
        self,
        config: OmniActorConfig,
        observations: Sequence[Observation],
        actions: Sequence[GuiAction | EmbodiedAction | np.ndarray] | None = None,
        padding_side: Literal["left", "right"] = "left",
        targets: Sequence[np.ndarray | None] | None = None,
        pixels: bool = True,
    ) -> BatchFeature:
        """Return the model's inputs for a batch, which may mix worlds.

        Args:
            config: the model's configuration: ids, and how actions are decoded.
            observations: what to decide on.
            actions: what was done, to learn from: a `GuiAction`, or for the arm the next actions (n, 7) in the data's
                units, up to `config.chunk_size` of them.
            padding_side: "left" for generation.
            targets: for models with a target query: offsets (2, 3) per sample, see `actions.embodied.target_values`; None
                where they are not known.
            pixels: False leaves out `pixel_values`, for whoever cuts pictures elsewhere: of the arm's cameras, which the
                observations need not have then, and of screens, where all have one size; these come as `screens`, uint8
                (B, height, width, 3).

        Returns:
            Tensors by the names of the model's arguments; `world` as numbers. With actions, `labels` and, for
            parallel decoding, `action_labels`.

        Raises:
            ImageError: a picture is missing or cannot be used.
            ModelInputError: a state is needed and missing, an unknown world, words that are no Unicode text, or
                actions that do not fit.
        """
        if actions is not None and len(actions) != len(observations):
            raise ModelInputError(f"expected one action per observation ({len(observations)}), got {len(actions)}")
        if not observations:
            raise ModelInputError("expected at least one observation, got none")
        config = _facts(config)
        samples, sized, grids, cameras, bins = [], [], [], [], []
        for index, observation in enumerate(observations):
            if observation.world not in WORLDS:
                raise ModelInputError(f"expected an observation of a world ({', '.join(WORLDS)}), got {observation.world!r}")
            names = self.prompt.cameras if observation.world == "embodied" else ("screen",)
            tokens = []
            for name in names:
                if pixels or observation.world != "embodied":
                    sized.append(self._sized(observation, name))
                    height, width = sized[-1].shape[:2]
                else:
                    height, width = self.prompt.camera_size
                grid = (1, height // self.image_processor.patch_size, width // self.image_processor.patch_size)
                grids.append(grid)
                cameras.append(self._camera_number(config, name))
                tokens.append(int(np.prod(grid)) // self.image_processor.merge_size**2)
            action = None if actions is None else actions[index]
            samples.append(self._assemble(config, observation, tokens, action))
            bins.append(self._bins(config, observation.world, action, targets[index] if targets is not None else None))
        inputs = self._batch(config, observations, samples, grids, cameras, bins if actions is not None else None, padding_side)
        if not pixels and len(sized) == len(observations) and len({image.shape for image in sized}) == 1:
            inputs["screens"] = torch.from_numpy(np.stack(sized))
        elif sized:
            inputs["pixel_values"] = torch.from_numpy(np.concatenate([self._cut(image) for image in sized]))
        return inputs

    def _sized(self, observation: Observation, name: str) -> np.ndarray:
        """Return one picture of an observation in the size that the model sees: uint8 (height, width, 3)."""
        image = observation.images.get(name)
        if image is None:
            raise ImageError(
                f"expected a picture named {name!r} to look at, got {sorted(observation.images)}; render or upload it"
            )
        image = _array(image)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise ImageError(f"expected {name!r} as uint8 (height, width, 3), got {image.dtype} {image.shape}")
        factor = self.image_processor.patch_size * self.image_processor.merge_size
        if observation.world == "embodied":
            turned = {"upright": image, "flipped": image[::-1], "rotated": image[::-1, ::-1]}[self.prompt.camera_transform]
            image, size = turned, self.prompt.camera_size
        else:
            height, width = image.shape[:2]
            if max(height, width) > 200 * min(height, width):
                raise ImageError(f"expected a picture at most 200 times as long as wide, got {width}x{height}")
            size = smart_resize(height, width, factor, *self.prompt.screen_pixels)
        if image.shape[:2] != tuple(size):
            image = np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BICUBIC))
        return np.ascontiguousarray(image)

    def _cut(self, image: np.ndarray) -> np.ndarray:
        """Return the normalised patches of a picture of the right size: what `image_processor` gives, to the bit, and sooner.

        A value's number depends on the value and its channel alone, so the image processor is asked once for all 256.
        """
        if "_numbers" not in self.__dict__:
            factor = self.image_processor.patch_size * self.image_processor.merge_size
            values = np.arange(factor * -(-256 // factor) * factor) % 256
            every = np.repeat(values.astype(np.uint8).reshape(factor, -1, 1), 3, axis=2)
            asked = np.asarray(self.image_processor(every, do_resize=False)["pixel_values"])
            numbers, order = np.empty((3, 256), np.float32), self._patches(every)
            for channel in range(3):
                numbers[channel, order[:, channel]] = asked.reshape(order.shape)[:, channel]
            self.__dict__["_numbers"] = numbers
        patches = self._patches(image)
        out = np.empty(patches.shape, np.float32)
        for channel in range(3):
            out[:, channel] = self._numbers[channel][patches[:, channel]]
        return out.reshape(len(out), -1)

    def _patches(self, image: np.ndarray) -> np.ndarray:
        """Return a picture's values by patches, as Qwen2-VL orders them: uint8 (patches, 3, time * patch * patch)."""
        p, m, time = (getattr(self.image_processor, n) for n in ("patch_size", "merge_size", "temporal_patch_size"))
        rows, columns = image.shape[0] // (m * p), image.shape[1] // (m * p)
        patches = image.reshape(rows, m, p, columns, m, p, 3).transpose(0, 3, 1, 4, 6, 2, 5).reshape(-1, 3, p * p)
        return patches if time == 1 else np.tile(patches, time)

    @staticmethod
    def _camera_number(config: OmniActorConfig, name: str) -> int:
        known = getattr(config.vision_config, "cameras", None)
        if known is None:
            return 0  # one tower for all
        if name not in known:
            raise ModelInputError(f"expected a picture of a camera that this model knows ({', '.join(known)}), got {name!r}")
        return list(known).index(name)

    def _text(self, text: str) -> list[int]:
        """Encode words; what looks like a special token stays words."""
        try:
            return self.tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
        except (UnicodeEncodeError, TypeError):
            raise ModelInputError(
                "expected text of valid Unicode, got lone surrogates or no text at all; type it again"
            ) from None

    def _task(self, text: str) -> list[int]:
        """Encode what the arm is told: the same few texts over and over, so the last ones are remembered."""
        known = self.__dict__.setdefault("_known_tasks", {})
        if text not in known:
            if len(known) >= MOST_TASKS:
                known.pop(next(iter(known)))
            known[text] = self._text(text)
        return known[text]

    def _special(self, name: str) -> int:
        return self.tokenizer.convert_tokens_to_ids(name)

    def _assemble(self, config: OmniActorConfig, observation: Observation, image_tokens: list[int], action) -> _Prompt:
        """Return one sample's ids, and labels where an action is given."""
        if not all(isinstance(words, str) for words in (observation.instruction, *observation.history)):
            raise ModelInputError("expected an instruction and history of valid Unicode text, got something else")
        begin, end = self._special("<|im_start|>"), self._special("<|im_end|>")
        pictures = [
            i
            for n in image_tokens
            for i in (config.vision_start_token_id, *[config.image_token_id] * n, config.vision_end_token_id)
        ]
        if observation.world == "embodied":
            system, words = embodied.SYSTEM_PROMPT, embodied.user_turn(observation.instruction)
        else:
            system = gui.system_prompt()
            words = gui.user_turn(observation.instruction, observation.history).removeprefix("<image> ")
        encode = self._task if observation.world == "embodied" else self._text
        question = [*pictures, *encode(words), *self._state(config, observation)]
        if self.prompt.compact:
            ids = [begin, *question, end]
        else:
            line = self._text("\n")
            ids = [
                begin, *self._text(f"system\n{system}"), end, *line,
                begin, *self._text("user\n"), *question, end, *line,
                begin, *self._text("assistant\n"),
            ]  # fmt: skip
        sample = _Prompt(ids, [IGNORED] * len(ids), len(ids))
        answer: list[int] = []
        if observation.world == "embodied" and config.num_action_queries:
            sample.ids += [config.action_query_token_id] * config.num_action_queries
            sample.labels += [IGNORED] * config.num_action_queries
            sample.prompt_length = len(sample.ids)
        elif action is not None and observation.world == "embodied":
            normalised = self.prompt.action_normaliser.normalise(self._chunk(config, action))
            answer = [*config.action_bins.encode(normalised).ravel().tolist(), end]
        elif action is not None:
            if not isinstance(action, GuiAction):
                raise ModelInputError(f"expected a GuiAction as the answer to a screen, got {type(action).__name__}")
            answer = [*self._text(str(action)), end]
        sample.ids += answer
        sample.labels += answer
        return sample

    def _state(self, config: OmniActorConfig, observation: Observation) -> list[int]:
        """Return the arm's state as action ids, if the prompt has it."""
        if observation.world != "embodied" or not self.prompt.state:
            return []
        if observation.state is None or _array(observation.state).shape != (STATE_SIZE,):
            got = " ".join(repr(observation.state).split())[:60]
            raise ModelInputError(f"expected the arm's state (8 numbers) beside the pictures, got {got}")
        return config.action_bins.encode(self.prompt.state_normaliser.normalise(observation.state)).tolist()

    def _chunk(self, config: OmniActorConfig, action) -> np.ndarray:
        try:
            values = np.atleast_2d(np.asarray(action, dtype=np.float64))
        except (TypeError, ValueError):
            raise ModelInputError(
                f"expected 1 to {config.chunk_size} actions of 7 numbers for the arm, got {type(action).__name__}"
            ) from None
        if values.ndim != 2 or values.shape[1] != embodied.ACTION_SIZE or not 1 <= len(values) <= config.chunk_size:
            raise ModelInputError(f"expected 1 to {config.chunk_size} actions of 7 numbers, got shape {values.shape}")
        return values

    def _bins(self, config: OmniActorConfig, world: str, action, targets: np.ndarray | None) -> np.ndarray:
        """Return the bins (rows, 7) that the queries should give; ignored where nothing is known."""
        bins = np.full((config.num_query_rows, embodied.ACTION_SIZE), IGNORED)
        if action is not None and world == "embodied" and config.num_action_queries:
            normalised = self.prompt.action_normaliser.normalise(self._chunk(config, action))
            bins[: len(normalised)] = config.action_bins.bin(normalised)
        if targets is not None and config.target_query:
            bins[-1, : embodied.TARGET_SIZE] = config.action_bins.bin(embodied.target_values(targets))
        return bins

    def _batch(self, config, observations, samples, grids, cameras, bins, padding_side) -> BatchFeature:
        """Pad the samples to one length and stack everything."""
        length, pad = max(len(s.ids) for s in samples), self.tokenizer.pad_token_id

        def stack(rows: list[list[int]], fill: int) -> torch.Tensor:
            padded = [[fill] * (length - len(r)) + r if padding_side == "left" else r + [fill] * (length - len(r)) for r in rows]
            return torch.tensor(padded)

        ids = stack([s.ids for s in samples], pad)
        inputs = {
            "input_ids": ids,
            "attention_mask": stack([[1] * len(s.ids) for s in samples], 0),
            "mm_token_type_ids": (ids == config.image_token_id).int(),
            "image_grid_thw": torch.tensor(grids),
            "world": torch.tensor([WORLDS.index(o.world) for o in observations]),
        }
        if hasattr(config.vision_config, "cameras"):
            inputs["image_cameras"] = torch.tensor(cameras)
        if config.prefix_attention:
            inputs["bidirectional"] = stack([[1] * s.prompt_length + [0] * (len(s.ids) - s.prompt_length) for s in samples], 0)
        elif config.num_action_queries:
            inputs["bidirectional"] = (ids == config.action_query_token_id).long()
        if bins is not None:
            inputs["labels"] = stack([s.labels for s in samples], IGNORED)
            if config.num_action_queries:
                inputs["action_labels"] = torch.from_numpy(np.stack(bins))
        return BatchFeature(inputs)


def _array(value) -> np.ndarray:
    """Return an array; what has no rectangular shape becomes an array of objects."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)
