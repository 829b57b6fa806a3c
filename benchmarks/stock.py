"""hf-libero and robosuite as published, to be measured against: nothing of the simulator here is in their way."""

import sys
import types
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a clone, installed or not

CAMERAS = {"agentview": "agentview", "wrist": "robot0_eye_in_hand"}


def prepare(folder):
    """Import hf-libero and robosuite with their own settings, numba included; only robosuite's log file is off."""
    from omniactor.sim.libero_package import load

    macros = types.ModuleType("robosuite.macros_private")
    macros.FILE_LOGGING_LEVEL = None
    sys.modules.setdefault("robosuite.macros_private", macros)
    load(folder)
    import libero.libero.envs.env_wrapper

    return libero.libero.envs.env_wrapper


def open_stock(task, folder, size=0):
    """Return LIBERO's own environment as published: with both cameras at `size` pixels, or without any at 0."""
    cameras = {"camera_heights": size, "camera_widths": size} if size else {}
    return prepare(folder).ControlEnv(
        str(task.bddl_file), use_camera_obs=bool(size), has_offscreen_renderer=bool(size), ignore_done=True, **cameras
    )


def reset_stock(env, seed, state=None):
    """Reset as LIBERO's evaluation does: seed, reset, then perhaps a published state; returns the observation."""
    env.seed(seed)
    observation = env.reset()
    return observation if state is None else env.set_init_state(state)


def models(env):
    """Return MuJoCo's own model and data of a stock environment."""
    return env.sim.model._model, env.sim.data._data


class StockTask:
    """Stock LIBERO behind the interface that the scripted expert reads; for comparing success rates.

    Args:
        task: one of the 90.
        source: an `AssetSource`.
    """

    def __init__(self, task, source):
        """Build it; what things are called comes from our compiled scene, which has the same ids."""
        from omniactor.sim.controller import PandaController
        from omniactor.sim.detail import FULL
        from omniactor.sim.scene_cache import get_scene

        self.spec_task, self.task, self.task_description = task, task.name, task.language
        self.facts, _ = get_scene(task, source, FULL)
        # The expert keeps hold of the model, so stock must keep it too; it then draws what its first reset draws.
        self._env = prepare(source.folder).ControlEnv(
            str(task.bddl_file), use_camera_obs=False, has_offscreen_renderer=False, ignore_done=True, hard_reset=False
        )
        self._env.env.object_property_initializers *= 2
        self.model, self.data = models(self._env)
        self.controller = PandaController(self.model, self.data)  # read, never applied

    def reset(self, *, seed=None, options=None):
        """Reset from seed 0 and a published state, then let things land."""
        from omniactor.sim.init_states import get_init_state

        for body in self.facts.fixtures.values():
            self.model.body_pos[body], self.model.body_quat[body] = 0.0, (1.0, 0.0, 0.0, 0.0)
        reset_stock(self._env, seed or 0, get_init_state(self.spec_task, options["init_state"]))
        for _ in range(5):
            self._env.step(np.zeros(7))
        return {}, self._info()

    def step(self, action):
        """Run one control step of robosuite's."""
        self._env.step(np.asarray(action, dtype=np.float64))
        return {}, 0.0, False, False, self._info()

    def goals(self):
        """Return LIBERO's own judgement of each predicate."""
        domain = self._env.env
        clauses = domain.parsed_problem["goal_state"]
        return {str(p): bool(domain._eval_predicate(c)) for p, c in zip(self.spec_task.goal, clauses, strict=True)}

    def observe(self, images=True):
        """Return an observation without pictures: the expert looks at the simulator's state."""
        from omniactor.types import Observation

        return Observation("embodied", {}, self.task_description)

    def close(self):
        """Free the scene."""
        self._env.close()

    def _info(self):
        goals = self.goals()
        return {"goals": goals, "is_success": all(goals.values())}
