import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError

SIZE = (1280, 720)


@pytest.mark.parametrize(
    ("answer", "point"),
    [
        ("(0.634, 0.927)", (0.634, 0.927)),
        ("Coordinates: (0.10,0.20,0.30,0.40). Mark: 12", (0.2, 0.3)),
        ("<box>(576,12),(592,42)</box>", (0.584, 0.027)),
        ("Mark: 3 at 0.5 and 1.0", (0.5, 1.0)),
    ],
)
def test_a_place_is_found_with_the_patterns_of_its_own_demo(near, answer, point):
    near("magma", SIZE, answer, "click", point=point)


def test_a_mark_alone_needs_the_marked_boxes():
    with pytest.raises(ActionError, match="number of a mark"):
        DIALECTS["magma"].parse("Mark: 7", SIZE)


@pytest.mark.parametrize("answer", ["", "no", "(0.5)", "(0.1, 0.2, 0.3)", "(57, 12)", "<box>(5760,12)</box>", {}])
def test_what_is_no_place_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["magma"].parse(answer, SIZE)
