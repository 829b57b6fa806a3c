import pytest

from omniactor.errors import InputError
from omniactor.sim import detail
from omniactor.sim.detail import FULL, choose_detail
from omniactor.sim.libero import Libero90Env


def test_auto_is_fast_on_a_cpu_and_full_on_a_gpu(monkeypatch):
    monkeypatch.setattr(detail, "renders_on_gpu", lambda: False)
    assert choose_detail("auto", 256).name == "fast"
    monkeypatch.setattr(detail, "renders_on_gpu", lambda: True)
    assert choose_detail("auto", 256) == FULL
    assert choose_detail("fast", 256).name == "fast"


def test_larger_images_get_finer_scenes_in_few_steps():
    assert choose_detail("fast", 16) == choose_detail("fast", 128)
    assert choose_detail("fast", 129) == choose_detail("fast", 256)
    assert choose_detail("fast", 512).mesh_error == choose_detail("fast", 128).mesh_error / 2
    assert choose_detail("fast", 512).texture_size == 2 * choose_detail("fast", 256).texture_size
    assert choose_detail("fast", 2048).mesh_error > 0


def test_a_draft_is_coarser_and_takes_one_sample_of_a_pixel():
    draft, fast = choose_detail("draft", 128), choose_detail("fast", 128)
    assert draft.mesh_error > fast.mesh_error
    assert (draft.samples, fast.samples, FULL.samples) == (0, 4, 4)
    env = Libero90Env(49, assets="standin", obs_type="state", detail="draft", image_size=64)
    env.reset(seed=0)
    assert env.picture("agentview").std() > 10
    env.close()


@pytest.mark.parametrize("name", ["coarse", "", None])
def test_another_name_is_refused(name):
    with pytest.raises(InputError, match="detail"):
        choose_detail(name, 256)


def test_the_environment_takes_the_switch(standin_env):
    full = Libero90Env(49, assets="standin", obs_type="state", detail="full")
    assert full.facts.detail == "full"
    assert full.model.nmeshface > standin_env(49).model.nmeshface
    full.close()
