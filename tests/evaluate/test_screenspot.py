"""ScreenSpot, v2 and Pro as they are published: two ways to write boxes, groups, cells."""

import json

import pytest

from omniactor.cli import main
from omniactor.data.tally import Tally
from omniactor.errors import InputError
from omniactor.evaluate.screenspot import read_targets
from tests.data.sources.fixtures.pictures import png

# Written as x, y, width, height; the last is a box of which only this makes sense on 100 x 200.
ROWS = [
    {"img_filename": "m.png", "bbox": [10, 20, 30, 40], "instruction": "open it", "data_type": "text", "data_source": "ios"},
    {"img_filename": "m.png", "bbox": [80, 150, 20, 50], "instruction": "close it", "data_type": "icon", "data_source": "ios"},
]


@pytest.fixture
def write(tmp_path):
    """Return a function (file, rows, folder of pictures) -> the folder."""

    def run(file, rows, images="screenspot_imgs"):
        root = tmp_path / "src"
        (root / images).mkdir(parents=True, exist_ok=True)
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(json.dumps(rows))
        (root / images / "m.png").write_bytes(png(100, 200))
        return root

    return run


def corners(rows):
    return [
        {**row, "bbox": [row["bbox"][0], row["bbox"][1], row["bbox"][0] + row["bbox"][2], row["bbox"][1] + row["bbox"][3]]}
        for row in rows
    ]


@pytest.mark.parametrize("way", ["xywh", "xyxy"])
def test_both_ways_to_write_a_box_are_told_apart(write, way):
    source = write("screenspot_mobile.json", ROWS if way == "xywh" else corners(ROWS))
    first, second = read_targets(source, "auto", Tally())
    assert first.facts == {"boxes": way}
    assert first.steps[0].boxes == ((0.1, 0.1, 0.4, 0.3),)
    assert second.steps[0].boxes == ((0.8, 0.75, 1.0, 1.0),)
    assert first.steps[0].action.point == pytest.approx((0.25, 0.2))
    assert (first.id, first.instruction, first.category, second.category) == (
        "screenspot_mobile/0", "open it", "mobile text", "mobile icon",
    )  # fmt: skip


def test_boxes_that_fit_both_ways_must_be_named(write):
    source = write("screenspot_web.json", [{**ROWS[0], "bbox": [10, 20, 30, 40]}])
    with pytest.raises(InputError, match="--boxes"):
        list(read_targets(source, "auto", Tally()))
    (found,) = read_targets(source, "xyxy", Tally())
    assert found.steps[0].boxes == ((0.1, 0.1, 0.3, 0.2),)


def test_pro_has_groups_and_ids_of_its_own(write):
    row = {
        "img_filename": "m.png", "bbox": [80, 150, 100, 200], "instruction": "crop", "id": "photoshop_windows_1", "application": "photoshop",
        "platform": "windows", "img_size": [100, 200], "ui_type": "icon", "group": "Creative", "instruction_cn": "x",
    }  # fmt: skip
    source = write("annotations/photoshop_windows.json", [row], images="images")
    (found,) = read_targets(source, "auto", Tally())
    assert (found.id, found.category, found.splits) == ("photoshop_windows_1", "Creative icon", ("Creative", "icon"))
    assert found.facts == {"boxes": "xyxy"}


def test_what_cannot_be_used_is_counted(write):
    rows = [
        *ROWS, {**ROWS[0], "img_filename": "none.png"}, {**ROWS[0], "bbox": [1, 2, 3]}, {**ROWS[0], "instruction": " "},
        {**ROWS[0], "bbox": [90, 20, 30, 40]}, {"img_filename": "m.png"}, {**ROWS[0], "img_filename": "broken.png"},
        {**ROWS[0], "bbox": [True, 1, 2, 3]},
    ]  # fmt: skip
    source = write("screenspot_mobile.json", rows)
    (source / "screenspot_imgs" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    tally = Tally()
    assert len(list(read_targets(source, "auto", tally))) == 2
    assert tally.dropped == {
        "row that is no target": 4, "step without a screenshot": 1, "box off its screenshot": 1, "screenshot that cannot be read": 1,
    }  # fmt: skip


def test_cells_are_averaged_without_weights(write, tmp_path, capsys):
    source = write("screenspot_mobile.json", [*ROWS, {**ROWS[1], "instruction": "the other"}])
    write("screenspot_web.json", ROWS)
    arguments = ["evaluate", "screenspot", str(source), "--agent", "recorded", "--out", str(tmp_path / "out"), "--json"]
    assert main(arguments) == 0
    summary = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (summary["n"], summary["step_success_rate"], summary["mean_of_categories"]) == (5, 1.0, 1.0)
    assert {name: row["n"] for name, row in summary["per_category"].items()} == {
        "mobile icon": 2, "mobile text": 1, "web icon": 1, "web text": 1,
    }  # fmt: skip
    assert summary["protocol"]["name"] == "point-in-box"


def test_other_folders_are_refused(tmp_path):
    for source in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError):
            list(read_targets(source, "auto", Tally()))
