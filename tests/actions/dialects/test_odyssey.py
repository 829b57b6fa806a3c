import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError

SIZE = (1440, 3120)


@pytest.mark.parametrize(
    ("answer", "kind", "fields"),
    [
        # OpenGVLab/GUI-Odyssey, data/format_converter.py
        ("CLICK: (634, 927)", "click", {"point": (0.634, 0.927)}),
        ("LONG_PRESS: (500, 250)", "long_press", {"point": (0.5, 0.25)}),
        ("SCROLL: UP", "scroll", {"axis": "vertical", "pages": -0.5}),
        ("SCROLL: LEFT", "scroll", {"axis": "horizontal", "pages": 0.5}),
        ("TYPE: at 10:30: tea", "write", {"text": "at 10:30: tea"}),
        ("PRESS_HOME", "home", {}),
        ("PRESS_BACK", "back", {}),
        ("PRESS_RECENT", "recent", {}),
        ("COMPLETE", "terminate", {"status": "success"}),
        ("IMPOSSIBLE", "terminate", {"status": "failure"}),
    ],
)
def test_every_command_is_understood(near, answer, kind, fields):
    near("gui-odyssey", SIZE, answer, kind, **fields)
    near("gui-odyssey", SIZE, f" {answer}<|im_end|>", kind, **fields)


@pytest.mark.parametrize("answer", ["", "CLICK", "CLICK: KEY_HOME", "CLICK: (1200, 5)", "SCROLL: IN", "FLY", {"action": "CLICK"}])
def test_what_is_no_command_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["gui-odyssey"].parse(answer, SIZE)


def test_only_the_last_four_actions_are_told():
    prompt = DIALECTS["gui-odyssey"].prompt("open it", list("abcdef"), SIZE)[0]["content"]
    assert prompt.endswith("Previous Actions:\n1. c\n2. d\n3. e\n4. f\nProvide the command-style action directly.")
