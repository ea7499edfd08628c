"""The gallery's pages, its scenes, and what is said of its pictures agree; its browser test says that they are true."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGES = ("en", "zh_CN")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_made_of_the_scenes(language: str) -> None:
    pages = import_module("pages")
    assert pages.path_of(language).read_text("utf-8") == pages.page(language), "make gallery writes it anew"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pictures_are_of_the_scenes_as_they_are(language: str) -> None:
    scenes, pictures = import_module("scenes"), import_module("pictures")
    shown = {name: [cell["source"] for cell in scene["cells"]] for name, scene in pictures.shown(language).items()}
    told = {scene.name: list(scene.telling(language).cells[scene.first :]) for scene in scenes.SCENES}
    assert shown == told, "make gallery takes the pictures anew"
    wanted = {pictures.path_of(scene, language) for scene in scenes.SCENES}
    wanted |= {pictures.path_of(scene, language, moving=True) for scene in scenes.SCENES if scene.moves}
    assert set((DOCS / "pictures" / language).glob("*.webp")) == wanted


def test_both_languages_have_the_same_scenes() -> None:
    for scene in import_module("scenes").SCENES:
        english, chinese = scene.en, scene.zh_CN
        assert len(english.cells) == len(chinese.cells) and len(english.replies) == len(chinese.replies)
        links = (re.findall(r"\]\(([^)]+)\)", telling.about) for telling in (english, chinese))
        assert len({tuple(found) for found in links}) == 1


def test_pictures_are_small_and_moving_ones_short() -> None:
    pictures = import_module("pictures")
    files = list((DOCS / "pictures").rglob("*.webp"))
    assert sum(path.stat().st_size for path in files) <= pictures.MOST_BYTES
    for path in files:
        if path.name.endswith(".moving.webp"):
            assert path.stat().st_size < pictures.MOST_MOVING_BYTES
            assert _seconds(path) < pictures.LONGEST


def _seconds(path: Path) -> float:
    with Image.open(path) as picture:
        milliseconds = 0
        for number in range(picture.n_frames):
            picture.seek(number)
            picture.load()
            milliseconds += picture.info["duration"]
    return milliseconds / 1000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_site_has_the_page_in_its_language(language: str) -> None:
    english, page = import_module("pages").page("en"), import_module("pages").page(language)
    site = import_module("gallery_page").in_language(english, DOCS, language)
    assert page.count("<picture>") == site.count("```{moving-picture} pictures/") == 3
    assert page.partition("<picture>")[0] == site.partition("```{moving-picture}")[0]
