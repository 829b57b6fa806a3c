"""The bad pictures of `tests/gui/test_images.py`, sent to the page and to its endpoint as visitors and programs would."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.gui.test_images import CASES
from tests.robustness.conftest import VISITOR, call
from tests.robustness.quick import quick

gradio = pytest.importorskip("gradio")

ROOT = Path(__file__).parents[2]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", CASES)
def test_an_upload_is_shown_or_refused_at_once_and_a_refused_one_leaves_nothing(screenshots, tmp_path, name):
    content, expected = CASES[name]
    upload = tmp_path / "upload.png"
    upload.write_bytes(content)
    screenshots.start_over(VISITOR)
    with quick(0.5):
        picture, status, *_, shown = screenshots.look(str(upload), VISITOR)
    left = list(screenshots.store.folder("visitor").iterdir())
    if isinstance(expected, tuple):
        assert shown.size == (expected[1], expected[0]) and Path(picture) in left and len(left) == 2
    else:
        assert (picture, shown, left) == (None, None, [])
        assert "<strong>Not done.</strong> expected" in status and len(status.splitlines()) == 1 and str(tmp_path) not in status


CHILD = """
import pathlib, resource, sys, types
from demo.screenshot_handlers import ScreenshotHandlers
from demo.sessions import SessionStore
from omniactor.actions.gui import parse_operation
handlers = ScreenshotHandlers(SessionStore(pathlib.Path(sys.argv[2]), make_worker=lambda: None), {})
files = sorted(pathlib.Path(sys.argv[1]).iterdir())
visitor = types.SimpleNamespace(session_hash="visitor")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for file in files:
    *_, shown = handlers.look(str(file), visitor)
    if shown is not None:
        handlers.draw(str(file), "", "pyautogui.click(x=0.5, y=0.5)", visitor)
    handlers.start_over(visitor)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
handlers.store.close_all()
"""


def test_the_page_takes_little_memory_for_all_of_them_and_leaves_nothing(tmp_path):
    from PIL import Image

    folder, temporary, files = (tmp_path / name for name in ("pictures", "tmp", "files"))
    for made in (folder, temporary, files):
        made.mkdir()
    for number, (content, _) in enumerate(CASES.values()):
        (folder / f"{number}.png").write_bytes(content)
    Image.new("RGBA", (4096, 4096), (1, 2, 3, 99)).save(folder / "largest.png")
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, folder, files], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert float(ran.stdout.splitlines()[-1]) < 150
    assert list(temporary.iterdir()) == [] == list(files.iterdir())


def upload(url, name, content):
    """Send a file as a browser does; return the path that the server gives it."""
    edge = "----edge"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
    body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    request = urllib.request.Request(f"{url}/gradio_api/upload", body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)[0]


@pytest.mark.parametrize("name", CASES)
def test_the_endpoint_answers_or_refuses_and_tells_nothing_about_the_server(served, name):
    content, expected = CASES[name]
    path = upload(served, "a.png", content)
    event, answer = call(served, "predict_gui", [{"path": path, "meta": {"_type": "gradio.FileData"}}, "Tap OK", "", ""])
    assert "Traceback" not in answer and "site-packages" not in answer
    if isinstance(expected, tuple):
        assert event == "complete" and json.loads(answer)[1]["size"] == [expected[1], expected[0]]
    else:
        assert event == "error" and "expected" in answer and len(answer) < 400


def test_an_upload_that_is_too_large_is_cut_off(served):
    from demo.limits import LIMITS

    with pytest.raises(urllib.error.URLError):  # 413, or the line is cut while we still send
        upload(served, "a.png", b"\x89PNG" + b"\0" * (int(LIMITS.upload.removesuffix("mb")) * 2**20))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", str(ROOT / "app.py"), "../../etc/passwd", "http://127.0.0.1:1/a.png", "/dev/zero", ""]
)
def test_a_path_or_address_of_the_servers_own_is_not_read(served, path):
    event, answer = call(served, "predict_gui", [{"path": path, "meta": {"_type": "gradio.FileData"}}, "Tap OK", "", ""])
    assert event == "error" and "root:" not in answer


@pytest.mark.parametrize(
    "picture", [None, "a.png", 5, [], {}, {"url": "file:///etc/passwd"}, {"url": "data:image/png;base64,@@"}]
)
def test_what_is_no_upload_at_all_is_an_error_and_the_next_call_works(served, picture):
    event, answer = call(served, "predict_gui", [picture, "Tap OK", "", ""])
    assert event in ("error", "refused") and "Traceback" not in answer
