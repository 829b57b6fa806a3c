"""Samples in the paper's words: what is asked about a screen or of the arm, and how it is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from omniactor.actions import embodied, gui
from omniactor.data.sharegpt import IMAGE, Sample, short
from omniactor.errors import SampleError
from omniactor.types import GuiAction

_ARM = embodied.user_turn("\0").split("\0")
_SCREEN = gui.user_turn("\0", ["\0"]).removeprefix(f"{IMAGE} ").replace("Step 1: ", "").split("\0")
_STEP = re.compile(r"^Step \d+: ", re.MULTILINE)


def gui_sample(actions: Sequence[tuple[str, Sequence[str], GuiAction]], image: str, **facts) -> Sample:
    """Return the sample of one screen in the paper's words.

    Args:
        actions: (instruction, history, action): what is asked and answered; with several, each is a question of its own
            about the same picture.
        image: the picture's file.
        facts: further attributes of `Sample`.
    """
    turns = []
    for number, (instruction, history, action) in enumerate(actions):
        question = gui.user_turn(instruction, history)
        turns.append((question if number == 0 else question.removeprefix(f"{IMAGE} "), str(action)))
    return Sample("gui", gui.system_prompt(), tuple(turns), (image,), **facts)


def embodied_sample(
    instruction: str, images: dict[str, str], actions: np.ndarray, state: np.ndarray | None = None, **facts
) -> Sample:
    """Return the sample of one moment of the arm.

    Args:
        instruction: the task in words.
        images: camera -> the picture's file.
        actions: (n, 7), the next actions, in [-1, 1].
        state: (8,) or None.
        facts: further attributes of `Sample`.
    """
    rows = tuple(tuple(_shortest(row)) for row in np.asarray(actions, np.float32))
    question = f"{IMAGE} " * len(images) + embodied.user_turn(gui.one_line(instruction))
    turn = (question, action_text(rows[0] if rows else ()))
    return Sample(
        "embodied", embodied.SYSTEM_PROMPT, (turn,), tuple(images.values()), cameras=tuple(images), actions=rows,
        state=None if state is None else tuple(_shortest(state)), **facts,
    )  # fmt: skip


def read_question(question: str) -> tuple[str, tuple[str, ...]]:
    """Return (instruction, history) of a question that `gui_sample` or `embodied_sample` asked.

    Raises:
        SampleError: asked in other words.
    """
    words = question.replace(IMAGE, "").strip()
    before, after = _ARM
    if words.startswith(before) and words.endswith(after):
        return words[len(before) : len(words) - len(after)], ()
    before, between, after = _SCREEN
    instruction, found, rest = words.removeprefix(before).partition(between)
    if not words.startswith(before) or not found or not rest.endswith(after):
        raise SampleError(f"expected a question in the paper's words, got {short(words)}", "text")
    steps = rest[: len(rest) - len(after)]
    return instruction, () if steps == "None" else tuple(step.rstrip("\n") for step in _STEP.split(steps)[1:])


def action_text(row: Sequence[float]) -> str:
    """Return an action in words, as the paper's Figure 2 prints it: `Action: [0.043, -0.075, ...]`."""
    return f"Action: [{', '.join(f'{round(value, 3) + 0.0:.3f}' for value in row)}]"


def _shortest(values: np.ndarray) -> list[float]:
    """Return float32 numbers as the shortest decimals that read back as the same float32."""
    return [float(str(np.float32(value))) + 0.0 for value in values]
