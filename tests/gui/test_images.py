"""Forty bad or odd pictures: each becomes upright RGB pixels or one line of refusal, quickly and in little memory."""

import io
import json
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omniactor.errors import ImageError
from omniactor.gui import images
from omniactor.gui.images import image_size, open_image


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, bits, colour, rows, *extra):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")]
    )


def bomb(side):
    """A valid 1-bit PNG whose data is a few dozen kilobytes."""
    row = b"\0" * (1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def greedy_exif(entries, size, length):
    """An EXIF block in which every entry claims `size` bytes of the block: a reader of all of them needs the product."""
    block = b"MM\0*" + struct.pack(">IH", 8, entries)
    block += b"".join(struct.pack(">HHII", 0xC000 + number, 1, size, 0) for number in range(entries)) + b"\0\0\0\0"
    return block + b"\0" * (length - len(block))


def with_segment(jpeg, marker, data):
    return jpeg[:2] + marker + struct.pack(">H", len(data) + 2) + data + jpeg[2:]


def many_scans(jpeg, count):
    """A progressive JPEG whose last scan is repeated."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * count + b"\xff\xd9"


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8))
GIF_FRAMES = [Image.new("P", (4, 4), i % 200) for i in range(5000)]


def cases():
    """Name -> (bytes, what is said when it is refused, or the shape when it is accepted)."""
    whole = {"png": encoded(NOISE), "jpeg": encoded(NOISE, "JPEG"), "webp": encoded(NOISE, "WEBP")}
    found = {
        "empty": (b"", "empty file"),
        "one byte": (b"\x89", "PNG, JPEG or WebP"),
        "text": (b"hello, this is no picture\n" * 10, "PNG, JPEG or WebP"),
        "bomb 14000": (bomb(14_000), "14000x14000"),
        "bomb 40000": (bomb(40_000), "40000x40000"),
        "1x1": (encoded(NOISE.resize((1, 1))), (1, 1, 3)),
        "1x20000": (encoded(Image.new("L", (1, 20_000))), "1x20000"),
        "1x300": (encoded(Image.new("L", (1, 300))), "200 to 1"),
        "1x200": (encoded(Image.new("L", (1, 200))), (200, 1, 3)),
        "16 bit": (encoded(Image.fromarray(np.full((3, 2), 0x8000, np.uint16))), (3, 2, 3)),
        "cmyk": (encoded(NOISE.convert("CMYK"), "JPEG"), (64, 48, 3)),
        "palette with alpha": (encoded(NOISE.quantize(8), transparency=0), (64, 48, 3)),
        "exif": (encoded(NOISE, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"), (48, 64, 3)),
        "exif garbage": (encoded(NOISE, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0\x01"), (64, 48, 3)),
        "exif bomb in a png": (png(2, 2, 8, 2, (b"\0" + b"\7" * 6) * 2, chunk(b"eXIf", greedy_exif(16_000, 200_000, 300_000))), (2, 2, 3)),
        "exif bomb in a jpeg": (with_segment(whole["jpeg"], b"\xff\xe1", b"Exif\0\0" + greedy_exif(5000, 60_000, 65_000)), (64, 48, 3)),
        "index bomb in a jpeg": (with_segment(whole["jpeg"], b"\xff\xe2", b"MPF\0" + greedy_exif(5000, 60_000, 65_000)), (64, 48, 3)),
        "exif bomb in a webp": (encoded(NOISE, "WEBP", exif=b"Exif\0\0" + greedy_exif(16_000, 200_000, 300_000)), (64, 48, 3)),
        "junk in a jpeg's header": (whole["jpeg"][:20] + b"junk" + whole["jpeg"][20:], "cannot be"),
        "gif": (encoded(GIF_FRAMES[0], "GIF", save_all=True, append_images=GIF_FRAMES[1:]), "PNG, JPEG or WebP"),
        "tiff": (encoded(NOISE, "TIFF"), "PNG, JPEG or WebP"),
        "eps": (encoded(NOISE, "EPS"), "PNG, JPEG or WebP"),
        "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "PNG, JPEG or WebP"),
        "text chunk": (png(2, 2, 8, 2, (b"\0" + b"\7" * 6) * 2, chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 10**8, 9))), "cannot be"),
        "raw text chunk": (png(2, 2, 8, 2, b"", chunk(b"tEXt", b"k\0" + b"a" * 21_000_000)), "20 MB"),
        "icc garbage": (encoded(NOISE, icc_profile=b"\xff" * 500), (64, 48, 3)),
        "animated webp": (encoded(NOISE, "WEBP", save_all=True, append_images=[NOISE.rotate(9)] * 3), (64, 48, 3)),
        "animated png": (encoded(NOISE, save_all=True, append_images=[NOISE.rotate(9)] * 3), (64, 48, 3)),
        "webp bomb": (b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\xff" * 2, "16777216x16777216"),
        "scan bomb": (many_scans(encoded(NOISE, "JPEG", progressive=True), 20_000), "20 scans"),
        "riff wave": (b"RIFF\x16\0\0\0WAVE" + b"\0" * 40, "PNG, JPEG or WebP"),
        "no pixels": (png(0, 5, 8, 2, b""), "with pixels, got 0x5"),
        "checksum": (whole["png"][:-30] + b"\0" * 8 + whole["png"][-22:], "cannot be"),
    }  # fmt: skip
    for kind, content in whole.items():
        for percent in (1, 10, 50, 90, 99):
            says = "PNG, JPEG or WebP|cannot be" if percent < 50 else "cannot be"
            found[f"{kind} cut at {percent} %"] = (content[: len(content) * percent // 100], says)
    return found


CASES = cases()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", CASES)
def test_a_bad_picture_is_read_or_refused_in_one_line_and_half_a_second(name):
    content, expected = CASES[name]
    start = time.process_time()
    if isinstance(expected, tuple):
        pixels = open_image(content)
        assert (pixels.shape, pixels.dtype) == (expected, np.uint8)
    else:
        with pytest.raises(ImageError, match=expected) as caught:
            open_image(content)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 250
    assert time.process_time() - start < 0.5


CHILD = """
import resource, sys, json, pathlib, tempfile
from omniactor.errors import ImageError
from omniactor.gui.images import open_image
import PIL.Image
PIL.Image.init()
files = sorted(pathlib.Path(sys.argv[1]).iterdir())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (pages + 300_000_000, pages + 300_000_000))
refused = 0
for file in files:
    try:
        open_image(file)
    except ImageError:
        refused += 1
print(json.dumps({"files": len(files), "refused": refused,
    "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024}))
"""


def test_all_of_them_fit_in_bounded_memory_and_leave_nothing_in_the_temporary_folder(tmp_path):
    folder, temporary = tmp_path / "pictures", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    for number, (content, _) in enumerate(CASES.values()):
        (folder / f"{number}.png").write_bytes(content)
    (folder / "largest.png").write_bytes(encoded(Image.new("RGBA", (4096, 4096), (1, 2, 3, 99))))
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(Path(images.__file__).parents[2])}
    ran = subprocess.run([sys.executable, "-c", CHILD, folder], env=environment, capture_output=True, text=True, check=True)
    said = json.loads(ran.stdout)
    assert len(CASES) >= 40
    assert said["files"] == len(CASES) + 1
    assert said["refused"] == sum(isinstance(expected, str) for _, expected in CASES.values())
    assert said["megabytes"] < 150
    assert list(temporary.iterdir()) == []


def test_a_picture_of_the_largest_size_is_read():
    assert open_image(encoded(Image.new("1", (4096, 4096)))).shape == (4096, 4096, 3)


def test_one_that_is_a_row_larger_is_not():
    with pytest.raises(ImageError, match="4096x4097"):
        open_image(encoded(Image.new("1", (4096, 4097))))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_rotation_marks_are_applied_as_pillow_does(kind, orientation):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(NOISE, kind, exif=exif)
    np.testing.assert_array_equal(open_image(content), np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content)))))


@pytest.mark.parametrize("mode", ["CMYK", "L", "RGB"])
def test_colours_of_a_jpeg_are_those_that_pillow_sees(mode):
    content = encoded(NOISE.convert(mode), "JPEG", icc_profile=b"\0" * 200, comment=b"note")
    np.testing.assert_array_equal(open_image(content), np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))


def test_what_is_transparent_becomes_white():
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0, 3] = 255
    pixels[0, 1, 3] = 51
    expected = np.full((2, 2, 3), 255, np.uint8)
    expected[0, 0], expected[0, 1] = 0, 204
    np.testing.assert_array_equal(open_image(pixels), expected)
    np.testing.assert_array_equal(open_image(encoded(Image.fromarray(pixels))), expected)


def test_sixteen_bits_keep_their_upper_eight():
    values = np.array([[0, 0x0180], [0x7FFF, 0xFFFF]], np.uint16)
    np.testing.assert_array_equal(open_image(encoded(Image.fromarray(values)))[..., 0], [[0, 1], [0x7F, 0xFF]])


def test_every_kind_of_source_gives_the_same_pixels_and_a_copy(tmp_path):
    given = np.asarray(NOISE)
    path = tmp_path / "noise.jpg"  # the name says nothing
    path.write_bytes(encoded(NOISE))
    for source in (given, NOISE, path, str(path), path.read_bytes(), bytearray(path.read_bytes())):
        pixels = open_image(source)
        np.testing.assert_array_equal(pixels, given)
        assert pixels.flags["C_CONTIGUOUS"]
        pixels[:] = 0
    assert np.asarray(NOISE).any()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("/nowhere/secret/a.png", "'a.png': no such file"),
        ("/dev/zero", "no ordinary file"),
        ("/tmp", "no ordinary file"),
        ("a\0b", "not a usable path|embedded null"),
        (5, "got int"),
        (None, "got NoneType"),
        (np.zeros((2, 2, 3)), "got float64"),
        (np.zeros((2, 2, 2), np.uint8), r"got uint8 \(2, 2, 2\)"),
        (np.zeros((0, 2, 3), np.uint8), "with pixels"),
        (np.zeros(5, np.uint8), "got uint8"),
        (Image.new("F", (2, 2)), "floating-point"),
    ],
)
def test_what_is_no_picture_is_refused_without_telling_where_files_lie(source, says):
    with pytest.raises(ImageError, match=says) as caught:
        open_image(source)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("turned", [1, 6])
def test_the_size_is_known_without_decoding_and_is_that_of_the_upright_picture(kind, turned):
    exif = Image.Exif()
    exif[0x0112] = turned
    options = {"exif": exif.tobytes()} if kind == "JPEG" else {}
    content = encoded(Image.new("RGB", (30, 20)), kind, **options)
    assert image_size(content) == open_image(content).shape[1::-1]


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_the_size_of_no_picture_is_refused(content):
    with pytest.raises(ImageError):
        image_size(content)
