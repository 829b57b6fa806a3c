"""Shared fixtures: an own cache folder, no network, scenes that are built once."""

import os
import tempfile

import numpy as np
import pytest

# Before anything of omniactor runs: nothing of the developer's machine may make a test pass.
LIBERO_ASSETS = os.environ.pop("OMNIACTOR_LIBERO_ASSETS", None)
os.environ["OMNIACTOR_CACHE"] = tempfile.mkdtemp(prefix="omniactor-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as omniactor.model does, but before any test imports torch

from omniactor.types import Observation

KEPT_SCENES = 4


def pytest_collection_modifyitems(items):
    """Skip what needs LIBERO's own assets where there are none, and say how to run it."""
    skip = pytest.mark.skip(reason="needs LIBERO's own assets: make test-assets ASSETS=/folder/with/libero_assets")
    for item in items:
        if "libero_assets" in item.keywords and not LIBERO_ASSETS:
            item.add_marker(skip)


@pytest.fixture
def libero_assets(monkeypatch):
    """Point the asset setting at LIBERO's own models; returns the folder."""
    monkeypatch.setenv("OMNIACTOR_LIBERO_ASSETS", LIBERO_ASSETS)
    return LIBERO_ASSETS


@pytest.fixture(scope="session")
def standin_env():
    """Return a function task -> environment on stand-ins without automatic rendering; the last few are kept.

    Each has more than a gigabyte of address space (MuJoCo's arena): of all of them together no process could be forked.
    """
    from omniactor.sim.libero import Libero90Env

    made = {}

    def get(task=49):
        env = made.pop(task, None) or Libero90Env(task, assets="standin", image_size=64, obs_type="state")
        made[task] = env
        if len(made) > KEPT_SCENES:
            made.pop(next(iter(made))).close()
        return env

    yield get
    for env in made.values():
        env.close()


@pytest.fixture(scope="session")
def page_env():
    """Return a function page -> environment; skips where live pages cannot be opened."""
    from omniactor.gui.browser import installed
    from omniactor.gui.pages import VERSION, pages_version

    reason = installed() or ("" if pages_version() == VERSION else f"needs the package miniwob=={VERSION}")
    if reason:
        pytest.skip(reason)
    from omniactor.gui.miniwob import MiniWobEnv

    made = {}

    def get(task="click-test", **more):
        key = (task, *more.items())
        if key not in made:
            made[key] = MiniWobEnv(task, **{"obs_type": "none", "max_episode_steps": 1000, **more})
        return made[key]

    yield get
    for env in made.values():
        env.close()


class CountingEnv:
    """A fake environment: the goal holds once `needed` actions with a positive first value were taken."""

    world = "embodied"
    task_description = "count"

    def __init__(self, needed=3):
        self.needed, self.looked = needed, []

    @property
    def unwrapped(self):
        return self

    def reset(self, *, seed=None, options=None):
        self.count = self.steps = 0
        self.seed, self.options = seed, options
        return {}, self._info()

    def step(self, action):
        self.steps += 1
        self.count += float(np.asarray(action)[0]) > 0
        return {}, 0.0, False, False, self._info()

    def observe(self, images=True):
        self.looked.append(images)
        return Observation("embodied", {"agentview": np.zeros((4, 4, 3), np.uint8)} if images else {}, self.task_description)

    def _info(self):
        done = self.count >= self.needed
        return {"is_success": done, "goals": {"Counted": done}}


@pytest.fixture
def counting_env():
    return CountingEnv()
