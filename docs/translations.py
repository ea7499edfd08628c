"""Whether every text of the pages has its translation."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

#: Pages that need no translation: they are in both languages.
BOTH_LANGUAGES = {"contributing", "gallery", "glossary"}


def missing(templates: Path, catalogues: Path) -> list[str]:
    """What the catalogues (`.po`) lack of the templates (`.pot`), each as `page: text`: no translation, or one that was
    marked as fuzzy, because its English has changed since."""
    found = []
    for path in sorted(templates.rglob("*.pot")):
        page = path.relative_to(templates).with_suffix("")
        if page.as_posix() in BOTH_LANGUAGES:
            continue
        catalogue = _read(catalogues / page.with_suffix(".po"))
        for message in _read(path):
            there = catalogue.get(message.id) if message.id else None
            if has_words(str(message.id)) and (there is None or not there.string or there.fuzzy):
                found.append(f"{page.as_posix()}: {str(message.id)[:90]}")
    return found


def tidy(catalogues: Path) -> None:
    """Leave in the catalogues what is translated, or to be: no texts that are gone, no names and times of whoever made
    the file, and no file of a page that needs no translation and has none."""
    for path in sorted(catalogues.rglob("*.po")):
        if path.name == "sphinx.po":  # the theme's own words, which are no page
            continue
        catalogue = _read(path)
        page = path.relative_to(catalogues / "zh_CN" / "LC_MESSAGES").with_suffix("").as_posix()
        if page in BOTH_LANGUAGES and not any(message.id and message.string for message in catalogue):
            path.unlink()
            continue
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=120)
        path.write_text(_OF_THE_MOMENT.sub("", path.read_text("utf-8")), "utf-8", newline="\n")


#: What Babel says of when and by whom a file was written.
_OF_THE_MOMENT = re.compile(
    r'^"(?:POT-Creation|PO-Revision|Generated-By|Last-Tran|Language-Team|Report-Msgid).*\n', re.MULTILINE
)


def has_words(text: str) -> bool:
    """Whether there is something to translate: words outside of code."""
    return re.search(r"[^\W\d_]{2}", re.sub(r"(`+).*?\1", "", text, flags=re.DOTALL)) is not None


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)  # a conflict that is not resolved is skipped otherwise
