import os
import shutil
import socket
import threading
import time

import pytest

from omniactor.errors import AssetError, InputError, SetupError
from omniactor.sim import assets
from omniactor.sim.assets import check_libero_folder, resolve_assets, standin_folder


@pytest.fixture
def fake_libero(tmp_path):
    """A complete folder laid out like LIBERO's: the stand-ins serve."""
    folder = tmp_path / "libero_assets"
    shutil.copytree(standin_folder(), folder)
    return folder


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OMNIACTOR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_standins_are_written_once_and_say_what_they_are():
    first = resolve_assets("standin")
    assert first.kind == "standin"
    assert first.label == "stand-in models"
    assert resolve_assets("standin").folder == first.folder
    assert not [name for name in os.listdir(first.folder.parent) if name.startswith(".standins")]


def test_auto_takes_liberos_own_from_the_setting_then_the_cache_then_standins(fake_libero, own_cache, monkeypatch):
    assert resolve_assets("auto").kind == "standin"
    assert "HF_HUB_OFFLINE" in resolve_assets("auto").origin
    shutil.copytree(fake_libero, own_cache / "libero_assets")
    assert (resolve_assets("auto").kind, resolve_assets("auto").origin) == ("libero", "cache")
    monkeypatch.setenv("OMNIACTOR_LIBERO_ASSETS", str(fake_libero.parent))
    source = resolve_assets("auto")
    assert (source.kind, source.folder) == ("libero", fake_libero)


def test_the_first_missing_file_is_named(fake_libero, monkeypatch):
    (fake_libero / "stable_hope_objects" / "butter" / "butter.xml").unlink()
    monkeypatch.setenv("OMNIACTOR_LIBERO_ASSETS", str(fake_libero))
    for kind in ("auto", "libero"):  # a broken explicit setting never falls back in silence
        with pytest.raises(AssetError, match=r"butter/butter\.xml is missing"):
            resolve_assets(kind)


def test_a_missing_picture_is_named_with_the_file_that_uses_it(fake_libero):
    xml = fake_libero / "stable_hope_objects" / "butter" / "butter.xml"
    xml.write_text('<mujoco><asset><texture file="lost.png"/></asset><!-- <mesh file="unused.stl"/> --></mujoco>')
    with pytest.raises(AssetError, match=r"lost\.png \(used by .*butter\.xml\)"):
        check_libero_folder(fake_libero)


@pytest.mark.parametrize("text", ["", "<mujoco>", "PNG"])
def test_broken_xml_is_named(fake_libero, text):
    (fake_libero / "stable_hope_objects" / "milk" / "milk.xml").write_text(text)
    with pytest.raises(AssetError, match=r"milk\.xml"):
        check_libero_folder(fake_libero)


def test_a_folder_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("OMNIACTOR_LIBERO_ASSETS", str(tmp_path / "nowhere"))
    with pytest.raises(AssetError, match="no folder"):
        resolve_assets("libero")


def test_liberos_own_without_any_source_names_both_ways_out(own_cache):
    with pytest.raises(AssetError, match=r"OMNIACTOR_LIBERO_ASSETS.*--assets standin"):
        resolve_assets("libero")


def test_another_kind_is_refused():
    with pytest.raises(InputError, match="auto, libero, standin"):
        resolve_assets("mine")


def test_an_unreachable_hub_costs_little_and_is_not_asked_again_soon(own_cache, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    assert "cannot be reached" in resolve_assets("auto").origin
    assert "less than an hour ago" in resolve_assets("auto").origin


def test_a_hub_that_never_answers_is_left_at_the_time_limit(own_cache, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(assets, "HUB_SECONDS", 3.0)
    server = socket.create_server(("127.0.0.1", 0))
    held = []
    threading.Thread(target=lambda: held.append(server.accept()), daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
    began = time.monotonic()
    with pytest.raises(AssetError, match="did not end within 3 s"):
        resolve_assets("libero")
    assert time.monotonic() - began < 10
    server.close()


def test_a_disk_that_refuses_leaves_no_half_folder(own_cache, monkeypatch):
    def full(folder):
        (folder / "a").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(assets.standins, "write_standins", full)
    with pytest.raises(SetupError, match="No space left"):
        standin_folder()
    assert os.listdir(own_cache) == []


def test_the_fingerprint_changes_with_any_xml(fake_libero, monkeypatch):
    monkeypatch.setenv("OMNIACTOR_LIBERO_ASSETS", str(fake_libero))
    before = resolve_assets("libero").fingerprint
    xml = fake_libero / "stable_hope_objects" / "milk" / "milk.xml"
    xml.write_text(xml.read_text().replace("milk", "milc", 1))
    assert resolve_assets("libero").fingerprint != before
