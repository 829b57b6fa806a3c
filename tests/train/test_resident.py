"""Pictures that stay on the device: the same batches as those that are read, changed and cut one by one."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from omniactor.errors import InputError, SampleError
from omniactor.model.modeling import OmniActorModel
from omniactor.model.presets import make_model
from omniactor.train import resident as module
from omniactor.train.augmentation import Augmentation
from omniactor.train.batches import Batches
from omniactor.train.demos import DemoSource
from omniactor.train.mixture import Mixture
from omniactor.train.recipe import Recipe
from omniactor.train.resident import ResidentPictures
from omniactor.train.run import train
from omniactor.train.toy import ToySource
from omniactor.types import GuiAction, Observation

h5py = pytest.importorskip("h5py")
AUGMENTATION = Augmentation(shift=4, brightness=0.2, state_noise=0.01, state_dropout=0.3)


def write(path, seed=0, size=112, every=1, **stored):
    """Write two demonstrations of noise, with pictures of every so manieth step, as `Hdf5Writer` stores them."""
    draw = np.random.default_rng(seed)
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["problem_info"] = json.dumps({"language_instruction": f"do task {seed}"})
        data.attrs["obs_alignment"] = "pre-action"
        for number, steps in enumerate((7, 5)):
            demo = data.create_group(f"demo_{number}")
            demo["labels"] = draw.uniform(-1, 1, (steps, 7))
            demo["obs/ee_pos"], demo["obs/ee_ori"] = draw.uniform(-0.3, 0.3, (2, steps, 3))
            demo["obs/gripper_states"] = np.full((steps, 2), 0.03)
            shown = np.arange(number if every > 1 else 0, steps, every)
            if every > 1:
                demo["obs/picture_steps"] = shown
            demo["obs/target_pos"] = draw.uniform(-0.3, 0.3, (len(shown), 2, 3))
            for name in ("agentview_rgb", "eye_in_hand_rgb"):
                pictures = draw.integers(0, 256, (len(shown), size, size, 3), dtype=np.uint8)
                if every == 1 and name == "agentview_rgb":
                    demo[f"obs/{name}"] = pictures
                else:
                    demo.create_dataset(f"obs/{name}", data=pictures, **stored)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two files: one as this project writes them, one stored otherwise."""
    folder = tmp_path_factory.mktemp("hdf5")
    write(folder / "a_demo.hdf5", 1, every=2, chunks=(1, 112, 112, 3), compression="gzip")
    with h5py.File(folder / "a_demo.hdf5", "a") as file:
        del file["data/demo_0/obs/target_pos"]
    write(folder / "b_demo.hdf5", 2, chunks=(2, 112, 112, 3), compression="lzf")
    return folder


def test_batches_are_those_of_the_other_way(folder):
    model, processor = make_model("mini")
    sources = [ToySource("gui", 16), *(DemoSource(folder / f"{name}_demo.hdf5", chunk=8) for name in "ab")]
    mixture = Mixture(sources, [1.0, 1.0, 1.0], 6, 1, 3)
    parts = (mixture, processor, model.config, 8)
    plain = Batches(*parts, augmentation=AUGMENTATION)
    thin = Batches(*parts, augmentation=AUGMENTATION, resident=True)
    resident = ResidentPictures(sources, model.config, processor, "cpu")
    worlds = set()
    for number in range(8):
        one, other = plain.encode(number), thin.encode(number)
        worlds.add(one["world"])
        if one["world"] == "embodied":
            assert "pixel_values" not in other
            other["pixel_values"] = resident.patches(*(other.pop(n) for n in ("pictures", "picture_steps", "picture_tables")))
        else:
            other["pixel_values"] = resident.cut(other.pop("screens"))
        parts = (one[name] for name in ("input_ids", "mm_token_type_ids", "image_grid_thw"))
        positions, _ = super(OmniActorModel, model.model).get_rope_index(*parts, attention_mask=one["attention_mask"])
        assert torch.equal(other.pop("position_ids"), positions)
        assert one.keys() == other.keys()
        torch.testing.assert_close(other.pop("pixel_values"), one.pop("pixel_values"), rtol=0, atol=1e-5)
        for name, value in one.items():
            assert torch.equal(value, other[name]) if isinstance(value, torch.Tensor) else value == other[name], name
    assert worlds == {"gui", "embodied"}


def test_a_run_learns_the_same_either_way(folder, tmp_path):
    recipe = Recipe(
        model="mini", data=(str(folder),), shift=4, brightness=0.2, max_steps=3, batch_size=4, micro_batch_size=4,
        learning_rate=1e-3, attention="eager", log_every=1,
    )  # fmt: skip
    losses = [train(replace(recipe, resident=kept), tmp_path / str(kept)).losses["loss"] for kept in (False, True)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_what_cannot_be_kept_there_is_refused(folder, tmp_path):
    model, processor = make_model("mini")
    with pytest.raises(InputError, match="demonstrations in HDF5 with resident"):
        ResidentPictures([ToySource("embodied", 4)], model.config, processor, "cpu")
    debug, seen = make_model("debug")
    with pytest.raises(InputError, match="a model with convolutions"):
        ResidentPictures([DemoSource(folder / "a_demo.hdf5")], debug.config, seen, "cpu")
    with pytest.raises(InputError, match="112x112 pixels with resident, got 64x64"):
        ResidentPictures([DemoSource(write(tmp_path / "c_demo.hdf5", size=64))], model.config, processor, "cpu")
    source = DemoSource(write(tmp_path / "d_demo.hdf5"))
    with h5py.File(tmp_path / "d_demo.hdf5", "a") as file:
        del file["data/demo_1/obs/agentview_rgb"]
    with pytest.raises(SampleError, match="demo_1"):
        ResidentPictures([source], model.config, processor, "cpu")


def test_screens_of_several_sizes_are_cut_by_the_readers(folder):
    model, processor = make_model("mini")
    seen = [Observation("gui", {"screen": np.zeros((96, side, 3), np.uint8)}, "click") for side in (96, 128)]
    done = [GuiAction("click", point=(0.5, 0.5))] * 2
    inputs = processor.encode(model.config, seen, done, pixels=False)
    assert "screens" not in inputs and torch.equal(
        inputs["pixel_values"], processor.encode(model.config, seen, done)["pixel_values"]
    )
    assert processor.encode(model.config, seen[:1], done[:1], pixels=False)["screens"].shape == (1, 96, 96, 3)


@pytest.mark.parametrize("stored", [{"chunks": (1, 112, 112, 3), "compression": "gzip"}, {"chunks": (1, 112, 112, 3)},
                                    {"chunks": (1, 112, 112, 3), "compression": "gzip", "shuffle": True}])  # fmt: skip
def test_all_pictures_at_once_are_those_read_one_by_one(tmp_path, stored):
    source = DemoSource(write(tmp_path / "a_demo.hdf5", every=2, **stored))
    pictures = source.pictures(("wrist", "agentview"))
    assert len(pictures) == len(source) == 6
    for number, (wrist, agentview) in enumerate(pictures):
        seen = source[number].observation.images
        assert (seen["wrist"] == wrist).all() and (seen["agentview"] == agentview).all()


def test_too_little_shared_memory_is_said_before_anything_is_written(folder, monkeypatch):
    model, processor = make_model("mini")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(InputError, match=r"GB free in /dev/shm to read pictures with resident, got 0\.0"):
        ResidentPictures([DemoSource(folder / "a_demo.hdf5")], model.config, processor, "cpu")


def test_a_model_that_sees_one_camera_trains_on_demonstrations_with_two(folder):
    model, processor = make_model("mini")
    processor.prompt = replace(processor.prompt, cameras=("wrist",))
    sources = [DemoSource(folder / "b_demo.hdf5", chunk=8)]
    parts = (Mixture(sources, [1.0], 4, 1, 3), processor, model.config, 2)
    one = Batches(*parts, augmentation=AUGMENTATION).encode(1)
    thin = Batches(*parts, augmentation=AUGMENTATION, resident=True).encode(1)
    chosen = (thin[name] for name in ("pictures", "picture_steps", "picture_tables"))
    patches = ResidentPictures(sources, model.config, processor, "cpu").patches(*chosen)
    torch.testing.assert_close(patches, one["pixel_values"], rtol=0, atol=1e-5)
