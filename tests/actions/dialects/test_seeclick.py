import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError

SIZE = (2360, 1640)


def test_the_published_answers_are_understood(near):
    # njucckevin/SeeClick: README (grounding on assets/test_img.png), agent_tasks/aitw_test.py
    near("seeclick", SIZE, "(0.17,0.06)", "click", point=(0.17, 0.06))
    near("seeclick", SIZE, '{"action_type": 4, "click_point": (0.49,0.40)}', "click", point=(0.49, 0.40))
    near("seeclick", SIZE, '{"action_type": 3, "typed_text": "hello"}', "write", text="hello")
    near(
        "seeclick",
        SIZE,
        '{"action_type": 2, "click_point": (0.16,0.12), "value": "Red"}',
        "select",
        point=(0.16, 0.12),
        text="Red",
    )


@pytest.mark.parametrize(
    ("number", "kind", "fields"),
    [
        # action_matching.py: 0 is a finger from 0.8 to 0.2 of the height, so the content further down is shown
        (0, "scroll", {"axis": "vertical", "pages": -0.5}),
        (1, "scroll", {"axis": "vertical", "pages": 0.5}),
        (8, "scroll", {"axis": "horizontal", "pages": -0.5}),
        (9, "scroll", {"axis": "horizontal", "pages": 0.5}),
        (5, "back", {}),
        (6, "home", {}),
        (7, "press", {"keys": ("enter",)}),
        (10, "terminate", {"status": "success"}),
        (11, "terminate", {"status": "failure"}),
    ],
)
def test_every_number_is_understood(near, number, kind, fields):
    near("seeclick", SIZE, f'{{"action_type": {number}}}', kind, **fields)
    near("seeclick", SIZE, {"action_type": str(number)}, kind, **fields)


@pytest.mark.parametrize(
    "answer",
    ["", "here", "(17,6)", '{"action_type": 4}', '{"action_type": 99}', '{"action_type": "x"}', "{}", '{"action_type": 3}'],
)
def test_what_is_no_action_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["seeclick"].parse(answer, SIZE)


def test_only_the_last_four_steps_are_told():
    prompt = DIALECTS["seeclick"].prompt("Go", list("abcdef"), SIZE)[0]["content"]
    assert prompt.endswith("Instruction: Go. Previous actions: Step0: c. Step1: d. Step2: e. Step3: f. ")
