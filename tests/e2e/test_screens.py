"""A visitor's way through the tabs of the GUI world: screenshot, recorded episodes, live pages."""

import io
import time
import urllib.request
import zipfile

import numpy as np
import pytest
from PIL import Image

from omniactor.actions.gui import parse_operation
from omniactor.gui.episode_folder import zip_episode
from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.types import GuiAction
from tests.e2e.conftest import CSS, needs_browser, open_tab, press, text, wait

pytestmark = [pytest.mark.browser, needs_browser]
TABS = ("Robot arm", "Screenshot", "Episodes", "Live pages")
SCREEN = np.full((400, 200, 3), 230, np.uint8)

PASTE = """
const canvas = document.createElement('canvas');
canvas.width = 300; canvas.height = 200;
canvas.toBlob((blob) => {
  const data = new DataTransfer();
  data.items.add(new File([blob], 'copied.png', {type: 'image/png'}));
  document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
});
"""


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A phone's photo: 400 x 200 pixels in the file, held upright."""
    path, exif = tmp_path_factory.mktemp("photo") / "photo.jpg", Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(SCREEN.transpose(1, 0, 2).copy()).save(path, exif=exif)
    return path


def give(browser, element_id, path):
    field = wait(lambda: browser.find_elements(CSS, f"#{element_id} input[type=file]"), 10, element_id)[0]
    field.send_keys(str(path))


def write(browser, element_id, words):
    box = browser.find_element(CSS, f"#{element_id} textarea, #{element_id} input")
    box.clear()
    box.send_keys(words)


def value(browser, element_id):
    return browser.find_element(CSS, f"#{element_id} textarea, #{element_id} input").get_attribute("value")


def picture_size(browser, element_id):
    script = (
        "const i = document.querySelector(arguments[0]); return i && i.naturalWidth ? [i.naturalWidth, i.naturalHeight] : null"
    )
    return browser.execute_script(script, f"#{element_id} img")


def test_an_episode_by_hand(browser, app, model, photo):
    open_tab(browser, "Screenshot")
    assert "Another maker's model, OmniActor" in text(browser, "screen-agent-note")
    for number in (1, 2):
        give(browser, "screenshot", photo)
        wait(lambda: "200 \u00d7 400 pixels" in text(browser, "screen-status"), 20, "the photo")
        wait(lambda: picture_size(browser, "drawn") == [200, 400], 10, "the upright picture")
        write(browser, "wanted", "Search for a bicycle")
        press(browser, "predict")
        wait(lambda: "Predicted." in text(browser, "screen-status"), 20, "the prediction")
        assert "100, 100 (of 200 \u00d7 400)" in text(browser, "screen-status")
        assert value(browser, "operation") == "pyautogui.click(x=0.500, y=0.250)"
        press(browser, "accept")
        wait(lambda n=number: f"Step {n} accepted" in text(browser, "screen-status"), 20, "the step")
    assert value(browser, "history") == "Tap the search field.\nTap the search field."
    assert "Step 1: Tap the search field." in str(model[1][-1]["messages"])
    press(browser, "save-episode")
    link = wait(lambda: browser.find_elements(CSS, "#episode-archive a[href*='.zip']"), 10, "the archive")[0]
    with urllib.request.urlopen(link.get_attribute("href"), timeout=10) as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.read())).namelist()
    assert len(names) == 3 and any(name.endswith("/episode.json") for name in names)
    press(browser, "start-over")
    wait(lambda: "Nothing predicted yet" in text(browser, "screen-status") and not value(browser, "history"), 10, "a fresh start")


def test_a_copied_picture_is_pasted_and_a_click_on_it_is_drawn(browser):
    open_tab(browser, "Screenshot")
    browser.execute_script(PASTE)
    wait(lambda: "300 \u00d7 200 pixels" in text(browser, "screen-status"), 20, "the copied picture")
    wait(lambda: picture_size(browser, "drawn") == [300, 200], 10, "the picture")
    browser.find_element(CSS, "#drawn img").click()  # in its middle
    wait(lambda: "written by you" in text(browser, "screen-status"), 20, "the click")
    assert parse_operation(value(browser, "operation")).point == pytest.approx((0.5, 0.5), abs=0.02)
    write(browser, "operation", "mobile.home()")
    press(browser, "draw")
    wait(lambda: "home button" in text(browser, "screen-status"), 20, "the other operation")


def test_a_bad_picture_is_refused_in_one_sentence(browser, tmp_path):
    open_tab(browser, "Screenshot")
    (tmp_path / "bad.png").write_bytes(b"no picture at all")
    give(browser, "screenshot", tmp_path / "bad.png")
    refusal = "Not done. expected a PNG, JPEG or WebP picture, got something else; convert it to PNG"
    wait(lambda: text(browser, "screen-status") == refusal, 20, "the refusal")


def test_a_recorded_episode_is_played_and_judged_step_by_step(browser, tmp_path):
    steps = (
        RecordedStep(GuiAction("click", (0.52, 0.26)), SCREEN, "Tap the field", boxes=((0.4, 0.2, 0.6, 0.3),)),
        RecordedStep(GuiAction("write", text="bicycle"), SCREEN, "Type it"),
    )
    archive = zip_episode(tmp_path / "e.zip", RecordedEpisode("e-1", "Search for a bicycle", steps, source="test"))
    open_tab(browser, "Episodes")
    give(browser, "episode-upload", archive)
    wait(lambda: "Search for a bicycle" in text(browser, "episode-heading"), 20, "the episode")
    press(browser, "play")
    wait(lambda: "1 of 2 steps right." in text(browser, "play-summary"), 30, "the summary")
    wait(lambda: "Wrong: " in text(browser, "play-status"), 10, "the last step")
    browser.execute_script(
        "const s = document.querySelector('#step input[type=range]'); s.value = 1;"
        "for (const name of ['input', 'change']) s.dispatchEvent(new Event(name, {bubbles: true}))"
    )
    wait(lambda: "Right: " in text(browser, "play-status"), 10, "the first step")
    wait(lambda: browser.find_elements(CSS, "#play-export a[href*='.json']"), 10, "the file")


def test_a_live_page_is_run_and_watched(browser):
    pytest.importorskip("miniwob")
    open_tab(browser, "Live pages")
    assert "130 of 130 pages shown" in text(browser, "page-count")
    press(browser, "page-run")
    wait(lambda: text(browser, "page-outcome"), 90, "the outcome")
    assert text(browser, "page-outcome").startswith("Success: "), text(browser, "page-outcome")
    assert "pyautogui." in text(browser, "page-steps")
    wait(lambda: browser.find_elements(CSS, "#page-video video"), 10, "the video")
    wait(lambda: browser.find_elements(CSS, "#page-record a[href*='.json']"), 10, "the record")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("tab", TABS)
def test_nothing_sticks_out_sideways(browser, width, tab):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        open_tab(browser, tab)  # on a phone too: none of them is hidden in a menu
        time.sleep(0.3)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        time.sleep(0.3)


def test_a_program_asks_for_a_prediction(app, photo):
    from gradio_client import Client, handle_file

    client = Client(app, verbose=False)
    drawn, result = client.predict(image=handle_file(photo), instruction="Search", history="Open it", api_name="/predict_gui")
    assert Image.open(drawn if isinstance(drawn, str) else drawn["path"]).size == (200, 400)
    assert (result["kind"], result["pixel"], result["agent"]) == ("click", [100, 100], "openai:OmniActor")
    with pytest.raises(Exception, match="an agent of this page"):
        client.predict(image=handle_file(photo), instruction="Search", agent="openai:http://127.0.0.1#m", api_name="/predict_gui")
