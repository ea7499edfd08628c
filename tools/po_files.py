"""Files of translations (.po) that differ only where their texts do: those of the package, and those of the pages."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po


def read(path: Path, language: str = "zh_CN") -> Catalog:
    """The translations of a file into a language; none, if it is not there.

    Raises ValueError where it is damaged. Gettext's own tools skip a conflict that is not resolved, or take one of two
    translations, with no more than a warning.
    """
    if not path.exists():
        return Catalog(locale=language, project="zhipu_magic", fuzzy=False)
    text = path.read_text("utf-8-sig")  # some editors begin a file with a mark of its encoding
    for number, line in enumerate(text.split("\n"), 1):
        if not _LINE.fullmatch(line):
            raise ValueError(f"{path.name}, line {number}, is none of a catalogue: {line[:60]}")
    twice = [text for text, count in Counter(_TEXT.findall(text)).items() if count > 1]
    if twice:
        raise ValueError(f"{path.name} has this text twice: {twice[0].strip()[:100]}")
    try:
        return read_po(io.BytesIO(text.encode()), locale=language, abort_invalid=True)
    except PoFileError as damaged:
        raise ValueError(f"{path.name}: {damaged}") from None


#: A line of a .po file: a comment, or the beginning or the rest of a text; and a text, of one or several lines.
_LINE = re.compile(r'(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?"(?:[^"\\]|\\.)*")?\s*')
_TEXT = re.compile(r'^(?:msgctxt ".*"\n(?:".*"\n)*)?msgid ".*"\n(?:".*"\n)*', re.MULTILINE)


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
