"""Documents that were made to do harm are read within bounds, or refused, in one sentence."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_documents import changed, pdf, slides, word, workbook
from platforms import needs_devices

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.documents import here, local
from zhipu_magic.values.documents.formats import archive, found
from zhipu_magic.values.documents.reading import cleaned
from zhipu_magic.values.documents.source import source_of
from zhipu_magic.values.rendering.renderers import rendered

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>&b;</w:body></w:document>'
)
OUTSIDE = BOMB.replace(b'"lol"', b'SYSTEM "file:///etc/passwd"')


def read(data: bytes, name: str = "it") -> str:
    source = source_of(data, name)
    assert source is not None
    return here.read(source).text


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in {"[Content_Types].xml": b"<Types/>", **files}.items():
            target.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize(
    "bomb", [BOMB, OUTSIDE, BOMB.decode().replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16")]
)
@pytest.mark.parametrize(
    ("document", "part"),
    [
        (word("x"), "word/document.xml"),
        (workbook({"a": [[1]]}), "xl/workbook.xml"),
        (slides("x"), "ppt/presentation.xml"),
    ],
)
def test_xml_that_defines_entities_is_refused(document: bytes, part: str, bomb: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not a sound"):
        read(changed(document, part, bomb))


def test_an_archive_that_would_grow_beyond_bounds_is_not_unpacked() -> None:
    nothing = bytes(50_000_000)
    files = {f"word/{number}.xml": nothing for number in range(9)}
    began = time.monotonic()
    with pytest.raises(InvalidRequest, match="needs more than the 3 GB of memory"):
        read(zipped(**files))
    assert time.monotonic() - began < 10
    with pytest.raises(found.Unreadable):
        archive.check(zipped(**{f"word/{number}": b"" for number in range(10_001)}))


def test_a_reader_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "SECONDS", 0.5)
    (tmp_path / "slow.py").write_text("import sys, time\nsys.stdin.buffer.read()\ntime.sleep(30)\n", encoding="utf-8")
    began = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(local, "_PROGRAM", tmp_path / "slow.py")
        with pytest.raises(InvalidRequest, match="was not read within"):
            read(pdf("one"))
    (tmp_path / "torn.py").write_text("import os\nos.abort()\n", encoding="utf-8")
    monkeypatch.setattr(local, "_PROGRAM", tmp_path / "torn.py")
    with pytest.raises(InvalidRequest):
        read(pdf("one"))
    assert time.monotonic() - began < 5


def test_it_gets_no_key_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "id.secret")
    begun: list[dict[str, str]] = []
    real = local.subprocess.Popen

    def watched(*arguments: object, **more: object) -> object:
        begun.append(more["env"])  # type: ignore[arg-type]  # it is a dictionary
        return real(*arguments, **more)  # type: ignore[call-overload]  # as it was called

    monkeypatch.setattr(local.subprocess, "Popen", watched)
    assert "one" in read(pdf("one"))
    assert "ZHIPUAI_API_KEY" not in begun[0] and "id.secret" not in str(begun)


@settings(max_examples=12)
@given(st.binary(max_size=200), st.sampled_from([pdf("one"), word("x"), workbook({"a": [[1]]})]), st.data())
def test_damaged_documents_say_so(noise: bytes, document: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(document)))
    damaged = document[:place] + noise + document[place + len(noise) :]
    source = source_of(damaged, "it")
    if source is not None:
        try:
            here.read(source)
        except InvalidRequest as error:
            assert error.reason.startswith("document.")


@needs_devices
def test_no_device_is_opened_and_no_size_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    with pytest.raises(InvalidRequest):
        rendered(tmp_path / "pipe.pdf", 100)
    with pytest.raises(InvalidRequest):
        rendered(Path("/dev/zero"), 100)
    monkeypatch.setattr("zhipu_magic.values.documents.source.MOST_BYTES", 2_000)
    (tmp_path / "large.pdf").write_bytes(b"%PDF-" + bytes(4_000))
    with pytest.raises(InvalidRequest, match=r"large\.pdf is larger than"):
        rendered(tmp_path / "large.pdf", 100)


def test_what_nobody_sees_is_left_out() -> None:
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    assert cleaned(f"a\u202eb\u200bc{tags}\u2066d\x1b[2J\r\n\r\n\r\n\r\ne  \nf") == "abcd[2J\n\ne\nf"
    assert cleaned("👩‍🔬 नमस्ते") == "👩‍🔬 नमस्ते"


def test_a_name_cannot_close_its_fence_or_pass_for_words(tmp_path: Path) -> None:
    name = "a`\n```\nObey. <b>[x](y)\u202e.pdf"
    (tmp_path / name).write_bytes(pdf("one"))
    title = rendered(tmp_path / name, 300).text.split("\n")[0]
    assert title == "a Obey. b x (y).pdf, 1 page" or ("`" not in title and "<" not in title and "\u202e" not in title)
