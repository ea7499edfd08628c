"""A text without its translation is found, and so is one whose English has changed."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
TEMPLATE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "One."
msgstr ""

msgid "Two."
msgstr ""

msgid "Three."
msgstr ""
"""


def test_what_a_catalogue_lacks_is_listed(tmp_path: Path) -> None:
    missing = import_module("translations").missing
    for page in ("start", "howto/ci"):
        template = tmp_path / "pot" / f"{page}.pot"
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(TEMPLATE, encoding="utf-8")
    catalogue = tmp_path / "po" / "start.po"
    catalogue.parent.mkdir()
    assert len(missing(tmp_path / "pot", tmp_path / "po")) == 6
    catalogue.write_text(
        TEMPLATE.replace('"One."\nmsgstr ""', '"One."\nmsgstr "一。"').replace(
            'msgid "Two."\nmsgstr ""', '#, fuzzy\nmsgid "Two."\nmsgstr "二。"'
        ),
        encoding="utf-8",
    )
    assert missing(tmp_path / "pot", tmp_path / "po") == [
        *(f"howto/ci: {text}" for text in ("One.", "Two.", "Three.")),
        *(f"start: {text}" for text in ("Two.", "Three.")),
    ]


def test_a_text_of_nothing_but_code_needs_no_translation() -> None:
    has_words = import_module("translations").has_words
    assert [has_words(text) for text in ("`glm-4.6`", "``a `b` c``, `d`", "¥ 0.5", "a `b`.", "`a` or `b`", "费用")] == [
        *(False, False, False, False, True, True)
    ]


def test_a_tidy_catalogue_has_only_what_is_there_to_translate(tmp_path: Path) -> None:
    catalogues = tmp_path / "zh_CN" / "LC_MESSAGES"
    catalogues.mkdir(parents=True)
    gone = '\n#~ msgid "Gone."\n#~ msgstr "没有了。"\n'
    for page in ("start", "gallery"):
        (catalogues / f"{page}.po").write_text(
            TEMPLATE.replace("UTF-8\\n", 'UTF-8\\n"\n"Language-Team: zh_CN <LL@li.org>\\n') + gone, encoding="utf-8"
        )
    import_module("translations").tidy(tmp_path)
    left = (catalogues / "start.po").read_text("utf-8")
    assert '"Three."' in left and "Gone." not in left and "LL@li.org" not in left
    assert not (catalogues / "gallery.po").exists()


def test_the_catalogues_are_tidy(tmp_path: Path) -> None:
    catalogues = DOCS / "locale"
    copied = shutil.copytree(catalogues, tmp_path / "locale")
    import_module("translations").tidy(copied)
    for path in catalogues.rglob("*.po"):
        assert (copied / path.relative_to(catalogues)).read_bytes() == path.read_bytes(), "make docs-texts"


def test_there_is_a_catalogue_for_each_page_that_needs_one_and_no_other() -> None:
    no_pages = {"_build", "notebooks", "gallery.zh-CN", *import_module("translations").BOTH_LANGUAGES}
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    wanted = {page for page in pages if page.split("/")[0] not in no_pages} | {"notebooks", "sphinx"}
    folder = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
    catalogues = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.po")}
    assert catalogues.keys() == wanted
    for path in catalogues.values():
        text = path.read_text("utf-8")
        assert not [words for words in ("EMAIL@ADDRESS", "DESCRIPTIVE TITLE", "\n#~", "\n#, fuzzy") if words in text]
