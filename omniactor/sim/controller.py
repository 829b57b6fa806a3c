"""The arm's controller: operational-space pose control and the gripper, as robosuite 1.4 computes them.

Same mathematics and constants as robosuite's `OperationalSpaceController` with `osc_pose.json`
(kp 150, critically damped, position and orientation uncoupled, null space towards the start pose)
and `PandaGripper`, written against `MjModel`/`MjData` directly: arrays are reused and one pass of
`mj_step1` per substep replaces robosuite's repeated `mj_forward`.
"""

from __future__ import annotations

import mujoco
import numpy as np

from omniactor.sim.rotation import axis_angle_to_matrix
from omniactor.types import ACTION_SCALE

CONTROL_HZ = 20
KP = 150.0
KD = 2.0 * np.sqrt(KP)  # damping ratio 1
NULLSPACE_KP = 10.0
NULLSPACE_KD = 2.0 * np.sqrt(NULLSPACE_KP)
GRIPPER_SPEED = 0.01  # of the half-range, per physics substep
HOME_JOINTS = np.array([0.0, -0.161037389, 0.0, -2.44459747, 0.0, 2.22675220, np.pi / 4])


class PandaController:
    """Turns 7-number actions into actuator controls, substep by substep.

    Args:
        model: the compiled scene with robosuite's Panda in it.
        data: its data.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Look up joints, actuators and the grip site once."""
        self._model, self._data = model, data
        joints = [model.joint(f"robot0_joint{i}") for i in range(1, 8)]
        self.qpos = np.array([joint.qposadr[0] for joint in joints])
        self.dofs = np.array([joint.dofadr[0] for joint in joints])
        self.finger_qpos = np.array([model.joint(f"gripper0_finger_joint{i}").qposadr[0] for i in (1, 2)])
        self._arm = np.array([model.actuator(f"robot0_torq_j{i}").id for i in range(1, 8)])
        self._fingers = np.array([model.actuator(f"gripper0_gripper_finger_joint{i}").id for i in (1, 2)])
        self.grip_site = model.site("gripper0_grip_site").id
        self._torque_low, self._torque_high = model.actuator_ctrlrange[self._arm].T.copy()
        low, high = model.actuator_ctrlrange[self._fingers].T
        self._finger_middle, self._finger_half = (high + low) / 2, (high - low) / 2
        self._jacobian = np.zeros((6, model.nv))
        self._mass = np.zeros((model.nv, model.nv))
        self.reset()

    def reset(self) -> None:
        """Latch the present pose as the goal and centre the gripper command, as a fresh robosuite robot does.

        Call it at the nominal start pose. LIBERO loads an initial state only afterwards, and
        robosuite's controller does not look again until its first torque is out: the orientation
        goal, the first position goal and the first substep's torque refer to the nominal pose.
        """
        mujoco.mj_forward(self._model, self._data)
        self._read()
        self._read_again = False
        self._goal_position = self._seen_position
        self._goal_rotation = self._seen_rotation
        self._finger_command = np.zeros(2)
        self._gripper = 0.0

    @property
    def latched(self) -> np.ndarray:
        """What is remembered between steps, float64 (11,): the orientation goal, row by row, and the two finger commands."""
        return np.concatenate([self._goal_rotation.ravel(), self._finger_command])

    def restore(self, latched: np.ndarray) -> None:
        """Take up an episode in the middle, with what `latched` was there and the present state of the data."""
        self.reset()
        self._goal_rotation = latched[:9].reshape(3, 3).copy()
        self._finger_command = latched[9:].copy()
        self._read_again = True  # the look at the nominal pose belongs to an episode's start only

    @property
    def position(self) -> np.ndarray:
        """Grip site position, world frame, metres (3,)."""
        return self._data.site_xpos[self.grip_site]

    @property
    def rotation(self) -> np.ndarray:
        """Grip site orientation, world frame, rotation matrix (3, 3)."""
        return self._data.site_xmat[self.grip_site].reshape(3, 3)

    def set_goal(self, action: np.ndarray) -> None:
        """Take a new action (7,). The pose goal is relative to the present pose.

        The orientation goal moves only when a rotation is commanded; otherwise the earlier one
        stays latched (robosuite's behaviour, which keeps the hand level during translations).
        """
        if self._read_again:
            self._read()
            self._read_again = False
        delta = action[:6] * ACTION_SCALE[:6]
        self._goal_position = self._seen_position + delta[:3]
        # robosuite's own test for "no rotation": math.isclose(x, 0.0), which is exact equality.
        if delta[3:].any():
            self._goal_rotation = axis_angle_to_matrix(delta[3:]) @ self._seen_rotation
        self._gripper = float(np.sign(action[6]))

    def apply(self) -> None:
        """Write the controls of one physics substep; kinematics and velocities must be current (mj_step1)."""
        data = self._data
        if self._read_again:
            self._read()
        self._read_again = True
        jacobian, mass, velocity = self._seen_jacobian, self._seen_mass, self._seen_velocity
        twist = jacobian @ velocity
        force = KP * (self._goal_position - self._seen_position) - KD * twist[:3]
        torque = KP * orientation_error(self._goal_rotation, self._seen_rotation) - KD * twist[3:]

        j_minv = jacobian @ np.linalg.inv(mass)
        inertia_inverse = j_minv @ jacobian.T
        pinv = np.linalg.pinv
        wrench = np.concatenate([pinv(inertia_inverse[:3, :3]) @ force, pinv(inertia_inverse[3:, 3:]) @ torque])
        posture = mass @ (NULLSPACE_KP * (HOME_JOINTS - self._seen_joints) - NULLSPACE_KD * velocity)
        # (I - Jbar J)^T posture, with Jbar = M^-1 J^T lambda
        posture -= jacobian.T @ (pinv(inertia_inverse) @ (j_minv @ posture))
        torques = jacobian.T @ wrench + data.qfrc_bias[self.dofs] + posture
        data.ctrl[self._arm] = np.clip(torques, self._torque_low, self._torque_high)

        # Finger 1 opens with positive, finger 2 with negative positions.
        self._finger_command += np.array([-1.0, 1.0]) * GRIPPER_SPEED * self._gripper
        np.clip(self._finger_command, -1.0, 1.0, out=self._finger_command)
        data.ctrl[self._fingers] = self._finger_middle + self._finger_half * self._finger_command

    def _read(self) -> None:
        """Copy what the torques depend on: pose, joint state, Jacobian (6, 7), mass matrix (7, 7)."""
        model, data = self._model, self._data
        mujoco.mj_jacSite(model, data, self._jacobian[:3], self._jacobian[3:], self.grip_site)
        mujoco.mj_fullM(model, self._mass, data.qM)
        self._seen_jacobian = self._jacobian[:, self.dofs]
        self._seen_mass = self._mass[np.ix_(self.dofs, self.dofs)]
        self._seen_position = self.position.copy()
        self._seen_rotation = self.rotation.copy()
        self._seen_joints = data.qpos[self.qpos]
        self._seen_velocity = data.qvel[self.dofs]


def orientation_error(desired: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Small-angle rotation vector (3,) from `current` to `desired`, both (3, 3), in the world frame."""
    return 0.5 * np.cross(current.T, desired.T).sum(axis=0)
