"""What a conversion can be asked for; each source takes some of it."""

from __future__ import annotations

from dataclasses import dataclass

from omniactor.data.sharegpt import MAX_ACTIONS, MAX_TURNS
from omniactor.errors import InputError

CHOICES = {
    "stored": ("auto", "upright", "flipped", "mirrored", "rotated"),
    "obs_alignment": ("auto", "post-action", "pre-action"),
    "no_ops": ("drop", "keep"),
    "level": ("high", "low"),
    "split": ("train", "validation", "test", "all"),
    "split_by": ("random", "app", "device", "task"),
    "scrolls": ("scroll", "swipe"),
    "coordinates": ("auto", "fractions", "thousandths", "pixels"),
}

MAX_SCREENS = 10_000_000


@dataclass(frozen=True)
class SourceOptions:
    """Settings of a conversion.

    Attributes:
        chunk: next actions per sample of the arm, at most.
        cameras: pictures per sample of the arm: "agentview", "wrist".
        stored: how the arm's pictures lie in the source: "upright" as a person sees the scene, "flipped" (rows
            upside-down, raw OpenGL), "mirrored" (left and right swapped; the rows and columns both turned round, as many
            copies of LIBERO have it, of a picture that was upside-down), "rotated" (half a turn); "auto": as the source says.
        obs_alignment: of HDF5: observations are those after the action beside them, or before; "auto": as the file says,
            and after where it says nothing, as in LIBERO's own.
        no_ops: leave out steps at which the arm is told to do nothing, or keep them.
        level: "high" states the task, "low" also what is to be done now.
        split: which part of the source.
        split_by: of GUI-Odyssey, which of its four ways to split.
        scrolls: of GUI-Odyssey, a finger's way as "scroll", or as "swipe" with both ends.
        pairs: questions about one picture in one sample, at most.
        coordinates: units of places; "auto": what the source is known to use.
        screens: how many are drawn.
        seed: what they are drawn from.
    """

    chunk: int = 1
    cameras: tuple[str, ...] = ("agentview",)
    stored: str = "auto"
    obs_alignment: str = "auto"
    no_ops: str = "drop"
    level: str = "high"
    split: str = "train"
    split_by: str = "random"
    scrolls: str = "scroll"
    pairs: int = 16
    coordinates: str = "auto"
    screens: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no source could follow."""
        if not 1 <= self.chunk <= MAX_ACTIONS:
            raise InputError(f"expected a chunk of 1 to {MAX_ACTIONS} actions, got {self.chunk}; change --chunk")
        if not 1 <= self.pairs <= MAX_TURNS:
            raise InputError(f"expected 1 to {MAX_TURNS} questions per picture, got {self.pairs}; change --pairs")
        if not 1 <= self.screens <= MAX_SCREENS:
            raise InputError(f"expected 1 to {MAX_SCREENS} screens, got {self.screens}; change --screens")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"expected a seed from 0 to {2**32 - 1}, got {self.seed}; change --seed")
        unique = len(set(self.cameras)) == len(self.cameras)
        if not self.cameras or not unique or not set(self.cameras) <= {"agentview", "wrist"}:
            raise InputError(f"expected cameras agentview, wrist or both, got {','.join(self.cameras)[:80]}; change --cameras")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                flag = f"--{name.replace('_', '-')}"
                raise InputError(f"expected {flag} {', '.join(choices)}, got {getattr(self, name)!r:.80}; choose one of them")
