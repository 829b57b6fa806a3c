"""What the tab of the screenshot says, as safe HTML or plain sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from demo.agents import SETTING, OfferedAgent
from omniactor.gui.overlay import describe
from omniactor.gui.prediction import Prediction, pixel
from omniactor.types import GuiAction

ABOUT = (
    "Upload a screenshot of a phone, a desktop or a web page and say what is to be done: the next action is drawn on it. "
    "Accept it, upload the next screenshot, and so on: an episode by hand."
)
NO_AGENT = (
    "No agent for screens is here yet: this version has no bundled checkpoint, and the host of this page has set none. "
    f"Whoever starts the page can set {SETTING} to a checkpoint folder or to openai:URL#MODEL (any server with OpenAI's chat "
    "completions, such as vLLM or Ollama). Until then you can write operations yourself and see them drawn."
)
BRANCHES = {
    "gui": "GUI expert",
    "embodied": "embodied expert",
    "shared": "shared layers only",
    "router": "router, both experts mixed",
    None: "none: a peer model without experts",
}


def agent_note(offered: Mapping[str, OfferedAgent], name: str) -> str:
    """Return what the chosen agent is, or that there is none."""
    if not offered:
        return f'<p class="note">{escape(NO_AGENT)}</p>'
    agent = offered.get(name)
    return f'<p class="quiet">{escape(agent.about)}</p>' if agent else ""


def idle() -> str:
    """Return the status before anything was asked."""
    return _line("Nothing predicted yet.", "Upload a screenshot and type an instruction.")


def ready(size: tuple[int, int], agents: bool) -> str:
    """Return the status when a screenshot was uploaded."""
    what = "Type an instruction and press Predict, or click on the picture to place a click yourself."
    if not agents:
        what = "Click on the picture to place a click, or write an operation."
    return _line(f"{size[0]} \N{MULTIPLICATION SIGN} {size[1]} pixels.", what)


def working(agent: str) -> str:
    """Return the status while an agent decides."""
    return _line("Working.", f"{agent} is looking at the screenshot ...")


def accepted(number: int, ended: bool) -> str:
    """Return the status after a step was accepted."""
    what = "The episode ends here; save it or start over." if ended else "Upload the next screenshot."
    return _line(f"Step {number} accepted.", what)


def failure(message: str) -> str:
    """Return the status of a request that was refused; `message` is safe HTML already."""
    return f'<div class="status"><p class="line"><strong>Not done.</strong> {message}</p></div>'


def prediction(made: Prediction) -> str:
    """Return everything about a prediction."""
    if made.action is None:
        said = f'<p class="said">{_shown(made.text)}</p>' if made.text else ""
        rows = _facts({"Agent": made.agent, "Branch": BRANCHES.get(made.expert, ""), "Time": f"{made.seconds:.2f} s"})
        problem = "The model's answer is none; this is what it wrote:" if made.text else _shown(made.problem)
        return f'<div class="status"><p class="line"><strong>No action.</strong> {problem}</p>{said}{rows}</div>'
    rows = {
        "Kind": describe(made.action),
        "Pixel": places(made.action, made.size),
        "Branch": BRANCHES.get(made.expert, ""),
        "Agent": made.agent,
        "Time": f"{made.seconds:.2f} s",
    }
    return f'<div class="status"><p class="line"><strong>Predicted.</strong></p>{_facts(rows)}</div>'


def by_hand(action: GuiAction, size: tuple[int, int]) -> str:
    """Return what is known about an action that the visitor wrote."""
    rows = {"Kind": describe(action), "Pixel": places(action, size), "Branch": "none: written by you"}
    return f'<div class="status"><p class="line"><strong>Drawn.</strong></p>{_facts(rows)}</div>'


def places(action: GuiAction, size: tuple[int, int]) -> str:
    """Return the pixels that an action means, in words."""
    found = [f"{x}, {y}" for x, y in (pixel(p, size) for p in (action.point, action.end) if p is not None)]
    where = " to ".join(found) or "no place on the screen"
    return f"{where} (of {size[0]} \N{MULTIPLICATION SIGN} {size[1]})"


def steps(lines: Sequence[tuple[str, str]]) -> str:
    """Return the accepted steps, (description, operation) each, as a list."""
    items = "".join(f"<li><bdi>{_shown(words)}</bdi> <code>{_shown(operation)}</code></li>" for words, operation in lines)
    return f'<ol class="steps">{items}</ol>' if items else ""


def _facts(rows: Mapping[str, str]) -> str:
    items = "".join(f"<div><dt>{name}</dt><dd><bdi>{_shown(value)}</bdi></dd></div>" for name, value in rows.items() if value)
    return f'<dl class="facts table">{items}</dl>'


def _line(head: str, rest: str) -> str:
    return f'<div class="status"><p class="line"><strong>{escape(head)}</strong> {escape(rest)}</p></div>'


def _shown(text: str) -> str:
    """Return a text as HTML: escaped, not too long, nothing unprintable in it."""
    line = " ".join(text.split())
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line[:500])
    return escape(line) + ("\u2026" if len(text) > 500 else "")
