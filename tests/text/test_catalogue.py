"""A catalogue that is missing, damaged or of another version: what it cannot tell is told in English."""

from __future__ import annotations

import io
import pkgutil
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from hatch_build import compile_catalogues, po_files
from zhipu_magic.practice import messages as of_practice
from zhipu_magic.text.languages import catalogue
from zhipu_magic.text.languages.language import prompted, reader
from zhipu_magic.text.languages.messages import _, for_model, told
from zhipu_magic.text.languages.numbers import plural
from zhipu_magic.text.markup import Markup

Install = Callable[[bytes | OSError], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts another file in the place of the catalogue."""

    def put(data: bytes | OSError) -> None:
        def get_data(package: str, resource: str) -> bytes:
            if isinstance(data, OSError):
                raise data
            return data

        monkeypatch.setattr(pkgutil, "get_data", get_data)
        forget()

    def forget() -> None:
        catalogue._catalogue.cache_clear()

    reader.choose("zh")
    yield put
    forget()
    reader.choose("auto")


def of(*messages: tuple[str | tuple[str, str], str | tuple[str, ...]]) -> bytes:
    """A catalogue with these messages."""
    catalog, file = Catalog(locale="zh_CN"), io.BytesIO()
    for text, translation in messages:
        catalog.add(text, translation)
    write_mo(file, catalog)
    return file.getvalue()


GOOD = of(("There is no batch {id} here.", "没有 {id}"))


@pytest.mark.parametrize(
    "data",
    [
        FileNotFoundError("it is not there"),
        IsADirectoryError("it is a folder"),
        *(b"", b"nonsense, nonsense, nonsense", GOOD[:40], GOOD[:-30]),
        GOOD.replace(b"utf-8", b"none!"),
        GOOD.replace("没".encode(), b"\xff\xff\xff"),
        of(("another", "message")),
        of(("There is no batch {id} here.", "没有"), (("{count:,} row", "{count:,} rows"), ("{rows} 行",))),
        of(("There is no batch {id} here.", "没有 {number}"), (("{count:,} row", "{count:,} rows"), ("{rows} 行",))),
        of(("There is no batch {id} here.", "没有 {id.x} {"), (("{count:,} row", "{count:,} rows"), ("{count:.2f}",))),
    ],
    ids=lambda data: repr(data)[:20],
)
def test_without_a_translation_all_is_told_in_english(
    data: bytes | OSError, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(data)
    message = _("There is no batch {id} here.", id=plural(2, "row"))
    assert told(message) == Markup("There is no batch {id} here.", id=plural(2, "row")).plain == message
    with prompted("zh"):
        assert for_model("There is no batch {id} here.", id=2) == "There is no batch 2 here."
    file = tmp_path / "zh_CN" / "LC_MESSAGES" / "zhipu_magic.mo"
    file.parent.mkdir(parents=True)
    if isinstance(data, bytes):
        file.write_bytes(data)
    monkeypatch.setattr(of_practice, "_LOCALES", tmp_path)
    of_practice._chinese.cache_clear()
    said = of_practice.Message("There is no batch {id} here.", id=2)
    assert said.in_language("zh") == said == "There is no batch 2 here.", "the practice server does the same"
    of_practice._chinese.cache_clear()


def of_another_machine(data: bytes) -> bytes:
    """A catalogue with the bytes of its numbers the other way round."""
    _magic, _version, count, ids, texts = struct.unpack_from("=5I", data)
    ends = max(ids, texts) + 8 * count
    words = struct.unpack(f"={ends // 4}I", data[:ends])
    return struct.pack(f"{'>' if sys.byteorder == 'little' else '<'}{len(words)}I", *words) + data[ends:]


@pytest.mark.parametrize("written", [bytes, of_another_machine])
def test_all_translations_of_a_plural_are_told(written: Callable[[bytes], bytes], install: Install) -> None:
    install(written(of((("{count:,} row", "{count:,} rows"), ("{count:,} 行",)))))
    assert told(plural(1, "row")) == "1 行" and told(plural(2000, "row")) == "2,000 行"
    assert catalogue.translated_plural("{count:,} row", "another text", 2, "zh") == "another text"


ENTRY = 'msgid "one"\nmsgstr "一"\n'


@pytest.mark.parametrize(
    ("damaged", "complaint"),
    [
        (f"<<<<<<< HEAD\n{ENTRY}=======\n{ENTRY}>>>>>>> theirs\n", "line 1, is none of a catalogue: <<<<<<< HEAD"),
        ('msgid "one"\n<<<<<<< HEAD\nmsgstr "一"\n', "line 2, is none"),
        ('msgid "one"\nmsgstr "一。\n', "line 2, is none"),
        (f'{ENTRY}\nmsgid "one"\nmsgstr "壹"\n', "line 5, translates this text again: one"),
        (f'{ENTRY}\nmsgid ""\n"o"\n"ne"\nmsgstr "壹"\n', "line 7, translates this text again: one"),
        (f'{ENTRY}msgstr "壹"\n', "line 3, has msgstr after msgstr"),
        (f'"rest"\n{ENTRY}', "line 1, belongs to no text"),
        ('msgstr "一"\n', "line 1, has msgstr after nothing"),
        ('msgid "one"\nmsgid_plural "many"\nmsgstr[1] "一"\n', r"line 3, has msgstr\[1\] after msgid_plural"),
        ('msgid "one"\nmsgid_plural "many"\n', "missing msgstr for msgid 'one'"),
        (ENTRY.replace("一", "中文").encode("gb18030"), "x.po is not in UTF-8"),
    ],
)
def test_a_damaged_catalogue_is_not_built(damaged: str | bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "text" / "locale" / "zh_CN" / "LC_MESSAGES" / "x.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    with pytest.raises(ValueError, match=complaint):
        compile_catalogues(tmp_path)
    assert not path.with_suffix(".mo").exists()


def test_an_editor_of_windows_damages_no_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "zh_CN" / "LC_MESSAGES" / "x.po"
    path.parent.mkdir(parents=True)
    again = f'msgctxt "here"\n{ENTRY}'
    path.write_bytes(f"# by hand\n{ENTRY}\n{again}".replace("\n", "\r\n").encode("utf-8-sig"))
    assert [message.string for message in po_files.read(path) if message.id] == ["一", "一"]
