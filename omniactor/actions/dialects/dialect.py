"""What every dialect offers: read an answer, print an action, put the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from omniactor.actions.calls import excerpt
from omniactor.errors import ActionError
from omniactor.types import GuiAction

Size = tuple[int, int]
"""Width and height of the screenshot in pixels, before any resizing."""

Message = dict[str, str]
"""`{"role": "system" or "user", "content": text}`; `<image>` in the text marks where the screenshot goes."""

MAX_LETTERS = 1_000_000
"""Of an answer; no model that works says more."""


@dataclass(frozen=True)
class Dialect:
    """How one family of models speaks about screens.

    Attributes:
        name: what it is asked for by.
        about: its coordinates and which way its scroll words point, in one sentence.
        kinds: the kinds of `GuiAction` it has words for.
        reads: answer and size -> action. `parse` is the safe way in.
        writes: action and size -> text. `print` is the safe way in.
        asks: instruction, history and size -> messages; None where no prompt is documented.
        shows: size -> the size to which the picture is scaled before the model gets it; None: as it is.
    """

    name: str
    about: str
    kinds: frozenset[str]
    reads: Callable[[str | Mapping, Size], GuiAction]
    writes: Callable[[GuiAction, Size], str]
    asks: Callable[[str, Sequence[str], Size], list[Message]] | None = None
    shows: Callable[[Size], Size] | None = None

    def parse(self, answer: str | Mapping, size: Size) -> GuiAction:
        """Return the action that an answer stands for; of several, the first.

        Args:
            answer: the model's text, or the arguments of its tool call.
            size: of the screenshot it was shown, before resizing.

        Raises:
            ActionError: nothing that this dialect knows, or numbers off the screen.
        """
        _check_size(size)
        if not isinstance(answer, (str, Mapping)):
            raise ActionError(f"expected an answer as text or dictionary, got {type(answer).__name__}")
        if isinstance(answer, str) and len(answer) > MAX_LETTERS:
            raise ActionError(f"expected an answer of at most {MAX_LETTERS} letters, got {len(answer)}")
        return self.reads(answer, size)

    def print(self, action: GuiAction, size: Size) -> str:
        """Return the text with which a model of this family would do `action`.

        Raises:
            ActionError: it has no words for this kind of action.
        """
        _check_size(size)
        if action.kind not in self.kinds:
            raise ActionError(f"expected an action that {self.name} can say ({', '.join(sorted(self.kinds))}), got {action.kind}")
        return self.writes(action, size)

    def prompt(self, instruction: str, history: Sequence[str], size: Size) -> list[Message]:
        """Return the messages that ask for the next action.

        Raises:
            ActionError: no prompt is documented for this family.
        """
        _check_size(size)
        if self.asks is None:
            raise ActionError(f"expected a dialect with a documented prompt, got {self.name}")
        return self.asks(instruction, history, size)


def unknown(name: str, got: object) -> ActionError:
    """Return the error for an answer in which a dialect finds nothing it knows."""
    return ActionError(f"expected an action of {name}, got {excerpt(got) if isinstance(got, str) else 'another object'}")


def word(value: object) -> str:
    """Return a word that a model gave in lower case; "" for anything that is no text."""
    return value.strip().lower() if isinstance(value, str) else ""


def quantity(name: str, value: object) -> float:
    """Return a number that a model gave, such as seconds or an amount of scrolling.

    Raises:
        ActionError: not a number, or one beyond all reason.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e6 < value < 1e6:
        raise ActionError(f"expected {name} as a number, got a {type(value).__name__}")
    return float(value)


def _check_size(size: Size) -> None:
    if not (isinstance(size, (tuple, list)) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)):
        raise ActionError(f"expected the screenshot's size as (width, height) in pixels, got {excerpt(repr(size))}")
