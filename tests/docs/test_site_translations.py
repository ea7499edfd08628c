"""A text without its translation is found, and so is one whose English has changed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

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
