"""OS-Atlas, UGround and Aria-UI: boxes and points in their units, pictures in folders, archives and tables."""

import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omniactor.actions.gui import parse_response
from tests.data.sources.fixtures.pictures import png


def points(samples):
    return [parse_response(answer).point for sample in samples for _, answer in sample.turns]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "src" / "desktop_domain").mkdir(parents=True)
    return tmp_path / "src"


ELEMENTS = [
    {"instruction": "Save", "bbox": [0.1, 0.2, 0.3, 0.4], "data_type": "text"},
    {"instruction": "Forward", "bbox": [0.5, 0.5, 0.7, 0.6], "data_type": "icon"},
]


def zipped(path, **pictures):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in pictures.items():
            archive.writestr(name.replace("__", "/").replace("_png", ".png"), content)


def test_os_atlas_rows_with_elements_and_pictures_still_in_their_archive(convert, folder):
    (folder / "desktop_domain/linux_splited.json").write_text(json.dumps([{"img_filename": "a.png", "elements": ELEMENTS}]))
    zipped(folder / "desktop_domain/linux_images.zip", linux_images__a_png=png(20, 10))
    samples, _ = convert("os-atlas", folder)
    assert points(samples) == [pytest.approx((0.2, 0.3)), pytest.approx((0.6, 0.55))]
    assert samples[0].turns[0][1].startswith("Action: Save\n")
    assert samples[0].images[0].endswith(".png")


def test_os_atlas_rows_of_one_picture_in_a_row_become_one_conversation(convert, folder):
    rows = [
        {"img_filename": "x/a.png", **ELEMENTS[0]},
        {"img_filename": "x/a.png", **ELEMENTS[1]},
        {"img_filename": "x/b.png", **ELEMENTS[0]},
    ]
    (folder / "desktop_domain/seeclick_web.json").write_text("\n".join(map(json.dumps, rows)))  # one object per line
    (folder / "desktop_domain/x").mkdir()
    for name in "ab":
        (folder / f"desktop_domain/x/{name}.png").write_bytes(png(20, 10))
    samples, _ = convert("os-atlas", folder)
    assert [len(sample.turns) for sample in samples] == [2, 1]
    assert samples[1].box == (0.1, 0.2, 0.3, 0.4)
    assert samples[0].box is None


def test_os_atlas_drops_are_counted(convert, folder):
    elements = [
        ELEMENTS[0], {"instruction": "pixels", "bbox": [10, 20, 30, 40]}, {"instruction": "", "bbox": [0, 0, 1, 1]}, {"bbox": [0, 0, 1, 1]},
        {"instruction": "x" * 5000, "bbox": [0, 0, 1, 1]}, {"instruction": "inside out", "bbox": [0.5, 0, 0.1, 1]}, {"instruction": "none"}, 7,
        {"instruction": "the <image>", "bbox": [0, 0, 1, 1]}, {"instruction": "text", "bbox": ["zero", 0, 1, 1]},
    ]  # fmt: skip
    rows = [{"img_filename": "a.png", "elements": elements}, {"img_filename": "no.png", "elements": ELEMENTS}, {"x": 1},
            {"img_filename": "a.png", "elements": 5}]  # fmt: skip
    (folder / "a.json").write_text(json.dumps(rows))
    (folder / "prompts.json").write_text('["no data"]')
    (folder / "a.png").write_bytes(png(20, 10))
    samples, report = convert("os-atlas", folder)
    assert len(samples) == 1
    assert report["dropped"] == {
        "unreadable action": 4, "unusable text": 4, "element that is none": 1, "question about a picture missing": 2,
        "row without a picture": 1, "row whose elements are no list": 1,
    }  # fmt: skip


def test_two_places_with_a_picture_of_the_name_are_not_guessed_between(convert, folder):
    (folder / "a.json").write_text(json.dumps([{"img_filename": "p.png", "elements": ELEMENTS}]))
    for place in ("one", "two"):
        (folder / place).mkdir()
        (folder / place / "p.png").write_bytes(png(20, 10))
    _, report = convert("os-atlas", folder)
    assert report["dropped"] == {"question about a picture missing": 2}


def test_of_several_places_the_one_called_like_the_rows_is_taken(convert, folder):
    (folder / "desktop_domain/linux_splited.json").write_text(json.dumps([{"img_filename": "a.png", "elements": ELEMENTS}]))
    zipped(folder / "desktop_domain/linux_images.zip", a_png=png(20, 10, shade=1))
    zipped(folder / "desktop_domain/macos_images.zip", a_png=png(20, 10, shade=2))
    zipped(folder / "other.zip", a_png=png(20, 10, shade=3))
    samples, _ = convert("os-atlas", folder)
    assert (folder.parent / "out" / samples[0].images[0]).read_bytes() == png(20, 10, shade=1)


@pytest.mark.parametrize("name", ["/etc/passwd", "../out.png", "a\\..\\..\\out.png"])
def test_a_picture_outside_the_folder_is_never_taken(convert, folder, name):
    (folder.parent / "out.png").write_bytes(png(20, 10))
    (folder / "a.json").write_text(json.dumps([{"img_filename": name, "elements": ELEMENTS}]))
    samples, _ = convert("os-atlas", folder)
    assert samples == []


def test_an_archive_in_parts_is_refused_with_advice(refused, folder):
    (folder / "a.json").write_text(json.dumps([{"img_filename": "p.png", "elements": ELEMENTS}]))
    (folder / "a.zip").write_bytes(b"PK\x03\x04 the first part")
    assert "join its parts" in refused("os-atlas", folder)


def test_pixels_on_request(convert, folder):
    (folder / "a.json").write_text(json.dumps([{"img_filename": "a.png", "instruction": "x", "bbox": [5, 5, 15, 5]}]))
    (folder / "a.png").write_bytes(png(20, 10))
    samples, _ = convert("os-atlas", folder, "--coordinates", "pixels")
    assert points(samples) == [(0.5, 0.5)]


def test_aria_ui_has_several_instructions_per_element_and_thousandths(convert, folder):
    rows = [{"img_file": "shots/a.png", "elements": [
        {"instructions": ["Open the menu", "the three lines"], "bbox_norm": [100, 200, 300, 400]},
        {"instructions": ["Close"], "bbox_norm": [990, 0, 1000, 20]}, {"instructions": ["no box"]}]}]  # fmt: skip
    (folder / "aria_ui_desktop_with_instructions.json").write_text(json.dumps(rows))
    zipped(folder / "screenshots.zip", screenshots__shots__a_png=png(20, 10))
    samples, report = convert("aria-ui", folder)
    assert points(samples) == [(0.2, 0.3), (0.2, 0.3), (0.995, 0.01)]
    assert "Instruction: the three lines\n" in samples[0].turns[1][0]
    assert report["dropped"] == {"unreadable action": 1}


def uground(path, rows, as_text=True):
    pictures = [
        {"bytes": png(40, 20, shade=number), "path": None} if content is None else content
        for number, (content, _) in enumerate(rows)
    ]
    messages = [json.dumps(said) if as_text else said for _, said in rows]
    table = pa.table({"image": pictures, "conversations": messages, "width": [40] * len(rows), "height": [20] * len(rows)})
    pq.write_table(table, path)


def asked(*pairs):
    said = []
    for words, answer in pairs:
        said.append({"from": "human", "value": f"<image>\nYour task is to find it.\n\nDescription: {words}\n\nAnswer:"})
        said.append({"from": "gpt", "value": answer})
    return said


@pytest.mark.parametrize("as_text", [True, False])
def test_uground_points_are_thousandths(convert, folder, as_text):
    uground(folder / "shard_0000.parquet", [(None, asked(("the logo", "(576, 12)"), ("a box", "(100, 200, 300, 400)")))], as_text)
    samples, _ = convert("uground", folder)
    assert points(samples) == [(0.576, 0.012), (0.2, 0.3)]
    assert "Instruction: the logo\n" in samples[0].turns[0][0]
    assert samples[0].images == ("images/shard_0000/0000000.png",)


def test_uground_in_pixels_on_request(convert, folder):
    uground(folder / "shard_0000.parquet", [(None, asked(("the logo", "(10, 10)")))])
    assert points(convert("uground", folder, "--coordinates", "pixels")[0]) == [(0.25, 0.5)]


def test_uground_drops_are_counted(convert, folder):
    rows = [
        (None, asked(("beyond", "(1576, 12)"), ("no place", "here"), ("", "(5, 5)"))), (None, [{"from": "gpt", "value": "x"}]),
        (None, {"not": "a list"}), ({"bytes": None, "path": "a.png"}, asked(("x", "(1, 1)"))),
        ({"bytes": b"GIF89a", "path": None}, asked(("x", "(1, 1)"))), (None, asked(("kept", "(1, 1)"))),
    ]  # fmt: skip
    uground(folder / "shard_0000.parquet", rows)
    samples, report = convert("uground", folder)
    assert len(samples) == 1
    assert report["dropped"] == {
        "unreadable action": 2, "unusable text": 1, "row whose turns are not questions and answers": 1, "row without a picture": 1,
        "row whose conversation cannot be read": 1, "question about a picture that is no PNG, JPEG or WebP": 1,
    }  # fmt: skip


def test_other_files_are_refused(refused, folder):
    (folder / "x.parquet").write_bytes(b"PAR1")
    assert "Parquet" in refused("uground", folder)
    pq.write_table(pa.table({"a": [1]}), folder / "x.parquet")
    assert "conversations" in refused("uground", folder)
    assert "json" in refused("aria-ui", folder)


@pytest.mark.parametrize(
    "box", ["[0.1, 0.2, 0.3, 0.4]", ["0.1", "0.2", "0.3", "0.4"], [[0.1, 0.2], [0.3, 0.4]], "0.1 0.2 0.3 0.4"]
)
def test_boxes_are_read_however_they_were_written_down(convert, folder, box):
    (folder / "desktop_domain/linux.json").write_text(json.dumps([{"img_filename": "a.png", "instruction": "Save", "bbox": box}]))
    (folder / "desktop_domain/a.png").write_bytes(png(20, 10))
    samples, _ = convert("os-atlas", folder)
    assert points(samples) == [pytest.approx((0.2, 0.3))]


@pytest.mark.parametrize(
    "box", ["", "nowhere", "[0.1, 0.2, 0.3]", "__import__('os')", "1e999 0 1 1", [[0.1], [0.2]], True, {"x": 1}]
)
def test_boxes_that_are_none_are_counted(convert, folder, box):
    (folder / "desktop_domain/linux.json").write_text(json.dumps([{"img_filename": "a.png", "instruction": "Save", "bbox": box}]))
    (folder / "desktop_domain/a.png").write_bytes(png(20, 10))
    samples, report = convert("os-atlas", folder)
    assert not samples and sum(report["dropped"].values()) == 1
