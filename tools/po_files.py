"""Files of translations (.po) that differ only where their texts do: those of the package, and those of the pages."""

from __future__ import annotations

import io
import re
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
    try:
        text = path.read_text("utf-8-sig")  # some editors begin a file with a mark of its encoding
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not in UTF-8.") from None
    _check(path.name, text)
    try:
        return read_po(io.BytesIO(text.encode()), locale=language, abort_invalid=True)
    except PoFileError as damaged:
        raise ValueError(f"{path.name}: {damaged}") from None


def _check(name: str, text: str) -> None:
    """Raise ValueError at the first line that is none of a catalogue, that stands where it cannot, or that translates a
    text again, however its lines are broken."""
    translated: set[tuple[str, str]] = set()
    entry: dict[str, str] = {}
    last = ""  # keyword of the entry
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{name}, line {number}"
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"{where}, is none of a catalogue: {line[:60]}")
        keyword, words = found["keyword"] or last, found["words"]
        if words is None:
            continue
        if found["keyword"] is None:
            if not last:
                raise ValueError(f"{where}, belongs to no text: {line[:60]}")
            entry[keyword] += words
            continue
        if not _may_follow(keyword, last):
            raise ValueError(f"{where}, has {keyword} after {last or 'nothing'}: {line[:60]}")
        if keyword == "msgctxt" or (keyword == "msgid" and last != "msgctxt"):
            entry = {}
        entry[keyword], last = words, keyword
        if keyword in ("msgstr", "msgstr[0]"):
            key = (entry.get("msgctxt", ""), entry["msgid"])
            if key in translated:
                raise ValueError(f"{where}, translates this text again: {entry['msgid'][:60]}")
            translated.add(key)


def _may_follow(keyword: str, last: str) -> bool:
    if keyword in ("msgctxt", "msgid"):
        return not last or last.startswith("msgstr") or (keyword, last) == ("msgid", "msgctxt")
    if keyword in ("msgid_plural", "msgstr"):
        return last == "msgid"
    form = int(keyword[len("msgstr[") : -1])
    return last == (f"msgstr[{form - 1}]" if form else "msgid_plural")


#: A line of a .po file: a comment, or the beginning or the rest of a text.
_LINE = re.compile(
    r'(?:#.*|(?:(?P<keyword>msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?"(?P<words>(?:[^"\\]|\\.)*)")?\s*'
)


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
