import numpy as np

from omniactor.sim.rotation import about_z, axis_angle_to_matrix, matrix_to_axis_angle, quaternion_to_matrix


def test_matrix_and_axis_angle_are_inverse_up_to_half_a_turn():
    generator = np.random.default_rng(0)
    for angle in (*generator.uniform(0, np.pi - 1e-3, 200), 0.0, 1e-9, 1e-5, np.pi - 1e-5):
        axis = generator.normal(size=3)
        vector = angle * axis / np.linalg.norm(axis)
        matrix = axis_angle_to_matrix(vector)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(matrix_to_axis_angle(matrix), vector, atol=1e-6)


def test_half_a_turn_keeps_its_axis_up_to_sign():
    for axis in (*np.eye(3), np.array([0.6, 0.8, 0.0]), np.array([1, 1, 1]) / np.sqrt(3)):
        vector = matrix_to_axis_angle(axis_angle_to_matrix(np.pi * axis))
        assert abs(np.linalg.norm(vector) - np.pi) < 1e-6
        assert abs(abs(vector @ axis) - np.pi) < 1e-6


def test_quaternions_are_w_first_and_turn_the_right_way():
    half = np.pi / 6
    np.testing.assert_allclose(quaternion_to_matrix(np.array([np.cos(half), 0, 0, np.sin(half)])), about_z(np.pi / 3), atol=1e-12)
    np.testing.assert_allclose(about_z(np.pi / 2) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
