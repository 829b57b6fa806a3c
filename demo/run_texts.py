"""What the page says while something runs and when it is over, as safe HTML or plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from omniactor.episode import EpisodeResult, Update


def waiting(seconds: float, doing: str) -> str:
    """Return the status before the first picture."""
    return f'<div class="status"><p class="line">{escape(doing)} ... {seconds:.0f} s</p></div>'


def status(update: Update, max_steps: int, pace: float | None = None, expert: str | None = None) -> str:
    """Return the status of a running episode: step counter, steps a second, a model's expert, one light per predicate."""
    rate = f" \N{MIDDLE DOT} {pace:.1f} steps a second" if pace else ""
    branch = f" \N{MIDDLE DOT} {escape(expert)} expert" if expert else ""
    return _status("Running", f"step {update.index} of {max_steps}{rate}{branch}", lights(update.goals))


def final_status(result: EpisodeResult, max_steps: int) -> str:
    """Return the status of an episode that is over."""
    pace = f" \N{MIDDLE DOT} {result.steps_per_second:.1f} steps a second" if result.steps else ""
    state = "Stopped" if result.stopped else "Finished"
    return _status(state, f"step {result.steps} of {max_steps}{pace}", lights(result.goals))


def failure(message: str, started: bool) -> str:
    """Return the status of an episode that was refused or broke off; `message` is safe HTML already."""
    what = "Broken off." if started else "Not run."
    return f'<div class="status"><p class="line"><strong>{what}</strong> {message}</p></div>'


def _status(state: str, line: str, rest: str) -> str:
    return f'<div class="status"><p class="line"><strong>{state}</strong> \N{MIDDLE DOT} {line}</p>{rest}</div>'


def lights(goals: Mapping[str, bool]) -> str:
    """Return one light per predicate, with its meaning in words."""
    items = "".join(
        f'<li class="{"on" if holds else "off"}"><span class="light" aria-hidden="true"></span>'
        f"<span>{escape(predicate)}</span><b>{'holds' if holds else 'not yet'}</b></li>"
        for predicate, holds in goals.items()
    )
    return f'<ul class="lights" aria-label="Conditions of the goal">{items}</ul>'


def status_line(update: Update, max_steps: int) -> str:
    """Return the status as one plain line, for callers without a browser."""
    goals = ", ".join(f"{predicate}: {'holds' if holds else 'not yet'}" for predicate, holds in update.goals.items())
    return f"step {update.index} of {max_steps}; {goals}"


def outcome(result: EpisodeResult, stop_reason: str = "") -> str:
    """Return how the episode came out, in one or two plain sentences."""
    pace = f"{result.steps} steps in {result.seconds:.0f} s ({result.steps_per_second:.1f} a second)"
    held = sum(result.goals.values())
    conditions = "the goal did not hold"
    if len(result.goals) > 1:
        conditions = f"{held} of {len(result.goals)} goal conditions held"
    if result.success:
        return f"Success: the goal held after {pace}."
    if result.stopped:
        why = f" ({stop_reason})" if stop_reason and stop_reason != "stopped" else ""
        return f"Stopped{why} after {pace}; {conditions} at that point."
    because = f" It ended because: {result.reason}." if result.reason else ""
    return f"Not solved: {conditions} after {pace}.{because}"


def outcome_box(sentence: str) -> str:
    """Return the outcome as HTML; its colour repeats what the first word says."""
    kind = {"Success": "good", "Stopped": "neutral"}.get(sentence.split(":")[0].split(" ")[0], "bad")
    return f'<p class="outcome {kind}" role="status">{escape(sentence)}</p>'
