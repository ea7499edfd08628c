"""Files with rows in them that a repository brings along: lines that lie, files of another kind, links and devices."""

from __future__ import annotations

import os
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nasty import NASTY

from zhipu_magic.history.journal.file import torn_file
from zhipu_magic.history.journal.lines import LONGEST
from zhipu_magic.history.rows.index import HEADER
from zhipu_magic.history.rows.row import Row, line_of
from zhipu_magic.history.rows.store import RowStore
from zhipu_magic.text.errors import JournalError

KEY, OTHER = "A" * 22, "B" * 22
GOOD = line_of(Row(KEY, "good"))
SECRET = "the key to the house\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / ".glm"
    folder.mkdir(parents=True)
    return folder / "page.rows.jsonl"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def store(path: Path, told: list[str]) -> Iterator[RowStore]:
    one = RowStore(path, warn=told.append)
    yield one
    one.close()


def line(rest: str, key: str = KEY) -> bytes:
    return f'{{"key":"{key}",{rest}}}\n'.encode()


DAMAGED = {
    "no JSON": b'{"key":"%s","text":"x\n' % KEY.encode(),
    "JSON and more": line('"text":"x"')[:-1] + b" 5\n",
    "no UTF-8": b'{"key":"%s","text":"\xff"}\n' % KEY.encode(),
    "another key after it": line(f'"text":"x","key":"{OTHER}"'),
    "a key that is a number": line('"text":"x","key":5'),
    "an error that comes late": line('"text":"x","error":{"reason":"a","code":"b","message":"c"}'),
    "an error that is taken back": line('"error":{"reason":"a","code":"b","message":"c"},"text":"x","error":null'),
    "an error that is a text": line('"error":"x"'),
    "an error without a code": line('"error":{"reason":"a","message":"c"}'),
    "an error with a terminal's escape": line('"error":{"reason":"\\u001b[2J","code":"b","message":"c"}'),
    "a text that is a number": line('"text":5'),
    "a text that is null": line('"text":null'),
    "a text that is a list": line('"text":["x"]'),
    "a usage of two": line('"text":"x","usage":[1,2]'),
    "a usage of texts": line('"text":"x","usage":["1","2","3"]'),
    "a usage below nothing": line('"text":"x","usage":[1,-2,3]'),
    "a usage of flags": line('"text":"x","usage":[true,true,true]'),
    "a usage without end": line('"text":"x","usage":[1e999,1,1]'),
    "a usage of many digits": line(f'"text":"x","usage":[{"9" * 5_000},1,1]'),
    "a usage beyond counting": line(f'"text":"x","usage":[{"9" * 30},1,1]'),
    "a model with a line end": line('"text":"x","model":"a\\nb"'),
    "a model with an escape": line('"text":"x","model":"\\u001b]0;x"'),
    "a model of a megabyte": line(f'"text":"x","model":"{"x" * 1_000_000}"'),
    "a finish that is a flag": line('"text":"x","finish":true'),
    "seconds that are no number": line('"text":"x","seconds":NaN'),
    "seconds below nothing": line('"text":"x","seconds":-1'),
    "rounds of half": line('"text":"x","rounds":0.5'),
    "a batch that is none": line('"text":"x","batch":false'),
    "a time before all others": line('"text":"x","at":-1'),
    "a time of half": line('"text":"x","at":0.5'),
    "a time that is a flag": line('"text":"x","at":true'),
    "a time that is a text": line('"text":"x","at":"1800000000000"'),
    "a time without end": line('"text":"x","at":1e999'),
    "a time beyond counting": line(f'"text":"x","at":{"9" * 30}'),
    "nothing but depth": line('"text":"x","batch":' + "[" * 100_000),
    "a list of a million lists": line('"text":"x","more":[' + "[]," * 1_000_000 + "[]]"),
}


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("good", ["before", "after", "not at all"])
def test_a_line_that_lies_counts_as_if_it_were_not_there(
    path: Path, store: RowStore, told: list[str], damage: str, good: str
) -> None:
    lines = {"before": GOOD + DAMAGED[damage], "after": DAMAGED[damage] + GOOD}.get(good, DAMAGED[damage])
    path.write_bytes(HEADER + lines)
    row = store.find(KEY)
    assert row == (None if good == "not at all" else Row(KEY, "good"))
    assert store.find(OTHER) is None
    if good == "not at all" or (good == "before" and b'","error"' not in lines):  # an error is looked for last
        assert told == ["page.rows.jsonl: 1 line left out because of damage; all others are used."]
    store.add(Row(OTHER, "new"))
    store.flush()
    assert RowStore(path).find(OTHER) == Row(OTHER, "new")


NO_LINES = {
    "another key": b'{"key":"' + b"." * 22 + b'","text":"x"}\n',
    "a longer key": b'{"key":"%sA","text":"x"}\n' % KEY.encode(),
    "a key of wide letters": '{"key":"ＡＡＡＡＡＡＡ","text":"x"}\n'.encode(),
    "spaces": b'{"key": "%s", "text": "x"}\n' % KEY.encode(),
    "something before": b' {"key":"%s","text":"x"}\n' % KEY.encode(),
    "a line end that is none": '{"a":"\u2028{"key":"KEY","text":"x"}\n'.replace("KEY", KEY).encode(),
    "a carriage return": b'x\r{"key":"%s","text":"x"}\n' % KEY.encode(),
    "nothing": b"\n",
    "a mark of a merge": b"<<<<<<< HEAD\n",
    "zeros": b"\0" * 100_000 + b"\n",
}


@pytest.mark.parametrize("other", NO_LINES)
def test_what_is_no_line_of_ours_is_counted_and_left_out(
    path: Path, store: RowStore, told: list[str], other: str
) -> None:
    path.write_bytes(HEADER + NO_LINES[other] + GOOD.replace(KEY.encode(), OTHER.encode()))
    assert store.find(KEY) is None
    assert store.find(OTHER) == Row(OTHER, "good")
    assert told == ["page.rows.jsonl: 1 line left out because of damage; all others are used."]


def test_a_file_with_the_line_ends_of_windows_is_read(path: Path, store: RowStore, told: list[str]) -> None:
    path.write_bytes((HEADER + GOOD).replace(b"\n", b"\r\n"))
    assert store.find(KEY) == Row(KEY, "good")
    assert told == []


def test_what_a_newer_version_adds_to_a_line_is_ignored(path: Path, store: RowStore) -> None:
    path.write_bytes(HEADER + line('"text":"good","more":{"a":[1]}'))
    assert store.find(KEY) == Row(KEY, "good")


@given(
    pieces=st.lists(NASTY.map(str.encode) | st.binary(max_size=40) | st.sampled_from([GOOD, HEADER, *DAMAGED.values()]))
)
def test_any_bytes_can_be_looked_up_and_written_on(
    pieces: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("rows") / "page.rows.jsonl"
    path.write_bytes(HEADER + b"".join(pieces))
    store = RowStore(path)
    assert store.find(KEY) in (None, Row(KEY, "good"))
    assert all(row.error is None for row in store)
    store.add(Row(OTHER, "new"))
    store.close()
    again = RowStore(path)
    assert again.find(OTHER) == Row(OTHER, "new")
    again.forget(lambda row: False)
    assert again.find(KEY) == store.find(KEY)
    again.close()


OTHERS = {
    "prose": b"Dear diary,\n",
    "a journal": b'{"id":"a-0","event":"session"}\n',
    "somebody's keys": b'{"key":"a","text":"x"}\n',
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(10_000),
    "a newer version": b'{"rows":2}\n' + GOOD,
    "a newer version further on": HEADER + GOOD * 3_000 + b'{"rows":99}\n',
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_file_of_another_kind_is_refused_and_left(
    path: Path, store: RowStore, told: list[str], other: str, tmp_path: Path
) -> None:
    path.write_bytes(OTHERS[other])
    assert store.find(OTHER) is None
    store.add(Row(KEY, "new"))
    store.flush()
    store.close()
    (said,) = told
    assert "newer" in said if "newer" in other else "a file of another kind" in said
    assert store.find(KEY) == Row(KEY, "new")
    assert store.path is None
    saved = RowStore(tmp_path / "mine.rows.jsonl")
    saved.add(Row(KEY, "new"))
    with pytest.raises(JournalError):
        saved.save(path)
    saved.close()
    assert path.read_bytes() == OTHERS[other]
    path.unlink()
    store.move(path)
    store.flush()
    assert RowStore(path).find(KEY) == Row(KEY, "new")


TRAPS: dict[str, Callable[[Path, Path], object]] = {
    "a link to a file": lambda place, home: place.symlink_to(home / "secret"),
    "a link to nothing": lambda place, home: place.symlink_to(home / ".zshenv"),
    "a link to zeros": lambda place, home: place.symlink_to("/dev/zero"),
    "a pipe": lambda place, home: os.mkfifo(place),
    "a folder": lambda place, home: place.mkdir(),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators alone")
@pytest.mark.timeout(30)
@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("when", ["at first", "later", "the torn lines", "elsewhere"])
def test_nothing_goes_through_what_is_no_file(
    path: Path, store: RowStore, told: list[str], trap: str, when: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text(SECRET)
    place = path
    if when == "later":
        store.add(Row(OTHER, "old"))
        store.flush()
        path.unlink()
    elif when == "the torn lines":
        path.write_bytes(HEADER + GOOD + b'{"key":"')
        place = torn_file(path)
    elif when == "elsewhere":
        place = path.with_name("there.rows.jsonl")
    TRAPS[trap](place, home)
    if when == "elsewhere":
        store.add(Row(KEY, "new"))
        with pytest.raises(JournalError):
            store.save(place)
        store.rename(place)
    store.add(Row(KEY, "new"))
    store.flush()
    store.refresh()
    store.flush()
    store.forget(lambda row: False) if when == "the torn lines" else None
    assert store.find(KEY) == Row(KEY, "new")
    assert len(told) == 1 and ("cannot be used" in told[0])
    assert [file.name for file in home.iterdir()] == ["secret"]
    assert (home / "secret").read_text() == SECRET
    place.rmdir() if trap == "a folder" else place.unlink()
    store.close()
    assert RowStore(store.path).find(KEY) == Row(KEY, "new")


def test_a_line_without_end_takes_no_memory(path: Path, store: RowStore, told: list[str]) -> None:
    with path.open("wb") as file:
        file.write(HEADER + GOOD + b'{"key":"%s","text":"' % OTHER.encode())
        file.truncate(file.tell() + 3 * LONGEST)
        file.seek(0, os.SEEK_END)
        file.write(b'"}\n' + line('"text":"after"', "C" * 22))
    tracemalloc.start()
    try:
        assert store.find(KEY) == Row(KEY, "good")
        assert store.find(OTHER) is None
        assert store.find("C" * 22) == Row("C" * 22, "after")
        assert tracemalloc.get_traced_memory()[1] < 3 * LONGEST
    finally:
        tracemalloc.stop()
    assert len(told) == 1
    with path.open("ab") as file:
        file.truncate(file.tell() + 3 * LONGEST)
    store.add(Row(OTHER, "new"))
    store.flush()
    assert "too long to be one of ours" in told[1]
    assert store.find(OTHER) == Row(OTHER, "new")


def test_many_damaged_lines_are_read_once(path: Path, store: RowStore) -> None:
    keys = [f"{number:022d}" for number in range(3_000)]
    path.write_bytes(HEADER + b"".join(line('"text":5', key) for key in keys))
    assert [key for key in keys if store.find(key)] == []
    reads = store._places.file
    assert reads is not None and len(reads) == 0
