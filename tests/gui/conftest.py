"""Episodes made here, and Aguvis' rows."""

import io

import numpy as np
import pytest
from PIL import Image

from omniactor.gui.episodes import RecordedEpisode, RecordedStep
from omniactor.types import GuiAction


def picture(shade=0, size=(108, 240), kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 3), shade, np.uint8)).save(stream, kind)
    return stream.getvalue()


def make_episode(*actions, **facts):
    """An episode of these actions; step t has shade 10 * t, the words "Do t." and a box around its place."""
    steps = []
    for number, action in enumerate(actions):
        boxes = (
            ()
            if action is None or action.point is None
            else ((*(v * 0.9 for v in action.point), *(v * 0.9 + 0.1 for v in action.point)),)
        )
        steps.append(
            RecordedStep(action, picture(10 * number % 250), f"Do {number}.", boxes, (108, 240), "" if action else "no words")
        )
    return RecordedEpisode(facts.pop("id", "e1"), facts.pop("instruction", "Do it all"), tuple(steps), "tests", **facts)


OTHER = GuiAction("home", description="I go home.")
CLICK = GuiAction("click", point=(0.5, 0.25), description="Do 0.")


@pytest.fixture
def episode():
    return make_episode(CLICK, GuiAction("write", text="hello"), GuiAction("scroll", pages=-0.5), GuiAction("back"))


class Scripted:
    """Answers with what it was given: actions, None, or exceptions to raise; notes what it was shown."""

    name, needs_images = "scripted", True

    def __init__(self, *answers, needs_images=True):
        self.answers, self.seen, self.needs_images = list(answers), [], needs_images

    def reset(self, instruction, seed=None):
        self.told, self.seed = instruction, seed

    def act(self, observation):
        self.seen.append(observation)
        answer = self.answers[len(self.seen) - 1] if len(self.seen) <= len(self.answers) else OTHER
        if isinstance(answer, Exception):
            raise answer
        return answer
