"""Pages solved by clicking the right things: buttons, links, options, tabs, menus, cards."""

from __future__ import annotations

import re

from omniactor.experts.web.fields import submit, tick
from omniactor.experts.web.view import Element, LostError, View, quote
from omniactor.types import GuiAction

ORDINALS = {"1st": 0, "2nd": 1, "3rd": 2, "4th": 3, "5th": 4, "6th": 5, "7th": 6, "8th": 7, "9th": 8}
SYNONYMS = (
    "big large huge enormous gigantic", "small tiny little mini petite", "red scarlet crimson vermillion",
    "happy cheerful joyful gleeful delighted", "sad unhappy sorrowful miserable tragic", "angry mad furious irritated",
    "evil wicked immoral sinful corrupt depraved", "wrong incorrect mistaken erroneous", "real genuine actual",
    "strange odd peculiar unusual weird", "stop cease halt end finish", "scared terrified panicked fearful frightened afraid",
    "quiet calm peaceful serene mild", "old aged archaic", "love like adore favor", "kill murder assassinate",
    "keep retain preserve sustain maintain", "hide conceal camouflage", "hate despise loathe detest dislike",
    "funny humorous amusing comical laughable", "fat fleshy plump chubby", "stupid dumb dull unwise",
    "delicious savory delectable appetizing", "cut slice carve chop", "brave courageous fearless", "begin start initiate launch",
    "answer reply response", "television televisions TV TVs", "house home houses homes", "fire flame fires flames",
    "pig pork swine", "rabbit rabbits bunny bunnies", "car cars automobile automobiles vehicle vehicles", "water",
)  # fmt: skip
"""Words of the same meaning, as click-checkboxes-soft has them."""


def button_named(view: View) -> GuiAction:
    """Click the button that the instruction quotes."""
    name = view.quoted()
    return view.click(view.named("#area button, .ui-dialog button", name), f"the button '{name}'")


def only_button(view: View) -> GuiAction:
    """Click the page's one button."""
    return view.click(view.one("#area button"), f"the button '{view.one('#area button').text}'")


def button_one(view: View) -> GuiAction:
    """Click the button ONE."""
    return view.click(view.one("#subbtn"), "the button 'ONE'")


def button_sequence(view: View) -> GuiAction:
    """Click ONE, then TWO; the page remembers what was pushed. One that lies under the other is clicked where it shows."""
    name = "TWO" if view.script("buttonsPushed.length") else "ONE"
    return view.click(view.named("#area button", name), f"the button '{name}'")


def link_named(view: View) -> GuiAction:
    """Click the link that the instruction quotes."""
    name = view.quoted()
    return view.click(view.named(".alink", name), f"the link '{name}'")


def close_dialog(view: View) -> GuiAction:
    """Close the dialog by its x."""
    return view.click(view.one(".ui-dialog-titlebar button"), "the 'x' that closes the dialog")


def dialog_button(view: View) -> GuiAction:
    """Click the button of the dialog that the instruction quotes; "x" is the one in the title bar."""
    return close_dialog(view) if view.quoted() == "x" else button_named(view)


def checkboxes(view: View) -> GuiAction:
    """Tick exactly the boxes that are listed, then submit."""
    listed = view.match(r"Select (.*) and click Submit")[1]
    wanted = set() if listed == "nothing" else set(listed.split(", "))
    return tick(view, _labelled(view), wanted) or submit(view)


def checkboxes_soft(view: View) -> GuiAction:
    """Tick the words that mean what the listed ones mean, then submit."""
    meanings = {word: number for number, words in enumerate(SYNONYMS) for word in words.split()}
    listed = view.match(r"Select words similar to (.*) and click Submit")[1].split(", ")
    wanted = {meanings.get(word, word) for word in listed}
    boxes = _labelled(view)
    return tick(view, boxes, {name for _, name in boxes if meanings.get(name, name) in wanted}) or submit(view)


def option(view: View) -> GuiAction:
    """Choose the radio button with the name, then submit."""
    name = view.match(r"Select (.*) and click Submit")[1]
    for box, label in _labelled(view):
        if label == name:
            return submit(view) if box.checked else view.click(box, f"the option '{name}'")
    raise LostError(f"expected an option {name!r}, got none")


def collapsible(view: View) -> GuiAction:
    """Unfold the section, then submit."""
    if not view.shown(".ui-accordion-content"):
        header = view.one("#area h3")
        return view.click(header, f"the header '{header.text}'")
    return submit(view)


def collapsible_link(view: View) -> GuiAction:
    """Unfold the section that holds the quoted link, then click the link."""
    name = view.quoted()
    place = view.script(f"""Array.from(document.querySelectorAll('.ui-accordion-content')).findIndex(
        part => Array.from(part.querySelectorAll('.alink')).some(link => link.innerHTML === {quote(name)}))""")
    found = [link for link in view.shown(".alink") if link.text == name]
    if found:
        return view.click(found[0], f"the link '{name}'")
    header = view.all("#area h3")[place]
    return view.click(header, f"the header '{header.text}'")


def tab_named(view: View) -> GuiAction:
    """Click the tab with the number."""
    name = view.match(r"Tab #\d")[0]
    return view.click(view.named(".ui-tabs-anchor", name), f"the tab '{name}'")


def tab_link(view: View) -> GuiAction:
    """Open the tab that holds the quoted link, then click the link; a link that is nowhere else is on an empty tab."""
    name = view.quoted()
    found = [link for link in view.shown(".alink") if link.text == name]
    if found:
        return view.click(found[0], f"the link '{name}'")
    place = view.script(f"""Array.from(document.querySelectorAll('.ui-tabs-panel')).findIndex(
        panel => Array.from(panel.querySelectorAll('.alink')).some(link => link.innerHTML === {quote(name)}))""")
    tab = view.all(".ui-tabs-anchor")[1 if place < 0 else place]
    return view.click(tab, f"the tab '{tab.text}'")


def color_box(view: View) -> GuiAction:
    """Click the box of the colour."""
    color = view.match(r"Click on the (\w+) colored box")[1]
    return view.click(view.one(f'#area [data-color="{color}"]'), f"the {color} box")


def shades(view: View) -> GuiAction:
    """Select all shades of a colour and nothing else, then submit."""
    color = view.match(r"shades of (\w+)")[1]
    for shade in view.all("#area span"):
        if ("selected" in shade.classes) != (shade.attributes["data-color"] == color):
            return view.click(shade, f"a shade of {shade.attributes['data-color']}")
    return submit(view, "#submit")


def widget(view: View) -> GuiAction:
    """Click a widget of the quoted kind."""
    kind = view.quoted()
    return view.click(view.one(f'[data-type="{kind}"]'), f"a {kind} widget")


def menu_path(view: View) -> GuiAction:
    """Walk a menu whose branches open under the pointer, then click the last item of `A>B>C`."""
    path = view.match(r"Select (.*)")[1].split(">")
    items = {item.text: item for item in view.all("#menu li > div")}
    for depth, name in enumerate(path):
        last, following = depth == len(path) - 1, path[depth + 1] if depth + 1 < len(path) else ""
        if last or not items[following].shown:
            return view.click(items[name], f"the menu item '{name}'", "click" if last else "move")
    raise LostError("expected a menu item to choose, got none")


def menu_item(view: View) -> GuiAction:
    """Open the menu, and click the item with the quoted label or with the icon shown in the instruction."""
    shown = [element for element in view.all("#query .ui-icon") if element.classes]
    if shown:
        icon = next(name for name in shown[0].classes if name != "ui-icon")
        item = view.script(f"document.querySelector('#menu .{icon}').parentElement.textContent.trim()")
    else:
        item = view.quoted(1)
    if not view.shown("#menu"):
        return view.click(view.one("#open-menu"), "the button 'Menu'")
    target = next(element for element in view.all("#menu li > div") if element.text == item)
    if not target.shown:
        branch = next(element for element in view.all("#menu > li > div") if element.text == "Playback")
        return view.click(branch, "the menu item 'Playback'", "move")
    return view.click(target, f"the menu item '{item}'")


def focus_box(view: View) -> GuiAction:
    """Click into the text box, or into the one with the number."""
    numbered = re.search(r"\d(st|nd|rd)", view.instruction)
    boxes = view.all("#area input")
    place = ORDINALS[numbered[0]] if numbered else 0
    return view.click(boxes[place], f"the {numbered[0]} text box" if numbered else "the text box")


def grid_coordinate(view: View) -> GuiAction:
    """Click the point of a coordinate."""
    name = view.match(r"\(-?\d,-?\d\)")[0]
    return view.click(view.one(f'circle[id="{name}"]'), f"the point {name}")


def sides(view: View) -> GuiAction:
    """Count the sides of a polygon by what is drawn, and click the button with the number."""
    count = str(view.script(_COUNT_SIDES))
    return view.click(view.named("#form button", count), f"the button '{count}'")


def pie_item(view: View) -> GuiAction:
    """Open the pie menu, then click the item with the label."""
    name = view.quoted()
    labels = [element for element in view.all("#divWheel text") if element.text == name]
    if labels and labels[0].point is not None and labels[0].shown:
        return view.click(labels[0], f"the item '{name}'")
    spreader = next(element for element in view.all("#divWheel text") if element.text in "+-")
    return view.click(spreader, "the '+' in the middle")


def greatest_card(view: View) -> GuiAction:
    """Turn over the card with the greatest number, then submit."""
    cards = view.all(".card")
    best = max(cards, key=lambda card: int(card.text))
    return view.click(best, f"card number {cards.index(best) + 1}") if "hidden" in best.classes else submit(view, "#submit")


def number_boxes(view: View) -> GuiAction:
    """Tick the boxes that draw the number, then submit."""
    pattern = [cell for row in view.script(f"PATTERNS[{int(view.quoted())}]") for cell in row]
    for place, (box, wanted) in enumerate(zip(view.all("#area input[type=checkbox]"), pattern, strict=True)):
        if box.checked != bool(wanted):
            return view.click(box, f"the checkbox in row {place // 4 + 1}, column {place % 4 + 1}")
    return submit(view)


def odd_or_even(view: View) -> GuiAction:
    """Mark each number, then submit."""
    numbers = [int(element.text) for element in view.all(".display-number")]
    for name, remainder in (("odd", 1), ("even", 0)):
        for button, number in zip(view.all(f"button.{name}"), numbers, strict=True):
            if number % 2 == remainder and "selected" not in button.classes:
                return view.click(button, f"the button '{button.text}' beside {number}")
    return submit(view, "#submit")


def tree_item(view: View) -> GuiAction:
    """Unfold the folders above the quoted file or folder, then click it."""
    name = view.quoted()
    path = view.script(f"""(() => {{
        const all = Array.from(document.querySelectorAll('#tree span'));
        let one = all.find(span => span.textContent === {quote(name)}), path = [];
        for (; one; one = one.closest('ul').parentElement.querySelector(':scope > span')) path.unshift(all.indexOf(one));
        return path; }})()""")
    spans = view.all("#tree span")
    for number, following in zip(path, [*path[1:], None], strict=True):
        if following is None or not spans[following].shown:
            return view.click(spans[number], f"'{spans[number].text}' in the tree")
    raise LostError(f"expected {name!r} in the tree, got none")


def _labelled(view: View) -> list[tuple[Element, str]]:
    """Return the boxes or radio buttons that have a label around them, with the label's text."""
    boxes, labels = view.all("#area label > input"), view.all("#area label")
    return list(zip(boxes, (label.text for label in labels), strict=True))


# Which regular polygon around the canvas' origin, from a corner on its turned x axis, is covered best by what is drawn.
_COUNT_SIDES = """(() => {
  const pen = document.getElementById('c').getContext('2d'), data = pen.getImageData(0, 0, 150, 100).data;
  const turned = pen.getTransform(), corner = (k, n) => [35 * Math.cos(2 * Math.PI * k / n), 35 * Math.sin(2 * Math.PI * k / n)];
  const inked = (x, y) => {
    const at = turned.transformPoint(new DOMPoint(x, y));
    return data[4 * (150 * Math.floor(at.y) + Math.floor(at.x)) + 3] > 100;
  };
  const share = n => {
    let met = 0;
    for (let k = 0; k < n; k++)
      for (let part = 0.05; part < 1; part += 0.05) {
        const [a, b] = [corner(k, n), corner(k + 1, n)];
        met += inked(a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]));
      }
    return met / n;
  };
  return [3, 4, 5, 6, 7].reduce((best, n) => share(n) > share(best) ? n : best);
})()"""
