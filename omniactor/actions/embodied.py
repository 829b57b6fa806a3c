"""Arm actions as token ids: uniform bins on the K least frequent ids of the vocabulary (paper, section 3.2).

An action of seven numbers in [-1, 1] becomes seven ids and back. Ids are spliced into the model's
input and read from its output as ids; they never pass through text, because text that happens to
spell a rare token must not become a movement.

    >>> bins = ActionBins(first_id=151387)          # Qwen2: 151643 ordinary ids, K = 256
    >>> bins.encode([1.0, 0.0, -1.0]).tolist()
    [151642, 151515, 151387]
    >>> bins.decode([151642, 151515]).round(5).tolist()
    [0.99609, 0.00391]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from omniactor.errors import ActionError, InputError

ACTION_SIZE = 7
"""Numbers in an embodied action: dx dy dz drx dry drz gripper."""
GRIPPER = 6
"""Which of them is the gripper's."""
HOLD = 0.05
"""A gripper's number nearer to 0 than this says "hold": no interval has its middle at 0, and the arm takes only the sign."""
STATE_SIZE = 8
"""Numbers in the arm's state: end-effector position (3), axis-angle (3), fingers (2)."""

SYSTEM_PROMPT = (
    "You are a robot agent. You see the pictures of the robot's cameras and a task, and decide how its arm moves next.\n"
    "An action is seven numbers from -1 to 1: how far the gripper moves along x, y and z (1 is 5 cm), how it turns about x, y "
    "and z (1 is 0.5 rad), and whether it closes (1) or opens (-1)."
)


def hold_gripper(actions: np.ndarray) -> np.ndarray:
    """Return actions (..., 7) in the arm's units with a gripper's number that says "hold" (`HOLD`) as 0."""
    actions = np.array(actions)
    actions[..., GRIPPER] = np.where(np.abs(actions[..., GRIPPER]) < HOLD, 0.0, actions[..., GRIPPER])
    return actions


def user_turn(instruction: str) -> str:
    """Return the user's words in the paper's form (Figure 2); the pictures come before them."""
    return f"What action should the robot take to {instruction}?"


@dataclass(frozen=True)
class ActionBins:
    """K equal intervals over [-1, 1], in ascending order on the ids first_id .. first_id + count - 1.

    Attributes:
        first_id: the id of the interval that begins at -1.
        count: K, the number of intervals.
    """

    first_id: int
    count: int = 256

    def __post_init__(self) -> None:
        """Refuse what cannot be a set of ids."""
        if self.count < 2 or self.first_id < 0:
            raise InputError(f"expected at least 2 bins from an id of 0 or more, got {self.count} from {self.first_id}")

    @classmethod
    def on_rarest_ids(cls, ordinary_ids: int, count: int = 256) -> ActionBins:
        """Take the `count` last of a vocabulary's `ordinary_ids` (without special tokens).

        A byte-pair vocabulary is ordered by merge rank, so its last ids are its least frequent.
        """
        if count >= ordinary_ids:
            raise InputError(f"expected fewer bins than ordinary token ids, got {count} bins and {ordinary_ids} ids")
        return cls(ordinary_ids - count, count)

    @property
    def last_id(self) -> int:
        """The id of the interval that ends at +1."""
        return self.first_id + self.count - 1

    def bin(self, values) -> np.ndarray:
        """Return the interval numbers 0 .. K-1 (int64, same shape) of numbers in [-1, 1].

        Raises:
            ActionError: not numbers, NaN, infinite, or outside [-1, 1].
        """
        values = _numbers(values)
        if not np.isfinite(values).all():
            raise ActionError(
                f"expected finite values to put into bins, got {_first(values, ~np.isfinite(values))}; check the data"
            )
        outside = np.abs(values) > 1.0 + 1e-6  # the slack is float32 rounding of a clipped value
        if outside.any():
            raise ActionError(
                f"expected values in [-1, 1] to put into bins, got {_first(values, outside)}; normalise or clip them first"
            )
        return np.clip(np.floor((values + 1.0) * (self.count / 2.0)), 0, self.count - 1).astype(np.int64)

    def centre(self, bins) -> np.ndarray:
        """Return the middle of each interval (float32, same shape): at most 1/K away from what was put in."""
        bins = np.asarray(bins)
        return (-1.0 + (2.0 * bins + 1.0) / self.count).astype(np.float32)

    def encode(self, values) -> np.ndarray:
        """Return the token ids (int64, same shape) of numbers in [-1, 1]; raises like `bin`."""
        return self.bin(values) + self.first_id

    def decode(self, ids) -> np.ndarray:
        """Return the numbers (float32, same shape) that token ids stand for.

        Raises:
            ActionError: an id that stands for no interval.
        """
        try:
            ids = np.asarray(ids)
        except ValueError:
            ids = np.asarray(ids, dtype=object)  # rows of different lengths
        if not np.issubdtype(ids.dtype, np.integer):
            raise ActionError(f"expected integer token ids, got {ids.dtype}; pass the ids the model generated")
        wrong = (ids < self.first_id) | (ids > self.last_id)
        if wrong.any():
            raise ActionError(
                f"expected action token ids in {self.first_id}..{self.last_id}, got {_first(ids, wrong)}; "
                "restrict generation to the action ids"
            )
        return self.centre(ids - self.first_id)


NormaliserKind = Literal["identity", "minmax", "quantile"]


@dataclass(frozen=True)
class Normaliser:
    """A linear map per dimension between a data set's units and [-1, 1]; saved with the checkpoint.

    Attributes:
        low: what becomes -1, per dimension.
        high: what becomes +1. Where low equals high the dimension never moved; it maps to 0 and back to low.
        kind: how the limits were found: "identity", "minmax", or "quantile" (1 % and 99 %).
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    kind: NormaliserKind = "identity"

    def __post_init__(self) -> None:
        """Refuse limits that cannot be used."""
        low, high = np.asarray(self.low, dtype=np.float64), np.asarray(self.high, dtype=np.float64)
        if low.ndim != 1 or low.shape != high.shape or not len(low) or not np.isfinite([low, high]).all() or (low > high).any():
            raise InputError(f"expected finite limits with low <= high per dimension, got low {self.low} and high {self.high}")
        if self.kind not in ("identity", "minmax", "quantile"):
            raise InputError(f"expected a normaliser kind of identity, minmax or quantile, got {self.kind!r}")
        object.__setattr__(self, "low", tuple(float(v) for v in low))
        object.__setattr__(self, "high", tuple(float(v) for v in high))

    @classmethod
    def identity(cls, size: int = ACTION_SIZE) -> Normaliser:
        """Leave numbers as they are: LIBERO's own actions already lie in [-1, 1]."""
        return cls((-1.0,) * size, (1.0,) * size)

    @classmethod
    def fit(cls, rows, kind: NormaliserKind, keep: Sequence[int] = ()) -> Normaliser:
        """Find the limits in data.

        Args:
            rows: (n, dimensions) numbers.
            kind: "minmax", or "quantile" for the 1 % and 99 % quantiles, which a few wild values cannot stretch.
            keep: dimensions left alone; the gripper's (6) by custom, since it only ever says open or close.
        """
        try:
            rows = _numbers(rows)
        except ActionError as error:
            raise InputError(f"expected a table of finite numbers to find limits in ({error})") from None
        if rows.ndim != 2 or not len(rows) or not np.isfinite(rows).all():
            raise InputError(f"expected a table of finite numbers to find limits in, got shape {rows.shape}")
        if kind == "minmax":
            low, high = rows.min(axis=0), rows.max(axis=0)
        elif kind == "quantile":
            low, high = np.quantile(rows, [0.01, 0.99], axis=0)
        else:
            raise InputError(f"expected a normaliser to fit of kind minmax or quantile, got {kind!r}")
        low[list(keep)], high[list(keep)] = -1.0, 1.0
        return cls(tuple(low), tuple(high), kind)

    def normalise(self, values) -> np.ndarray:
        """Map (..., dimensions) into [-1, 1] (float32); what lies beyond the limits is clipped."""
        values = self._check(values)
        low, span = self._limits()
        scaled = np.where(span > 0, 2.0 * (values - low) / np.where(span > 0, span, 1.0) - 1.0, 0.0)
        return np.clip(scaled, -1.0, 1.0).astype(np.float32)

    def denormalise(self, values) -> np.ndarray:
        """Map (..., dimensions) from [-1, 1] back into the data set's units (float32)."""
        values = self._check(values)
        low, span = self._limits()
        return (low + (values + 1.0) / 2.0 * span).astype(np.float32)

    def as_json(self) -> dict:
        """Return what `from_json` takes."""
        return {"kind": self.kind, "low": list(self.low), "high": list(self.high)}

    @classmethod
    def from_json(cls, content: dict) -> Normaliser:
        """Read `as_json`'s result."""
        try:
            return cls(tuple(content["low"]), tuple(content["high"]), content["kind"])
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"expected a normaliser with kind, low and high, got {repr(content)[:120]}; the checkpoint's settings are broken"
            ) from None

    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        low = np.asarray(self.low)
        return low, np.asarray(self.high) - low

    def _check(self, values) -> np.ndarray:
        values = _numbers(values)
        if values.shape[-1:] != (len(self.low),):
            raise ActionError(f"expected {len(self.low)} numbers in the last dimension, got shape {values.shape}")
        return values


def _numbers(values) -> np.ndarray:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "iuf":
            # numpy would read "0.5" as a number, True as 1 and 1j as 0.
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        text = " ".join(str(values).split())[:60]
        raise ActionError(f"expected numbers, got {type(values).__name__} {text}; pass a float array") from None


def _first(values: np.ndarray, where: np.ndarray):
    return values[where].ravel()[0].item()


TARGET_SIZE = 6
"""Numbers that say where the thing and the place are that a goal asks about."""
TARGET_REACH = 0.4
"""Metres along each axis that they cover, both ways from the gripper; farther is cut off."""


def target_values(offsets: np.ndarray) -> np.ndarray:
    """Return offsets (2, 3) from the gripper to thing and place, metres along the world's axes, as (6,) in [-1, 1]."""
    return np.clip(np.asarray(offsets, np.float64).reshape(TARGET_SIZE) / TARGET_REACH, -1.0, 1.0)


def target_offsets(values: np.ndarray) -> np.ndarray:
    """Return the offsets (..., 2, 3) in metres that rows (..., 7 or 6) of `target_values` stand for."""
    return (np.asarray(values)[..., :TARGET_SIZE] * TARGET_REACH).reshape(*np.shape(values)[:-1], 2, 3)
