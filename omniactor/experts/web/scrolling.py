"""Pages that hold more than they show: lists, texts, mailboxes, feeds."""

from __future__ import annotations

import re

from omniactor.experts.web.fields import fill, fill_and_submit, submit
from omniactor.experts.web.view import Element, View, quote
from omniactor.types import GuiAction

_MARK_OF_LETTERS = re.compile(r"[^a-zA-Z0-9]")


def last_word(view: View) -> GuiAction:
    """Scroll a text area to its end, type its last word, then submit."""
    area = view.one("#text-area")
    word = _MARK_OF_LETTERS.sub("", area.value.split()[-1])
    field = view.one("#answer-input")
    if field.value != word and not field.focused:
        left = view.script("(e => e.scrollHeight - e.clientHeight - e.scrollTop)(document.getElementById('text-area'))")
        if left > 2:
            return view.scroll(area.point, left, "to the end of the text")
    return fill_and_submit(view, word, "#answer-input")


def scrolled_text(view: View) -> GuiAction:
    """Scroll a text area to its top or bottom, then submit."""
    area = view.one("#text-area")
    above, below = view.script(
        "(e => [e.scrollTop, e.scrollHeight - e.clientHeight - e.scrollTop])(document.getElementById('text-area'))"
    )
    down, where = (below, "bottom") if "bottom of the text" in view.instruction else (-above, "top")
    if abs(down) > 2:
        return view.scroll(area.point, down, f"to the {where} of the text")
    return submit(view)


def agreement(view: View) -> GuiAction:
    """Scroll the agreement to its end, enter a name, press the button; or only press Cancel."""
    cancel = view.one("#cancel")
    if "enter the name" not in view.instruction:
        return view.click(cancel, "the button 'Cancel'")
    name, button = view.quoted(0), view.quoted(1)
    field, area = view.one("#name"), view.one("#text-area")
    if field.disabled:
        left = view.script("(e => e.scrollHeight - e.clientHeight - e.scrollTop)(document.getElementById('text-area'))")
        return view.scroll(area.point, left, "to the end of the agreement")
    return fill(view, field, name, "name field") or view.click(view.named("#area button", button), f"the button '{button}'")


def choose_from_list(view: View) -> GuiAction:
    """Choose an option of a drop-down list, then submit."""
    name = view.match(r"Select (.*) from the list")[1]
    field = view.one("#area select")
    if field.value == name:
        return submit(view, "#area button")
    return _select(view, field, name)


def food(view: View) -> GuiAction:
    """Order the dishes that are named, or a number of any that are of a kind, then order."""
    items = view.all(".food-item")
    names = [item.attributes["data-item"].strip() for item in items]
    have = [int(item.attributes["data-quantity"]) for item in items]
    named = re.match(r"Order one of each item: (.*)", view.instruction)
    if named:
        asked = {part.strip() for part in named[1].split(",")}
        want = [int(name in asked) for name in names]
    else:
        count, kind = view.match(r"Order (\d) items that are ([\w-]+)").groups()
        fits = [bool(view.script(f"!!document.querySelectorAll('.food-item')[{n}].querySelector('[alt={quote(kind)}]')"))
                for n in range(len(items))]  # fmt: skip
        want = [0] * len(items)
        left = int(count)
        for number, fitting in enumerate(fits):
            if fitting:
                want[number] = min(have[number], left)
                left -= want[number]
        if left:
            want[fits.index(True)] += left
    for number, (now, then) in enumerate(zip(have, want, strict=True)):
        if now != then:
            sign = ".add" if now < then else ".remove"
            button = view.all(f".food-item {sign}")[number]
            return view.click(button, f"'{'+' if now < then else '-'}' beside '{names[number]}'")
    return view.click(view.one("#submit-order button"), "the button 'Order!'")


def contact(view: View) -> GuiAction:
    """Leaf through the phone book to a person, then click phone number, email or address."""
    name, kind = view.match(r"Find (\S+) in the contact book and click on their (\w+)").groups()
    if view.one("#contact .name").text == name:
        link = view.one(f"#contact .{kind}")
        return view.click(link, f"the {kind} '{link.text}'")
    following = view.named("#pagination a", ">")
    if "disabled" in view.script("document.querySelector('#pagination .next').className"):
        return view.click(view.named("#pagination a", "<"), "'<' to go back")
    return view.click(following, "'>' to see the next contact")


def feed_action(view: View) -> GuiAction:
    """Find a user's post and click what is asked for; some of it is in the menu of three dots."""
    user, label = view.match(r'For the user (\S+), click on the "(.+)" button').groups()
    place = next(number for number, element in enumerate(view.all(".media .username")) if element.text == user)
    post = f".media:nth-child({place + 1})"
    if label in ("Reply", "Retweet", "Like"):
        return view.click(view.one(f"{post} .{label.lower()}"), f"'{label}' on the post by {user}")
    entry = next(element for element in view.all(f"{post} li") if element.text.startswith(label))
    if not entry.shown:
        return view.click(view.one(f"{post} .more"), f"the three dots on the post by {user}")
    return view.click(entry, f"'{entry.text}'")


def feed_actions(view: View) -> GuiAction:
    """Click a button on as many posts of a user as asked, or on all of them, then submit."""
    found = view.match(r'Click the "(\w+)" button on (all|\d+) posts? by (\S+) and then')
    label, count, user = found.groups()
    posts = [number for number, element in enumerate(view.all(".media .username")) if element.text == user]
    buttons = {number: view.one(f".media:nth-child({number + 1}) .{label.lower()}") for number in posts}
    active = [number for number in posts if "active" in buttons[number].classes]
    wanted = len(posts) if count == "all" else int(count)
    for number in posts:
        if len(active) < wanted and number not in active:
            return view.click(buttons[number], f"'{label}' on a post by {user}")
        if len(active) > wanted and number in active:
            return view.click(buttons[number], f"'{label}' on a post by {user} again")
    return view.click(view.one("#submitRow button"), "the button 'Submit'")


def email(view: View) -> GuiAction:
    """Find an email by its sender; delete it, star it, answer it or forward it."""
    name, action, text = _email_task(view)
    if view.shown("#reply"):
        area = view.one("#reply-text")
        return fill(view, area, text, "reply") or view.click(view.one("#send-reply"), "the icon that sends the reply")
    if view.shown("#forward"):
        field = view.one(".forward-sender")
        return fill(view, field, text, "field of the receiver") or view.click(
            view.one("#send-forward"), "the icon that sends it on"
        )
    if view.shown("#email"):
        if view.one("#email .email-sender").text != name:
            return view.click(view.one("#close-email"), "the arrow that closes the email")
        icon = {"delete": ".trash", "star": ".star", "reply": ".email-reply", "forward": ".email-forward"}[action]
        words = {"delete": "the trash icon", "star": "the star icon", "reply": "'Reply'", "forward": "'Forward'"}[action]
        return view.click(view.one(f"#email {icon}"), words)
    if view.shown("#search"):
        return view.click(view.one("#search-cancel"), "the arrow that closes the search")
    senders = [element.text for element in view.all("#main .email-thread .email-sender")]
    place = senders.index(name)
    if action in ("delete", "star"):
        icon = view.all(f"#main .email-thread .{'trash' if action == 'delete' else 'star'}")[place]
        return view.click(icon, f"the {'trash' if action == 'delete' else 'star'} icon of the email by {name}")
    return view.click(view.all("#main .email-thread .email-sender")[place], f"the email by {name}")


def _email_task(view: View) -> tuple[str, str, str]:
    """Return sender, what to do ("delete", "star", "reply", "forward") and the reply or the receiver."""
    said = view.instruction
    name = view.match(r"email by ([\w-]+)")[1]
    if "trash icon" in said or "delete" in said:
        return name, "delete", ""
    if "star icon" in said:
        return name, "star", ""
    if "reply" in said:
        return name, "reply", view.match(r'with the text "(.*)"')[1]
    return name, "forward", view.match(r"forward (?:that email|it) to ([\w-]+)")[1]


def _select(view: View, field: Element, name: str) -> GuiAction:
    if field.point is None:
        return view.reach(field, "the list")
    action = view.at("click", field.point, "", field.box)
    return GuiAction("select", point=action.point, text=name, description=f"Choose '{name}' from the list")
