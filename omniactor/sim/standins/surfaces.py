"""Low-poly surfaces the stand-ins are seen as. Lengths are metres, angles radians."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import Box, matrix

AXIS_RADIUS = 1e-4  # a profile that closes on its axis ends at this radius, so that no face is degenerate


@dataclass
class Surface:
    """Triangles with one normal and one texture coordinate per vertex."""

    vertices: np.ndarray
    normals: np.ndarray
    uvs: np.ndarray
    faces: np.ndarray

    def moved(self, offset: Sequence[float] = (0, 0, 0), rotation: np.ndarray | None = None) -> Surface:
        """Return the surface rotated (3x3 matrix) and then shifted."""
        turn = np.eye(3) if rotation is None else rotation
        return Surface(self.vertices @ turn.T + np.asarray(offset, float), self.normals @ turn.T, self.uvs, self.faces)

    def y_up(self) -> Surface:
        """Return the surface turned so that what was its z axis is the y axis."""
        return self.moved(rotation=np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float))


def merge(surfaces: Iterable[Surface]) -> Surface:
    """Join surfaces into one."""
    parts = list(surfaces)
    starts = np.cumsum([0] + [len(p.vertices) for p in parts[:-1]])
    return Surface(
        np.concatenate([p.vertices for p in parts]),
        np.concatenate([p.normals for p in parts]),
        np.concatenate([p.uvs for p in parts]),
        np.concatenate([p.faces + s for p, s in zip(parts, starts, strict=True)]),
    )


def block(box: Box, uv: tuple = (0, 0, 1, 1)) -> Surface:
    """Return the surface of a box; each face shows the part (u0, v0, u1, v1) of the texture."""
    half = np.asarray(box.half, float)
    vertices, normals, uvs, faces = [], [], [], []
    for axis, across, up in ((0, 2, 1), (1, 0, 2), (2, 0, 1)):
        for sign in (-1, 1):
            normal = np.zeros(3)
            normal[axis] = sign
            flip = sign * np.linalg.det(np.eye(3)[[across, up, axis]])
            for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
                corner = np.zeros(3)
                corner[axis], corner[across], corner[up] = sign, flip * (2 * du - 1), 2 * dv - 1
                vertices.append(corner * half)
                uvs.append((uv[0] + du * (uv[2] - uv[0]), uv[1] + dv * (uv[3] - uv[1])))
            normals += [normal] * 4
            start = len(vertices) - 4
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    surface = Surface(np.array(vertices), np.array(normals), np.array(uvs, float), np.array(faces))
    return surface.moved(box.center, matrix(box.quat))


def blocks(boxes: Iterable[Box]) -> Surface:
    """Return the surfaces of several boxes as one."""
    return merge(block(b) for b in boxes)


def loft(
    profile: Sequence[tuple],
    sectors: int = 16,
    power: float = 2.0,
    facets: bool = False,
    center: Sequence[float] = (0, 0),
    turn: float = 0.0,
) -> Surface:
    """Return a surface around the z axis through (z, half width x[, half width y]) sections, bottom up.

    Args:
        profile: Sections in order; the outside is on the right of the direction of travel, so an
            open vessel runs from the middle of its foot, up the outside, and down the inside.
        sectors: Number of points around the axis.
        power: 2 gives ellipses, larger values rounded rectangles.
        facets: Flat sides with sharp edges between them.
        center: Axis position (x, y).
        turn: Angle of the first point.
    """
    rows = np.array([(s[0], s[1], s[-1]) for s in profile], float)
    angles = turn + 2 * np.pi * np.arange(sectors + 1) / sectors
    cos, sin = np.cos(angles), np.sin(angles)
    shape = np.stack([np.sign(cos) * np.abs(cos) ** (2 / power), np.sign(sin) * np.abs(sin) ** (2 / power)], 1)
    grid = np.zeros((len(rows), sectors + 1, 3))
    grid[..., 0] = center[0] + rows[:, 1:2] * shape[:, 0]
    grid[..., 1] = center[1] + rows[:, 2:3] * shape[:, 1]
    grid[..., 2] = rows[:, :1]
    around = np.concatenate([shape[1:], shape[1:2]]) - np.concatenate([shape[-2:-1], shape[:-1]])
    low, high = rows[:, 0].min(), rows[:, 0].max()
    vertices, normals, uvs, faces = [], [], [], []
    steps = np.diff(grid, axis=0)
    slopes = np.diff(rows[:, :2], axis=0)
    slopes /= np.linalg.norm(slopes, axis=1, keepdims=True) + 1e-12

    def smooth(i: int, other: int) -> np.ndarray:
        # neighbouring bands share a normal unless they meet at a sharp edge
        if 0 <= other < len(slopes) and slopes[i] @ slopes[other] > 0.75:
            return steps[i] + steps[other]
        return steps[i]

    for i in range(len(rows) - 1):
        for j in range(sectors):
            start = len(vertices)
            for row, col in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)):
                along = steps[i][j] if facets else smooth(i, i - 1 if row == i else i + 1)[col]
                tangent = (shape[j + 1] - shape[j]) if facets else around[col]
                scale = max(rows[row, 1], rows[row, 2], AXIS_RADIUS)
                width = np.array(
                    [tangent[0] * max(rows[row, 1], scale * 1e-3), tangent[1] * max(rows[row, 2], scale * 1e-3), 0.0]
                )
                normal = np.cross(width, along)
                vertices.append(grid[row, col])
                normals.append(normal / (np.linalg.norm(normal) + 1e-15))
                # short of the picture's edges, where its first and last rows would mix
                uvs.append((col / sectors, 0.01 + 0.98 * (rows[row, 0] - low) / (high - low + 1e-12)))
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    return _welded(Surface(np.array(vertices), np.array(normals), np.array(uvs), np.array(faces)))


def _welded(surface: Surface) -> Surface:
    """Join vertices that agree in position, normal and texture coordinate."""
    columns = [surface.vertices * 1e6, surface.normals * 1e3, surface.uvs * 1e4]
    key = np.round(np.hstack(columns)).astype(np.int64)
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    return Surface(surface.vertices[first], surface.normals[first], surface.uvs[first], inverse[surface.faces])


def tube(points: Sequence[Sequence[float]], radius: float, sides: int = 8, flat: float = 1.0) -> Surface:
    """Return a rod along a polyline in the xz or yz plane; `flat` scales its width across that plane."""
    path = np.asarray(points, float)
    across = np.array([0.0, 1, 0]) if np.ptp(path[:, 1]) < 1e-9 else np.array([1.0, 0, 0])
    runs = np.gradient(path, axis=0)
    runs /= np.linalg.norm(runs, axis=1, keepdims=True)
    angles = 2 * np.pi * np.arange(sides) / sides
    vertices, normals, uvs, faces = [], [], [], []
    for k, (point, run) in enumerate(zip(path, runs, strict=True)):
        side = np.cross(run, across)
        for a in angles:
            normals.append(np.cos(a) * side + np.sin(a) * across / flat)
            vertices.append(point + radius * (np.cos(a) * side + flat * np.sin(a) * across))
            uvs.append((a / 6.2832, k / (len(path) - 1)))
        for j in range(sides):
            if k:
                a, b = (k - 1) * sides + j, (k - 1) * sides + (j + 1) % sides
                faces += [(a, b + sides, b), (a, a + sides, b + sides)]
    for row, sign in ((0, -1), (len(path) - 1, 1)):
        start = len(vertices)
        vertices += list(vertices[row * sides : (row + 1) * sides])
        normals += [sign * runs[row]] * sides
        uvs += [(0.5, 0.5)] * sides
        order = [(start, start + j, start + j + 1) for j in range(1, sides - 1)]
        faces += order if sign < 0 else [f[::-1] for f in order]
    array = np.array(normals)
    return Surface(np.array(vertices), array / np.linalg.norm(array, axis=1, keepdims=True), np.array(uvs), np.array(faces))


def sheet(corner: Sequence[float], right: Sequence[float], up: Sequence[float], repeat: tuple = (1, 1)) -> Surface:
    """Return one rectangle, seen from the side where `right` x `up` points."""
    c, r, u = (np.asarray(v, float) for v in (corner, right, up))
    normal = np.cross(r, u) / np.linalg.norm(np.cross(r, u))
    return Surface(
        np.array([c, c + r, c + r + u, c + u]),
        np.array([normal] * 4),
        np.array([(0, 0), (repeat[0], 0), repeat, (0, repeat[1])], float),
        np.array([(0, 1, 2), (0, 2, 3)]),
    )


def prism(outline: Sequence[tuple], low: float, high: float) -> Surface:
    """Return a solid along x from `low` to `high`; its convex (y, z) outline runs anticlockwise."""
    points = np.asarray(outline, float)
    vertices, normals, uvs, faces = [], [], [], []
    for k, (a, b) in enumerate(zip(points, np.roll(points, -1, 0), strict=True)):
        out = np.array([0, b[1] - a[1], a[0] - b[0]])
        vertices += [(low, *a), (high, *a), (high, *b), (low, *b)]
        normals += [out / np.linalg.norm(out)] * 4
        uvs += [(0, 0), (1, 0), (1, 1), (0, 1)]
        faces += [(4 * k, 4 * k + 2, 4 * k + 1), (4 * k, 4 * k + 3, 4 * k + 2)]
    size = np.ptp(points, 0) + 1e-12
    for x, sign in ((low, -1), (high, 1)):
        start = len(vertices)
        vertices += [(x, *p) for p in points]
        normals += [(sign, 0, 0)] * len(points)
        uvs += [tuple((p - points.min(0)) / size) for p in points]
        fan = [(start, start + j, start + j + 1) for j in range(1, len(points) - 1)]
        faces += fan if sign > 0 else [f[::-1] for f in fan]
    return Surface(np.array(vertices), np.array(normals, float), np.array(uvs), np.array(faces))
