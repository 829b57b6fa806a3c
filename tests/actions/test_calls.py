import random

import pytest

from omniactor.actions.calls import quote, read_call
from omniactor.errors import ActionError


def test_a_call_is_taken_apart_into_its_literals():
    call = read_call(" a.b ( 1, -.5,'x', k = [1, (2.0, \"y\"),], on=True, off=None ) rest")
    assert call.name == "a.b"
    assert call.positional == [1, -0.5, "x"]
    assert call.named == {"k": [1, [2.0, "y"]], "on": True, "off": None}
    assert call.end == len(" a.b ( 1, -.5,'x', k = [1, (2.0, \"y\"),], on=True, off=None )")


def test_every_text_survives_quoting_exactly_and_on_one_line():
    draw = random.Random(0)
    alphabet = "ab'\"\\\n\r\t\0\x1b\x85\u2028\u200bé中🦾(),=nxuU0"
    for _ in range(2000):
        text = "".join(draw.choices(alphabet, k=draw.randrange(12)))
        assert len(quote(text).splitlines()) == 1
        assert read_call(f"f({quote(text)}, k={quote(text)})").positional == [text]


@pytest.mark.parametrize(
    ("literal", "meant"),
    [
        (r"'a\'b'", "a'b"), (r'"a\"b"', 'a"b'), (r"'\x41\u00e9\U0001f9be'", "Aé🦾"), (r"'C:\dir'", r"C:\dir"),
        ("'two\nlines'", "two\nlines"), ("''", ""), (r"'\\n'", r"\n"), (r"'\U99999999'", r"\U99999999"),
    ],
)  # fmt: skip
def test_escapes_mean_what_they_mean_in_python(literal, meant):
    assert read_call(f"f({literal})").positional == [meant]


@pytest.mark.parametrize(
    "text",
    ["", "f", "f(", "f(1", "f(1,", "f(,)", "f(1 2)", "f('a)", "f(a)", "f(k=)", "f(k=1, k=2)", "f(k=1, 2)", "f([1)", "f([[[[[[1]]]]]])",
     "f(1e999999)", "f(1_000)", "f(0x10)", "f(open('x'))", "f(1+1)", "f(*a)", "f(" + "1" * 50 + ")", "9f(1)", "f)1("],
)  # fmt: skip
def test_what_is_no_call_of_literals_is_refused_in_one_line(text):
    with pytest.raises(ActionError) as caught:
        read_call(text)
    assert "\n" not in str(caught.value)
