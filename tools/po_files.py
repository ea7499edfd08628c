"""Files of translations (.po) that differ only where their texts do: those of the package, and those of the pages."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po


def read(path: Path, language: str = "zh_CN") -> Catalog:
    """The translations of a file into a language; none, if it is not there."""
    if not path.exists():
        return Catalog(locale=language, project="zhipu_magic", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write(catalog: Catalog, path: Path, width: int = 120) -> None:
    """Write the translations, in the order of the files that their texts are from, without times and names."""
    catalog.fuzzy = False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=width, sort_by_file=True, include_lineno=False)
    text = _OF_THE_MOMENT.sub("", path.read_text("utf-8"))
    path.write_text(re.sub(r"\A(#.*\n)+", _HEAD, text), "utf-8", newline="\n")


_HEAD = "# The Chinese of zhipu_magic.\n"
#: What Babel says of when and by whom a file was written.
_OF_THE_MOMENT = re.compile(
    r'^"(?:POT-Creation|PO-Revision|Generated-By|Last-Tran|Language-Team|Report-Msgid).*\n', re.MULTILINE
)
