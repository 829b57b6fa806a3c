"""Where the things are that a task's goal is about: what to move, and where to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omniactor.sim.goals import Judge
from omniactor.sim.scene import SceneFacts
from omniactor.sim.tasks import Predicate, parse_goal


class Targets:
    """Positions of the thing and the place of the first predicate that does not hold yet.

    Of a drawer, a door or a knob, both are the part that moves. These are labels for learners and for pictures of what a
    model believes; no agent sees them.

    Args:
        facts: of the scene.
        model: its MuJoCo model.
        data: its data.
        goal: the task's predicates.
    """

    def __init__(self, facts: SceneFacts, model, data, goal: Sequence[Predicate]) -> None:
        """Prepare to judge the goal."""
        self._facts, self._model, self._data, self._goal = facts, model, data, list(goal)
        self._judge = Judge(facts, model, data, goal)

    def positions(self) -> np.ndarray:
        """Return float32 (2, 3): thing and place in the world, metres. The state must be current (`mj_forward`)."""
        holds = self._judge.goals()
        open_ones = [p for p in self._goal if not holds[str(p)]] or self._goal[-1:]
        names = open_ones[0].arguments
        return np.array([self._position(names[0]), self._position(names[-1])], np.float32)

    def _position(self, name: str) -> np.ndarray:
        switch, site = self._facts.switches.get(name), self._facts.sites.get(name)
        if site is not None:
            return self._data.site_xpos[site["site"]]
        if switch is not None and name not in self._facts.objects:
            joint = int(np.flatnonzero(self._model.jnt_qposadr == switch["qpos"][0])[0])
            part = self._model.geom_bodyid == self._model.jnt_bodyid[joint]
            return self._data.geom_xpos[part].mean(axis=0)
        return self._data.xpos[self._facts.body(name)]


def make_targets(facts: SceneFacts, model, data) -> Targets:
    """Return the targets of a scene's own task; needs no LIBERO, the scene has its goal."""
    return Targets(facts, model, data, parse_goal(facts.bddl))
