"""The shared vocabulary: what agents see, what they do, what a rollout yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from omniactor.errors import ActionError

ACTION_SCALE = np.array([0.05, 0.05, 0.05, 0.5, 0.5, 0.5, 1.0])
"""What an embodied action of 1 commands: metres, radians, gripper direction."""

World = Literal["gui", "embodied"]

GUI_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "click": (("point",), ()),
    "double_click": ((), ("point",)),
    "triple_click": ((), ("point",)),
    "right_click": ((), ("point",)),
    "middle_click": ((), ("point",)),
    "long_press": (("point",), ("seconds",)),
    "move": (("point",), ()),
    "drag": (("end",), ("point",)),
    "swipe": (("point", "end"), ()),
    "scroll": (("pages",), ("axis", "point")),
    "write": (("text",), ()),
    "press": (("keys",), ()),
    "hotkey": (("keys",), ()),
    "select": (("point", "text"), ()),
    "open_app": (("text",), ()),
    "home": ((), ()),
    "back": ((), ()),
    "recent": ((), ()),
    "wait": ((), ("seconds",)),
    "answer": (("text",), ()),
    "terminate": (("status",), ("text",)),
}
"""Every kind of GUI action -> (the arguments it needs, the arguments it may have). See `GuiAction`."""


@dataclass(frozen=True)
class Observation:
    """What an agent is shown at one step.

    Attributes:
        world: "embodied" (robot arm) or "gui" (screens).
        images: name -> uint8 array (height, width, 3), RGB, upright as a person sees the scene.
            Embodied names: "agentview", "wrist". GUI name: "screen". Empty when nobody looks.
        instruction: the task in words.
        history: earlier actions in words, oldest first (GUI); empty for the arm.
        state: float32 (8,): end-effector position in the world frame (3, metres), its orientation
            as an axis-angle vector (3, radians), the two finger positions (2, metres). None for GUI.
        step: number of actions already taken.
    """

    world: World
    images: Mapping[str, np.ndarray]
    instruction: str
    history: tuple[str, ...] = ()
    state: np.ndarray | None = None
    step: int = 0


@dataclass(frozen=True, eq=False)
class EmbodiedAction:
    """One control command for the arm, LIBERO's OSC_POSE convention at 20 Hz.

    Attributes:
        values: float32 (7,) in [-1, 1]: dx dy dz (1 = 0.05 m, world frame), drx dry drz
            (1 = 0.5 rad, world axes), gripper (+1 closes, -1 opens, 0 holds).

    Raises:
        ActionError: not seven finite numbers in [-1, 1].
    """

    values: np.ndarray

    def __post_init__(self) -> None:
        """Check and convert; the stored array is our own copy and read-only."""
        object.__setattr__(self, "values", check_embodied_action(self.values))

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Let numpy (and `env.step`) read the action as a plain array."""
        return np.array(self.values, dtype=dtype or np.float32)

    def __eq__(self, other: object) -> bool:
        """Two actions are equal when their seven numbers are."""
        return isinstance(other, EmbodiedAction) and np.array_equal(self.values, other.values)


@dataclass(frozen=True)
class GuiAction:
    """One thing done on a screen, the same for phones, desktops and web pages.

    | kind | what happens |
    |---|---|
    | click | mouse click or tap at `point` |
    | double_click, triple_click, right_click, middle_click | at `point` (None: where the pointer is) |
    | long_press | touch `point` and stay, for `seconds` if given |
    | move | the pointer goes to `point` |
    | drag | mouse held down from `point` (None: where the pointer is) to `end` |
    | swipe | finger from `point` to `end`; the content follows the finger |
    | scroll | `pages` screenfuls of content along `axis`, over `point` if given |
    | write | type `text` into what has the focus; a line break in it is the enter key |
    | press | `keys` one after the other |
    | hotkey | `keys` together |
    | select | choose the option `text` of the list at `point` |
    | open_app | start the app named `text` |
    | home, back, recent | the phone's navigation buttons |
    | wait | nothing, for `seconds` if given |
    | answer | tell the user `text` |
    | terminate | the task is over: `status` "success" or "failure", with a last word `text` if given |

    Attributes:
        kind: one of `GUI_KINDS`.
        point: (x, y) from the top left corner, as fractions 0-1 of the screenshot's width and height.
        end: where a drag or swipe ends, like `point`.
        text: what is written, chosen, opened or said.
        keys: key names as pyautogui has them ("enter", "ctrl", "pagedown", "a"); names of more than
            one letter are stored in lower case.
        pages: how far a scroll goes in screenfuls. Negative shows what is further down, positive what
            is further up; on the horizontal axis positive shows what is further right.
        axis: "vertical" (what None stands for) or "horizontal"; only of a scroll.
        seconds: how long, 0 to 3600.
        status: "success" or "failure".
        description: the action in words, one line.

    Raises:
        ActionError: unknown kind, an argument missing, superfluous or out of range.
    """

    kind: str
    point: tuple[float, float] | None = None
    end: tuple[float, float] | None = None
    text: str | None = None
    keys: tuple[str, ...] | None = None
    pages: float | None = None
    axis: str | None = None
    seconds: float | None = None
    status: str | None = None
    description: str = ""

    def __post_init__(self) -> None:
        """Check every argument and store it in its one form, so that equal actions compare equal."""
        if not isinstance(self.kind, str) or self.kind not in GUI_KINDS:
            raise ActionError(f"expected a kind of GUI action ({', '.join(GUI_KINDS)}), got {_short(self.kind)}")
        needed, allowed = GUI_KINDS[self.kind]
        for name, check in _GUI_CHECKS.items():
            value = getattr(self, name)
            if value is None and name in needed:
                raise ActionError(f"expected {self.kind} with {' and '.join(needed)}, got no {name}")
            if value is not None:
                if name not in needed + allowed:
                    raise ActionError(f"expected {self.kind} without {name}, got {name}={_short(value)}")
                object.__setattr__(self, name, check(name, value))
        if self.kind == "scroll" and self.axis is None:
            object.__setattr__(self, "axis", "vertical")
        object.__setattr__(self, "description", " ".join(_check_text("description", self.description).split()))

    def __str__(self) -> str:
        """Print it as the paper does: `Action: ...`, then `Operation: pyautogui.click(x=0.634, y=0.927)`."""
        from omniactor.actions.gui import print_response

        return print_response(self)


Action = EmbodiedAction | GuiAction


@dataclass(frozen=True)
class Decision:
    """What a model decided when it last ran; agents that are models keep it as `agent.decision`.

    Attributes:
        world: "gui" or "embodied".
        expert: whose deep layers ran: the world, "shared" (the model makes no difference) or "router" (both, mixed);
            None for a peer model, which has no such branches.
        seconds: from the observation to the decision.
        text: GUI: what the model wrote; its point is the one acted on, whichever way that was read off.
        bins: embodied: (N, 7) intervals of the chunk's numbers.
        probabilities: embodied: (N, 7) their probabilities.
        targets: embodied, of models that were taught it: (2, 3), where the model believes the thing and the place to be
            that its task is about, metres in the world.
    """

    world: World
    expert: str | None
    seconds: float
    text: str | None = None
    bins: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    targets: np.ndarray | None = None


@dataclass(frozen=True)
class Step:
    """What `rollout()` yields: the initial observation (index 0), then one per action.

    Attributes:
        index: number of actions taken so far.
        observation: what the agent will see next.
        action: the action that led here; None at index 0.
        success: the task's goal holds now.
        goals: predicate text -> holds now, in the order of the task's goal.
        done: the episode is over (success, step limit, or the agent had nothing more to do).
        seconds: wall-clock time of this step: deciding, simulating and rendering.
        watched: the caller of `rollout()` asked for the pictures of this step.
    """

    index: int
    observation: Observation
    action: Action | None
    success: bool
    goals: Mapping[str, bool] = field(default_factory=dict)
    done: bool = False
    seconds: float = 0.0
    watched: bool = False


def check_embodied_action(action: object) -> np.ndarray:
    """Return `action` as a read-only float32 (7,) array in [-1, 1].

    Raises:
        ActionError: wrong shape, not numbers, NaN or infinite, or out of range.
    """
    try:
        values = np.asarray(action, dtype=np.float32)
    except (TypeError, ValueError):
        raise ActionError(
            f"expected an action of 7 numbers (dx dy dz drx dry drz gripper), got {type(action).__name__}; "
            "pass a float array of shape (7,)"
        ) from None
    if values.shape != (7,):
        raise ActionError(f"expected an action of shape (7,), got {values.shape}; order is dx dy dz drx dry drz gripper")
    if not np.isfinite(values).all():
        raise ActionError(f"expected finite action values, got {values.tolist()}; the agent produced NaN or infinity")
    # float32 rounding of a clipped float64 can land a hair outside; a real overshoot is refused.
    if np.abs(values).max() > 1.0 + 1e-6:
        raise ActionError(f"expected action values in [-1, 1], got {values.tolist()}; clip or normalise the action first")
    values = np.clip(values, -1.0, 1.0)
    values.setflags(write=False)
    return values


def _short(value: object) -> str:
    """Return a value for a message: one line, not too long."""
    try:
        text = repr(value[:80] if isinstance(value, str) else value).replace("\n", " ")
    except ValueError:  # an integer of thousands of digits has no repr
        text = f"a {type(value).__name__}"
    return text if len(text) <= 100 else text[:100] + "..."


def _check_number(name: str, value: object, low: float, high: float) -> float:
    # bool is a number to Python, and never meant as one in an action.
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not low <= value <= high:
        raise ActionError(f"expected {name} from {low:g} to {high:g}, got {_short(value)}")
    return float(value) + 0.0  # -0.0 would print differently and compare equal


def _check_point(name: str, value: object) -> tuple[float, float]:
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:
        raise ActionError(f"expected {name} as two numbers (x, y) in 0-1, got {_short(value)}")
    return (_check_number(f"{name} x", value[0], 0, 1), _check_number(f"{name} y", value[1], 0, 1))


def _check_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ActionError(f"expected {name} as text, got {_short(value)}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ActionError(f"expected {name} as Unicode text, got half of a surrogate pair in it") from None
    return value


def _check_keys(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (tuple, list)) or not 1 <= len(value) <= 100:
        raise ActionError(f"expected {name} as 1 to 100 key names, got {_short(value)}")
    keys = [_check_text(name, key) for key in value]
    for key in keys:
        if not 1 <= len(key) <= 40:
            raise ActionError(f"expected key names of 1 to 40 letters, got {_short(key)}")
    return tuple(key if len(key) == 1 else key.lower() for key in keys)


def _check_choice(name: str, value: object) -> str:
    choices = {"axis": ("vertical", "horizontal"), "status": ("success", "failure")}[name]
    if not isinstance(value, str) or value not in choices:
        raise ActionError(f"expected {name} {' or '.join(choices)}, got {_short(value)}")
    return value


def _check_pages(name: str, value: object) -> float:
    pages = _check_number(name, value, -1000, 1000)
    if pages == 0:
        raise ActionError("expected a scroll by more or less than 0 pages, got 0; negative is down")
    return pages


_GUI_CHECKS = {
    "point": _check_point,
    "end": _check_point,
    "text": _check_text,
    "keys": _check_keys,
    "pages": _check_pages,
    "axis": _check_choice,
    "seconds": lambda name, value: _check_number(name, value, 0, 3600),
    "status": _check_choice,
}
