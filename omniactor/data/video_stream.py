"""H.264 for training data: every other frame can be decoded on its own, and frame i is shown at i / fps."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from omniactor.errors import VideoError
from omniactor.paths import check_writable
from omniactor.sim.video import FPS, find_encoder


class VideoStream:
    """Writes frames to an mp4 file that appears, complete, on `close()`.

    Raises:
        OutputError: the path cannot be written.
        VideoError: no H.264 encoder, or encoding failed.
    """

    def __init__(self, path: Path, size: int) -> None:
        """Open a temporary file beside `path` for frames (size, size, 3)."""
        check_writable(path)
        self._path, self.frames = path, 0
        self._temporary = path.with_name(f".{path.stem}.{os.getpid()}.part.mp4")
        encoder = find_encoder()
        try:
            self._container = av.open(str(self._temporary), "w")
            self._stream = self._container.add_stream(encoder, rate=FPS)
            self._stream.width = self._stream.height = size
            self._stream.pix_fmt = "yuv420p"
            # Close key frames, because training reads single frames at random; no frames out of order.
            self._stream.gop_size, self._stream.max_b_frames = 2, 0
            self._stream.codec_context.time_base = Fraction(1, FPS)
            if encoder == "libx264":
                self._stream.options = {"crf": "23", "preset": "veryfast"}
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def add(self, frame: np.ndarray) -> None:
        """Append one frame, uint8 (size, size, 3), RGB, upright."""
        try:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            picture.pts, picture.time_base = self.frames, Fraction(1, FPS)
            self._container.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error
        self.frames += 1

    def close(self) -> None:
        """Finish the file."""
        try:
            self._container.mux(self._stream.encode())
            self._container.close()
            os.replace(self._temporary, self._path)
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def discard(self) -> None:
        """Drop what was written; harmless after `close()`."""
        self._temporary.unlink(missing_ok=True)

    def _failed(self, error: Exception) -> VideoError:
        self.discard()
        return VideoError(f"expected to encode video to {self._path}, got: {error}; free space or choose another --out")
