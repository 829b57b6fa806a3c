"""Scenes drawn with fewer triangles and smaller textures; everything that collides or weighs stays as it is.

A mesh is simplified (meshoptimizer, with a bound on how far the surface moves) only when nothing but visible,
non-colliding geometry uses it. Its vertices are a subset of the original ones, so texture coordinates stay;
normals are taken anew from the simplified faces, with edges kept sharp. `check_same_physics` then compares the two
compiled models array by array.
"""

from __future__ import annotations

import numpy as np

from omniactor.errors import SimulationError
from omniactor.sim.detail import Detail

FEW_FACES = 24  # a mesh with fewer is left alone
WORTHWHILE = 0.75  # of its faces left: with more, a mesh stays as it is and keeps its own normals
CREASE = np.cos(np.radians(35))  # faces that meet more sharply keep an edge between them in the original
SMOOTH = np.cos(np.radians(50))  # and in the simplified mesh
# By the beginning of a mesh's MJCF name. The hand is centimetres from the wrist camera; the arm fills much of the other
# picture; the rooms never come near a camera; the hand gets so near to books that the camera looks into them.
TOLERANCE = {
    "gripper": 0.6, "robot": 2.0, "mount": 12.0, "kitchen_background": 6.0, "living_room_table": 0.5, "plant": 3.0,
    "desk_caddy": 1.5, "black_book_1": 0.3, "yellow_book_1": 0.3, "yellow_book_2": 0.3,
}  # fmt: skip
_OF_MESHES = ("bvh_", "mesh_", "tex_")
"""`MjModel` arrays that hold meshes and textures: those of solid geometry are compared one by one."""
_OF_GEOMS = ("geom_aabb", "geom_pos", "geom_quat", "geom_rbound", "geom_sameframe", "geom_size")
"""Arrays that follow a mesh to where the compiler centres it: they may differ for geometry that is only seen."""


def simplify_scene(xml: str, full, detail: Detail):
    """Return the model of `xml` with simplified pictures and the physics of `full`.

    Args:
        xml: the MJCF that `full` was compiled from.
        full: `mujoco.MjModel` in full detail; where its arrays were changed afterwards, the change is taken over.
        detail: how fine.

    Raises:
        SimulationError: the physics came out different.
    """
    import mujoco

    spec = mujoco.MjSpec.from_string(xml)
    meshes = {mesh.name: mesh for mesh in spec.meshes}
    for index in _visual_meshes(mujoco, full):
        if full.mesh_facenum[index] < FEW_FACES:
            continue
        name = full.mesh(index).name
        scale = next((scale for prefix, scale in TOLERANCE.items() if name.startswith(prefix)), 1.0)
        positions, normals, texcoords, faces = _simplify(full, index, detail.mesh_error * scale)
        if 4 <= len(faces) <= WORTHWHILE * full.mesh_facenum[index]:
            _replace(mujoco, meshes[name], full, index, positions, normals, texcoords, faces)
    _shrink_textures(mujoco, spec, full, detail.texture_size)
    fast = spec.compile()
    fast.site_rgba[:], fast.body_pos[:], fast.body_quat[:] = full.site_rgba, full.body_pos, full.body_quat
    for name in ("extent", "center", "meansize"):  # how near and far the cameras see, how large markers are drawn
        setattr(fast.stat, name, getattr(full.stat, name))
    check_same_physics(full, fast)
    return fast


def check_same_physics(full, fast) -> None:
    """Compare every array of two models that physics reads, bit by bit.

    Raises:
        SimulationError: names the first that differs.
    """
    solid = (full.geom_contype != 0) | (full.geom_conaffinity != 0) | (full.geom_group == 0)
    pairs = {f"stat.{name}": (getattr(full.stat, name), getattr(fast.stat, name)) for name in ("meaninertia", "meanmass")}
    for name in dir(full):
        if isinstance(getattr(full, name, None), np.ndarray) and not name.startswith(("_", *_OF_MESHES)):
            rows = solid if name in _OF_GEOMS else slice(None)
            pairs[name] = (getattr(full, name)[rows], getattr(fast, name)[rows])
    for mesh in set(full.geom_dataid[solid & (full.geom_type == 7)].tolist()):  # 7: mjGEOM_MESH
        for name in ("mesh_pos", "mesh_quat", "mesh_scale", "mesh_graphadr"):
            pairs[f"{name}[{mesh}]"] = (getattr(full, name)[mesh], getattr(fast, name)[mesh])
        for column, value in enumerate(zip(_corners(full, mesh), _corners(fast, mesh), strict=True)):
            pairs[f"corners {column} of mesh {mesh}"] = value
    for name, (value, other) in pairs.items():
        if not np.array_equal(value, other):
            raise SimulationError(f"expected equal physics after simplifying, got another {name}; use detail='full'")


def _visual_meshes(mujoco, model) -> list[int]:
    """Return the meshes that are only seen."""
    seen, solid = set(), set()
    for geom in np.nonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_MESH)[0]:
        touches = model.geom_contype[geom] or model.geom_conaffinity[geom] or model.geom_group[geom] == 0
        (solid if touches else seen).add(int(model.geom_dataid[geom]))
    return sorted(seen - solid)


def _simplify(model, index: int, error: float):
    """Return positions (n, 3), normals (n, 3), texture coordinates (n, 2) or (n, 0), faces (m, 3), in the mesh's frame."""
    import meshoptimizer

    positions, normals, texcoords = _corners(model, index)
    # One vertex for all corners that look the same; corners of faces that meet at an edge stay apart.
    smooth = _group(positions, texcoords)
    mean = _normalized(_sum_by(smooth, normals))
    sharp = (mean[smooth] * normals).sum(1) < CREASE
    sharp = np.bincount(smooth, sharp)[smooth] > 0
    vertex = _group(positions, texcoords, np.where(sharp[:, None], np.round(normals * 2), 0))
    _, first = np.unique(vertex, return_index=True)
    indices, kept = vertex.astype(np.uint32), np.zeros(len(vertex), np.uint32)
    options = meshoptimizer.SIMPLIFY_ERROR_ABSOLUTE | meshoptimizer.SIMPLIFY_PRUNE
    count = meshoptimizer.simplify(
        kept, indices, np.ascontiguousarray(positions[first]), target_index_count=0, target_error=error, options=options
    )
    corners = first[kept[:count]]
    positions, texcoords = positions[corners], texcoords[corners]
    normals, solid = _smooth_normals(positions)
    positions, normals, texcoords = positions[solid], normals[solid], texcoords[solid]
    vertex = _group(positions, texcoords, np.round(normals, 3))
    _, first = np.unique(vertex, return_index=True)
    return positions[first], normals[first], texcoords[first], vertex.reshape(-1, 3)


def _corners(model, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return position, normal and texture coordinate of every corner of every face of a compiled mesh."""

    def take(values, start, count, faces):
        return values[start[index] : start[index] + count[index]][faces.ravel()]

    span = slice(model.mesh_faceadr[index], model.mesh_faceadr[index] + model.mesh_facenum[index])
    positions = take(model.mesh_vert, model.mesh_vertadr, model.mesh_vertnum, model.mesh_face[span])
    normals = take(model.mesh_normal, model.mesh_normaladr, model.mesh_normalnum, model.mesh_facenormal[span])
    if not model.mesh_texcoordnum[index]:
        return positions, normals, np.zeros((len(positions), 0), np.float32)
    texcoords = take(model.mesh_texcoord, model.mesh_texcoordadr, model.mesh_texcoordnum, model.mesh_facetexcoord[span])
    return positions, normals, texcoords


def _smooth_normals(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a normal for every corner, and which corners belong to faces with an area.

    A corner's normal is the mean over the faces around its place, weighted by area, that lie in about the
    same direction as its own: large flat faces stay flat, roundings stay round, edges stay sharp.
    """
    triangles = positions.reshape(-1, 3, 3).astype(float)
    doubled = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(doubled, axis=1)
    direction = _normalized(doubled)
    place, face = _group(positions), np.repeat(np.arange(len(triangles)), 3)
    order = np.argsort(place, kind="stable")
    count = np.bincount(place)
    start = np.cumsum(count) - count
    around = count[place]  # corners at the place of each corner, itself included
    one = np.repeat(np.arange(len(place)), around)
    other = order[np.repeat(start[place], around) + np.arange(len(one)) - np.repeat(np.cumsum(around) - around, around)]
    alike = (direction[face[one]] * direction[face[other]]).sum(1) > SMOOTH
    normals = np.zeros((len(place), 3))
    np.add.at(normals, one[alike], doubled[face[other[alike]]])
    return _normalized(normals), np.repeat(area > 1e-14, 3)


def _replace(mujoco, mesh, model, index: int, positions, normals, texcoords, faces) -> None:
    """Put new content into a mesh of the specification; the compiler moves its geoms to wherever it centres the mesh."""
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, model.mesh_quat[index].astype(float))
    rotation = rotation.reshape(3, 3)
    mesh.file, mesh.scale, mesh.refpos, mesh.refquat = "", [1, 1, 1], [0, 0, 0], [1, 0, 0, 0]
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL  # an open surface has no volume
    mesh.uservert = (positions @ rotation.T + model.mesh_pos[index]).ravel().tolist()
    mesh.usernormal = (normals @ rotation.T).ravel().tolist()
    mesh.userface = faces.ravel().tolist()
    if texcoords.shape[1]:
        mesh.usertexcoord, mesh.userfacetexcoord = texcoords.ravel().tolist(), faces.ravel().tolist()


def _shrink_textures(mujoco, spec, model, size: int) -> None:
    """Halve flat pictures until no side is longer than `size` pixels; what is generated or a cube stays."""
    for index, texture in enumerate(spec.textures):
        height, width, channels = (int(values[index]) for values in (model.tex_height, model.tex_width, model.tex_nchannel))
        factor = 1
        while max(height, width) > size * factor:
            factor *= 2
        if factor == 1 or model.tex_type[index] != mujoco.mjtTexture.mjTEXTURE_2D or height % factor or width % factor:
            continue
        start = int(model.tex_adr[index])
        pixels = model.tex_data[start : start + height * width * channels].astype(np.uint32)
        blocks = pixels.reshape(height // factor, factor, width // factor, factor, channels).sum((1, 3))
        small = ((blocks + factor * factor // 2) // (factor * factor)).astype(np.uint8)
        texture.file, texture.builtin = "", mujoco.mjtBuiltin.mjBUILTIN_NONE
        texture.height, texture.width, texture.nchannel = height // factor, width // factor, channels
        texture.data = small.tobytes()


def _group(*columns: np.ndarray) -> np.ndarray:
    """Return a number for each row, equal where all columns are."""
    rows = np.ascontiguousarray(np.concatenate(columns, axis=1) + 0.0, np.float32)  # + 0.0: no negative zeros
    return np.unique(rows.view([("", np.float32)] * rows.shape[1]).ravel(), return_inverse=True)[1].ravel()


def _sum_by(group: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.stack([np.bincount(group, column) for column in values.T], axis=1)


def _normalized(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
