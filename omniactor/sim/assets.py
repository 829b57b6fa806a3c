"""Which 3-D models a scene is built from: LIBERO's own, or this project's stand-ins.

LIBERO's own come from, in this order: the folder `OMNIACTOR_LIBERO_ASSETS`, the cache
(`<cache>/libero_assets`), the Hugging Face Hub dataset `lerobot/libero-assets` (which also fills the
cache). The stand-ins are written by `omniactor.sim.standins` on first use. `auto` takes LIBERO's own
where they can be had within a time limit and the stand-ins otherwise; `AssetSource.label` says which.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from omniactor.errors import AssetError, InputError, SetupError
from omniactor.paths import cache_dir
from omniactor.sim import standins

KINDS = ("auto", "libero", "standin")
HUB_REPO = "lerobot/libero-assets"
PROBE_SECONDS = 4.0
HUB_SECONDS = float(os.environ.get("OMNIACTOR_HUB_SECONDS", "120"))
_STYLE_TEXTURES = tuple(
    f"textures/{name}.png"
    for name in (
        "gray_ceramic_tile", "yellow_linen_wall_texture", "seamless_wood_planks_floor",
        "light-gray-plaster", "light-gray-floor-tile",
    )
)  # fmt: skip
"""What LIBERO's room classes put in place of the textures their XML names."""
_RETRY_AFTER = 3600.0  # `auto` does not ask an unreachable Hub again for an hour


@dataclass(frozen=True)
class AssetSource:
    """A folder of asset files and what it is.

    Attributes:
        kind: "libero" or "standin".
        folder: laid out as LIBERO's assets.
        origin: where it came from, or why the stand-ins were taken; for people.
    """

    kind: Literal["libero", "standin"]
    folder: Path
    origin: str

    @property
    def label(self) -> str:
        """Return what to show wherever a result of this source is shown."""
        return "LIBERO's own models" if self.kind == "libero" else "stand-in models"

    @functools.cached_property
    def fingerprint(self) -> str:
        """16 hex digits over every XML's bytes and every other file's name and size."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(self.folder)}:{path.stat().st_size}".encode())
                if path.suffix == ".xml":
                    digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    @functools.cached_property
    def stamp(self) -> str:
        """16 hex digits over every file's name, size and time of change: another one where any file was touched."""
        digest = hashlib.sha256(str(self.folder).encode())
        for folder, _, names in sorted(os.walk(self.folder)):
            for name in sorted(names):
                status = os.stat(os.path.join(folder, name))
                digest.update(f"{folder}/{name}:{status.st_size}:{status.st_mtime_ns}".encode())
        return digest.hexdigest()[:16]


def resolve_assets(kind: str = "auto") -> AssetSource:
    """Return the asset folder for `kind` ("auto", "libero" or "standin").

    Raises:
        InputError: another kind.
        AssetError: LIBERO's own were asked for (or pointed at) and are missing or broken.
    """
    if kind == "standin":
        return AssetSource("standin", standin_folder(), "built by this program")
    if kind not in KINDS:
        raise InputError(f"expected --assets {', '.join(KINDS)}, got {kind!r}; choose one of the three")
    explicit = os.environ.get("OMNIACTOR_LIBERO_ASSETS")
    if explicit:
        return AssetSource("libero", check_libero_folder(Path(explicit)), "OMNIACTOR_LIBERO_ASSETS")
    cached = cache_dir() / "libero_assets"
    if cached.is_dir():
        return AssetSource("libero", check_libero_folder(cached), "cache")
    problem = _fetch_from_hub(cached, patient=kind == "libero")
    if not problem:
        return AssetSource("libero", check_libero_folder(cached), f"Hub {HUB_REPO}")
    if kind == "libero":
        raise AssetError(
            f"expected LIBERO's assets, got: {problem}; set OMNIACTOR_LIBERO_ASSETS to a folder that holds them, "
            "or use --assets standin"
        )
    return AssetSource("standin", standin_folder(), problem)


def check_libero_folder(folder: Path) -> Path:
    """Return the folder that directly holds `scenes/`, after checking that every file is there.

    Raises:
        AssetError: names the first missing file.
    """
    folder = folder.expanduser()
    if not folder.is_dir():
        raise AssetError(f"expected a folder of LIBERO assets, got {folder}, which is no folder; correct OMNIACTOR_LIBERO_ASSETS")
    root = next((f for f in (folder, folder / "libero_assets", folder / "assets") if (f / "scenes").is_dir()), folder)
    for name in _STYLE_TEXTURES:
        if not (root / name).is_file():
            raise AssetError(
                f"expected LIBERO's assets in {root}, but {name} is missing; unpack them again or correct the folder"
            )
    for name in standins.ASSETS:
        xml = root / name
        if not xml.is_file():
            raise AssetError(
                f"expected LIBERO's assets in {root}, but {name} is missing; unpack them again or correct the folder"
            )
        try:
            elements = ElementTree.parse(xml).getroot().iter()
        except (ElementTree.ParseError, OSError) as error:
            raise AssetError(f"expected valid XML in {xml}, got: {error}; unpack LIBERO's assets again") from error
        for reference in filter(None, (element.get("file") for element in elements)):
            if not (xml.parent / reference).is_file():
                lost = os.path.relpath(xml.parent / reference, root)
                raise AssetError(f"expected LIBERO's assets in {root}, but {lost} (used by {name}) is missing; unpack them again")
    return root.resolve()


def standin_folder() -> Path:
    """Return the folder of stand-ins, writing it on first use. Safe when several processes start at once."""
    # Keyed by the code that writes them: another version of this program never reads stale models.
    sources = sorted(Path(standins.__file__).parent.glob("*.py"))
    version = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    folder = cache_dir() / f"standins-{version}"
    if folder.is_dir():
        return folder
    temporary = Path(tempfile.mkdtemp(prefix=".standins-", dir=folder.parent))
    try:
        standins.write_standins(temporary)
        temporary.chmod(0o755)
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was first, or the disk refused
                raise
    except OSError as error:
        raise SetupError(
            f"expected to write the stand-in models to {folder}, got: {error}; free space or set OMNIACTOR_CACHE"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _fetch_from_hub(target: Path, patient: bool) -> str:
    """Download LIBERO's assets into `target`; return "" on success, else the reason in one line."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return "HF_HUB_OFFLINE is set"
    marker = target.with_name("hub_unreachable")
    if not patient and marker.exists() and time.time() - marker.stat().st_mtime < _RETRY_AFTER:
        return "the Hugging Face Hub could not be reached less than an hour ago"
    endpoint = urllib.parse.urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    try:
        port = endpoint.port or (443 if endpoint.scheme == "https" else 80)
        socket.create_connection((endpoint.hostname or "", port), timeout=PROBE_SECONDS).close()
    except (OSError, ValueError):
        marker.touch()
        return "the Hugging Face Hub cannot be reached"
    partial = target.with_name("libero_assets.partial")  # kept, so that a second try goes on from here
    code = (
        "import sys; from huggingface_hub import snapshot_download; "
        "snapshot_download(sys.argv[1], repo_type='dataset', local_dir=sys.argv[2])"
    )
    print(f"Downloading LIBERO's assets from the Hub dataset {HUB_REPO} (at most {HUB_SECONDS:.0f} s) ...", file=sys.stderr)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, HUB_REPO, str(partial)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            timeout=HUB_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no reason given"]
            raise AssetError(f"the download from the Hub failed ({lines[-1][:160]})")
        check_libero_folder(partial).rename(target)
    except subprocess.TimeoutExpired:
        problem = f"the download from the Hub did not end within {HUB_SECONDS:.0f} s"
    except (AssetError, OSError) as error:
        problem = str(error)
    else:
        marker.unlink(missing_ok=True)
        return ""
    marker.touch()
    return problem
