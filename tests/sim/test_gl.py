import pytest

from omniactor.errors import RenderError
from omniactor.sim import gl


def test_a_working_backend_is_found_on_this_machine():
    assert gl.choose_backend() in ("egl", "osmesa")


def test_with_no_working_backend_the_packages_are_named(monkeypatch):
    monkeypatch.setattr(gl, "_checked", None)
    monkeypatch.delenv("_OMNIACTOR_GL_CHECKED", raising=False)
    monkeypatch.setenv("MUJOCO_GL", "")
    monkeypatch.setattr(gl, "try_backend", lambda name: "library not found")
    with pytest.raises(RenderError, match=r"osmesa: library not found.*apt-get install libegl1"):
        gl.choose_backend()


def test_an_explicit_backend_is_tried_alone(monkeypatch):
    tried = []
    monkeypatch.setattr(gl, "_checked", None)
    monkeypatch.delenv("_OMNIACTOR_GL_CHECKED", raising=False)
    monkeypatch.setenv("MUJOCO_GL", "egl")
    monkeypatch.setattr(gl, "try_backend", lambda name: tried.append(name) or "no")
    with pytest.raises(RenderError):
        gl.choose_backend()
    assert tried == ["egl"]


def test_the_trial_reports_why_a_backend_fails():
    assert gl.try_backend("osmesa", timeout=0.01) == "no frame within 0 s"
    assert "invalid" in gl.try_backend("nonsense").lower()


def test_a_missing_library_is_called_that():
    output = "Traceback ...\nAttributeError: 'NoneType' object has no attribute 'glGetError'\n"
    assert gl._reason("osmesa", output) == "not installed (libOSMesa)"
    assert gl._reason("osmesa", "warning\nRuntimeError: no context\n") == "RuntimeError: no context"
    assert gl._reason("osmesa", "") == ""
