import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError
from omniactor.types import GuiAction

SIZE = (3840, 1718)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("aria-ui", "[576, 12]"), ("aria-ui", "```\n[576, 12]\n```<|im_end|>"), ("uground", "(576, 12)"), ("uground", "(576, 12)<|im_end|>"), ("uground", "576, 12"),
    ],
)  # fmt: skip
def test_a_place_is_a_click(near, name, answer):
    near(name, SIZE, answer, "click", point=(0.576, 0.012))


@pytest.mark.parametrize("answer", ["", "none", "(576)", "(5760, 12)", "(1, 2, 3)", {"x": 1}])
@pytest.mark.parametrize("name", ["aria-ui", "uground"])
def test_what_is_no_place_is_refused(name, answer):
    with pytest.raises(ActionError):
        DIALECTS[name].parse(answer, SIZE)


def test_each_has_its_own_brackets():
    assert DIALECTS["aria-ui"].print(GuiAction("click", (0.576, 0.012)), SIZE) == "[576, 12]"
    assert DIALECTS["uground"].print(GuiAction("click", (0.576, 0.012)), SIZE) == "(576, 12)"
