from omniactor.actions.dialects.registry import DIALECTS
from omniactor.types import GuiAction

SIZE = (1080, 2400)


def test_a_box_is_a_click_on_its_middle(near):
    # Qwen2-VL's grounding format; the string is from the README of OS-Atlas-Base, a fine-tune of it
    answer = "<|object_ref_start|>language switch<|object_ref_end|><|box_start|>(576,12),(592,42)<|box_end|><|im_end|>"
    near("qwen2-vl", SIZE, answer, "click", point=(0.584, 0.027))
    near("qwen2-vl", SIZE, "The button is at <|box_start|>(500,250)<|box_end|>.", "click", point=(0.5, 0.25))


def test_fine_tunes_speak_in_verbs(near):
    near("qwen2-vl", SIZE, "Actions:\nCLICK <point>[[100, 200]]</point>", "click", point=(0.1, 0.2))
    near("qwen2-vl", SIZE, "LONG_PRESS <|box_start|>(495,30)<|box_end|>", "long_press", point=(0.495, 0.03))
    near("qwen2-vl", SIZE, "PRESS_BACK", "back")


def test_an_action_is_printed_with_box_marks():
    action = GuiAction("click", (0.5, 0.25), description="Save")
    assert (
        DIALECTS["qwen2-vl"].print(action, SIZE)
        == "<|object_ref_start|>Save<|object_ref_end|><|box_start|>(500,250),(500,250)<|box_end|>"
    )
