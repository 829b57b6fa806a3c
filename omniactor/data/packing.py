"""Demonstrations packed for a machine that only renders and trains: thin episodes and compiled scenes, in pieces.

A pack is a folder: `pack.json` (what is in it, the pieces with their digests), `scenes-NN.bin` and `episodes-NN.bin`. Each kind
of pieces is one tar, compressed with a window as large as itself: the scenes share meshes and textures byte for byte. An
unpacked folder is rendered with `omniactor demos --render-only`, with either kind of assets that was packed.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import gzip
import io
import json
import lzma
import tarfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omniactor.data.episodes import episode_path, read_episode
from omniactor.data.folder import PACKED, demos_manifest
from omniactor.data.pieces import PieceWriter, join_pieces
from omniactor.data.scene import scene_path
from omniactor.data.task_stack import stack, unstack
from omniactor.data.thin_episodes import make_thin
from omniactor.errors import InputError, RecordError
from omniactor.evaluate.manifest import make_manifest, spans
from omniactor.evaluate.results import now
from omniactor.paths import atomic_folder, write_json
from omniactor.sim.scene import read_scene_facts

FORMAT, VERSION = "omniactor-pack", 1
FILE = "pack.json"
KINDS = ("libero", "standin")
PRESET = 3  # of xz: above it, scenes take minutes and get no smaller that matters
_WINDOWS = 1 << 26, 3 << 29  # least and most bytes of xz's dictionary, which takes up to ten times as much memory to fill
_SAME = ("benchmark", "assets", "assets fingerprint")


@dataclass(frozen=True)
class _TaskFiles:
    """One task's share of a pack: where its episodes lie, and their lines of `results.jsonl`."""

    folder: Path
    task_id: int
    numbers: list[int]
    lines: list[str]


def pack(
    folders: list[Path], out: Path, every: int = 1, episodes: int | None = None, tasks: list[int] | None = None,
    scenes: Path | None = None, piece_bytes: int = 50_000_000,
) -> dict:  # fmt: skip
    """Write a pack; returns what it holds, as `pack.json` does, with the time each part took.

    Args:
        folders: of demonstrations, with different tasks; may still be growing.
        out: a new folder.
        every: steps between pictures.
        episodes: the first of each task; all when None.
        tasks: ids; all when None.
        scenes: a folder that holds `scenes/<assets>` for all tasks; each folder's own when None.
        piece_bytes: in a file, at most.

    Raises:
        InputError: the folders do not fit together, or lack episodes or scenes.
    """
    if every < 1:
        raise InputError(f"expected --picture-every of 1 or more, got {every}; change it")
    if piece_bytes < 1_000_000:
        raise InputError(f"expected pieces of at least 1 MB, got {piece_bytes / 1e6:g}; change --piece-mb")
    manifest = _joined([demos_manifest(folder) for folder in folders], folders, every, episodes)
    found = [share for folder in folders for share in _task_files(folder, manifest["episodes"], tasks)]
    found.sort(key=lambda share: share.task_id)
    if not found:
        raise InputError(f"expected episodes to pack in {', '.join(map(str, folders))}, got none; make some or change --tasks")
    missing = [task for task in tasks or [] if task not in {share.task_id for share in found}]
    if missing:
        raise InputError(f"expected episodes of tasks {spans(missing)}, got none; make them or change --tasks")
    manifest["tasks"] = [share.task_id for share in found]
    places = _scenes(found, scenes)
    content = {
        "format": FORMAT, "version": VERSION, "picture_every": every, "tasks": manifest["tasks"],
        "episodes": sum(len(share.numbers) for share in found), "assets": list(places), "archives": {},
    }  # fmt: skip
    seconds = {}
    with atomic_folder(out) as folder:
        for name, members in (("episodes", _episode_members(found, manifest, places, every)), ("scenes", _scene_members(places))):
            began = time.perf_counter()
            content["archives"][name] = _write_archive(folder, name, members, _plain_bytes(name, found, places), piece_bytes)
            seconds[name] = round(time.perf_counter() - began, 1)
        write_json(folder / FILE, content)
    return {"out": str(out), **content, "seconds": seconds}


def unpack(source: Path, out: Path) -> dict:
    """Make a folder of demonstrations of a pack; returns what it holds.

    Args:
        source: a pack's folder.
        out: a new folder.

    Raises:
        InputError: no pack, or a piece of it is missing or damaged.
    """
    began, content = time.perf_counter(), _read_pack(source)
    archives = {name: join_pieces(source, archive["pieces"]) for name, archive in content["archives"].items()}
    with atomic_folder(out) as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        scenes = pool.submit(_extract_scenes, archives["scenes"], folder)
        _extract_episodes(archives["episodes"], folder)
        scenes.result()
    kept = {key: content[key] for key in ("picture_every", "tasks", "episodes", "assets")}
    return {"out": str(out), **kept, "seconds": round(time.perf_counter() - began, 1)}


def _joined(manifests: list[dict], folders: list[Path], every: int, episodes: int | None) -> dict:
    """Return the manifest of what the folders hold together; settings that differ become lists."""
    if episodes is not None and episodes < 1:
        raise InputError(f"expected 1 or more episodes per task, got {episodes}; change --episodes")
    first, tasks, settings = manifests[0]["settings"], set(), {}
    for manifest, folder in zip(manifests, folders, strict=True):
        if PACKED in manifest["settings"]:
            raise InputError(f"expected whole episodes in {folder}, got an unpacked folder; give the one it was packed from")
        for name in _SAME:
            if manifest["settings"].get(name) != first.get(name):
                raise InputError(
                    f"expected the same {name} in {folder} as in {folders[0]}, got {manifest['settings'].get(name)!r} "
                    f"instead of {first.get(name)!r}; pack them apart"
                )
        if tasks & set(manifest["tasks"]):
            raise InputError(
                f"expected different tasks in each folder, got {spans(list(tasks & set(manifest['tasks'])))} in {folder} again; "
                "pack them apart"
            )
        tasks |= set(manifest["tasks"])
    for name in {name: None for manifest in manifests for name in manifest["settings"]}:
        values = [manifest["settings"].get(name) for manifest in manifests]
        settings[name] = values[0] if all(value == values[0] for value in values) else values
    most = max(manifest["episodes"] for manifest in manifests)
    number = most if episodes is None else min(most, episodes)
    return make_manifest({**settings, PACKED: {"picture every": every}}, sorted(tasks), number, now())


def _task_files(folder: Path, episodes: int, tasks: list[int] | None) -> Iterator[_TaskFiles]:
    """Yield what there is of each task: episodes that `results.jsonl` reports, because another run may be adding to them."""
    lines = {}
    for line in _lines(folder / "results.jsonl"):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            outcome = json.loads(line)
            lines[outcome["task_id"], outcome["episode"]] = (outcome["status"], line)
    for task_id in sorted({task for task, _ in lines}):
        if tasks is not None and task_id not in tasks:
            continue
        entries = [(number, *lines[task, number]) for task, number in sorted(lines) if task == task_id and number < episodes]
        there = [
            (number, line)
            for number, status, line in entries
            if status != "error" and episode_path(folder, task_id, number).is_file()
        ]
        if there:
            yield _TaskFiles(folder, task_id, [number for number, _ in there], [line for _, line in there])


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split("\n")[:-1]  # the last one may be half a line
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected the results of demonstrations in {file}, got: {' '.join(str(error).split())[:160]}; "
            "give the --out of `omniactor demos`"
        ) from None


def _scenes(found: list[_TaskFiles], scenes: Path | None) -> dict[str, dict[int, Path]]:
    """Return kind of assets -> task -> its compiled scene; each kind that is there at all must be complete."""
    places = {}
    for kind in KINDS:
        if not any((scenes or share.folder).joinpath("scenes", kind).is_dir() for share in found):
            continue
        places[kind] = {share.task_id: scene_path(scenes or share.folder, kind, share.task_id) for share in found}
        for path in places[kind].values():
            read_scene_facts(path)
    if not places:
        raise InputError(
            f"expected compiled scenes in {scenes or found[0].folder}, got none; run `omniactor demos --scenes` or give --scenes"
        )
    return places


def _models(places: dict[str, dict[int, Path]]) -> dict[tuple[str, str], Path]:
    """Return (kind, name) -> file of every model: tasks share them."""
    paths = [(kind, path) for kind, tasks in places.items() for path in tasks.values()]
    return {(kind, name): path.parent / name for kind, path in paths for name in [Path(read_scene_facts(path).model).name]}


def _plain_bytes(name: str, found: list[_TaskFiles], places: dict[str, dict[int, Path]]) -> int:
    """Return about how large an archive is before it is compressed."""
    if name == "episodes":
        return sum(len(share.numbers) for share in found) * 20_000
    files = _models(places).values()
    texts = sum(path.stat().st_size for tasks in places.values() for path in tasks.values())
    return texts + sum(_plain_size(file) for file in files)


def _plain_size(file: Path) -> int:
    with _reading(file), file.open("rb") as stream:
        if file.suffix != ".gz":
            return file.stat().st_size
        stream.seek(-4, io.SEEK_END)
        return int.from_bytes(stream.read(4), "little")


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = " ".join(str(error).split())[:160]
        raise RecordError(f"expected the model of a scene at {file}, got: {reason}; export the scenes again") from None


def _scene_members(places: dict[str, dict[int, Path]]) -> Iterator[tuple[str, bytes]]:
    for (kind, name), file in _models(places).items():
        with _reading(file):
            content = file.read_bytes()
            if file.suffix == ".gz":  # as large as the model, so that what models share is found
                content = gzip.compress(gzip.decompress(content), 0, mtime=0)
        yield f"scenes/{kind}/{name}", content
    for kind, tasks in places.items():
        for path in tasks.values():
            yield f"scenes/{kind}/{path.name}", path.read_bytes()


def _episode_members(
    found: list[_TaskFiles], manifest: dict, places: dict[str, dict[int, Path]], every: int
) -> Iterator[tuple[str, bytes]]:
    yield "manifest.json", json.dumps(manifest).encode() + b"\n"
    yield "results.jsonl", "".join(f"{line}\n" for share in found for line in share.lines).encode()
    scenes = next(iter(places.values()))
    for share in found:
        positions, thin = read_scene_facts(scenes[share.task_id]).nq, []
        for place, number in enumerate(share.numbers):
            thin.append(make_thin(read_episode(episode_path(share.folder, share.task_id, number)), positions, every, place))
        yield f"task{share.task_id:02d}.npz", stack(thin)


def _write_archive(folder: Path, name: str, members: Iterator[tuple[str, bytes]], size: int, piece_bytes: int) -> dict:
    least, most = _WINDOWS
    window = min(most, max(least, 1 << (size - 1).bit_length()))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": PRESET, "dict_size": window}]
    plain, writer = 0, PieceWriter(folder, name, piece_bytes)
    with (
        writer,
        lzma.open(writer, "wb", check=lzma.CHECK_CRC32, filters=filters) as stream,
        tarfile.open(fileobj=stream, mode="w|") as archive,
    ):
        for member, content in members:
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
            plain += len(content)
    return {"plain_bytes": plain, "bytes": sum(piece["bytes"] for piece in writer.pieces), "pieces": writer.pieces}


def _read_pack(source: Path) -> dict:
    try:
        content = json.loads((source / FILE).read_text(encoding="utf-8"))
        if (content["format"], content["version"]) != (FORMAT, VERSION):
            raise ValueError(f"not {FORMAT}, version {VERSION}")
        pieces = [content["archives"][name]["pieces"] for name in ("scenes", "episodes")]
        if not all({"name", "bytes", "sha256"} <= piece.keys() for part in pieces for piece in part):
            raise ValueError("pieces without digests")
        return content
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"expected what `omniactor pack` wrote in {source}, got: {' '.join(str(error).split())[:160]}; give its --out"
        ) from None


def _members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with lzma.open(io.BytesIO(archive)) as stream, tarfile.open(fileobj=stream, mode="r|") as members:
            for member in members:
                if not member.isfile():
                    raise tarfile.TarError(f"{member.name[:80]!r}, which is no file")
                yield member.name, members.extractfile(member).read()
    except (lzma.LZMAError, tarfile.TarError, EOFError, MemoryError) as error:
        raise InputError(f"expected an archive as it was packed, got: {error}; pack again") from error


def _extract_scenes(archive: bytes, folder: Path) -> None:
    for name, content in _members(archive):
        parts = name.split("/")
        if len(parts) != 3 or parts[1] not in KINDS or parts[2] in ("", ".", ".."):
            raise InputError(f"expected scenes/KIND/FILE in the archive of scenes, got {name[:80]!r}; pack again")
        place = folder / "scenes" / parts[1]
        place.mkdir(parents=True, exist_ok=True)
        (place / parts[2]).write_bytes(content)


def _extract_episodes(archive: bytes, folder: Path) -> None:
    for name, content in _members(archive):
        if not name.startswith("task"):
            (folder / Path(name).name).write_bytes(content)
            continue
        for episode in unstack(content):
            path = episode_path(folder, episode.facts.task_id, episode.facts.episode)
            path.parent.mkdir(parents=True, exist_ok=True)
            episode.write(path)
