"""Pages with a calendar: month by month to a day."""

from __future__ import annotations

from omniactor.experts.web.fields import submit
from omniactor.experts.web.view import View
from omniactor.types import GuiAction

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def picked_date(view: View) -> GuiAction:
    """Open the calendar, go to the month, click the day, then submit."""
    text = view.match(r"\d\d/\d\d/\d{4}")[0]
    month, day, year = (int(part) for part in text.split("/"))
    field = view.one("#datepicker")
    if field.value == text:
        return submit(view)
    if not view.shown("#ui-datepicker-div"):
        return view.click(field, "the date field")
    shown = _MONTHS.index(view.one(".ui-datepicker-month").text) + 12 * int(view.one(".ui-datepicker-year").text)
    wanted = month - 1 + 12 * year
    if shown != wanted:
        way, words = ("next", "the arrow to the next month") if shown < wanted else ("prev", "the arrow to the month before")
        return view.click(view.one(f".ui-datepicker-{way}"), words)
    return view.click(view.named("#ui-datepicker-div td a", str(day)), f"day {day}")
