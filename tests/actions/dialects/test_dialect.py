"""The contract of every dialect: what it prints it reads, and nothing but an ActionError comes out of rubbish."""

import json
import random
import time

import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError
from omniactor.types import GUI_KINDS, GuiAction

SIZES = [(1080, 2400), (1920, 1080), (2560, 1600), (160, 210)]
TEXT = 'it\'s "so"\n[half] {price}: 5\\6 é中🦾, ok'
DESCRIPTION = "Tap on the search icon."
EXAMPLES = {
    "click": [{"point": (0.634, 0.927)}, {"point": (0, 0)}, {"point": (1, 1)}],
    "double_click": [{"point": (0.634, 0.927)}],
    "triple_click": [{"point": (0.634, 0.927)}],
    "right_click": [{"point": (0.634, 0.927)}],
    "middle_click": [{"point": (0.634, 0.927)}],
    "long_press": [{"point": (0.634, 0.927)}, {"point": (0.5, 0.5), "seconds": 2}],
    "move": [{"point": (0.634, 0.927)}],
    "drag": [{"point": (0.1, 0.2), "end": (0.8, 0.9)}],
    "swipe": [{"point": (0.5, 0.8), "end": (0.5, 0.2)}],
    "scroll": [
        {"pages": sign * 0.5, "axis": axis, "point": point}
        for sign in (1, -1)
        for axis in ("vertical", "horizontal")
        for point in (None, (0.25, 0.75))
    ],
    "write": [{"text": TEXT}, {"text": "x"}],
    "press": [{"keys": ["enter"]}],
    "hotkey": [{"keys": ["ctrl", "c"]}],
    "select": [{"point": (0.634, 0.927), "text": "Red"}],
    "open_app": [{"text": "Google Chrome"}],
    "home": [{}],
    "back": [{}],
    "recent": [{}],
    "wait": [{}, {"seconds": 2}],
    "answer": [{"text": TEXT}],
    "terminate": [{"status": "success"}, {"status": "failure"}],
}


def close(got, expected, size, name):
    if expected is None or got is None:
        return expected is None or name == "qwen"
    # Half a unit of the coarsest dialect: SeeClick's two decimals, or half a pixel of a small screen.
    return all(abs(a - b) <= max(0.0051, 0.6 / side) for a, b, side in zip(got, expected, size, strict=True))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", DIALECTS)
def test_what_it_prints_it_reads(name, size):
    dialect = DIALECTS[name]
    assert dialect.kinds <= set(GUI_KINDS)
    for kind in dialect.kinds:
        for fields in EXAMPLES[kind]:
            action = GuiAction(kind, **fields, description=DESCRIPTION)
            text = dialect.print(action, size)
            read = dialect.parse(text, size)
            assert read.kind == kind, text
            assert (read.text or None, read.keys, read.status, read.axis) == (
                action.text,
                action.keys,
                action.status,
                action.axis,
            ), text
            assert (read.pages or 0) * (action.pages or 0) >= 0, text
            assert close(read.end, action.end, size, name), text
            if kind != "scroll":
                assert close(read.point, action.point, size, name) or (kind == "drag" and read.point is None), text
            assert read.description in ("", DESCRIPTION)
            assert dialect.print(read, size) == dialect.print(dialect.parse(dialect.print(read, size), size), size), text


@pytest.mark.parametrize("name", DIALECTS)
def test_what_it_has_no_words_for_it_says(name):
    for kind in set(GUI_KINDS) - DIALECTS[name].kinds:
        with pytest.raises(ActionError, match=f"that {name} can say .*got {kind}"):
            DIALECTS[name].print(GuiAction(kind, **EXAMPLES[kind][0]), (100, 100))


@pytest.mark.parametrize("name", DIALECTS)
def test_two_thousand_mutated_answers_give_an_action_or_one_error(name):
    dialect, draw = DIALECTS[name], random.Random(name)
    texts = [
        dialect.print(GuiAction(kind, **fields, description=DESCRIPTION), (1080, 2400))
        for kind in sorted(dialect.kinds)
        for fields in EXAMPLES[kind]
    ]
    pieces = [
        "",
        "(",
        ")",
        "'",
        '"',
        "\\",
        ",",
        "[",
        "]",
        "{",
        "}",
        ":",
        "9",
        "99999999999",
        "-",
        "e9",
        ".",
        "\0",
        "🦾",
        "\n",
        "null",
        "<",
        "|",
        "\\ud83d",
    ]
    for _ in range(2000):
        text = list(draw.choice(texts))
        for _ in range(draw.randint(1, 5)):
            at = draw.randrange(len(text) + 1)
            text[at : at + draw.randint(0, 5)] = draw.choice(pieces)
        try:
            assert isinstance(dialect.parse("".join(text), (1080, 2400)), GuiAction)
        except ActionError as error:
            assert "\n" not in str(error)
            assert len(str(error)) < 600


ODD = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    10**5000,
    "",
    "x",
    "\ud83d",
    [],
    [None],
    [1],
    [1, 2, 3],
    [[1], [2]],
    {},
    {"x": 1},
    "100,200",
    [1e300, 1],
]


@pytest.mark.parametrize("name", DIALECTS)
def test_objects_with_any_values_give_an_action_or_one_error(name):
    dialect, draw = DIALECTS[name], random.Random(name)
    objects = []
    for kind in sorted(dialect.kinds):
        for fields in EXAMPLES[kind]:
            text = dialect.print(GuiAction(kind, **fields), (1080, 2400))
            try:
                objects.append(json.loads(text[text.index("{") : text.rindex("}") + 1]))
            except ValueError:
                objects.append({"action": "click"})
    for _ in range(1000):
        given = json.loads(json.dumps(draw.choice(objects)))
        inner = given.get("arguments", given)
        for key in draw.sample(list(inner), draw.randint(1, len(inner))):
            inner[key] = draw.choice(ODD)
        try:
            dialect.parse(given, (1080, 2400))
        except ActionError as error:
            assert "\n" not in str(error)


HOSTILE = ["{" * 10**6, '{"a":' * 200_000, "[" * 10**6, '{"action": "click", "coordinate": [' + "9" * 900_000, "Action: " * 120_000, "Action:\n" * 120_000,
           "<think>" * 100_000, "actions:\nCLICK " * 60_000, "{'a': " * 150_000, " \n" * 500_000, "'" * 10**6, "1, " * 300_000,
           '{"action": "type", "text": "' + "\\" * 900_000, "<box>" * 190_000, "mobile." * 140_000, "pyautogui.\n" * 90_000]  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
def test_a_megabyte_of_anything_is_answered_at_once(name):
    for text in HOSTILE:
        start = time.process_time()
        with pytest.raises(ActionError):
            DIALECTS[name].parse(text, (1080, 2400))
        assert time.process_time() - start < 2, text[:20]


@pytest.mark.parametrize("name", DIALECTS)
def test_an_answer_that_is_too_long_or_of_another_type_is_refused(name):
    for answer in ("x" * 1_000_001, None, 5, b"click", ["click"]):
        with pytest.raises(ActionError):
            DIALECTS[name].parse(answer, (1080, 2400))


@pytest.mark.parametrize("size", [None, (0, 5), (5,), (1.5, 2), "ab"])
def test_a_size_is_two_positive_whole_numbers(size):
    with pytest.raises(ActionError, match="size as"):
        DIALECTS["claude"].parse("{}", size)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_prompt_holds_the_task_and_marks_one_place_for_the_picture(name):
    dialect = DIALECTS[name]
    if dialect.asks is None:
        with pytest.raises(ActionError, match="documented prompt"):
            dialect.prompt("Open Chrome", [], (1080, 2400))
        return
    messages = dialect.prompt("Open\nChrome", ["Tap on it."], (1080, 2400))
    assert messages[-1]["role"] == "user"
    assert "Open Chrome" in messages[-1]["content"]
    assert (
        [message["content"].count("<image>") for message in messages][-1] == sum("<image>" in m["content"] for m in messages) == 1
    )


@pytest.mark.parametrize(
    "name", [name for name in DIALECTS if name not in ("aria-ui", "uground", "magma", "agentcpm-gui") and DIALECTS[name].asks]
)
def test_a_prompt_tells_what_was_done(name):
    assert "Tap on it." in DIALECTS[name].prompt("Open Chrome", ["Tap on it."], (1080, 2400))[-1]["content"]
