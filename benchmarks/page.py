"""Steps a second of episodes that somebody watches on the page, in a browser on the same machine.

    python benchmarks/page.py                        # the app's default agent, stand-ins or what the app finds
    python benchmarks/page.py --tasks 0,22,20

Starts the app, opens it in a headless Chromium at 1280 pixels, chooses task after task and presses Run. The rate is the one
that the page shows at the end: simulator, decisions, both cameras drawn, video, web server and browser share the cores.
Needs chromium and chromium-driver (`make browser-packages`). The last line of stdout is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from omniactor.sim.tasks import parse_tasks

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = ("headless", "no-sandbox", "disable-gpu", "disable-background-networking", "window-size=1280,1000")
ENDED = re.compile(r"(Finished|Stopped) . step (\d+) of \d+ . ([\d.]+) steps a second|Not run\..*|Broken off\..*", re.DOTALL)
# Counted in the page itself: asking from outside would take time from what is measured.
COUNT_PICTURES = """
window.pictures = 0;
let shown = '';
new MutationObserver(() => {
    const picture = document.querySelector('#live img');
    if (picture && picture.src !== shown) { shown = picture.src; window.pictures += 1; }
}).observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ['src']});
"""


def main() -> None:
    """Watch the episodes and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tasks", default="0,22,20", help="default: 0,22,20, as in benchmarks/loop.py --tasks 0,22,20")
    parser.add_argument("--seconds", type=float, default=300.0, help="longest wait for one episode (default: 300)")
    options = parser.parse_args()
    tasks = parse_tasks(options.tasks)
    if not shutil.which("chromedriver"):
        sys.exit("expected chromedriver on the path, got none; run: make browser-packages")
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": f"{folder}/files", "HF_HUB_OFFLINE": "1"}
        environment.pop("GRADIO_SERVER_NAME", None)
        with open(Path(folder) / "log", "w") as log:
            app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _until(lambda: _answers(url) or app.poll() is not None, 120, "the app")
            if app.poll() is not None:
                sys.exit(f"expected the app to start, got: {(Path(folder) / 'log').read_text()[-500:]}")
            episodes, assets = _watch(url, tasks, options.seconds, folder)
        finally:
            app.terminate()
            app.wait(30)
    steps = sum(episode["steps"] for episode in episodes)
    seconds = sum(episode["steps"] / episode["steps_per_second"] for episode in episodes)
    print(json.dumps({
        "benchmark": "page", "assets": assets, "tasks": options.tasks, "episodes": episodes, "steps": steps,
        "steps_per_second": round(steps / seconds, 2),
        "slowest_episode": min(episode["steps_per_second"] for episode in episodes),
        "pictures_per_second": round(statistics.mean(episode["pictures_per_second"] for episode in episodes), 2),
        "cores": os.cpu_count(), "real_time": steps / seconds >= 20,
    }))  # fmt: skip


def _watch(url: str, tasks, seconds: float, folder: str) -> tuple[list[dict], str]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in (*ARGUMENTS, f"user-data-dir={folder}/profile"):
        options.add_argument(f"--{argument}")
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser, episodes = webdriver.Chrome(options=options, service=service), []
    try:
        browser.get(url)
        _until(lambda: browser.find_elements("css selector", "#tasks .thumbnail-item img"), 30, "the tasks")
        assets = "standin" if "stand-in models" in browser.find_element("id", "facts").text else "libero"
        browser.execute_script(COUNT_PICTURES)
        for task in tasks:
            _choose(browser, task)
            browser.execute_script("window.pictures = 0; document.getElementById('run').click()")
            ended = _until(
                lambda: ENDED.search(browser.find_element("id", "status").text), seconds, "the episode to end", pause=1.0
            )
            if not ended[1]:
                sys.exit(f"expected an episode of task {task.id}, got: {ended[0]}")
            pictures, steps, rate = browser.execute_script("return window.pictures"), int(ended[2]), float(ended[3])
            episodes.append({
                "task": task.id, "steps": steps, "steps_per_second": rate,
                "pictures_per_second": round(pictures * rate / max(steps, 1), 2),
            })  # fmt: skip
            print(f"{task.name}: {ended[1].lower()} after {steps} steps, {rate} a second, {pictures} pictures", file=sys.stderr)
            _until(lambda: browser.find_element("id", "run").is_enabled(), 30, "the button")
    finally:
        browser.quit()
    return episodes, assets


def _choose(browser, task) -> None:
    box = browser.find_element("css selector", "#search textarea, #search input")
    box.clear()
    box.send_keys(str(task.id))
    first = "#tasks .thumbnail-item"
    _until(lambda: browser.find_element("id", "count").text.startswith("1 of"), 20, f"task {task.id} alone in the list")
    _until(lambda: f"{task.id}" in browser.find_element("css selector", first).text, 20, f"the picture of task {task.id}")

    def chosen() -> bool:
        browser.find_element("css selector", first).click()  # again, where the list was being drawn anew
        time.sleep(1.0)
        return browser.find_element("css selector", "#instruction textarea").get_attribute("value") == task.language

    _until(chosen, 30, f"the instruction of task {task.id}")


def _answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


def _until(condition, seconds: float, what: str, pause: float = 0.2):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    sys.exit(f"expected {what} within {seconds:.0f} s, got nothing; look at the page with: python app.py")


if __name__ == "__main__":
    main()
