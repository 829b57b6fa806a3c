"""Pages solved by reading something and typing it: names, passwords, dates, sums, words out of tables and texts."""

from __future__ import annotations

import re

from omniactor.experts.web.clicking import ORDINALS
from omniactor.experts.web.fields import fill, fill_all, fill_and_submit, submit
from omniactor.experts.web.view import LostError, View, press
from omniactor.types import GuiAction

_LETTERS_ONLY = re.compile(r"[^a-zA-Z]+")


def quoted_text(view: View) -> GuiAction:
    """Type the quoted text, then submit."""
    return fill_and_submit(view, view.quoted())


def text_in_case(view: View) -> GuiAction:
    """Type the quoted text in capitals or in small letters, then submit."""
    text = view.quoted()
    return fill_and_submit(view, text.upper() if "upper case" in view.instruction else text.lower())


def password_twice(view: View) -> GuiAction:
    """Type the password into both fields, then submit."""
    word = view.quoted()
    fields = [(view.one("#password"), word, "password field"), (view.one("#verify"), word, "second password field")]
    return fill_all(view, fields) or submit(view)


def login(view: View) -> GuiAction:
    """Type user name and password, then press the button; a question that comes up in between is answered with Cancel."""
    if view.shown("#popup"):
        return view.click(view.one("#popup-cancel"), "the button 'Cancel'")
    fields = [
        (view.one("#username"), view.quoted(0), "username field"),
        (view.one("#password"), view.quoted(1), "password field"),
    ]
    return fill_all(view, fields) or submit(view)


def date(view: View) -> GuiAction:
    """Type a date into the browser's own date field, which takes its parts one by one, then submit."""
    month, day, year = view.match(r"(\d\d)/(\d\d)/(\d{4})").groups()
    return _parts(view, f"{year}-{month}-{day}", f"{month}{day}{year}", f"{month}/{day}/{year}", "date field")


def time(view: View) -> GuiAction:
    """Type a time into the browser's own time field, then submit."""
    hour, minute, half = view.match(r"(\d+):(\d\d)\s*([AP])M").groups()
    whole = int(hour) % 12 + (12 if half == "P" else 0)
    shown = f"{int(hour):02d}:{minute} {half}M"
    return _parts(view, f"{whole:02d}:{minute}", f"{int(hour):02d}{minute}{half}", shown, "time field")


def arithmetic(view: View) -> GuiAction:
    """Work out a sum, a difference or a product, type it, then submit."""
    one, sign, two = re.search(r"(\d+) ([-+x]) (\d+)", view.one("#math-problem").text).groups()
    result = {"+": int(one) + int(two), "-": int(one) - int(two), "x": int(one) * int(two)}[sign]
    return fill_and_submit(view, str(result), "#math-answer")


def algebra(view: View) -> GuiAction:
    """Solve for x, type it, then submit."""
    left, sign, right, total = re.search(r"(\w+) ([-+]) (\w+) = (-?\d+)", view.one("#math-problem").text).groups()
    if left == "x":
        result = int(total) - int(right) if sign == "+" else int(total) + int(right)
    else:
        result = int(total) - int(left) if sign == "+" else int(left) - int(total)
    return fill_and_submit(view, str(result), "#math-answer")


def count_blocks(view: View) -> GuiAction:
    """Type how many blocks there are, then submit."""
    return fill_and_submit(view, str(len(view.all(".addition-block"))), "#math-answer")


def distorted_text(view: View) -> GuiAction:
    """Type the slanted letters, then submit."""
    return fill_and_submit(view, view.one("#captcha").text)


def nth_word(view: View) -> GuiAction:
    """Type the word at a place in the paragraph, then submit."""
    words = view.one("#area p").text.split()
    place = int(view.match(r"(\d+)(st|nd|rd|th) word")[1]) - 1
    return fill_and_submit(view, _LETTERS_ONLY.sub("", words[place]), "#answer-input")


def table_value(view: View) -> GuiAction:
    """Type the value of a key of the table, then submit."""
    return fill_and_submit(view, _table(view)[view.match(r"value of (.+?) into")[1]])


def table_values(view: View) -> GuiAction:
    """Type the value of each labelled key of the table, then submit."""
    table, fields = _table(view), []
    for label, field in (("#ll1", "#tt1"), ("#ll2", "#tt2")):
        key = view.one(label).text.rstrip(":")
        fields.append((view.one(field), table[key], f"field '{key}'"))
    return fill_all(view, fields) or submit(view)


def movie_search(view: View) -> GuiAction:
    """Fill in genre, director and year, wherever the form has them, then submit."""
    genre, name, year = view.match(r"Search for (.+) movies directed by (.+) from year (\d+)").groups()
    wanted = {"genre": genre, "director": name, "year": year, "date": year}
    inputs = view.all("#area input[type=text]")
    labels = view.script(_ROW_LABELS)
    fields = [(field, _of(wanted, label), f"field '{label}'") for field, label in zip(inputs, labels, strict=True)]
    action = fill_all(view, fields)
    if action is not None:
        return action
    button = next(element for element in view.shown("#area button, #area .final, #area .ui-submit") if element.text)
    return view.click(button, f"the button '{button.text}'")


def completed_text(view: View) -> GuiAction:
    """Type an item of the list that starts, and ends, as asked; close the suggestions; then submit."""
    start, end = view.quoted(0), view.quoted(1) if view.instruction.count('"') > 2 else ""
    item = next(item for item in view.script("ui_utils.COUNTRIES") if item.startswith(start) and item.endswith(end))
    field = view.one("#tags")
    if field.value != item and view.shown(".ui-autocomplete"):
        suggested = [entry for entry in view.shown(".ui-autocomplete li") if entry.text == item]
        if suggested and field.value == start and suggested[0].point is not None:
            return view.click(suggested[0], f"the suggestion '{item}'")
    if field.value == item and view.shown(".ui-autocomplete"):
        return press("esc", "Press escape to close the suggestions")
    return fill(view, field, item if field.value == start else start, "text field") if field.value != item else submit(view)


def guess(view: View) -> GuiAction:
    """Guess a number from 0 to 9. The page shows its last answer only, so each guess goes one on from there; first comes 5."""
    answers = {element.id: element.text for element in view.shown("#feedback div")}
    number = 5
    for name, step in (("higher", 1), ("lower", -1)):
        if name in answers:
            number = int(re.search(r"-?\d+", answers[name])[0]) + step
    return fill_and_submit(view, str(number), "#tt", "#subbtn", "number field")


def search_result(view: View) -> GuiAction:
    """Search for the quoted name, go to the page with the result of the number, click it."""
    name, number = view.quoted(), int(view.match(r"(\d+)(st|nd|rd|th) search result")[1]) - 1
    field = view.one("#search-text")
    results = view.all("#page-content a")
    if field.value != name:
        return fill(view, field, name, "search field")
    numbers = [int(result.attributes["data-result"]) for result in results]
    if not numbers or numbers[0] < 0:
        return view.click(view.one("#search"), "the button 'Search'")
    if number in numbers:
        link = results[numbers.index(number)]
        return view.click(link, f"the result '{link.text}'")
    page = view.named("#pagination a", str(number // 3 + 1))
    return view.click(page, f"page {number // 3 + 1} of the results")


def form_radio_and_number(view: View) -> GuiAction:
    """Choose the radio button, type the number into the text box asked for, then submit."""
    radio, number, box = view.match(r'the (\w+) radio button and enter the number "(-?\d+)" into the (\w+) textbox').groups()
    chosen = view.all("#area input[type=radio]")[ORDINALS[radio]]
    if not chosen.checked:
        return view.click(chosen, f"the {radio} radio button")
    boxes = view.all("#area input[type=text]")
    fields = [(field, number if place == ORDINALS[box] else "", f"{name} text box")
              for (name, place), field in zip(ORDINALS.items(), boxes, strict=False)]  # fmt: skip
    return fill_all(view, fields) or submit(view)


def delete_file(view: View) -> GuiAction:
    """List the files of the terminal's folder, then delete one with the extension asked for."""
    extension = re.search(r"extension (\.[\w.]+)", view.instruction)
    listed = [name for output in view.all(".terminal-output .output") for name in output.text.split()]
    names = [name for name in listed if name in set(view.script("currentFiles"))]
    fitting = [name for name in names if (name.endswith(extension[1]) if extension else "." not in name)]
    command = f"rm {fitting[0]}" if fitting else "ls"
    typed = view.one("#active-input").text
    if not view.one("#terminal-target").focused:
        return view.click(view.one("#terminal-contents"), "the terminal")
    if typed == command:
        return press("enter", f"Press enter to run '{command}'")
    if not command.startswith(typed):
        return press(("backspace",) * min(len(typed), 100), "Delete what is typed")
    return GuiAction("write", text=command[len(typed) :], description=f"Type '{command}' into the terminal")


def copied_text(view: View) -> GuiAction:
    """Copy a text area's text and paste it into the field, then submit."""
    areas = view.all("#area textarea")
    numbered = re.search(r"\d(st|nd|rd)", view.instruction)
    area = areas[ORDINALS[numbered[0]] if numbered else 0]
    name = f"the {numbered[0]} text area" if numbered else "the text area"
    field = view.one("#answer-input")
    if field.value == area.value:
        return submit(view)
    if area.focused:
        if area.selection != (0, len(area.value)):
            return GuiAction("hotkey", keys=("ctrl", "a"), description=f"Select everything in {name}")
        if not view.copied(area.value):
            return GuiAction("hotkey", keys=("ctrl", "c"), description=f"Copy the text of {name}")
        return view.click(field, "the text field")
    if field.focused and view.copied(area.value):
        if field.value and field.selection != (0, len(field.value)):
            return GuiAction("hotkey", keys=("ctrl", "a"), description="Select everything in the text field")
        return GuiAction("hotkey", keys=("ctrl", "v"), description="Paste the text into the text field")
    return view.click(area, name)


def _parts(view: View, value: str, keys: str, words: str, name: str) -> GuiAction:
    """Type into a field with parts of its own; what is wrong in it is typed over from its first part on."""
    field = view.one("#tt")
    if field.value == value:
        return submit(view)
    if not field.focused:
        x0, y0, _, y1 = field.rect
        return view.at("click", (x0 + 9, (y0 + y1) / 2), f"Click the first part of the {name}", field.box)
    return GuiAction("write", text=keys, description=f"Type '{words}' into the {name}")


def _table(view: View) -> dict[str, str]:
    cells = [cell.text for cell in view.all("#tab td")]
    return dict(zip(cells[::2], cells[1::2], strict=True))


def _of(wanted: dict[str, str], label: str) -> str:
    for word, value in wanted.items():
        if word in label.lower():
            return value
    raise LostError(f"expected a field for genre, director or year, got {label!r}")


_ROW_LABELS = """Array.from(document.querySelectorAll('#area input[type=text]')).map(field => {
  for (let up = field.parentElement; up && up.id !== 'area'; up = up.parentElement)
    if (up.textContent.trim()) return up.textContent.replace(':', '').trim();
  return field.placeholder || '';
})"""
