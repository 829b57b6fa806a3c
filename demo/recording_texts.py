"""What the tab of the recorded episodes says, as safe HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from demo.agents import OfferedAgent
from demo.screenshot_texts import places
from omniactor.actions.gui import print_operation
from omniactor.evaluate.judgement import PROTOCOLS, Judgement
from omniactor.evaluate.screens_metrics import count
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.gui.recorded import PlayedStep
from omniactor.types import GuiAction

ABOUT = (
    "Step through a recorded episode: what was done is blue, what the agent would do is vermilion, the target "
    "is green, and a published rule says what is right and why. An upload may hold AndroidControl, GUI-Odyssey, Aguvis or "
    "episodes saved on the tab Screenshot."
)
UPLOAD = "Upload episodes (zip)"
AGENTS = {
    "recorded": ("What was recorded", "the recorded actions themselves: what the rule says of a perfect agent"),
    "random": ("Random actions", "a baseline"),
}
LEVELS = [("The whole task", "high"), ("The task and this step", "low")]
HISTORIES = [
    ("What was recorded (teacher-forced)", "recorded"),
    ("What it did itself (free-running)", "own"),
    ("Nothing", "none"),
]


def facts(offered: Mapping[str, OfferedAgent], agent: str, protocol: str) -> str:
    """Return which agent plays and which rule judges."""
    name, what = AGENTS[agent] if agent in AGENTS else (agent, offered[agent].about if agent in offered else "")
    rows = {"Agent": f"{name}: {what}", "Rule": PROTOCOLS.get(protocol, "")}
    items = "".join(f"<div><dt>{row}</dt><dd>{_shown(value)}</dd></div>" for row, value in rows.items())
    return f'<dl class="facts table">{items}</dl>'


def title(number: int, episode: RecordedEpisode) -> str:
    """Return an episode's line in the list."""
    words = " ".join((episode.instruction or episode.id).split())
    words = words if len(words) <= 70 else words[:69] + "\u2026"
    return f"{number}. {words} ({_steps(len(episode.steps))})"


def heading(episode: RecordedEpisode | None) -> str:
    """Return what is known about the chosen episode."""
    if episode is None:
        return f'<p class="quiet">{escape("No episode yet: upload a zip.")}</p>'
    where = ", ".join(_shown(word) for word in (episode.source, episode.device, episode.id) if word)
    task = _shown(episode.instruction or "No task in words")
    return f'<div class="chosen"><p class="where">{where}</p><h2><bdi>{task}</bdi></h2></div>'


def idle() -> str:
    """Return the status before anything was played."""
    return '<div class="status"><p class="line">Not played yet: only what was recorded is shown.</p></div>'


def playing(done: int, steps: int, agent: str) -> str:
    """Return the status while an agent plays."""
    line = f"<strong>Playing</strong> \N{MIDDLE DOT} {_shown(agent)}, step {done} of {steps}"
    return f'<div class="status"><p class="line">{line}</p></div>'


def failure(message: str) -> str:
    """Return the status of a request that was refused; `message` is safe HTML already."""
    return f'<div class="status"><p class="line"><strong>Not done.</strong> {message}</p></div>'


def step(number: int, recorded: RecordedStep, played: PlayedStep | None, size: tuple[int, int] | None, problem: str = "") -> str:
    """Return everything about one step, counted from 0, on a screenshot of a size in pixels."""
    rows = {"Step": f"{number + 1}"}
    if recorded.instruction:
        rows["In words"] = recorded.instruction
    rows["Recorded"] = _action(recorded.action, size) or f"cannot be read: {recorded.problem}"
    if played is not None:
        rows["Predicted"] = _action(played.predicted, size) or f"no action: {played.reason}"
        rows["Told before"] = _steps(len(played.history))
        rows["Time"] = f"{played.seconds:.2f} s"
    if problem:
        rows["Screenshot"] = problem
    items = "".join(f"<div><dt>{name}</dt><dd><bdi>{_shown(value)}</bdi></dd></div>" for name, value in rows.items())
    return f'{verdict(played)}<dl class="facts table">{items}</dl>'


def verdict(played: PlayedStep | None) -> str:
    """Return what the rule says of a step, and why; its colour repeats what the first word says."""
    if played is None:
        return ""
    if played.judgement is None:
        return '<p class="outcome neutral">Not judged: the recorded action or the screenshot cannot be read.</p>'
    judged = played.judgement
    word, kind = ("Right", "good") if judged.success else ("Wrong", "bad")
    return f'<p class="outcome {kind}">{word}: {_shown(judged.why)}<small>{_shown(_rule(judged))}</small></p>'


def summary(played: Sequence[PlayedStep], steps: int) -> str:
    """Return the numbers of what was played and a line for every step."""
    judged = [step.judgement for step in played if step.judgement is not None]
    if not judged:
        return ""
    numbers = count(judged)
    right, kinds = numbers["successes"], sum(judgement.type_ok for judgement in judged)
    head = f"{right} of {_steps(numbers['n'])} right"
    more = f"Kind right: {kinds} of {numbers['n']}."
    if numbers["grounding_n"]:
        found = round(numbers["grounding_accuracy"] * numbers["grounding_n"])
        more += f" Place right: {found} of {numbers['grounding_n']} that have one."
    if len(played) < steps:
        more += f" Played: {len(played)} of {steps} steps."
    elif len(judged) == steps:
        more += f" The whole episode: {'right' if right == steps else 'not right'}."
    rows = "".join(_row(step) for step in played)
    names = "".join(f"<th>{name}</th>" for name in ("Step", "Recorded", "Predicted", "Rule"))
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<p class="line"><strong>{escape(head)}.</strong> {escape(more)}</p><div class="rates">{table}</div>'


def _row(step: PlayedStep) -> str:
    judged = step.judgement
    said = "not judged" if judged is None else "right" if judged.success else "wrong"
    cells = (str(step.number + 1), _operation(step.recorded.action), _operation(step.predicted) or "no action", said)
    weak = ' class="weak"' if said == "wrong" else ""
    return f"<tr{weak}>{''.join(f'<td><bdi>{_shown(cell)}</bdi></td>' for cell in cells)}</tr>"


def _rule(judged: Judgement) -> str:
    measures = ", ".join(f"{name} {value:.3g}" for name, value in judged.measures.items())
    return f"Rule {judged.protocol}" + (f": {measures}" if measures else "")


def _action(action: GuiAction | None, size: tuple[int, int] | None) -> str:
    if action is None:
        return ""
    where = f"; pixel {places(action, size)}" if size and min(size) > 0 and (action.point or action.end) else ""
    return f"{print_operation(action)}{where}"


def _operation(action: GuiAction | None) -> str:
    return "" if action is None else print_operation(action)


def _steps(number: int) -> str:
    return f"{number} step{'' if number == 1 else 's'}"


def _shown(text: str) -> str:
    """Return a text as HTML: escaped, not too long, nothing unprintable in it."""
    line = " ".join(str(text).split())
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return escape(line[:500]) + ("\u2026" if len(line) > 500 else "")
