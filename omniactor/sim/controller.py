"""The arm's controller: operational-space pose control and the gripper, as robosuite 1.4 computes them.

Same mathematics and constants as robosuite's `OperationalSpaceController` with `osc_pose.json`
(kp 150, critically damped, position and orientation uncoupled, null space towards the start pose)
and `PandaGripper`, written against `MjModel`/`MjData` directly: arrays are reused, linear systems are solved
instead of inverted, and one pass of `mj_step1` per substep replaces robosuite's repeated `mj_forward`.
"""

from __future__ import annotations

import mujoco
import numpy as np
from scipy.linalg.lapack import dposv

from omniactor.errors import SetupError
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
        """Look up joints, actuators and the grip site, and set aside every array, once."""
        self._model, self._data = model, data
        joints = [model.joint(f"robot0_joint{i}") for i in range(1, 8)]
        self.qpos = np.array([joint.qposadr[0] for joint in joints])
        self.dofs = np.array([joint.dofadr[0] for joint in joints])
        finger_joints = [model.joint(f"gripper0_finger_joint{i}") for i in (1, 2)]
        self.finger_qpos = np.array([joint.qposadr[0] for joint in finger_joints])
        self.finger_qvel = np.array([joint.dofadr[0] for joint in finger_joints])
        arm = [model.actuator(f"robot0_torq_j{i}").id for i in range(1, 8)]
        fingers = [model.actuator(f"gripper0_gripper_finger_joint{i}").id for i in (1, 2)]
        self.grip_site = model.site("gripper0_grip_site").id
        self._torque_low, self._torque_high = model.actuator_ctrlrange[arm].T.copy()
        low, high = model.actuator_ctrlrange[fingers].T
        self._finger_middle, self._finger_half = (high + low) / 2, (high - low) / 2
        # Views of the simulator's own arrays: the robot comes first in every scene, so slices do.
        self._q, self._v = data.qpos[_span(self.qpos)], data.qvel[_span(self.dofs)]
        self._bias = data.qfrc_bias[_span(self.dofs)]
        self._arm_ctrl, self._finger_ctrl = data.ctrl[_span(arm)], data.ctrl[_span(fingers)]
        self._site_position = data.site_xpos[self.grip_site]
        self._site_rotation = data.site_xmat[self.grip_site].reshape(3, 3)
        self._mass_indices = _mass_indices(model, self.dofs)
        whole = np.zeros((6, model.nv))
        self._jacobian_position, self._jacobian_rotation = whole[:3], whole[3:]
        self._jacobian = whole[:, _span(self.dofs)]
        self._seen_jacobian, self._seen_mass = np.zeros((6, 7)), np.zeros((7, 7))
        self._seen_position, self._seen_rotation = np.zeros(3), np.zeros((3, 3))
        self._seen_joints, self._seen_velocity = np.zeros(7), np.zeros(7)
        self._error = np.zeros(6)
        self.reset()

    def reset(self) -> None:
        """Latch the present pose as the goal and centre the gripper command, as a fresh robosuite robot does.

        Kinematics must be current (`mj_forward`). Call it at the nominal start pose: LIBERO loads an
        initial state only afterwards, and robosuite's controller does not look again until its first
        torque is out: the orientation goal, the first position goal and the first substep's torque
        refer to the nominal pose.
        """
        self._read()
        self._read_again = False
        self._goal_position = self._seen_position.copy()
        self._goal_rotation = self._seen_rotation.copy()
        self._finger_command = np.zeros(2)
        self._finger_step = np.zeros(2)

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
        # Finger 1 opens with positive, finger 2 with negative positions.
        self._finger_step = GRIPPER_SPEED * np.sign(action[6]) * np.array([-1.0, 1.0])

    def apply(self) -> None:
        """Write the controls of one physics substep; kinematics and velocities must be current (mj_step1).

        robosuite inverts the arm's mass matrix M and takes pseudo-inverses; here the same linear
        equations are solved (all these matrices are symmetric and positive), which leaves out
        M^-1 M in the null-space part. The torques agree to rounding.
        """
        if self._read_again:
            self._read()
        self._read_again = True
        jacobian, mass, velocity, error = self._seen_jacobian, self._seen_mass, self._seen_velocity, self._error
        np.subtract(self._goal_position, self._seen_position, out=error[:3])
        outer = (self._seen_rotation @ self._goal_rotation.T).ravel()
        np.subtract(outer[_UPPER], outer[_LOWER], out=error[3:])
        error[3:] *= 0.5  # see orientation_error
        force = KP * error - KD * (jacobian @ velocity)
        posture = NULLSPACE_KP * (HOME_JOINTS - self._seen_joints) - NULLSPACE_KD * velocity

        inertia_inverse = jacobian @ _solve(mass, jacobian.T)
        wrench = -_solve(inertia_inverse, jacobian @ posture)
        wrench[:3] += _solve(inertia_inverse[:3, :3], force[:3])
        wrench[3:] += _solve(inertia_inverse[3:, 3:], force[3:])
        torques = jacobian.T @ wrench
        torques += self._bias
        torques += mass @ posture
        np.maximum(torques, self._torque_low, out=torques)
        np.minimum(torques, self._torque_high, out=self._arm_ctrl)

        command = self._finger_command
        command += self._finger_step
        np.maximum(command, -1.0, out=command)
        np.minimum(command, 1.0, out=command)
        np.multiply(self._finger_half, command, out=self._finger_ctrl)
        self._finger_ctrl += self._finger_middle

    def _read(self) -> None:
        """Copy what the torques depend on: pose, joint state, Jacobian (6, 7), mass matrix (7, 7)."""
        data = self._data
        mujoco.mj_jacSite(self._model, data, self._jacobian_position, self._jacobian_rotation, self.grip_site)
        self._seen_jacobian[:] = self._jacobian
        data.qM.take(self._mass_indices, out=self._seen_mass, mode="clip")
        self._seen_position[:] = self._site_position
        self._seen_rotation[:] = self._site_rotation
        self._seen_joints[:] = self._q
        self._seen_velocity[:] = self._v


_UPPER, _LOWER = np.array([5, 6, 1]), np.array([7, 2, 3])
"""Elements yz, zx, xy and zy, xz, yx of a 3 by 3 matrix, row by row."""


def orientation_error(desired: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Small-angle rotation vector (3,) from `current` to `desired`, both (3, 3), in the world frame."""
    return 0.5 * np.cross(current.T, desired.T).sum(axis=0)


def _span(indices) -> slice:
    """Return the slice of consecutive indices."""
    if list(indices) != list(range(int(indices[0]), int(indices[0]) + len(indices))):
        raise SetupError(
            f"expected the robot's joints side by side in the model, got indices {list(indices)}; use robosuite 1.4.0"
        )
    return slice(int(indices[0]), int(indices[0]) + len(indices))


def _mass_indices(model: mujoco.MjModel, dofs: np.ndarray) -> np.ndarray:
    """Where the mass matrix of a chain of joints lies in MuJoCo's sparse `qM`: (n, n)."""
    indices = np.zeros((len(dofs), len(dofs)), int)
    for row, dof in enumerate(dofs):
        address = int(model.dof_Madr[dof])
        for column in range(row, -1, -1):  # a row of qM runs from the joint back to the root
            indices[row, column] = indices[column, row] = address
            address += 1
    return indices


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive system; at a singular pose fall back to the pseudo-inverse, as robosuite always does."""
    _, solution, failed = dposv(matrix, right)
    return np.linalg.pinv(matrix) @ right if failed else solution
