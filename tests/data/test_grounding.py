"""Grounding: points lie on their things, words are LIBERO's."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from omniactor.data.episodes import read_episode
from omniactor.data.folder import episodes_of
from omniactor.data.grounding import find_targets
from omniactor.data.names import is_sided, object_words, plain, region_words
from omniactor.data.rendering import SceneRenderer
from omniactor.data.scene import scene_path
from omniactor.sim.scene import SceneFacts
from omniactor.sim.tasks import TASKS


@pytest.fixture(scope="module")
def records(folder):
    return [json.loads(line) for line in (folder / "grounding/grounding.jsonl").read_text().splitlines()]


def test_the_point_of_a_can_lies_on_pixels_of_that_can(folder):
    episode = read_episode(episodes_of(folder, {"episodes": 2}, 47)[0])
    renderer = SceneRenderer(scene_path(folder, "standin", 47), 128)
    renderer.pose(episode.states[0], episode.facts.fixtures)
    targets = {target.name: target for target in find_targets(renderer, "agentview")}
    seen = renderer.bodies("agentview")
    for name in ("alphabet_soup_1", "tomato_sauce_1"):
        (x, y), (x0, y0, x1, y1) = targets[name].point, targets[name].box
        assert seen[int(y * 128), int(x * 128)] in renderer.facts.objects[name]
        rows, columns = np.nonzero(np.isin(seen, renderer.facts.objects[name]))
        assert (columns.min() / 128, rows.min() / 128) == pytest.approx((x0, y0), abs=1e-3)
        assert ((columns.max() + 1) / 128, (rows.max() + 1) / 128) == pytest.approx((x1, y1), abs=1e-3)
        # The projection agrees with the segmentation: the can's origin falls into its box.
        ((u, v),) = renderer.project(renderer.data.xpos[renderer.facts.objects[name][0]][None], "agentview")
        assert x0 < u < x1
        assert y0 < v < y1
    renderer.close()


def test_records_are_sharegpt_and_their_pictures_are_there(records, folder):
    assert records
    for record in records:
        human, gpt = record["conversations"]
        assert human["value"].count("<image>") == len(record["images"]) == 1
        x, y = map(float, re.fullmatch(r"\((0\.\d{3}|1\.000), (0\.\d{3}|1\.000)\)", gpt["value"]).groups())
        x0, y0, x1, y1 = record["box"]
        assert 0 <= x0 <= x <= x1 <= 1
        assert 0 <= y0 <= y <= y1 <= 1
        assert Image.open(folder / "grounding" / record["images"][0]).size == (64, 64)
        assert record["step"] % 20 == 0
    asked = {record["conversations"][0]["value"] for record in records}
    assert {"<image>\nWhere is the cream cheese?", "<image>\nWhere is the inside of the basket?"} <= asked
    info = json.loads((folder / "grounding/dataset_info.json").read_text())
    assert info["grounding"]["file_name"] == "grounding.jsonl"


def facts(objects, starts):
    values = dict.fromkeys(SceneFacts.__dataclass_fields__)
    return SceneFacts(**{**values, "objects": objects, "fixtures": {}, "starts": starts})


def test_alike_objects_are_told_apart_by_liberos_side_words_while_these_are_true():
    bowls = {f"akita_black_bowl_{i}": [i] for i in (1, 2, 3)}
    sides = ("front", "middle", "back")
    scene = facts(
        {**bowls, "plate_1": [9]},
        {name: f"kitchen_table_akita_black_bowl_{s}_init_region" for name, s in zip(bowls, sides, strict=True)},
    )
    places = dict(zip(bowls, np.array([[0.1, 0.15, 1], [-0.05, 0.2, 1], [-0.15, 0.05, 1]]), strict=True)) | {
        "plate_1": np.zeros(3)
    }
    assert object_words(scene, places) == {
        "akita_black_bowl_1": "black bowl at the front", "akita_black_bowl_2": "black bowl in the middle",
        "akita_black_bowl_3": "black bowl at the back", "plate_1": "plate",
    }  # fmt: skip
    places["akita_black_bowl_2"] = places["akita_black_bowl_1"] + [0, 0, 0.05]  # stacked
    assert object_words(scene, places) == {"akita_black_bowl_3": "black bowl at the back", "plate_1": "plate"}


def test_the_words_are_those_of_the_task_texts():
    short = {"black book": "book", "yellow book": "book", "black bowl": "bowl"}
    for task in TASKS:
        for predicate in task.goal:
            name = predicate.arguments[0]
            if predicate.name in ("On", "In") and not (task.id == 38 and name == "flat_stove_1"):
                assert short.get(plain(name), plain(name)) in task.language, task


@pytest.mark.parametrize(
    ("name", "parent", "words"),
    [
        ("wooden_cabinet_1_top_region", "wooden_cabinet_1", "top drawer of the cabinet"),
        ("wooden_cabinet_1_top_side", "wooden_cabinet_1", "top of the cabinet"),
        ("basket_1_contain_region", "basket_1", "inside of the basket"),
        ("desk_caddy_1_front_contain_region", "desk_caddy_1", "front compartment of the caddy"),
        ("flat_stove_1_cook_region", "flat_stove_1", "burner of the stove"),
        ("wooden_two_layer_shelf_1_bottom_region", "wooden_two_layer_shelf_1", "space under the shelf"),
        ("kitchen_table_porcelain_mug_front_region", "", "space in front of the white mug"),
        ("living_room_table_plate_left_region", "", "space to the left of the plate"),
        ("study_table_red_coffee_mug_behind_region", "", "space behind the red mug"),
    ],
)
def test_regions_have_plain_words(name, parent, words):
    assert region_words(name, parent) == words


def test_side_words_are_only_for_the_camera_they_are_true_in():
    sided = ("black bowl on the left", "bowl in the middle", "space behind the red mug", "front compartment of the caddy")
    assert [is_sided(words) for words in sided] == [True] * 4
    assert [is_sided(words) for words in ("middle drawer of the cabinet", "cream cheese", "top of the cabinet")] == [False] * 3
