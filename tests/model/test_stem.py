"""The convolutional stem: tokens row by row, one tower per camera, images of any size side by side."""

import numpy as np
import pytest
import torch

from omniactor.errors import ModelInputError
from omniactor.model.configuration import OmniActorStemConfig
from omniactor.model.presets import image_processor, make_config
from omniactor.model.stem import CameraStem, VisionStem

CAMERAS = ("agentview", "wrist", "screen")


@pytest.fixture(scope="module")
def stem():
    torch.manual_seed(0)
    return VisionStem(OmniActorStemConfig(channels=(4, 8, 8, 8), hidden_size=12)).eval()


@pytest.fixture(scope="module")
def cut():
    """The image processor of a stem: uint8 picture -> patches and grid."""
    ready = image_processor(make_config("mini"))

    def call(picture):
        features = ready(picture, do_resize=False)
        return torch.from_numpy(np.asarray(features["pixel_values"])), torch.from_numpy(np.asarray(features["image_grid_thw"]))

    return call


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def see(stem, patches, grid, cameras):
    with torch.no_grad():
        return stem(patches, grid, torch.tensor(cameras))


def test_there_is_one_token_per_patch(stem, cut):
    patches, grid = cut(noise(64, 96))
    assert grid.tolist() == [[1, 4, 6]] and patches.shape == (24, 3 * 16 * 16)
    assert see(stem, patches, grid, [0]).shape == (24, 12)


def test_patches_are_put_together_to_the_picture_they_were_cut_from(stem, cut):
    picture = noise(64, 96)
    patches, _ = cut(picture)
    ready = image_processor(make_config("mini"))
    pixels = stem._pixels(patches, 1, 4, 6)[0].permute(1, 2, 0).numpy() * np.array(ready.image_std) + np.array(ready.image_mean)
    np.testing.assert_allclose(pixels * 255, picture, atol=1e-3)


def moved_by(stem, cut, rows, columns):
    """Which of 4x6 tokens change when some pixels do."""
    picture = noise(64, 96)
    changed = picture.copy()
    changed[rows, columns] = 255 - changed[rows, columns]
    before, after = (see(stem, *cut(image), [1]) for image in (picture, changed))
    moved = (after - before).abs().amax(-1).view(4, 6)
    return [tuple(place) for place in moved.nonzero().tolist()]


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 5), (3, 0), (3, 5), (2, 1)])
def test_tokens_come_row_by_row_each_around_the_corner_of_its_patch(stem, cut, row, column):
    y, x = 16 * row, 16 * column
    assert moved_by(stem, cut, slice(y, y + 1), slice(x, x + 1)) == [(row, column)]
    reached = [(r, c) for r in (row, row + 1) for c in (column, column + 1) if r < 4 and c < 6]
    assert moved_by(stem, cut, slice(y, y + 16), slice(x, x + 16)) == reached  # four 3x3 steps reach 15 pixels far


def test_a_token_says_where_it_is_although_all_pixels_are_alike(stem, cut):
    tokens = see(stem, *cut(np.full((96, 96, 3), 128, np.uint8)), [0])
    inner = tokens.view(6, 6, -1)[1:-1, 1:-1].flatten(0, 1)  # the border knows by its padding
    distances = torch.cdist(inner, inner) + torch.eye(len(inner))
    assert distances.min() > 1e-5


def test_coordinates_run_from_left_to_right_and_from_top_to_bottom():
    camera = CameraStem(OmniActorStemConfig(channels=(1, 1, 1, 1), hidden_size=1))
    seen = []
    camera.convolutions[0].register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    camera(torch.zeros(2, 3, 16, 32))
    right, down = seen[0][:, 3], seen[0][:, 4]
    assert torch.equal(right, torch.linspace(-1, 1, 32).expand(2, 16, 32))
    assert torch.equal(down, torch.linspace(-1, 1, 16).view(16, 1).expand(2, 16, 32))
    assert torch.equal(seen[0][:, :3], torch.zeros(2, 3, 16, 32))


def test_images_of_several_sizes_and_cameras_equal_the_images_alone(stem, cut):
    kinds = [(64, 96, 0), (32, 32, 2), (64, 96, 1), (64, 96, 0), (32, 32, 0), (96, 64, 2), (32, 32, 2)]
    pictures = [cut(noise(height, width, seed)) for seed, (height, width, _) in enumerate(kinds)]
    together = see(stem, torch.cat([p for p, _ in pictures]), torch.cat([g for _, g in pictures]), [c for *_, c in kinds])
    parts = together.split([len(p) for p, _ in pictures])
    for part, picture, (*_, camera) in zip(parts, pictures, kinds, strict=True):
        torch.testing.assert_close(part, see(stem, *picture, [camera]), atol=1e-5, rtol=0)


def test_every_camera_has_weights_of_its_own(stem, cut):
    picture = cut(noise(32, 32))
    tokens = [see(stem, *picture, [camera]) for camera in range(3)]
    assert not torch.equal(tokens[0], tokens[1]) and not torch.equal(tokens[1], tokens[2])
    stem(*picture, torch.tensor([1])).sum().backward()
    for name, value in stem.named_parameters():
        assert (value.grad is not None) == name.startswith("stems.wrist."), name
        value.grad = None


@pytest.mark.parametrize(
    ("grid", "cameras"),
    [
        ([[1, 2, 2]], [3]),
        ([[1, 2, 2]], [-1]),
        ([[1, 2, 2]], []),
        ([[1, 2, 2]], [0, 1]),
        ([[2, 1, 2]], [0]),
        ([[1, 1, 2]] * 2, [0, 9]),
    ],
)
def test_a_camera_that_is_not_there_and_moving_pictures_are_refused(stem, grid, cameras):
    with pytest.raises(ModelInputError, match=r"one camera number \(0..2\) per still image") as caught:
        see(stem, torch.zeros(4, 768), torch.tensor(grid), cameras)
    assert "\n" not in str(caught.value)


def test_convolutions_of_a_new_model_begin_by_their_fan_in():
    from omniactor.model.presets import make_model

    visual = make_model("mini")[0].model.visual
    for module in (m for m in visual.modules() if isinstance(m, torch.nn.Conv2d)):
        fan_in = module.weight[0].numel()
        assert float(module.weight.std()) == pytest.approx((2 / fan_in) ** 0.5, rel=0.1)
