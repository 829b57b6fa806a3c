"""The convolutional stem: what small models see with instead of a vision transformer."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from omniactor.errors import ModelInputError
from omniactor.model.configuration import OmniActorStemConfig


class CameraStem(nn.Module):
    """Strided 3x3 convolutions over one camera's image and its two coordinate channels.

    The coordinates (-1 to 1, right and down) let a token say where it is, which a convolution alone cannot.
    """

    def __init__(self, config: OmniActorStemConfig):
        super().__init__()
        widths = [config.in_channels + 2, *config.channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1) for before, after in pairwise(widths)
        )
        self.projection = nn.Linear(widths[-1], config.hidden_size)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (n, 3, height, width) to (n, height / patch * width / patch, hidden), row by row."""
        n, _, height, width = images.shape
        down = torch.linspace(-1, 1, height, device=images.device, dtype=images.dtype).view(1, 1, -1, 1)
        right = torch.linspace(-1, 1, width, device=images.device, dtype=images.dtype).view(1, 1, 1, -1)
        features = torch.cat([images, right.expand(n, 1, height, width), down.expand(n, 1, height, width)], dim=1)
        for convolution in self.convolutions:
            features = nn.functional.gelu(convolution(features))
        return self.projection(features.flatten(2).transpose(1, 2))


class VisionStem(nn.Module):
    """One `CameraStem` per camera, behind the interface of Qwen2-VL's vision tower.

    Images arrive as Qwen2-VL's processor cuts them: rows of flattened patches, with a grid per image. So
    images of several sizes fit into one batch, and everything around the tower stays as it is.
    """

    def __init__(self, config: OmniActorStemConfig):
        super().__init__()
        self.config = config
        self.spatial_merge_size = config.spatial_merge_size
        self.stems = nn.ModuleDict({name: CameraStem(config) for name in config.cameras})

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights."""
        return next(self.parameters()).dtype

    def forward(self, patches: torch.Tensor, grid_thw: torch.Tensor, cameras: torch.Tensor) -> torch.Tensor:
        """Return the tokens of all images, one after the other.

        Args:
            patches: (patches of all images, channels * patch * patch).
            grid_thw: (images, 3): 1, rows and columns of patches.
            cameras: (images,) camera numbers, in the order of `config.cameras`.

        Returns:
            (patches of all images, hidden).
        """
        sizes, cameras = grid_thw.tolist(), cameras.tolist()
        if (
            len(sizes) != len(cameras)
            or any(c not in range(len(self.stems)) for c in cameras)
            or any(t != 1 for t, _, _ in sizes)
        ):
            raise ModelInputError(
                f"expected one camera number (0..{len(self.stems) - 1}) per still image, got {cameras} for {len(sizes)} images"
            )
        counts = torch.tensor([rows * columns for _, rows, columns in sizes])
        starts = counts.cumsum(0) - counts
        groups: dict[tuple, list[int]] = {}
        for index, (camera, (_, rows, columns)) in enumerate(zip(cameras, sizes, strict=True)):
            groups.setdefault((camera, rows, columns), []).append(index)
        tokens, places = [], []
        for (camera, rows, columns), members in groups.items():  # one pass per camera and size
            own = (starts[members].unsqueeze(1) + torch.arange(rows * columns)).flatten().to(patches.device)
            pixels = self._pixels(patches[own], len(members), rows, columns)
            tokens.append(self.stems[self.config.cameras[camera]](pixels).flatten(0, 1))
            places.append(own)
        return torch.cat(tokens)[torch.cat(places).argsort()]

    def _pixels(self, patches: torch.Tensor, n: int, rows: int, columns: int) -> torch.Tensor:
        """Put the patches of n images of one size back together: (n, 3, height, width)."""
        p, c = self.config.patch_size, self.config.in_channels
        cut = patches.view(n, rows, columns, c, p, p)
        return cut.permute(0, 3, 1, 4, 2, 5).reshape(n, c, rows * p, columns * p)
