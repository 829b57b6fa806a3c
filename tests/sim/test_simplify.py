"""Simplified scenes: the same physics to the last bit, nearly the same picture, far fewer triangles."""

import mujoco
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from omniactor.errors import SimulationError
from omniactor.sim.libero import Libero90Env
from omniactor.sim.simplify import check_same_physics


@pytest.fixture(scope="module", params=[0, 23, 47, 75])
def pair(request):
    """Return the same task in full and in fast detail."""
    made = [Libero90Env(request.param, assets="standin", obs_type="state", image_size=128, detail=d) for d in ("full", "fast")]
    yield made
    for env in made:
        env.close()


def same_path(full, fast):
    actions = np.random.default_rng(1).uniform(-1, 1, (100, 7))
    for env in (full, fast):
        env.reset(seed=2)
    for action in actions:
        full.step(action)
        fast.step(action)
        np.testing.assert_array_equal(full.flat_state(), fast.flat_state())


def similarity(full, fast):
    for env in (full, fast):
        env.reset(options={"init_state": 0})
    pictures = [env.observe().images for env in (full, fast)]
    return [structural_similarity(picture, pictures[1][camera], channel_axis=2) for camera, picture in pictures[0].items()]


def test_masses_inertias_and_a_hundred_steps_are_equal_bit_for_bit(pair):
    full, fast = pair
    for name in ("body_mass", "body_inertia", "body_ipos", "body_iquat", "dof_M0", "dof_invweight0", "jnt_range"):
        np.testing.assert_array_equal(getattr(full.model, name), getattr(fast.model, name))
    same_path(full, fast)
    np.testing.assert_array_equal(full.data.qM, fast.data.qM)


def test_pictures_are_nearly_the_same_with_fewer_triangles(pair):
    full, fast = pair
    assert fast.model.nmeshface < full.model.nmeshface / 2
    assert min(similarity(full, fast)) >= 0.97


def test_a_difference_in_physics_is_named(pair):
    full, fast = pair
    fast.model.body_mass[5] += 1e-9
    with pytest.raises(SimulationError, match="body_mass"):
        check_same_physics(full.model, fast.model)
    fast.model.body_mass[5] = full.model.body_mass[5]
    solid = int(np.nonzero((fast.model.geom_contype != 0) & (fast.model.geom_type == mujoco.mjtGeom.mjGEOM_BOX))[0][0])
    fast.model.geom_size[solid] += 1e-9
    with pytest.raises(SimulationError, match="geom_size"):
        check_same_physics(full.model, fast.model)
    fast.model.geom_size[solid] = full.model.geom_size[solid]
    check_same_physics(full.model, fast.model)


@pytest.mark.libero_assets
@pytest.mark.parametrize("task", [0, 23, 47, 75])
def test_liberos_own_models_are_simplified_the_same_way(libero_assets, task):
    full, fast = (Libero90Env(task, assets="libero", obs_type="state", image_size=128, detail=d) for d in ("full", "fast"))
    assert fast.model.nmeshface < full.model.nmeshface / 2.5
    same_path(full, fast)
    assert min(similarity(full, fast)) >= 0.97
    full.close()
    fast.close()
