import json

import pytest

from omniactor.model.card import MAX_LETTERS, training_note

RECIPE = {"data": ["toy", "/data/basket"], "max_steps": 20, "batch_size": 8, "model": "debug"}


def test_the_card_is_read_before_the_recipe(tmp_path):
    (tmp_path / "README.md").write_text(
        "---\nlicense: mit\n---\n# Small\n\nA model.\n\n## What it was trained on\n\n`MiniWoB++` pages and\n"
        "the [expert](http://x)'s demonstrations.\n\nMore.\n\n## Use\n\nRun it.\n"
    )
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE))
    assert training_note(tmp_path) == "MiniWoB++ pages and the expert's demonstrations."


@pytest.mark.parametrize("place", ["recipe.json", "../recipe.json"])
def test_without_a_card_the_recipe_of_the_run_speaks(tmp_path, place):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / place).write_text(json.dumps(RECIPE))
    assert training_note(folder) == (
        "Trained for 20 steps of 8 samples on squares that the program draws itself (toy data), basket, starting from debug."
    )


@pytest.mark.parametrize("content", ["", "[]", "{", '{"data": 5}', '{"data": [1], "max_steps": "x"}', "\ufeff\0"])
def test_a_folder_that_does_not_say_gives_nothing(tmp_path, content):
    (tmp_path / "recipe.json").write_text(content)
    (tmp_path / "README.md").write_text("# Model\n\n## Training\n\n## Use\n")
    assert training_note(tmp_path) == "" == training_note(tmp_path / "none")


def test_a_long_story_is_cut(tmp_path):
    (tmp_path / "README.md").write_text("## Training data\n" + "word " * 1000)
    note = training_note(tmp_path)
    assert len(note) <= MAX_LETTERS and note.endswith("word\u2026")


def test_of_a_long_card_whole_sentences_are_kept(tmp_path):
    first = "Demonstrations of ten tasks and fourteen pages by the scripted experts, and corrections of its own episodes."
    (tmp_path / "README.md").write_text(f"## Trained on\n\n{first} {'In many steps, ' * 40}done.\n")
    assert training_note(tmp_path) == first
