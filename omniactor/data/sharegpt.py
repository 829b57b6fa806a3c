r"""The one format of training samples: ShareGPT conversations about pictures, one JSON object per line.

A sample of a screen is what LLaMA-Factory reads, unchanged. A sample of the arm has its action as numbers beside
the text, because action ids never pass through text. Both are checked when they are made, and so before they are
written and after they are read.

    {"world": "gui", "system": "...", "conversations": [{"from": "human", "value": "<image> ..."},
     {"from": "gpt", "value": "Action: ...\nOperation: pyautogui.click(x=0.634, y=0.927)"}], "images": ["images/7.png"]}
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from omniactor.actions.embodied import ACTION_SIZE, STATE_SIZE
from omniactor.errors import SampleError
from omniactor.types import World

IMAGE = "<image>"
MAX_LETTERS = 200_000
"""Of one text."""
MAX_TURNS = 400
"""Questions of one conversation."""
MAX_IMAGES = 32
MAX_ACTIONS = 128
"""Rows of a chunk."""
MAX_LINE = 8_000_000
"""Bytes of a sample."""
STATE_LIMIT = 100.0
"""No number of the arm's state (metres, radians) is beyond it."""
_KEYS = {"world", "system", "conversations", "images", "source", "task", "episode", "step", "cameras", "actions", "state", "box"}
_ROLES = ("human", "gpt")
_NO_BOX = (0.0, 0.0, 0.0, 0.0)
"""What stands in the file for none: readers of columns take a column's type from its first rows, where null has none."""


@dataclass(frozen=True)
class Sample:
    """One conversation to learn from.

    Attributes:
        world: "gui" or "embodied".
        system: what the model is told before everything else.
        turns: (question, answer) one after the other; every picture has its `<image>` in a question.
        images: picture files, relative to the folder of the samples' file, in the order of the marks.
        source: which data it comes from.
        task: the task's name, where the source has one.
        episode: the source's name of the episode.
        step: number within the episode, from 0.
        cameras: of an embodied sample, which picture is which: "agentview", "wrist".
        actions: of an embodied sample, the next actions: 1 to N rows of 7 numbers in [-1, 1].
        state: of an embodied sample, the arm's 8 numbers (see `Observation.state`), or None.
        box: of a screen, where the target is: (x0, y0, x1, y1) as fractions; or None.

    Raises:
        SampleError: anything about it does not fit.
    """

    world: World
    system: str
    turns: tuple[tuple[str, str], ...]
    images: tuple[str, ...]
    source: str = ""
    task: str = ""
    episode: str = ""
    step: int = 0
    cameras: tuple[str, ...] = ()
    actions: tuple[tuple[float, ...], ...] | None = None
    state: tuple[float, ...] | None = None
    box: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse what nobody could train on."""
        if self.world not in ("gui", "embodied"):
            raise SampleError(f'expected world "gui" or "embodied", got {short(self.world)}', "world")
        for name in ("system", "source", "task", "episode"):
            _check_text(name, getattr(self, name))
        if isinstance(self.step, bool) or not isinstance(self.step, int) or not 0 <= self.step <= 10**9:
            raise SampleError(f"expected step as a whole number from 0, got {short(self.step)}", "numbers")
        self._check_turns()
        if len(self.images) > MAX_IMAGES:
            raise SampleError(f"expected at most {MAX_IMAGES} pictures, got {len(self.images)}", "images")
        for name in self.images:
            check_path(name)
        if IMAGE in self.system:
            raise SampleError(f"expected a system prompt without {IMAGE}, got one with it", "images")
        marks = sum(question.count(IMAGE) + answer.count(IMAGE) for question, answer in self.turns)
        if marks != len(self.images):
            raise SampleError(f"expected as many {IMAGE} as pictures, got {marks} and {len(self.images)}", "images")
        if any(IMAGE in answer for _, answer in self.turns):
            raise SampleError(f"expected answers without {IMAGE}, got one with it", "images")
        self._check_numbers()

    def _check_turns(self) -> None:
        if not 1 <= len(self.turns) <= MAX_TURNS:
            raise SampleError(f"expected 1 to {MAX_TURNS} questions with answers, got {len(self.turns)}", "roles")
        for question, answer in self.turns:
            for name, text in (("question", question), ("answer", answer)):
                _check_text(name, text)
                if not text.strip():
                    raise SampleError(f"expected a {name} with something in it, got none", "text")

    def _check_numbers(self) -> None:
        if self.world == "gui":
            if self.actions is not None or self.state is not None or self.cameras:
                raise SampleError("expected actions, state and cameras only of the arm, got them of a screen", "world")
            if self.box is not None:
                x0, y0, x1, y1 = _numbers("box", self.box, 4, 0.0, 1.0)
                if x0 > x1 or y0 > y1:
                    raise SampleError(f"expected box as x0 <= x1 and y0 <= y1, got {list(self.box)}", "numbers")
            return
        if self.box is not None:
            raise SampleError("expected a box only of a screen, got one of the arm", "world")
        if not self.images or len(self.cameras) != len(self.images) or len(set(self.cameras)) != len(self.cameras):
            raise SampleError(
                f"expected one camera per picture, got {len(self.cameras)} cameras and {len(self.images)} pictures", "images"
            )
        for name in self.cameras:
            _check_text("camera", name)
        if self.actions is None or not 1 <= len(self.actions) <= MAX_ACTIONS:
            got = 0 if self.actions is None else len(self.actions)
            raise SampleError(f"expected 1 to {MAX_ACTIONS} rows of actions, got {got}", "numbers")
        for row in self.actions:
            _numbers("action", row, ACTION_SIZE, -1.0, 1.0)
        if self.state is not None:
            _numbers("state", self.state, STATE_SIZE, -STATE_LIMIT, STATE_LIMIT)

    def as_json(self) -> dict:
        """Return it as it stands in the file; the keys of a world are always the same ones."""
        content = {
            "world": self.world, "system": self.system,
            "conversations": [
                {"from": role, "value": text} for turn in self.turns for role, text in zip(_ROLES, turn, strict=True)
            ],
            "images": list(self.images), "source": self.source, "task": self.task, "episode": self.episode, "step": self.step,
        }  # fmt: skip
        if self.world == "gui":
            return content | {"box": list(_NO_BOX if self.box is None else map(float, self.box))}
        rows = [list(row) for row in self.actions]
        return content | {
            "cameras": list(self.cameras), "actions": rows, "state": None if self.state is None else list(self.state)
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: object) -> Sample:
        """Read `as_json`'s result.

        Raises:
            SampleError: not a sample.
        """
        if not isinstance(content, dict):
            raise SampleError(f"expected a JSON object, got {type(content).__name__}", "json")
        if unknown := sorted(content.keys() - _KEYS):
            raise SampleError(f"expected keys out of {', '.join(sorted(_KEYS))}, got {short(unknown[0])}", "keys")
        if missing := [name for name in ("world", "system", "conversations", "images") if name not in content]:
            raise SampleError(f"expected the key {missing[0]}, got none", "keys")
        rows, state, box = content.get("actions"), content.get("state"), content.get("box")
        return cls(
            world=content["world"], system=content["system"], turns=_turns(content["conversations"]),
            images=_strings("images", content["images"]), cameras=_strings("cameras", content.get("cameras", [])),
            **{name: content[name] for name in ("source", "task", "episode", "step") if name in content},
            actions=None if rows is None else tuple(tuple(_list("action", row)) for row in _list("actions", rows)),
            state=None if state is None else tuple(_list("state", state)),
            box=None if box is None or box == list(_NO_BOX) else tuple(_list("box", box)),
        )  # fmt: skip

    def to_line(self) -> str:
        """Return it as one line of JSON, with the line break."""
        line = json.dumps(self.as_json(), ensure_ascii=False, allow_nan=False) + "\n"
        if len(line.encode()) > MAX_LINE:
            raise SampleError(f"expected a sample of at most {MAX_LINE} bytes, got a larger one", "too large")
        return line

    @classmethod
    def from_line(cls, line: bytes) -> Sample:
        """Read one line.

        Raises:
            SampleError: not a sample.
        """
        if len(line) > MAX_LINE:
            raise SampleError(f"expected a line of at most {MAX_LINE} bytes, got a longer one", "too large")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SampleError(f"expected UTF-8, got the byte {line[error.start]:#04x} at {error.start}", "encoding") from None
        try:
            content = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_no_key_twice)
        except json.JSONDecodeError as error:
            raise SampleError(f"expected JSON, got: {error.msg} at letter {error.pos}", "json") from None
        except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets thousands deep
            raise SampleError(f"expected JSON, got: {short(str(error))}", "json") from None
        return cls.from_json(content)


def check_path(name: object) -> None:
    """Refuse a picture's path that is not plainly inside the folder of its samples.

    Raises:
        SampleError: absolute, with `..`, or otherwise odd.
    """
    if not isinstance(name, str) or not 1 <= len(name) <= 1000:
        raise SampleError(f"expected a picture as a path of 1 to 1000 letters, got {short(name)}", "path")
    path = PurePosixPath(name)
    odd = "\\" in name or ":" in path.parts[0] if path.parts else True
    if path.is_absolute() or ".." in path.parts or odd or not name.isprintable():
        raise SampleError(f"expected a picture's path inside the folder, got {short(name)}", "path")


def short(value: object) -> str:
    """Return a value for a message: one line, not too long."""
    if isinstance(value, (int, float)):
        return f"{value:.6g}" if abs(value) < 1e300 else "a number beyond all reason"
    text = repr(value[:80]) if isinstance(value, str) else type(value).__name__
    return text.replace("\n", " ")[:100]


def _check_text(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise SampleError(f"expected {name} as text, got {short(text)}", "text")
    if len(text) > MAX_LETTERS:
        raise SampleError(f"expected {name} of at most {MAX_LETTERS} letters, got {len(text)}", "too large")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise SampleError(f"expected {name} as Unicode text, got half of a surrogate pair in it", "encoding") from None


def _numbers(name: str, values: object, count: int, low: float, high: float) -> Sequence[float]:
    if not isinstance(values, (list, tuple)) or len(values) != count:
        got = f"{len(values)} of them" if isinstance(values, (list, tuple)) else short(values)
        raise SampleError(f"expected {name} as {count} numbers, got {got}", "numbers")
    for value in values:
        # bool is a number to Python, and never meant as one here.
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        if not fits or not math.isfinite(value):
            raise SampleError(f"expected {name} as numbers from {low:g} to {high:g}, got {short(value)}", "numbers")
    return values


def _turns(messages: object) -> tuple[tuple[str, str], ...]:
    messages = _list("conversations", messages)
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.keys() != {"from", "value"}:
            raise SampleError('expected messages with "from" and "value" and nothing else, got something else', "roles")
        if message["from"] != _ROLES[number % 2]:
            raise SampleError(
                f"expected human and gpt in turn, got {short(message['from'])} as message {number + 1}", "roles"
            )  # fmt: skip
    if len(messages) % 2:
        raise SampleError("expected an answer to every question, got none to the last", "roles")
    texts = [message["value"] for message in messages]
    return tuple(zip(texts[::2], texts[1::2], strict=True))


def _list(name: str, value: object) -> list:
    if not isinstance(value, list):
        raise SampleError(f"expected {name} as a list, got {short(value)}", "numbers" if name != "conversations" else "roles")
    return value


def _strings(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SampleError(f"expected {name} as a list of texts, got {short(value)}", "images")
    return tuple(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise SampleError("expected every key once, got one twice", "json")
    return content
