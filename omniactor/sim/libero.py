"""The LIBERO-90 environment: Gymnasium outside, hf-libero's scenes and MuJoCo inside.

hf-libero's scene is compiled once and then read from a cache (`scene_cache`); placing, controlling, judging
and drawing it are ours (`placement`, `controller`, `goals`, `render`), equal to theirs. One instance holds one task.

Covered: published initial states, fresh starts from a seed, per-predicate goals, divergence raised.
Not covered: several environments rendering in one thread's GL context at once is fine, sharing one
environment between threads is not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import gymnasium
import numpy as np
from gymnasium import spaces

from omniactor.errors import InputError, SimulationError
from omniactor.sim.assets import AssetSource, resolve_assets
from omniactor.sim.detail import choose_detail
from omniactor.sim.init_states import get_init_state
from omniactor.sim.render import CAMERAS, CameraRenderer
from omniactor.sim.scene import SceneFacts, show_lights
from omniactor.sim.tasks import get_task
from omniactor.types import Observation, check_embodied_action

SUBSTEPS = 25  # 500 Hz physics under 20 Hz control
PIXEL_KEYS = {"agentview": "image", "wrist": "image2"}
"""Our camera name -> LeRobot's key under `pixels`."""


class Libero90Env(gymnasium.Env):
    """One LIBERO-90 task.

    Observation (LeRobot's keys): `pixels` = {"image": agentview, "image2": wrist}, each uint8
    (size, size, 3) upright, and `agent_pos` = float32 (8,) as in `Observation.state`. With
    `obs_type="state"` only `agent_pos`; `observe()` still renders on demand.

    Action: float32 (7,) in [-1, 1], see `EmbodiedAction`; anything else raises `ActionError`.

    `info` of reset and step: `is_success`, `goals` (predicate text -> bool), `task`, `task_id`,
    `assets`, `seed`, `init_state`. Reward is 1.0 on success, else 0.0.

    Args:
        task: id 0-89, name, or `Task`.
        assets: "auto", "libero", "standin" or an `AssetSource`.
        image_size: pixels, both sides, 16 to 2048.
        obs_type: "pixels_agent_pos" or "state".
        max_episode_steps: the episode is truncated after this many actions.
        settle_steps: zero actions run inside reset, so that objects land (LIBERO's evaluation: 5).
        render_mode: only "rgb_array"; `render()` returns the agentview frame.
        detail: "full" draws LIBERO's models as they are, "fast" as finely as the image size shows, "draft" about
            twice as fast as that, with jagged edges; "auto" is full on a GPU and fast elsewhere. Physics is the
            same in all of them.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}
    world = "embodied"

    def __init__(
        self,
        task: int | str = 0,
        assets: str | AssetSource = "auto",
        image_size: int = 256,
        obs_type: str = "pixels_agent_pos",
        max_episode_steps: int = 400,
        settle_steps: int = 5,
        render_mode: str | None = "rgb_array",
        detail: str = "auto",
    ) -> None:
        """Check the arguments and get the scene ready."""
        if obs_type not in ("pixels_agent_pos", "state"):
            raise InputError(f"expected obs_type 'pixels_agent_pos' or 'state', got {obs_type!r}")
        if not 16 <= int(image_size) <= 2048:
            raise InputError(f"expected an image size from 16 to 2048 pixels, got {image_size}")
        if int(max_episode_steps) < 1 or int(settle_steps) < 0:
            raise InputError(f"expected at least 1 step and no negative settling, got {max_episode_steps} and {settle_steps}")
        self.spec_task = get_task(task)
        self.assets = assets if isinstance(assets, AssetSource) else resolve_assets(assets)
        self.render_mode = render_mode
        self._size, self._obs_type = int(image_size), obs_type
        self._max_episode_steps, self.settle_steps = int(max_episode_steps), int(settle_steps)

        self.action_space = spaces.Box(-1.0, 1.0, (7,), np.float32)
        state_space = spaces.Box(-10.0, 10.0, (8,), np.float32)  # metres and radians: no arm gets there
        self.observation_space = spaces.Dict({"agent_pos": state_space})
        if obs_type == "pixels_agent_pos":
            frame = spaces.Box(0, 255, (self._size, self._size, 3), np.uint8)
            self.observation_space["pixels"] = spaces.Dict(dict.fromkeys(PIXEL_KEYS.values(), frame))

        self._renderer: CameraRenderer | None = None
        self._frames: dict[str, np.ndarray] = {}
        self._seed = self._init_state = None
        self._steps = 0
        self._ready = False
        self._load(detail)

    # ------------------------------------------------------------------ what people and agents read

    @property
    def task(self) -> str:
        """LIBERO's name of the task."""
        return self.spec_task.name

    @property
    def task_description(self) -> str:
        """The task in words."""
        return self.spec_task.language

    @property
    def facts(self) -> SceneFacts:
        """What is in the scene, by LIBERO's names."""
        return self._facts

    @property
    def episode_seed(self) -> int | None:
        """Seed of the present episode's placements; None before the first reset."""
        return self._seed

    @property
    def init_state(self) -> int | None:
        """Number of the published initial state of the present episode, or None."""
        return self._init_state

    def goals(self) -> dict[str, bool]:
        """Return each predicate of the goal with its truth now, in the goal's order."""
        return self._judge.goals()

    def state(self) -> np.ndarray:
        """Return the arm's state, float32 (8,), as documented in `Observation.state`.

        The orientation is that of the hand body, as LIBERO observes it, and the axis-angle is not
        folded to the other side of the sphere: near a downward hand the angle stays close to pi.
        """
        w, *xyz = self.data.xquat[self._hand]
        sine = np.sqrt(max(0.0, 1.0 - w * w))
        rotation = np.zeros(3) if sine < 1e-9 else np.array(xyz) * (2.0 * np.arccos(np.clip(w, -1, 1)) / sine)
        fingers = self.data.qpos[self.controller.finger_qpos]
        return np.concatenate([self.controller.position, rotation, fingers]).astype(np.float32)

    def observe(self, images: bool = True) -> Observation:
        """Return the present observation; cameras are rendered at most once a step, and only if `images`."""
        frames = {name: self.picture(name) for name in CAMERAS} if images else {}
        return Observation(
            world="embodied", images=frames, instruction=self.task_description, state=self.state(), step=self._steps
        )

    def flat_state(self) -> np.ndarray:
        """Return [time, qpos, qvel], float64, the layout of LIBERO's initial states."""
        return np.concatenate([[self.data.time], self.data.qpos, self.data.qvel])

    def fixture_poses(self) -> dict[str, list[float]]:
        """Return each fixture's pose [x y z, qw qx qy qz] in the world: set by the seed, not part of `flat_state`."""
        position, quaternion = self.model.body_pos, self.model.body_quat
        return {name: [*position[i].tolist(), *quaternion[i].tolist()] for name, i in self._facts.fixtures.items()}

    def place_fixtures(self, poses: Mapping[str, list[float]]) -> None:
        """Put fixtures where `fixture_poses` once said they stood; `mj_forward` is the caller's."""
        for name, pose in poses.items():
            body = self._facts.fixtures[name]
            self.model.body_pos[body], self.model.body_quat[body] = pose[:3], pose[3:]

    # ------------------------------------------------------------------ Gymnasium

    def reset(self, *, seed: int | None = None, options: Mapping | None = None):
        """Start an episode.

        Args:
            seed: draws the placement of fixtures and, without an `init_state`, of everything else.
            options: `{"init_state": N}` loads published initial state N (0-49). Fixture poses are
                not in LIBERO's states; they are drawn from `seed`, or from 0 when none is given, as
                stock LIBERO draws them on its first reset after that seed.

        Returns:
            observation, info.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        index = options.pop("init_state", None)
        if options:
            raise InputError(f"expected only the option 'init_state', got {sorted(options)}")
        vector = None if index is None else get_init_state(self.spec_task, index)
        if vector is not None and len(vector) != 1 + self.model.nq + self.model.nv:
            raise SimulationError(
                f"expected an initial state of {1 + self.model.nq + self.model.nv} numbers for {self.task}, got {len(vector)}; "
                "the asset folder does not fit this version of LIBERO"
            )
        if seed is None:
            seed = 0 if vector is not None else int(self.np_random.integers(2**31))
        self._seed, self._init_state = int(seed), index
        self._placement.draw(self._seed)
        self.controller.reset()
        if vector is not None:
            self.data.time = vector[0]
            self.data.qpos[:] = vector[1 : 1 + self.model.nq]
            self.data.qvel[:] = vector[1 + self.model.nq :]
            self._mujoco.mj_forward(self.model, self.data)
        self.data.warning.number[:] = 0
        self._steps, self._frames, self._ready = 0, {}, True
        for _ in range(self.settle_steps):
            self._advance(np.zeros(7, np.float32))
        show_lights(self._facts, self.model, self.data.qpos)
        return self._observation(), self._info(self.goals())

    def step(self, action):
        """Run one control step (25 physics steps, 0.05 s).

        Raises:
            ActionError: not seven finite numbers in [-1, 1]; nothing was simulated.
            SimulationError: not reset yet, or the physics diverged or warned.
        """
        values = check_embodied_action(action)
        if not self._ready:
            raise SimulationError("expected reset() before step(), and after an error; call reset() first")
        self._advance(values)
        self._steps += 1
        goals = self.goals()
        show_lights(self._facts, self.model, self.data.qpos)
        success = all(goals.values())
        info = self._info(goals)
        return self._observation(), float(success), success, self._steps >= self._max_episode_steps, info

    def render(self) -> np.ndarray:
        """Return the agentview frame."""
        return self.picture("agentview")

    def picture(self, camera: str) -> np.ndarray:
        """Return one camera's frame, uint8 (size, size, 3); rendered at most once a step."""
        if camera not in self._frames:
            if self._closed:
                raise SimulationError("expected an open environment, got a closed one; make a new one")
            if self._renderer is None:
                self._renderer = CameraRenderer(self.model, self._size, self._detail.samples)
            self._frames[camera] = self._renderer.render(self.data, camera)
        return self._frames[camera]

    def close(self) -> None:
        """Free the GL context and the scene; closing twice is fine."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        self._ready = False
        self._frames = {}
        self._closed = True

    # ------------------------------------------------------------------ inside

    def _load(self, detail: str) -> None:
        from omniactor.sim import gl

        if self._obs_type != "state":
            gl.choose_backend()
        else:  # mujoco looks for a display when it is imported and nobody has said that none is wanted
            os.environ.setdefault("MUJOCO_GL", "disable")
        self._detail = choose_detail(detail, self._size)
        import mujoco

        from omniactor.sim.controller import PandaController
        from omniactor.sim.goals import Judge
        from omniactor.sim.placement import Placement
        from omniactor.sim.scene_cache import get_scene

        self._mujoco, self._closed = mujoco, False
        self._facts, self.model = get_scene(self.spec_task, self.assets, self._detail)
        self.data = mujoco.MjData(self.model)
        mujoco.mj_forward(self.model, self.data)
        self.controller = PandaController(self.model, self.data)
        self._placement = Placement(self._facts, self.model, self.data)
        self._judge = Judge(self._facts, self.model, self.data, self.spec_task.goal)
        self._hand = self.model.body("robot0_right_hand").id

    def _advance(self, action: np.ndarray) -> None:
        mujoco, model, data = self._mujoco, self.model, self.data
        for substep in range(SUBSTEPS):
            mujoco.mj_step1(model, data)
            if substep == 0:
                self.controller.set_goal(action)
            self.controller.apply()
            mujoco.mj_step2(model, data)
        self._frames = {}
        # On bad numbers MuJoCo resets the scene by itself and only counts a warning.
        if data.warning.number.any() or not np.isfinite(data.qpos).all():
            warned = [i for i, warning in enumerate(data.warning) if warning.number]
            self._ready = False
            names = ", ".join(mujoco.mjtWarning(i).name for i in warned) or "non-finite positions"
            raise SimulationError(f"expected finite physics, got {names} at step {self._steps} of {self.task}; reset the episode")

    def _observation(self) -> dict:
        observation = {"agent_pos": self.state()}
        if self._obs_type == "pixels_agent_pos":
            observation["pixels"] = {key: self.picture(camera).copy() for camera, key in PIXEL_KEYS.items()}
        return observation

    def _info(self, goals: dict[str, bool]) -> dict:
        return {
            "is_success": all(goals.values()),
            "goals": goals,
            "task": self.task,
            "task_id": self.spec_task.id,
            "assets": self.assets.kind,
            "seed": self._seed,
            "init_state": self._init_state,
        }
