"""The arm's pictures in the memory of the device that trains: read once, changed and cut there.

A GPU trains a small model faster than processors can read, light and cut pictures for it. All of them fit into its
memory as bytes; each step then only says which it wants, how far they are moved and how they are lit.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import torch

from omniactor.errors import InputError
from omniactor.model.configuration import OmniActorConfig, OmniActorStemConfig
from omniactor.model.processing import OmniActorProcessor
from omniactor.train.demos import DemoSource
from omniactor.train.mixture import Source
from omniactor.train.records import RecordSource

_SHARED = "/dev/shm"


class ResidentPictures:
    """The pictures of a run's demonstrations, uint8 on a device."""

    def __init__(
        self, sources: Sequence[Source], config: OmniActorConfig, processor: OmniActorProcessor, device: torch.device | str
    ) -> None:
        """Read everything.

        Args:
            sources: of the mixture. Screens are only kept decoded, for the processes that read.
            config: the model's.
            processor: its processor: which cameras, and how values are normalised.
            device: where they are to be.

        Raises:
            InputError: the arm's samples are no demonstrations in HDF5, the model has another tower than convolutions, the
                pictures are not of the size that it sees, or shared memory is too small to read them through.
            SampleError: pictures that cannot be read.
        """
        prompt, own = processor.prompt, {n: s for n, s in enumerate(sources) if s.world == "embodied"}
        if other := [s.name for s in own.values() if not isinstance(s, DemoSource)]:
            raise InputError(f"expected demonstrations in HDF5 with resident, got {other[0]}; set resident=false")
        if not isinstance(config.vision_config, OmniActorStemConfig) or prompt.camera_transform != "upright":
            raise InputError(
                "expected a model with convolutions and upright pictures with resident, got another; set resident=false"
            )
        self._patch, self._device = config.vision_config.patch_size, torch.device(device)
        image = processor.image_processor
        scale = image.rescale_factor / torch.tensor(image.image_std)
        self._scale = scale.to(self._device)
        self._offset = (-torch.tensor(image.image_mean) / torch.tensor(image.image_std)).to(self._device)
        firsts, total = torch.zeros(len(sources), dtype=torch.long), 0
        for number, source in own.items():
            firsts[number], total = total, total + len(source)
        self._firsts = firsts.to(self._device)
        for source in own.values():
            if len(source) and source.picture_size() != prompt.camera_size:
                (height, width), (wanted_height, wanted_width) = source.picture_size(), prompt.camera_size
                raise InputError(
                    f"expected pictures of {wanted_height}x{wanted_width} pixels with resident, got {height}x{width} in "
                    f"{source.path}; render them in that size or set resident=false"
                )
        for source in sources:
            if isinstance(source, RecordSource):
                source.keep_pictures()
        shape = (total, len(prompt.cameras), *prompt.camera_size, 3)
        jobs = [(source, prompt.cameras, int(firsts[number])) for number, source in own.items()]
        self._pictures = _read_all(jobs, torch.empty(shape, dtype=torch.uint8, device=self._device))

    def patches(self, picks: torch.Tensor, steps: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
        """Return what the processor would give for these pictures: (n * cameras * patches, 3 * patch * patch) float32.

        Args:
            picks: (n, 2) number of the source, number of the sample.
            steps: (n, cameras, 2) pixels that each picture is moved, down and right; its edges are drawn out.
            tables: (n, cameras, 256) uint8, what becomes of every value.
        """
        rows = self._firsts[picks[:, 0]] + picks[:, 1]
        n, cameras, height, width = len(rows), *self._pictures.shape[1:4]
        down = (torch.arange(height, device=self._device) - steps[..., :1]).clamp(0, height - 1)  # (n, cameras, height)
        right = (torch.arange(width, device=self._device) - steps[..., 1:]).clamp(0, width - 1)
        camera = torch.arange(cameras, device=self._device).view(1, -1, 1, 1)
        moved = self._pictures[rows.view(-1, 1, 1, 1), camera, down.unsqueeze(3), right.unsqueeze(2)]
        lit = tables.flatten(0, 1).gather(1, moved.view(n * cameras, -1).long()).view(moved.shape)
        return self.cut(lit.flatten(0, 1))

    def cut(self, images: torch.Tensor) -> torch.Tensor:
        """Return the normalised patches of pictures of one size: (n * patches, 3 * patch * patch) float32.

        Args:
            images: (n, height, width, 3) uint8 on the device.
        """
        values = images.float() * self._scale + self._offset
        (n, height, width), p = images.shape[:3], self._patch
        patches = values.view(n, height // p, p, width // p, p, 3).permute(0, 1, 3, 5, 2, 4)
        return patches.reshape(-1, 3 * p * p)


def _read_all(jobs: list[tuple[DemoSource, tuple[str, ...], int]], out: torch.Tensor) -> torch.Tensor:
    """Fill `out` with the pictures of (demonstrations, cameras, first row), read by a process per processor; returns it.

    HDF5 lets one thread of a process in at a time; so they are processes, which write to memory they share.
    """
    if not out.numel():
        return out
    free = shutil.disk_usage(_SHARED).free if os.path.isdir(_SHARED) else out.numel()
    if free < out.numel():  # writing beyond it would end the process without a word
        raise InputError(
            f"expected {out.numel() / 1e9:.1f} GB free in {_SHARED} to read pictures with resident, got {free / 1e9:.1f}; "
            "make it larger (docker run --shm-size) or set resident=false"
        )
    shape, memory = tuple(out.shape), SharedMemory(create=True, size=out.numel())
    try:
        with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("fork")) as pool:
            for done in [pool.submit(_read_into, memory.name, shape, *job) for job in jobs]:
                done.result()
        out.copy_(torch.from_numpy(np.ndarray(shape, np.uint8, memory.buf)))
    finally:
        memory.close()
        memory.unlink()
    return out


def _read_into(name: str, shape: tuple[int, ...], source: DemoSource, cameras: tuple[str, ...], first: int) -> None:
    """Write the pictures of one file to the shared memory of that name (in a process of its own)."""
    memory = SharedMemory(name)
    try:
        np.ndarray(shape, np.uint8, memory.buf)[first : first + len(source)] = source.pictures(cameras)
    finally:
        memory.close()
