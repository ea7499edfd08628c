"""The gallery's pages, its scenes, and what is said of its pictures agree; its browser test says that they are true."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from english import chinese_in, english_in, labels_in
from PIL import Image

if TYPE_CHECKING:
    from scene import Telling

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


#: Scenes with outputs in another language than the page's: the service's words; Python's, and code; names of columns.
_MEANT = {"en": {"error"}, "zh_CN": {"above", "python", "rows"}}
#: Scenes that are about a failure.
_FAILURES = {("above", 0), ("error", 0), ("error", 2)}
_FAILED = re.compile(
    r"""\w+Error\b | Traceback | HTTP[ ]\d{3} | \bneeds[ ] | 需要 | failed | 失败 | There[ ]is[ ]no[ ]value | 没有名为
      | [Ii]nterrupted | 中断 | not[ ]known | 未知 | does[ ]not[ ] | 不符合""",
    re.VERBOSE,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_pictures_show_is_in_the_language_of_the_page(language: str) -> None:
    parts = _shown(language)
    foreign = {scene: found for (scene, _cell), text in parts if (found := _foreign(text, language))}
    asked = {scene.name for scene in import_module("scenes").SCENES if _is_asked_in_chinese(scene.telling(language))}
    assert len(parts) > 30 and set(foreign) == _MEANT[language] | (asked if language == "en" else set()), foreign


def _foreign(text: str, language: str) -> list[str]:
    return chinese_in(text) if language == "en" else [*english_in(text), *labels_in(text)]


def _is_asked_in_chinese(telling: Telling) -> bool:
    return any(map(chinese_in, telling.cells))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_picture_shows_a_failure_but_of_scenes_about_failures(language: str) -> None:
    failed = {place for place, text in _shown(language) if _FAILED.search(text)}
    assert failed == _FAILURES


def _shown(language: str) -> list[tuple[tuple[str, int], str]]:
    """The outputs in the pictures, each with its scene and the number of its cell."""
    return [
        ((name, number), text)
        for name, scene in import_module("pictures").shown(language).items()
        for number, cell in enumerate(scene["cells"])
        for text in cell["shown"]
    ]


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
