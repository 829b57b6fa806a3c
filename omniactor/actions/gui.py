r"""The grammar of GUI actions: `Action: ...` and `Operation: pyautogui.click(x=0.634, y=0.927)`, printed and parsed.

The paper (arXiv 2509.02322, Figure 2) shows the turn and one operation; the other operations are those
of Aguvis' data, which the paper trains on (xlang-ai/aguvis, `src/aguvis/constants.py`). Aguvis' sign of
`scroll` holds: a negative page goes down. `mobile.recent`, the point of a scroll, the seconds of a long
press and the text of `terminate` are ours, for what Aguvis cannot say and other data can.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from omniactor.actions.calls import Value, excerpt, quote, read_call, unescape
from omniactor.errors import ActionError, InputError
from omniactor.types import GuiAction

WHEEL_PAGES = 0.1
"""What one click of a mouse wheel is taken for, in pages, where data counts wheel clicks: three lines of thirty."""

FUNCTIONS: dict[str, tuple[str, str, str]] = {
    "click": ("pyautogui.click", "x, y", "click or tap a place"),
    "double_click": ("pyautogui.doubleClick", "x?, y?", "click it twice"),
    "triple_click": ("pyautogui.tripleClick", "x?, y?", "click it three times, which selects a line of text"),
    "right_click": ("pyautogui.rightClick", "x?, y?", "click it with the right button"),
    "middle_click": ("pyautogui.middleClick", "x?, y?", "click it with the middle button"),
    "long_press": ("mobile.long_press", "x, y, seconds?", "touch a place and hold"),
    "move": ("pyautogui.moveTo", "x, y", "move the pointer"),
    "drag": ("pyautogui.dragTo", "from_coord?, to_coord", "drag with the mouse, by default from where the pointer is"),
    "swipe": ("mobile.swipe", "from_coord, to_coord", "swipe with a finger; the content moves with it"),
    "scroll": ("pyautogui.scroll", "page, x?, y?", "scroll by this many screenfuls: negative is down, positive is up"),
    "hscroll": ("pyautogui.hscroll", "page, x?, y?", "scroll sideways: positive is right, negative is left"),
    "write": ("pyautogui.write", "message", "type a text where the cursor is"),
    "press": ("pyautogui.press", "keys", "press a key, or several one after the other"),
    "hotkey": ("pyautogui.hotkey", "keys", "press several keys together"),
    "select": ("browser.select_option", "x, y, value", "choose an option of the list at a place"),
    "open_app": ("mobile.open_app", "app_name", "open an app by its name"),
    "home": ("mobile.home", "", "go to the home screen"),
    "back": ("mobile.back", "", "go back"),
    "recent": ("mobile.recent", "", "show the apps used last"),
    "wait": ("mobile.wait", "seconds?", "wait for the screen to change"),
    "answer": ("answer", "text", "tell the user something"),
    "terminate": ("terminate", "status, text?", "end the task; status is 'success' or 'failure'"),
}
"""Kind of action -> the function that stands for it, its parameters ("?" marks what may be left out), and what it does."""

_ALIASES = {
    "pyautogui.leftClick": "click", "pyautogui.typewrite": "write", "pyautogui.vscroll": "scroll", "time.sleep": "wait",
    "pyautogui.sleep": "wait", "pyautogui.wait": "wait", "pyautogui.terminate": "terminate", "mobile.terminate": "terminate",
    "computer.terminate": "terminate", "mobile.answer": "answer", "computer.answer": "answer",
}  # fmt: skip
_KINDS = {function: kind for kind, (function, _, _) in FUNCTIONS.items()} | _ALIASES
_IGNORED = ("duration", "interval", "tween", "logScreenshot")
_BUTTONS = {"left": "click", "right": "right_click", "middle": "middle_click"}
_CLICKS = {1: "click", 2: "double_click", 3: "triple_click"}
_OPERATION = re.compile(r"^[ \t]*Operation:[ \t]*", re.MULTILINE)
_ACTION = re.compile(r"^[ \t]*Action:", re.MULTILINE)
# Models forget to escape quotes in what they type; with a single text to read, the last quote ends it.
_LOOSE = re.compile(r"\s*([\w.]+)\s*\(\s*(?:\w+\s*=\s*)?(['\"])")


def parse_operation(text: str) -> GuiAction:
    """Return the action that one operation such as `pyautogui.click(x=0.634, y=0.927)` stands for.

    Positional and named arguments, both kinds of quotes and pyautogui's `button=`, `clicks=` and `presses=`
    are understood. Nothing is ever run.

    Raises:
        ActionError: not exactly one known operation with fitting arguments.
    """
    if not isinstance(text, str):
        raise ActionError(f"expected an operation as text, got {type(text).__name__}")
    try:
        call = read_call(text)
        if text[call.end :].strip():
            raise ActionError(f"expected one operation, got {excerpt(text[call.end :].strip())} after it")
        name, positional, named = call.name, call.positional, call.named
    except ActionError:
        name, positional, named = _read_loosely(text)
    kind = _KINDS.get(name)
    if kind is None:
        # What a model calls most resembles something; naming it is the shortest way to say what was expected.
        near = difflib.get_close_matches(name[:60], _KINDS, 1, 0.5)
        raise ActionError(f"expected an operation such as {near[0] if near else 'pyautogui.click'}, got {excerpt(name)}")
    return _action(kind, name, positional, dict(named))


def parse_response(text: str) -> GuiAction:
    """Return the action of a model's turn: a line `Action: ...` and a line `Operation: ...`.

    Raises:
        ActionError: no `Operation:` line, or an operation that `parse_operation` refuses.
    """
    if not isinstance(text, str):
        raise ActionError(f"expected an answer as text, got {type(text).__name__}")
    operation = _OPERATION.search(text)
    if not operation:
        raise ActionError(f"expected a line 'Operation: ...' in the answer, got {excerpt(text.strip())}")
    action = parse_operation(text[operation.end() :])
    before = text[: operation.start()]
    said = _ACTION.search(before)
    fields = {name: value for name, value in vars(action).items() if name != "description"}
    return GuiAction(**fields, description=before[said.end() :] if said else "")


def print_operation(action: GuiAction, decimals: int | None = 3) -> str:
    """Return the operation of an action, without its description.

    Args:
        action: what is printed.
        decimals: of the coordinates, three as in the paper; None prints as many as it takes to read the
            same numbers back.
    """
    kind = "hscroll" if action.axis == "horizontal" else action.kind
    function, parameters, _ = FUNCTIONS[kind]
    arguments = []
    for parameter in parameters.replace("?", "").split(", ") if parameters else ():
        value = _printed(parameter, action, decimals)
        if value is not None:
            arguments.append(f"{parameter}={value}")
    if kind == "answer":
        return f"answer({quote(action.text)})"
    return f"{function}({', '.join(arguments)})"


def print_response(action: GuiAction, decimals: int | None = 3) -> str:
    """Return the whole turn, as the paper's Figure 2 shows it. `decimals` as in `print_operation`."""
    return f"Action: {action.description}\nOperation: {print_operation(action, decimals)}"


def system_prompt() -> str:
    """Return what the model is told before everything else: its task, its two lines, its functions."""
    functions = "\n".join(
        f"- {function}({', '.join(sorted(parameters.replace('?', '=None').split(', '), key=lambda p: '=' in p))}): {about}"
        for function, parameters, about in FUNCTIONS.values()
    )
    return (
        "You are a GUI agent. You see a screenshot, an instruction and the actions done so far, and decide on one next action.\n"
        "Coordinates are fractions of the screenshot's width and height: 0.000 is left or top, 1.000 is right or bottom.\n"
        f"Your operations are:\n{functions}"
    )


def user_turn(instruction: str, history: Sequence[str] = ()) -> str:
    """Return the user's turn in the paper's words.

    Args:
        instruction: the task; line breaks become spaces, so that it cannot pose as another part of the turn.
        history: what was done so far, in words, oldest first; "None" is printed when there is nothing.

    Raises:
        InputError: a text with `<image>` in it, which would count as a second picture.
    """
    steps = "\n".join(f"Step {number}: {one_line(text)}" for number, text in enumerate(history, 1)) or "None"
    return (
        "<image> Please generate the next move according to the UI screenshot, instruction and previous actions.\n"
        f"Instruction: {one_line(instruction)}\nPrevious actions:\n{steps}\n"
        "Please generate the natural language description of the current action in 'Action: ' "
        "and the specific execution action in 'Operation: '."
    )


def one_line(text: str) -> str:
    """Return a user's text as one line, so that it can be part of a prompt and cannot pose as another part.

    Raises:
        InputError: it holds `<image>`, which would count as a second picture.
    """
    line = " ".join(text.split())
    if "<image>" in line:
        raise InputError(f"expected an instruction and history without the marker <image>, got {excerpt(line)}")
    return line


def _read_loosely(text: str) -> tuple[str, list[Value], dict[str, Value]]:
    """Read a call whose only argument is a text with unescaped quotes in it."""
    opening = _LOOSE.match(text)
    body = text.rstrip().removesuffix(")").rstrip()
    kind = _KINDS.get(opening[1]) if opening else None
    if kind not in ("write", "answer") or not text.rstrip().endswith(")") or not body[opening.end() :].endswith(opening[2]):
        read_call(text)  # says what is wrong
        raise ActionError(f"expected one operation, got {excerpt(text.strip())}")
    return opening[1], [unescape(body[opening.end() : -1])], {}


def _action(kind: str, name: str, positional: list[Value], named: dict[str, Value]) -> GuiAction:
    for parameter in _IGNORED:
        named.pop(parameter, None)
    if kind in ("press", "hotkey"):
        return _keys(kind, name, positional, named)
    if kind in ("scroll", "hscroll"):
        return _scroll(kind, name, positional, named)
    if kind == "click":
        kind = _BUTTONS.get(str(named.pop("button", "left")), kind)
        clicks = named.pop("clicks", 1)
        kind = _CLICKS.get(clicks, kind) if kind == "click" and isinstance(clicks, int) else kind
    if kind == "drag":
        named.pop("button", None)
        if "to_coord" not in named and ((len(positional) == 2 and not isinstance(positional[0], list)) or "x" in named):
            x, y = positional if len(positional) == 2 else (named.pop("x", None), named.pop("y", None))
            positional, named = [], {**named, "to_coord": [x, y]}
        elif len(positional) == 1 and not named:
            positional, named = [], {"to_coord": positional[0]}
    if positional and isinstance(positional[0], list) and FUNCTIONS[kind][1].startswith(("x, y", "x?, y?")):
        positional = [*positional[0], *positional[1:]]
    return _bound(kind, name, positional, named)


def _bound(kind: str, name: str, positional: list[Value], named: dict[str, Value]) -> GuiAction:
    """Put the arguments of a call where a GuiAction has them."""
    parameters = [parameter for parameter in FUNCTIONS[kind][1].replace("?", "").split(", ") if parameter]
    if len(positional) > len(parameters):
        raise ActionError(f"expected {name}({FUNCTIONS[kind][1]}), got {len(positional)} arguments")
    given = dict(zip(parameters, positional, strict=False))
    for parameter, value in named.items():
        if parameter not in parameters or parameter in given:
            raise ActionError(f"expected {name}({FUNCTIONS[kind][1]}), got {parameter}")
        given[parameter] = value
    fields: dict[str, object] = {}
    if "x" in given or "y" in given:
        fields["point"] = (given.pop("x", None), given.pop("y", None))
    names = {"from_coord": "point", "to_coord": "end", "message": "text", "value": "text", "app_name": "text", "page": "pages"}
    fields |= {names.get(parameter, parameter): value for parameter, value in given.items()}
    axis = {"scroll": "vertical", "hscroll": "horizontal"}.get(kind)
    return GuiAction("scroll" if axis else kind, axis=axis, **fields)


def _keys(kind: str, name: str, positional: list[Value], named: dict[str, Value]) -> GuiAction:
    presses = named.pop("presses", 1)
    given = named.pop("keys", None)
    if kind == "press" and len(positional) == 2 and isinstance(positional[1], int):
        presses = positional.pop()
    if named or (given is None) == (not positional):
        raise ActionError(f"expected {name}(keys=[...]), got {excerpt(', '.join(named)) if named else 'other arguments'}")
    keys = given if given is not None else positional[0] if isinstance(positional[0], list) else positional
    keys = [keys] if isinstance(keys, str) else keys
    if isinstance(presses, bool) or not isinstance(presses, int) or not 1 <= presses <= 100:
        raise ActionError(f"expected presses from 1 to 100, got {excerpt(repr(presses))}")
    return GuiAction(kind, keys=keys * presses if isinstance(keys, list) and len(keys) <= 100 else keys)


def _scroll(kind: str, name: str, positional: list[Value], named: dict[str, Value]) -> GuiAction:
    # pyautogui itself counts wheel clicks: an integer without a name is a count, anything else a part of a page.
    clicks = named.pop("clicks", None)
    if positional and isinstance(positional[0], int) and not isinstance(positional[0], bool):
        clicks, positional = positional[0], positional[1:]
        named |= dict(zip(("x", "y"), positional, strict=False)) if len(positional) == 2 else {}
        positional = [] if len(positional) == 2 else positional
    if isinstance(clicks, (int, float)) and not isinstance(clicks, bool):
        named["page"] = round(clicks * WHEEL_PAGES, 6) if abs(clicks) < 1e9 else clicks
    return _bound(kind, name, positional, named)


def _printed(parameter: str, action: GuiAction, decimals: int | None) -> str | None:
    point = {"from_coord": action.point, "to_coord": action.end}.get(parameter)
    if point is not None:
        return f"[{_coordinate(point[0], decimals)}, {_coordinate(point[1], decimals)}]"
    if parameter in ("x", "y"):
        return None if action.point is None else _coordinate(action.point["xy".index(parameter)], decimals)
    if parameter == "keys":
        keys = [quote(key) for key in action.keys]
        return keys[0] if action.kind == "press" and len(keys) == 1 else f"[{', '.join(keys)}]"
    if parameter in ("page", "seconds"):
        number = action.pages if parameter == "page" else action.seconds
        return None if number is None else repr(number).removesuffix(".0")
    text = action.status if parameter == "status" else action.text
    return None if parameter == "from_coord" or text is None else quote(text)


def _coordinate(value: float, decimals: int | None) -> str:
    return repr(value) if decimals is None else f"{value:.{decimals}f}"
