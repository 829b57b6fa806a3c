import numpy as np
import pytest

from omniactor.agent import RandomAgent
from omniactor.errors import ActionError, ImageError, InputError
from omniactor.gui.prediction import observe_screen, pixel, predict
from omniactor.types import Decision, GuiAction, Observation

SCREEN = np.zeros((200, 100, 3), np.uint8)


class Agent:
    """Answers with what it was given; raises it if it is an error."""

    name, needs_images, decision = "stub", True, None

    def __init__(self, answer, decision=None):
        self.answer, self._decision = answer, decision

    def reset(self, instruction, seed=None):
        self.told = instruction

    def act(self, observation):
        self.seen, self.decision = observation, self._decision
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_the_agent_sees_what_was_typed_and_the_upright_picture():
    agent = Agent(GuiAction("click", (0.5, 0.25), description="Tap it"), Decision("gui", "gui", 0.1, "the words"))
    made = predict(agent, observe_screen(SCREEN, " Tap\nit ", ["Open it"]))
    assert (agent.told, agent.seen.instruction, agent.seen.history, agent.seen.step) == ("Tap it", "Tap it", ("Open it",), 1)
    assert agent.seen.images["screen"].shape == SCREEN.shape and agent.seen.world == "gui"
    content = made.as_json()
    assert content.pop("seconds") >= 0
    assert content == {
        "action": "Tap it", "operation": "pyautogui.click(x=0.500, y=0.250)", "kind": "click", "point": [0.5, 0.25],
        "pixel": [50, 50], "end_pixel": None, "size": [100, 200], "agent": "stub", "expert": "gui", "text": "the words", "problem": "",
    }  # fmt: skip


def test_an_answer_that_is_no_action_is_kept_with_the_reason():
    agent = Agent(ActionError("expected a line\n'Operation'"), Decision("gui", "shared", 0.1, "I cannot"))
    made = predict(agent, observe_screen(SCREEN, "Tap"))
    assert made.action is None and made.problem == "expected a line 'Operation'" and made.text == "I cannot"
    assert made.as_json()["operation"] is None
    assert "nothing more to do" in predict(Agent(None), observe_screen(SCREEN, "Tap")).problem


@pytest.mark.parametrize("agent", [RandomAgent(), Agent(RandomAgent.__new__(RandomAgent))])
def test_agents_of_the_other_world_are_refused(agent):
    with pytest.raises(InputError, match=r"looks at pictures|acts on screens"):
        predict(agent, Observation("gui", {"screen": SCREEN}, "Tap"))


def test_texts_are_refused_before_the_picture_is_opened():
    with pytest.raises(InputError, match="in words"):
        observe_screen(b"no picture", "")
    with pytest.raises(ImageError, match="PNG, JPEG or WebP"):
        observe_screen(b"no picture", "Tap")


@pytest.mark.parametrize(
    ("point", "place"), [((0.0, 0.0), (0, 0)), ((1.0, 1.0), (99, 199)), ((0.5, 0.999), (50, 199)), ((0.0099, 0.01), (0, 2))]
)
def test_a_point_means_the_pixel_it_falls_into(point, place):
    assert pixel(point, (100, 200)) == place and pixel(None, (100, 200)) is None
