"""H.264 video of an episode: both cameras side by side, instruction and goal lights burnt in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from omniactor.errors import OutputError, VideoError
from omniactor.paths import check_writable

FPS = 20
ENCODERS = ("libx264", "libopenh264", "h264")
BAR = 26  # height of one line of text, pixels
BACKGROUND, TEXT, DIM = (24, 26, 31), (240, 240, 240), (150, 155, 165)
LIGHT_ON, LIGHT_OFF = (61, 201, 110), (96, 100, 110)


def find_encoder() -> str:
    """Return the H.264 encoder that PyAV has.

    Raises:
        VideoError: none.
    """
    import av

    for name in ENCODERS:
        try:
            av.codec.Codec(name, "w")
        except ValueError:  # PyAV's UnknownCodecError is one
            continue
        return name
    raise VideoError("expected an H.264 encoder in PyAV, got none; run: python -m pip install -r requirements.txt")


def compose_frame(images: Mapping[str, np.ndarray], instruction: str, goals: Mapping[str, bool], footer: str = "") -> np.ndarray:
    """Draw one video frame.

    Args:
        images: the cameras, equal height, left to right.
        instruction: written above, cut to the width.
        goals: predicate -> truth; each gets a line below with a light.
        footer: right of the first goal line, for example the step and the assets.

    Returns:
        uint8 (height, width, 3), both even, as H.264 needs.
    """
    pictures = np.concatenate(list(images.values()), axis=1)
    height, width = pictures.shape[:2]
    total = height + BAR * (1 + max(1, len(goals)))
    canvas = Image.new("RGB", (width + width % 2, total + total % 2), BACKGROUND)
    canvas.paste(Image.fromarray(pictures), (0, BAR))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(14)
    draw.text((8, 5), _fit(instruction, 14, width - 16), TEXT, font)
    small = ImageFont.load_default(12)
    room = width - 16 - (int(draw.textlength(footer, small)) + 12 if footer else 0)
    for line, (predicate, holds) in enumerate(goals.items()):
        y = BAR + height + BAR * line
        draw.ellipse((8, y + 7, 20, y + 19), fill=LIGHT_ON if holds else LIGHT_OFF)
        draw.text((28, y + 6), _fit(predicate, 12, room - 20), TEXT, small)
    if footer:
        draw.text((width - 8 - draw.textlength(footer, small), BAR + height + 6), footer, DIM, small)
    return np.asarray(canvas)


@lru_cache(maxsize=256)
def _fit(text: str, size: int, width: float) -> str:
    """Return a text cut to a width in pixels; the same few texts are asked for in every frame of an episode."""
    text, font = " ".join(text.split()), ImageFont.load_default(size)
    if len(text) <= 400 and font.getlength(text) <= width:
        return text
    text = text[:400]
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


class VideoWriter:
    """Writes frames to an mp4 file that appears, complete, on `close()`; nothing is left if no frame came.

    Args:
        path: ends in .mp4; its folder must exist.
        fps: frames per second, of a video in which no frame is left out.

    Raises:
        OutputError: the path cannot be written, or is not .mp4.
        VideoError: no H.264 encoder.
    """

    def __init__(self, path: str | os.PathLike, fps: int = FPS) -> None:
        """Check the path and the encoder now, so that no run is lost to them later."""
        self.path = Path(path)
        if self.path.suffix.lower() != ".mp4":
            raise OutputError(f"expected a video path that ends in .mp4, got {self.path}; H.264 is written as mp4")
        check_writable(self.path)
        self._encoder, self._fps = find_encoder(), fps
        self._temporary = self.path.with_name(f".{self.path.stem}.{os.getpid()}.part.mp4")
        self._container = self._stream = None
        self.frames = self._next = 0

    def add(self, frame: np.ndarray, at: int | None = None) -> None:
        """Append one frame, uint8 (height, width, 3); all frames have the first one's size.

        It is shown from `at` / fps seconds on, by default right after the one before; frames that are left out leave the one
        before them on the screen for longer.
        """
        import av

        try:
            if self._container is None:
                self._container = av.open(str(self._temporary), "w", options={"movflags": "faststart"})
                self._stream = self._container.add_stream(self._encoder, rate=Fraction(self._fps))
                self._stream.height, self._stream.width = frame.shape[:2]
                self._stream.pix_fmt = "yuv420p"
                self._stream.codec_context.time_base = Fraction(1, self._fps)
                if self._encoder == "libx264":
                    self._stream.options = {"crf": "20", "preset": "veryfast"}
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            picture.pts, picture.time_base = self._next if at is None else at, Fraction(1, self._fps)
            self._container.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError) as error:
            self.discard()
            raise VideoError(
                f"expected to encode video to {self.path}, got: {error}; free space or choose another path"
            ) from error
        self._next = picture.pts + 1
        self.frames += 1

    def close(self) -> Path | None:
        """Finish the file and return its path, or None when there were no frames. Closing twice is fine."""
        import av

        if self._container is None:
            return self.path if self.frames else None
        try:
            self._container.mux(self._stream.encode())
            self._container.close()
            self._container = None
            os.replace(self._temporary, self.path)
        except (av.FFmpegError, OSError) as error:
            self.discard()
            raise VideoError(
                f"expected to finish the video {self.path}, got: {error}; free space or choose another path"
            ) from error
        return self.path

    def discard(self) -> None:
        """Drop what was written."""
        import contextlib

        import av

        if self._container is not None:
            with contextlib.suppress(av.FFmpegError, OSError, ValueError):  # the encoder may be the very thing that failed
                self._container.close()
            self._container = None
        self.frames = 0
        self._temporary.unlink(missing_ok=True)
