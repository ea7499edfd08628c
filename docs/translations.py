"""Whether every text of the pages has its translation."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import po_files  # it stands beside, in no package

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
        catalogue = po_files.read(catalogues / page.with_suffix(".po"))
        for message in po_files.read(path):
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
        catalogue = po_files.read(path)
        page = path.relative_to(catalogues / "zh_CN" / "LC_MESSAGES").with_suffix("").as_posix()
        if page in BOTH_LANGUAGES and not any(message.id and message.string for message in catalogue):
            path.unlink()
            continue
        catalogue.obsolete.clear()
        po_files.write(catalogue, path)


def has_words(text: str) -> bool:
    """Whether there is something to translate: words outside of code."""
    return re.search(r"[^\W\d_]{2}", re.sub(r"(`+).*?\1", "", text, flags=re.DOTALL)) is not None
