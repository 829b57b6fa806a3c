"""What every rule promises: what was recorded is right, everything else is judged with a reason, and limits are limits."""

import dataclasses
import json
import math
import random

import pytest

from omniactor.errors import InputError
from omniactor.evaluate.judgement import PROTOCOLS, Judgement, canonical, find_rule, judge
from omniactor.gui.episodes import RecordedStep
from omniactor.types import GuiAction
from tests.gui.test_episode_folder import ACTIONS

SIZE = (1080, 2400)
# Of ScreenSpot, only clicks in boxes are recorded; GUI-Odyssey's published script fails without a box.
RULES = [name for name in PROTOCOLS if name != "point-in-box"]


def step(action, *boxes):
    around = () if action is None or action.point is None else ((action.point[0] - 0.01, action.point[1] - 0.01, *action.point),)
    return RecordedStep(action, None, "", boxes or around, SIZE)


@pytest.mark.parametrize("protocol", RULES)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.kind)
def test_the_recorded_action_itself_is_right(protocol, action):
    made = judge(protocol, step(action), action, SIZE)
    assert (made.type_ok, made.success, made.unparsed) == (True, True, False)
    assert made.place_ok in (True, None)
    assert made.recorded == made.predicted
    assert made.why


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("recorded", ACTIONS[::3], ids=lambda action: action.kind)
def test_every_answer_to_every_step_is_judged_and_saved(protocol, recorded):
    for predicted in [*ACTIONS, None]:
        made = judge(protocol, step(recorded), predicted, SIZE, "said nothing" if predicted is None else "")
        assert made.success <= made.type_ok
        assert made.unparsed == (predicted is None)
        assert made.why
        assert "\n" not in made.why
        assert all(math.isfinite(value) for value in made.measures.values())
        saved = json.loads(json.dumps(made.as_json(), allow_nan=False))
        assert Judgement(**saved).as_json() == made.as_json()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_action_is_a_wrong_step_with_its_reason(protocol):
    made = judge(protocol, step(GuiAction("click", point=(0.5, 0.5))), None, SIZE, "expected a verb, got poetry")
    assert (made.type_ok, made.success, made.unparsed, made.predicted) == (False, False, True, "")
    assert "poetry" in made.why


def test_unknown_rules_and_unknown_steps_are_refused():
    with pytest.raises(InputError, match="os-atlas"):
        judge("my-rule", step(GuiAction("home")), None, SIZE)
    with pytest.raises(InputError, match="no words"):
        judge("os-atlas", RecordedStep(None, None, problem="no words"), None, SIZE)


def test_a_swipe_is_the_scroll_that_it_makes():
    up = GuiAction("swipe", point=(0.5, 0.8), end=(0.45, 0.2))
    assert (canonical(up).kind, canonical(up).pages < 0, canonical(up).axis) == ("scroll", True, "vertical")
    left = GuiAction("swipe", point=(0.9, 0.5), end=(0.1, 0.55))
    assert (canonical(left).pages > 0, canonical(left).axis) == (True, "horizontal")
    stay = GuiAction("swipe", point=(0.5, 0.5), end=(0.5, 0.5))
    assert canonical(stay) is stay
    for protocol in RULES:
        assert judge(protocol, step(GuiAction("scroll", pages=-0.5)), up, SIZE).success
        assert not judge(protocol, step(GuiAction("scroll", pages=0.5)), up, SIZE).success


@pytest.mark.parametrize("protocol", ["os-atlas", "os-atlas-published", "os-atlas-odyssey-published", "odyssey"])
@pytest.mark.parametrize("kind", ["click", "long_press"])
def test_a_place_counts_up_to_140_thousandths_in_every_direction(protocol, kind):
    draw = random.Random(0)
    for _ in range(300):
        x, y, angle = draw.randrange(200, 801), draw.randrange(200, 801), draw.uniform(0, 2 * math.pi)
        far = draw.choice([139.0, 141.0, draw.uniform(0, 138), draw.uniform(142, 199)])
        other = (round(x + far * math.cos(angle)), round(y + far * math.sin(angle)))
        measured = math.dist((x, y), other)
        recorded = GuiAction(kind, point=(x / 1000, y / 1000))
        made = judge(protocol, RecordedStep(recorded, None), GuiAction(kind, point=(other[0] / 1000, other[1] / 1000)), SIZE)
        assert made.measures["distance"] == pytest.approx(measured)
        assert (made.success, made.place_ok) == (measured <= 140,) * 2
    for dx, dy in ((140, 0), (0, -140), (84, 112), (-112, 84)):  # exactly at the limit
        recorded = GuiAction(kind, point=(0.5, 0.5))
        there = GuiAction(kind, point=((500 + dx) / 1000, (500 + dy) / 1000))
        assert judge(protocol, RecordedStep(recorded, None), there, SIZE).success


def test_rules_name_kinds_of_their_own():
    kinds = {name: find_rule(name).kind(GuiAction("back")) for name in RULES}
    assert kinds["os-atlas"] == kinds["odyssey"] == "PRESS_BACK"
    assert kinds["qwen2.5-vl"] == "system_button"


def test_a_judgement_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        judge("os-atlas", step(GuiAction("home")), GuiAction("home"), SIZE).success = False
