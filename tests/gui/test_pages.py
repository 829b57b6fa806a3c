"""The names of pages."""

import pytest

from omniactor.errors import UnknownTaskError
from omniactor.gui.pages import NAMES, PAGES, PREFIX, get_page, is_page, pages_folder, parse_pages


def test_every_page_is_a_file_of_the_package_and_every_file_a_page(page_env):
    assert sorted(file.stem for file in pages_folder().glob("*.html")) == list(NAMES)
    assert all(page.file.is_file() for page in PAGES)


@pytest.mark.parametrize("key", ["click-button", "miniwob:click-button", 13, "13", PAGES[13]])
def test_a_page_is_found_by_name_and_number(key):
    assert get_page(key).name == "miniwob:click-button"


@pytest.mark.parametrize("key", ["", "clik-button", "130", "-1", "../../etc/passwd", "x" * 10_000, "KITCHEN_SCENE1"])
def test_anything_else_is_refused_in_one_short_line(key):
    with pytest.raises(UnknownTaskError) as caught:
        get_page(key)
    assert len(str(caught.value)) < 300


def test_only_names_with_the_prefix_are_pages_where_the_arm_has_names_too():
    assert is_page("miniwob:anything")
    assert is_page(PAGES[0])
    assert not is_page("click-button")
    assert not is_page(7)


def test_selections_keep_their_order_and_count_once():
    groups = {"two": ("click-test", "click-link")}
    assert [page.short_name for page in parse_pages("two, click-button,0-1,click-test", groups)] == [
        "click-test", "click-link", "click-button", "ascending-numbers", "bisect-angle",
    ]  # fmt: skip
    for wrong in ("", ",", "3-1", "two"):
        with pytest.raises(UnknownTaskError):
            parse_pages(wrong)
    assert PREFIX == "miniwob:"
