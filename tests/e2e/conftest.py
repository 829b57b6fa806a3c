"""The real app and a real (headless) browser, once for all files here."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

webdriver = pytest.importorskip("selenium.webdriver")
pytest.importorskip("gradio_client")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
ROOT = Path(__file__).parent.parent.parent
CSS, CONTROL = "css selector", "\ue009"  # selenium's By.CSS_SELECTOR and Keys.CONTROL
ANSWER = "Action: Tap the search field.\nOperation: pyautogui.click(x=0.5, y=0.25)"

needs_browser = pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason="needs chromium and chromedriver")


class Model(BaseHTTPRequestHandler):
    """A peer model's server that always answers the same and remembers what it was asked."""

    asked: list = []

    def do_POST(self):
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps({"choices": [{"message": {"role": "assistant", "content": ANSWER}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def model():
    """Start the server; return (address, what it was asked)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", Model.asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def app(model, tmp_path_factory):
    """Start app.py as a visitor's server would, with folders of its own; return its address."""
    folder = tmp_path_factory.mktemp("app")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("home", "cache", "files"):
        (folder / name).mkdir()
    environment = {
        **os.environ,
        "HOME": str(folder / "home"),
        "OMNIACTOR_CACHE": str(folder / "cache"),
        "GRADIO_TEMP_DIR": str(folder / "files"),
        "GRADIO_SERVER_PORT": str(port),
        "HF_HUB_OFFLINE": "1",
        "OMNIACTOR_AGENT": f"openai:{model[0]}#OmniActor",
    }
    environment.pop("GRADIO_SERVER_NAME", None)
    log = (folder / "log").open("w")
    process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait(lambda: answers(url) or process.poll() is not None, 90, "the page")
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        process.terminate()
        assert process.wait(20) is not None
        assert not list((folder / "files").glob("omniactor-*")), "the app left visitors' files behind"


@pytest.fixture(scope="session")
def browser(app, tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless", "no-sandbox", "disable-gpu", "disable-background-networking", "window-size=1280,1000"):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER))
    driver.get(app)
    wait(lambda: driver.find_elements(CSS, "#tasks .thumbnail-item img"), 20, "the tasks")
    yield driver
    driver.quit()


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


def wait(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def text(browser, element_id):
    found = browser.find_elements("id", element_id)
    return found[0].text if found else ""


def press(browser, element_id):
    button = browser.find_element("id", element_id)
    wait(button.is_enabled, 10, f"{element_id} to be enabled")
    browser.execute_script("arguments[0].click()", button)


def open_tab(browser, name):
    """Open a tab of the page by its title."""
    (tab,) = [b for b in browser.find_elements(CSS, "button[role=tab]") if b.text == name]
    browser.execute_script("arguments[0].click()", tab)
    wait(lambda: tab.get_attribute("aria-selected") == "true", 10, f"the tab {name}")
