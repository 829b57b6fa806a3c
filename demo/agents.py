"""Which models this page offers: the bundled checkpoint and those its host chose, and nobody else's.

A visitor picks one by its name. What the name stands for (a folder, a server's address) stays with the host, so that
nobody can make this server read a folder or call an address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from omniactor.agent import MINI, Agent, make_agent
from omniactor.errors import PeerError, UnknownAgentError
from omniactor.gui.peer import PREFIX, PeerAgent
from omniactor.model.card import training_note

SETTING = "OMNIACTOR_AGENT"
"""Environment variable: a checkpoint folder, a Hugging Face repository or openai:URL#MODEL; several with ; between them."""


@dataclass(frozen=True)
class OfferedAgent:
    """An agent as visitors see it.

    Attributes:
        name: what visitors see and send back.
        about: what it is and what it was trained on, in a sentence or two.
        stands_for: the name that `make_agent` takes.
        folder: where its weights lie; None of a server or a repository.
    """

    name: str
    about: str
    stands_for: str
    folder: Path | None = None

    def make(self) -> Agent:
        """Return a fresh agent; weights are read at the first call and kept."""
        return make_agent(self.stands_for, None)

    def discreet(self, error: PeerError) -> PeerError:
        """Return what went wrong without the address of the server, which is the host's business."""
        place = urlsplit(self.stands_for.removeprefix(PREFIX)).netloc
        return PeerError(str(error).replace(place, "the model's server") if place else str(error))


def offered_agents(setting: str | None = None) -> dict[str, OfferedAgent]:
    """Return the agents by name: the host's, then the bundled one if it is there.

    Args:
        setting: what the host chose; the environment variable `OMNIACTOR_AGENT` when missing.

    Raises:
        UnknownAgentError: a choice that is no agent for screens.
        InputError: an openai: name that is incomplete.
    """
    chosen = os.environ.get(SETTING, "") if setting is None else setting
    wanted = [name.strip() for name in chosen.split(";") if name.strip()] + (["mini"] if MINI.is_dir() else [])
    found: dict[str, OfferedAgent] = {}
    for name in wanted:
        agent = _describe(name)
        found.setdefault(agent.name, agent)
    return found


def find_agent(offered: Mapping[str, OfferedAgent], name: str) -> OfferedAgent:
    """Return the offered agent of a name; the first where the name is empty.

    Raises:
        UnknownAgentError: none of that name, or none at all.
    """
    if not offered:
        raise UnknownAgentError(
            "expected an agent for screens, got none: this page has no checkpoint and its host chose no agent"
        )
    if not name:
        return next(iter(offered.values()))
    if not isinstance(name, str) or name not in offered:
        raise UnknownAgentError(f"expected an agent of this page ({', '.join(offered)}), got {str(name)[:80]!r}")
    return offered[name]


def _describe(name: str) -> OfferedAgent:
    if name.startswith(PREFIX):
        peer = PeerAgent(name)
        about = f"Another maker's model, {peer.model}, on a server that the host of this page chose."
        return OfferedAgent(peer.name, about, name)
    folder, chosen = MINI if name == "mini" else Path(name), "that the host of this page chose"
    if folder.is_dir():
        what = "The small checkpoint that comes with this page." if name == "mini" else f"A checkpoint {chosen}."
        note = training_note(folder) or "Its folder does not say what it was trained on."
        return OfferedAgent(name if name == "mini" else folder.resolve().name, f"{what} {note}", name, folder)
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return OfferedAgent(name, f"A checkpoint from the Hugging Face Hub {chosen}; see its model card.", name)
    raise UnknownAgentError(
        f"expected {SETTING} as a checkpoint folder, a Hugging Face repository or {PREFIX}URL#MODEL, got {name[:120]!r}"
    )
