"""Pictures from outside: the only place where untrusted bytes become pixels.

PNG, JPEG and WebP are read, whatever the file is called; of an animation the first frame. The size is
read from the header, and what is too large is refused before anything of it is decoded.
"""

from __future__ import annotations

import io
import os
import stat
import struct
from contextlib import closing
from pathlib import Path

import numpy as np

from omniactor.errors import ImageError

MAX_BYTES = 20_000_000
"""Of a file."""
MAX_PIXELS = 4096 * 4096
MAX_SIDE = 16_384
MAX_ASPECT = 200
"""Longer side over shorter side: what the Qwen2-VL family accepts."""
MAX_SCANS = 20
"""Of a progressive JPEG, which usually has 10: each is a pass over the whole picture, and a file can have 100,000."""

_FORMATS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "WEBP": b"RIFF"}
_ORIENTATION, _SHORT = 0x0112, 3
_STRIP = 128


def open_image(source: object) -> np.ndarray:
    """Return a picture as a person sees it: uint8 (height, width, 3), RGB, upright, an array of its own.

    Rotation marks (EXIF) are applied, what is transparent becomes white, 16 bits become 8, CMYK and grey
    become RGB; colour profiles are ignored.

    Args:
        source: the bytes of a file, its path, a Pillow image, or a uint8 array (height, width) or
            (height, width, 1, 3 or 4).

    Raises:
        ImageError: not a picture of a kind that is read, too large, cut short or broken.
    """
    from PIL import Image

    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _turn(*_decode(source))
    if isinstance(source, (str, os.PathLike)):
        source = _read(Path(source))
    if not isinstance(source, (bytes, bytearray, memoryview)):
        raise ImageError(f"expected a picture as bytes, path, Pillow image or array, got {type(source).__name__}")
    content = bytes(source)
    kind = _check_bytes(content)
    content, turned = _without_notes(content) if kind == "JPEG" else (content, None)
    try:
        image = Image.open(io.BytesIO(content), formats=(kind,))
    except Exception as error:  # hostile bytes make Pillow's readers raise almost anything
        raise ImageError(f"expected a {kind} picture, got a file whose header cannot be read ({_reason(error)})") from None
    with closing(image):
        pixels, turned = _decode(image, turned)
    return _turn(pixels, turned)


def image_size(source: bytes | str | os.PathLike) -> tuple[int, int]:
    """Return (width, height) of a picture as a person sees it, without decoding it.

    Raises:
        ImageError: as `open_image`, as far as the header tells.
    """
    from PIL import Image

    content = _read(Path(source)) if isinstance(source, (str, os.PathLike)) else bytes(source)
    kind = _check_bytes(content)
    content, turned = _without_notes(content) if kind == "JPEG" else (content, 1)
    try:
        with closing(Image.open(io.BytesIO(content), formats=(kind,))) as image:
            width, height = image.size
    except Exception as error:
        raise ImageError(f"expected a {kind} picture, got a file whose header cannot be read ({_reason(error)})") from None
    _check_size(width, height)
    return (height, width) if turned >= 5 else (width, height)


def _read(path: Path) -> bytes:
    try:
        # A pipe or device could block or never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ImageError(f"expected a picture file, got {path.name!r}, which is no ordinary file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise ImageError(f"expected a picture file, got {path.name[:80]!r}: {reason.lower()}") from None


def _check_bytes(content: bytes) -> str:
    """Return the format, having checked all that can be known without a decoder."""
    if not content:
        raise ImageError("expected a picture, got an empty file")
    if len(content) > MAX_BYTES:
        raise ImageError(f"expected a picture of at most {MAX_BYTES // 10**6} MB, got a larger file; save it smaller")
    kind = next((name for name, start in _FORMATS.items() if content.startswith(start)), None)
    if kind is None or (kind == "WEBP" and content[8:12] != b"WEBP"):
        raise ImageError("expected a PNG, JPEG or WebP picture, got something else; convert it to PNG")
    # Pillow's WebP reader makes buffers for the whole canvas as soon as it opens a file, and its own limits
    # (of PNG and JPEG) are higher than ours and can be changed by anybody in the process.
    if kind == "WEBP":
        _check_size(*_webp_size(content))
    elif kind == "PNG" and content[12:16] == b"IHDR" and len(content) >= 24:
        _check_size(*struct.unpack(">II", content[16:24]))
    return kind


def _webp_size(content: bytes) -> tuple[int, int]:
    """Return (width, height) from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk, data = content[12:16], content[20:30]
    if len(data) == 10 and chunk == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if len(data) == 10 and chunk == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if len(data) == 10 and chunk == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise _broken_header("WEBP")


def _broken_header(kind: str) -> ImageError:
    return ImageError(f"expected a {kind} picture, got a file whose header cannot be read (cut short or broken)")


def _without_notes(content: bytes) -> tuple[bytes, int]:
    """Return a JPEG with nothing in its header but what decoding needs, and its EXIF orientation.

    Pillow reads all of EXIF and of the multi-picture index as soon as it opens a file, and every entry may
    claim the whole block: 64 kB become hundreds of megabytes.
    """
    kept, at, turned = [content[:2]], 2, 1
    while True:
        if content[at : at + 1] != b"\xff":
            raise _broken_header("JPEG")
        marker = content[at + 1 : at + 2]
        if marker == b"\xff":  # a fill byte
            at += 1
            continue
        if marker == b"\xda":
            # From here on the byte FF is always followed by 00 or a marker, so this counts real scans.
            if content.count(b"\xff\xda", at) > MAX_SCANS:
                raise ImageError(f"expected a JPEG of at most {MAX_SCANS} scans, got more; save it again as a plain JPEG")
            return b"".join([*kept, content[at:]]), turned
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(content):
            raise _broken_header("JPEG")
        segment = content[at : at + 2 + length]
        if marker == b"\xe1" and segment[4:10] == b"Exif\0\0":
            turned = _orientation(segment[4:])
        # APP0 is JFIF, APP14 says how Adobe stored the colours; the other fourteen and comments are notes.
        if not (0xE1 <= marker[0] <= 0xED or marker[0] in (0xEF, 0xFE)):
            kept.append(segment)
        at += 2 + length


def _check_size(width: int, height: int) -> None:
    if min(width, height) < 1:
        raise ImageError(f"expected a picture with pixels, got {width}x{height}")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ImageError(
            f"expected a picture of at most {MAX_PIXELS} pixels and {MAX_SIDE} a side, got {width}x{height}; make it smaller"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError(f"expected sides of at most {MAX_ASPECT} to 1, got {width}x{height}; cut a piece out of it")


def _decode(image, turned: int | None = None) -> tuple[np.ndarray, int]:
    """Return the pixels as they are stored, and their orientation, where it is not known yet."""
    from PIL import Image

    _check_size(*image.size)
    try:
        image.load()
        # Strip by strip: whole pictures in every mode on the way would be several at the same time in memory.
        width, height = image.size
        pixels = np.empty((height, width, 3), np.uint8)
        for top in range(0, height, _STRIP):
            bottom = min(top + _STRIP, height)
            pixels[top:bottom] = np.asarray(_to_rgb(image.crop((0, top, width, bottom)), Image))
    except Exception as error:  # as above: a decoder at work on hostile bytes
        raise ImageError(f"expected a whole picture, got one that cannot be decoded ({_reason(error)})") from None
    return pixels, _orientation(image.info.get("exif")) if turned is None else turned


def _to_rgb(image, Image):
    """Return a Pillow image in mode RGB with white behind whatever is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        # 16-bit grey: Pillow's own conversion would clip it at 255 instead of scaling it.
        values = np.asarray(image)
        if image.mode == "F":
            raise ValueError("floating-point pixels")
        return Image.fromarray((values >> 8).clip(0, 255).astype(np.uint8), "L").convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        see_through = image if image.mode == "RGBA" else image.convert("RGBA")
        background = Image.new("RGB", image.size, "white")
        background.paste(see_through, mask=see_through.getchannel("A"))
        return background
    return image if image.mode == "RGB" else image.convert("RGB")


def _orientation(exif: object) -> int:
    """Return the orientation 1-8 of an EXIF block; 1, upright, where it says nothing that can be read.

    Pillow's own reader takes in every entry of the block, see `_without_notes`; this one takes the one it needs.
    """
    block = exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else b""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 10:
        return 1
    start = struct.unpack_from(order + "I", block, 4)[0]
    if start + 2 > len(block):
        return 1
    for entry in range(struct.unpack_from(order + "H", block, start)[0]):
        at = start + 2 + 12 * entry
        if at + 12 > len(block):
            return 1
        tag, kind, count, value = struct.unpack_from(order + "HHIH", block, at)
        if (tag, kind, count) == (_ORIENTATION, _SHORT, 1):
            return value if 1 <= value <= 8 else 1
    return 1


def _turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Return upright pixels: 2-4 are flips and half a turn, 5-8 swap the sides first (EXIF 2.3, 4.6.4 A)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _from_array(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise ImageError(
            f"expected a uint8 array (height, width) or (height, width, 1, 3 or 4), got {pixels.dtype} {pixels.shape}"
        )
    _check_size(pixels.shape[1], pixels.shape[0])
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.uint16)
        mixed = pixels[..., :3] * alpha + 255 * (255 - alpha)
        return ((mixed + 127) // 255).astype(np.uint8)
    return np.array(np.broadcast_to(pixels, (*pixels.shape[:2], 3)), order="C")


def _reason(error: Exception) -> str:
    """Return what Pillow said, on one line, without addresses of objects in memory."""
    said = " ".join(str(error).split())
    return "out of memory" if isinstance(error, MemoryError) else said[:100] if said and "<" not in said else type(error).__name__
