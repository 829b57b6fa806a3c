import pytest
from PIL import Image

from demo import webpage_catalog as catalog
from omniactor.errors import SetupError
from omniactor.experts.web.table import SKILLS
from omniactor.gui.pages import PAGES


@pytest.mark.parametrize(
    ("search", "expected"),
    [("", 130), ("click button", 2), ("CLICK_BUTTON", 2), ("  email inbox ", 10), ("nothing like it", 0)],
)
def test_search_needs_every_word(search, expected):
    assert len(catalog.find(search)) == expected


def test_every_page_has_a_small_picture():
    for page in PAGES:
        picture = catalog.thumbnail(page.id)
        assert picture.stem == page.short_name and picture.stat().st_size < 30_000
        assert Image.open(picture).size == (240, 315)


def test_pages_without_a_skill_are_marked_for_the_expert_only():
    for page in PAGES:
        assert catalog.caption(page.id, "expert").startswith("No skill yet") == (page.short_name not in SKILLS)
        assert catalog.caption(page.id, "random") == page.short_name
    assert catalog.can_do("expert", catalog.default_page())
    assert f"has a skill for {len(SKILLS)} of them" in catalog.count_line(catalog.find(), "expert")
    assert "clear the search" in catalog.count_line([], "expert")


@pytest.mark.parametrize("missing", ["find_chromium", "pages_folder"])
def test_what_is_missing_is_named(monkeypatch, missing):
    def fail():
        raise SetupError(f"expected {missing}")

    monkeypatch.setattr(catalog, "find_chromium", lambda: "/chromium")
    monkeypatch.setattr(catalog, "pages_folder", lambda: "/pages")
    assert catalog.setup_problem() == ""
    monkeypatch.setattr(catalog, missing, fail)
    assert catalog.setup_problem() == f"expected {missing}"
