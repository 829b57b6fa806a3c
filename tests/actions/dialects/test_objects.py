import pytest

from omniactor.actions.dialects.objects import first_object
from omniactor.errors import ActionError


@pytest.mark.parametrize(
    "answer",
    [
        '{"a": [1, 2], "b": null}',
        "{'a': [1, 2], 'b': None}",
        "{'a': (1, 2), 'b': None}",
        '```json\n{"a": [1, 2], "b": null}\n```',
        'so { then {"a": [1, 2], "b": null} and {"c": 1}',
        '<tool_call>\n{"a": [1, 2], "b": null}\n⚗\n',
        {"a": [1, 2], "b": None},
    ],
)
def test_the_first_object_is_found_in_whatever_surrounds_it(answer):
    assert first_object(answer) == {"a": [1, 2], "b": None}


@pytest.mark.parametrize("answer", ["", "none", "{", "{}", "[1]", '{"a": }', '{"a": ' + "9" * 5000 + "}", "{" * 50 + '"a": 1}'])
def test_no_object_is_an_error(answer):
    with pytest.raises(ActionError, match="object"):
        first_object(answer)
