"""Scripted experts for web pages: agents that read a page's DOM and solve it with mouse and keyboard.

`table` says which skill solves which page; the skills are in one file per kind, and `view` is what they read.
Every skill is a function of the page's present state, so it can be asked in any state another agent got into.
"""

from __future__ import annotations

from omniactor.errors import UnknownAgentError
from omniactor.experts.web.table import SKILLS
from omniactor.experts.web.view import LostError, View
from omniactor.types import GuiAction, Observation


class WebExpert:
    """The scripted expert for one page.

    Args:
        env: the `MiniWobEnv` it acts in; it reads the page's elements, never pixels.

    Attributes:
        target: (x0, y0, x1, y1) around what the last action is aimed at, fractions of the screenshot; None of none.

    Raises:
        UnknownAgentError: no skill for this page.
    """

    name = "expert"
    needs_images = False

    def __init__(self, env) -> None:
        """Look up the skill of the environment's page."""
        self._env = getattr(env, "unwrapped", env)
        name = self._env.spec_task.short_name
        if name not in SKILLS:
            raise UnknownAgentError(
                f"expected one of the {len(SKILLS)} pages that the expert has a skill for, got {name}; "
                "see `omniactor tasks --world gui`, or choose another agent"
            )
        self._skill = SKILLS[name]
        self.target: tuple[float, float, float, float] | None = None

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Do nothing: the expert keeps no memory, and does the page's own task whatever the instruction says."""
        self.target = None

    def act(self, observation: Observation) -> GuiAction | None:
        """Return the skill's action for the page's present state; None when the page is in no state the skill knows."""
        view = View(self._env)
        try:
            action = self._skill(view)
        except LostError:
            action = None
        self.target = view.target
        return action
