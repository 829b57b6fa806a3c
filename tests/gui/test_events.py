"""Every kind of action does on a page what its description says, as real events."""

import json

import pytest

from omniactor.gui.browser import shared_browser
from omniactor.gui.events import perform
from omniactor.gui.keyboard import find_key
from omniactor.types import GuiAction

PAGE = """<body style="margin:0"><input id="field" style="position:absolute; left:0; top:0; width:100px; height:20px">
<div id="box" style="position:absolute; left:0; top:50px; width:100px; height:50px; overflow:auto">
<div style="height:1000px; width:1000px">tall</div></div>
<select id="list" style="position:absolute; left:0; top:110px"><option>One</option><option>Two words</option>
<option disabled>Three</option><option>Four</option></select>
<div id="handle" draggable="true" style="position:absolute; left:0; top:150px; width:20px; height:20px">d</div>
<div id="target" style="position:absolute; left:60px; top:150px; width:40px; height:40px">t</div><script>
window.log = [];
for (const kind of ['mousemove', 'mousedown', 'mouseup', 'click', 'dblclick', 'contextmenu', 'auxclick', 'keydown', 'input',
                    'change', 'drop'])
  document.addEventListener(kind, e => log.push([kind, e.isTrusted, e.button ?? null, e.detail ?? null, e.key ?? null]), true);
document.getElementById('target').addEventListener('dragover', e => e.preventDefault());
document.getElementById('handle').addEventListener('dragstart', e => e.dataTransfer.setData('text/plain', 'x'));
</script></body>"""


@pytest.fixture
def page(page_env, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    tab = shared_browser().open_tab()
    tab.set_size(100, 200, 1)
    tab.open(file.as_uri())
    yield tab
    tab.close()


def do(tab, *arguments, **named):
    tab.evaluate("log.length = 0")
    said = perform(tab, GuiAction(*arguments, **named), 100, 200)
    tab.run(0.3)
    return said, tab.evaluate("log")


def kinds(log):
    return [entry[0] for entry in log if entry[0] != "mousemove"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("click", ["mousedown", "mouseup", "click"]),
        ("double_click", ["mousedown", "mouseup", "click"] * 2 + ["dblclick"]),
        ("triple_click", ["mousedown", "mouseup", "click"] * 2 + ["dblclick", "mousedown", "mouseup", "click"]),
        ("right_click", ["mousedown", "contextmenu", "mouseup", "auxclick"]),
        ("middle_click", ["mousedown", "mouseup", "auxclick"]),
        ("long_press", ["mousedown", "mouseup", "click"]),
        ("move", []),
    ],
)
def test_the_mouse_does_what_the_kind_says_and_is_trusted(page, kind, expected):
    said, log = do(page, kind, point=(0.9, 0.15))
    assert said == ""
    assert sorted(kinds(log)) == sorted(expected)
    assert all(entry[1] for entry in log)
    assert page.pointer == (90, 30)


def test_without_a_point_clicks_are_where_the_pointer_is(page):
    do(page, "move", point=(0.5, 0.05))
    do(page, "double_click")
    assert page.evaluate("document.activeElement.id") == "field"


def test_the_last_fraction_is_still_inside(page):
    do(page, "click", point=(1.0, 1.0))
    assert page.pointer == (99.5, 199.5)


def test_writing_makes_key_events_and_any_letter_arrives(page):
    do(page, "click", point=(0.5, 0.05))
    text = "Az 09!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \u00e9\u00df\u4f60\U0001f600"
    _, log = do(page, "write", text=text)
    assert page.evaluate("document.getElementById('field').value") == text
    assert [entry[4] for entry in log if entry[0] == "keydown"] == list(text[: text.index("\u00e9")])


def test_long_texts_are_cut_and_do_not_take_forever(page):
    do(page, "click", point=(0.5, 0.05))
    said, _ = do(page, "write", text="\u00e9" * 10)
    assert said == ""
    assert page.evaluate("document.getElementById('field').value") == "\u00e9" * 10


def test_keys_edit_and_hotkeys_copy_and_paste(page):
    do(page, "click", point=(0.5, 0.05))
    do(page, "write", text="abc")
    do(page, "press", keys=("left", "backspace", "end", "x"))
    assert page.evaluate("document.getElementById('field').value") == "acx"
    do(page, "hotkey", keys=("ctrl", "a"))
    do(page, "hotkey", keys=("ctrl", "c"))
    assert page.copied == "acx"
    do(page, "press", keys=("end",))
    do(page, "hotkey", keys=("ctrl", "v"))
    assert page.evaluate("document.getElementById('field').value") == "acxacx"
    do(page, "hotkey", keys=("shift", "home"))
    do(page, "press", keys=("delete",))
    assert page.evaluate("document.getElementById('field').value") == ""


def test_a_key_that_no_keyboard_has_is_told(page):
    assert do(page, "press", keys=("hyperdrive",))[0] == "no keyboard has the key hyperdrive"


@pytest.mark.parametrize(
    ("arguments", "top", "left"),
    [
        ({"kind": "scroll", "pages": -0.5, "point": (0.5, 0.4)}, 100, 0),
        ({"kind": "scroll", "pages": 1.0, "axis": "horizontal", "point": (0.5, 0.4)}, 0, 100),
        ({"kind": "swipe", "point": (0.5, 0.45), "end": (0.5, 0.35)}, 20, 0),
    ],
)
def test_scrolling_moves_the_content_the_way_the_action_says(page, arguments, top, left):
    do(page, **arguments)
    found = page.evaluate("[document.getElementById('box').scrollTop, document.getElementById('box').scrollLeft]")
    assert found == [top, left]


def test_dragging_selects_text_and_moves_what_can_be_dragged(page):
    said, log = do(page, "drag", point=(0.1, 0.8), end=(0.8, 0.85))
    assert said == ""
    assert "drop" in kinds(log)
    do(page, "click", point=(0.9, 0.15))
    assert do(page, "drag", point=(0.05, 0.3), end=(0.9, 0.3))[0] == ""


@pytest.mark.parametrize(("text", "value"), [("Two words", "Two words"), ("four", "Four"), ("One", "One")])
def test_an_option_is_chosen_with_real_keys(page, text, value):
    said, log = do(page, "select", point=(0.2, 0.58), text=text)
    assert said == ""
    assert page.evaluate("document.getElementById('list').value") == value
    assert all(entry[1] for entry in log)


def test_what_cannot_be_chosen_is_told(page):
    assert do(page, "select", point=(0.2, 0.58), text="Three")[0] == "the list has no option 'Three'"
    assert do(page, "select", point=(0.9, 0.15), text="One")[0] == "there is no list of options at this place"


def test_every_key_name_of_pyautogui_that_agents_use_is_known():
    names = ["enter", "tab", "esc", "escape", "backspace", "delete", "space", "up", "pagedown", "pgdn", "f5", "ctrl", "command"]
    assert all(find_key(name) for name in names)
    assert find_key("hyperdrive") is None
    assert json.dumps(find_key("A").event("down"))
    assert find_key("?").event("down")["modifiers"] == 8
    assert "text" not in find_key("a").event("down", modifiers=2)
