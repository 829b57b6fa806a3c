"""LIBERO's predicates: is the butter in the basket, is the drawer open, is the stove on?

The same tests as hf-libero's `object_states`, its peculiarities included, on arrays instead of objects.
Covered: On, In, Open, Close, Turnon, Turnoff, which are all that LIBERO-90's goals use.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from omniactor.errors import SetupError
from omniactor.sim.scene import SceneFacts
from omniactor.sim.tasks import Predicate

NEAR = 0.03  # metres between the middles of two things that lie on each other
HEADROOM = 0.10  # metres above a region in which a thing still counts as on it
_COMPARISONS = {"<": operator.lt, ">": operator.gt, ">=": operator.ge}
_ALL_JOINTS = ("close", "turnoff")  # hold only if every joint agrees; the others if any does


class Judge:
    """Tells which predicates hold in the present state.

    Args:
        facts: of the scene.
        model: its MuJoCo model.
        data: its data.
        goal: the predicates to judge.

    Raises:
        SetupError: a predicate that LIBERO-90 does not have.
    """

    def __init__(self, facts: SceneFacts, model, data, goal: Sequence[Predicate]) -> None:
        """Turn each predicate into a function of the state."""
        self._facts, self._data = facts, data
        self._masks = {}
        for name, geoms in facts.contact_geoms.items():
            self._masks[name] = np.zeros(model.ngeom, bool)
            self._masks[name][geoms] = True
        self._tests = {str(predicate): self._test(predicate) for predicate in goal}

    def goals(self) -> dict[str, bool]:
        """Return predicate text -> holds now."""
        return {text: bool(test()) for text, test in self._tests.items()}

    def _test(self, predicate: Predicate):
        name, subject = predicate.name.lower(), predicate.arguments[0]
        switch = self._facts.switches.get(subject, {})
        if name in switch:
            comparison, limit = switch[name]
            compare, indices = _COMPARISONS[comparison], switch["qpos"]
            every = all if name in _ALL_JOINTS else any
            return lambda: every(compare(self._data.qpos[index], limit) for index in indices)
        place = predicate.arguments[-1]
        site = self._facts.sites.get(place)
        if name == "in" and site:
            return lambda: self._inside(subject, site)
        if name == "on" and site:
            return lambda: self._on_region(subject, site)
        if name == "on" and place in self._masks and subject in self._masks:
            return lambda: self._on_thing(subject, place)
        raise SetupError(
            f"expected a goal made of On, In, Open, Close, Turnon and Turnoff, got {predicate}; use LIBERO-90's own BDDL files"
        )

    def _position(self, name: str) -> np.ndarray:
        return self._data.xpos[self._facts.body(name)]

    def _inside(self, name: str, site: dict) -> bool:
        index = site["site"]
        reach = np.abs(self._data.site_xmat[index].reshape(3, 3) @ site["size"])
        upper, lower = self._data.site_xpos[index] + reach, self._data.site_xpos[index] - reach
        lower[2] -= 0.01
        position = self._position(name)
        return bool((position > lower).all() and (position < upper).all())

    def _on_region(self, name: str, site: dict) -> bool:
        index, size = site["site"], site["size"]
        # LIBERO turns the difference by the site's matrix, not by its inverse.
        offset = self._data.site_xmat[index].reshape(3, 3) @ (self._position(name) - self._data.site_xpos[index])
        if not size[2] - 0.005 < offset[2] < size[2] + HEADROOM or not (np.abs(offset[:2]) < size[:2]).all():
            return False
        return site["parent"] not in self._masks or self._touch(site["parent"], name)

    def _on_thing(self, name: str, support: str) -> bool:
        above, below = self._position(name), self._position(support)
        return bool(below[2] <= above[2] and np.linalg.norm(below[:2] - above[:2]) < NEAR and self._touch(support, name))

    def _touch(self, one: str, other: str) -> bool:
        first, second = self._data.contact.geom[: self._data.ncon].T
        one, other = self._masks[one], self._masks[other]
        return bool(((one[first] & other[second]) | (other[first] & one[second])).any())
