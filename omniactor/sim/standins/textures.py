"""Small procedural pictures: floors, walls, wood, wicker and the labels of groceries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

# Rows of a 3x5 letter, top first, as octal digits whose bits are the columns.
LETTERS = {
    "A": 0o25755,
    "B": 0o65656,
    "C": 0o34443,
    "D": 0o65556,
    "E": 0o74647,
    "G": 0o34553,
    "H": 0o55755,
    "I": 0o72227,
    "J": 0o11152,
    "K": 0o55655,
    "L": 0o44447,
    "M": 0o57755,
    "N": 0o67555,
    "O": 0o25552,
    "P": 0o65644,
    "R": 0o65655,
    "S": 0o34216,
    "T": 0o72222,
    "U": 0o55557,
    "W": 0o55775,
    " ": 0,
}


def rgb(color: Sequence[float]) -> np.ndarray:
    """Return a 0-255 colour as an array."""
    return np.asarray(color, float)


def _finish(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _soft_noise(size: int, cells: Sequence[int], seed: int) -> np.ndarray:
    """Return noise in -1..1 that repeats at the picture's edges, `cells` coarse values down and across."""
    coarse = np.random.default_rng(seed).uniform(-1, 1, cells)
    result = coarse
    for axis in (0, 1):
        place = np.arange(size) * cells[axis] / size
        low = place.astype(int)
        part = place - low
        part = part * part * (3 - 2 * part)
        part = part[:, None] if axis == 0 else part[None, :]
        a, b = np.take(result, low, axis), np.take(result, (low + 1) % cells[axis], axis)
        result = a * (1 - part) + b * part
    return result


def plain(color: Sequence[float]) -> Image.Image:
    """Return a one-colour picture."""
    return _finish(np.tile(rgb(color), (4, 4, 1)))


def wood(color: Sequence[float], grain: float = 18, size: int = 128, seed: int = 1) -> Image.Image:
    """Return wood with its grain along the picture's width; `grain` is the contrast (0-255)."""
    streaks = 0.6 * _soft_noise(size, (40, 2), seed) + 0.4 * _soft_noise(size, (90, 3), seed + 1)
    broad = _soft_noise(size, (7, 2), seed + 2)
    return _finish(rgb(color) + grain * (streaks + 0.6 * broad)[..., None])


def planks(color: Sequence[float], rows: int = 6, size: int = 128) -> Image.Image:
    """Return a floor of staggered planks."""
    pixels = np.asarray(wood(color, 14, size, 5), float)
    tones = np.random.default_rng(6).uniform(-14, 14, (rows, 2))
    for row in range(rows):
        top, end = row * size // rows, (row + 1) * size // rows
        cut = (row * 53) % size
        pixels[top:end, :cut] += tones[row, 0]
        pixels[top:end, cut:] += tones[row, 1]
        pixels[top] -= 45
        pixels[top:end, cut] -= 45
    return _finish(pixels)


def tiles(color: Sequence[float], joint: Sequence[float], count: int = 4, size: int = 128) -> Image.Image:
    """Return a floor of square tiles with joints."""
    pixels = rgb(color) + 9 * _soft_noise(size, (16, 16), 7)[..., None] * np.ones(3)
    tones = np.random.default_rng(8).uniform(-7, 7, (count, count))
    pixels += np.kron(tones, np.ones((size // count, size // count)))[..., None]
    for k in range(count):
        pixels[k * size // count] = joint
        pixels[:, k * size // count] = joint
    return _finish(pixels)


def plaster(color: Sequence[float], contrast: float = 6, size: int = 128) -> Image.Image:
    """Return a rough one-coloured wall."""
    noise = 0.6 * _soft_noise(size, (50, 50), 9) + 0.4 * _soft_noise(size, (12, 12), 10)
    return _finish(rgb(color) + contrast * noise[..., None])


def linen(color: Sequence[float], size: int = 128) -> Image.Image:
    """Return a wall covered in cloth of vertical threads."""
    threads = _soft_noise(size, (6, 100), 11) + 0.5 * _soft_noise(size, (60, 8), 12)
    return _finish(rgb(color) + 9 * threads[..., None])


def wicker(color: Sequence[float], cells: int = 8, size: int = 64) -> Image.Image:
    """Return woven strips."""
    y, x = np.mgrid[:size, :size] * cells / size
    over = (np.floor(x) + np.floor(y)) % 2
    bend = np.where(over, np.sin(np.pi * (y % 1)), np.sin(np.pi * (x % 1)))
    return _finish(rgb(color) * (0.6 + 0.4 * bend)[..., None])


def text(pixels: np.ndarray, word: str, middle: tuple, scale: int, color: Sequence[float]) -> None:
    """Write a word in 3x5 letters, `scale` pixels per dot, centred at (row, column)."""
    top = int(middle[0] - 2.5 * scale)
    left = int(middle[1] - (4 * len(word) - 1) * scale / 2)
    for k, letter in enumerate(word):
        for row in range(5):
            bits = LETTERS[letter] >> (3 * (4 - row)) & 7
            for column in range(3):
                if bits >> (2 - column) & 1:
                    y, x = top + row * scale, left + (4 * k + column) * scale
                    pixels[max(y, 0) : y + scale, max(x, 0) : x + scale] = color


def label(bands: Sequence[tuple], words: Sequence[tuple] = (), spots: Sequence[tuple] = (), size: int = 64) -> Image.Image:
    """Return a label of horizontal bands with words and oval spots.

    Args:
        bands: (top, colour) from the top of the picture down; `top` is a fraction of its height.
        words: (word, row, column, dots, colour); row and column are fractions of the picture.
        spots: (row, column, half height, half width, colour), fractions too; drawn before words.
        size: Width and height in pixels.
    """
    pixels = np.zeros((size, size, 3))
    for top, color in bands:
        pixels[round(top * size) :] = color
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    for row, column, high, wide, color in spots:
        pixels[((y - row) / high) ** 2 + ((x - column) / wide) ** 2 < 1] = color
    for word, row, column, dots, color in words:
        text(pixels, word, (row * size, column * size), dots, color)
    return _finish(pixels)
