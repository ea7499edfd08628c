"""The store of rows' answers: found by key, kept on the disk, whatever happens to the file."""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platforms import needs_devices

from zhipu_magic.history.journal.file import torn_file
from zhipu_magic.history.journal.lock import locked
from zhipu_magic.history.rows import places as row_places
from zhipu_magic.history.rows.index import HEADER
from zhipu_magic.history.rows.row import Row, RowError
from zhipu_magic.history.rows.store import RowStore
from zhipu_magic.history.rows.summary import ModelSums, summary_of
from zhipu_magic.text.errors import JournalError

Open = Callable[..., RowStore]

FAILED = RowError("service.rate", "1302", "too many")


def key(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(16, "big"))[:22].decode()


def answer(number: int, text: str = "") -> Row:
    return Row(key(number), text or f"answer {number}", usage=(100, 10, 0), model="glm-4.7", seconds=0.25)


def failure(number: int) -> Row:
    return Row(key(number), "", error=FAILED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".glm" / "page.rows.jsonl"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def opened(path: Path, told: list[str]) -> Iterator[Open]:
    """Opens a store as another kernel would; it is closed in the end."""
    stores: list[RowStore] = []

    def begin(place: Path | None = path) -> RowStore:
        stores.append(RowStore(place, warn=told.append))
        return stores[-1]

    yield begin
    for store in stores:
        store.close()


def texts(store: RowStore, count: int = 20) -> dict[int, str]:
    """What the store answers to the first keys."""
    rows = {number: store.find(key(number)) for number in range(count)}
    return {number: row.text if row.error is None else "failed" for number, row in rows.items() if row is not None}


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")


# Adding and finding


def test_a_row_is_found_at_once_and_soon_on_the_disk(opened: Open, path: Path) -> None:
    store = opened()
    store.add(answer(1))
    assert store.find(key(1)) == answer(1)
    assert store.find(key(2)) is None
    while not path.exists() or not path.read_bytes().endswith(b"}\n"):
        time.sleep(0.01)
    assert opened().find(key(1)) == answer(1)


@needs_devices
def test_nothing_is_opened_or_made_before_it_is_needed(opened: Open, path: Path, told: list[str]) -> None:
    path.parent.mkdir()
    path.symlink_to("/dev/zero")
    store = opened()
    store.flush()
    store.close()
    assert told == []


def test_the_file_says_what_it_is_and_only_what_is_not_usual(opened: Open, path: Path) -> None:
    store = opened()
    store.add(Row(key(1), "好 \u2028 \n \x00", usage=(3, 2, 1), seconds=0.12345, at=1_800_000_000_000))
    store.add(replace(failure(2), at=0))
    store.flush()
    said = """\
{"rows":1}
{"key":"KEY 1","text":"好 \u2028 \\n \\u0000","usage":[3,2,1],"seconds":0.123,"at":1800000000000}
{"key":"KEY 2","error":{"reason":"service.rate","code":"1302","message":"too many"}}
"""
    assert path.read_bytes().decode() == said.replace("KEY 1", key(1)).replace("KEY 2", key(2))


_WORDS = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Zl", "Lo"]))
_NAMES = st.text(st.characters(categories=["L", "Nd", "Pd"]), max_size=30)
_COUNTS = st.integers(0, 2**40)
ROWS = st.builds(
    Row,
    key=st.integers(0, 5).map(key),
    text=_WORDS,
    usage=st.none() | st.tuples(_COUNTS, _COUNTS, _COUNTS),
    reasoning=_WORDS,
    finish=_NAMES,
    model=_NAMES,
    seconds=st.floats(0, 1e5).map(lambda seconds: round(seconds, 3)),
    rounds=st.integers(0, 9),
    batch=st.booleans(),
    error=st.none() | st.builds(RowError, reason=_NAMES, code=_NAMES, message=_WORDS),
)


def whole(row: Row) -> Row:
    """The row without unpaired surrogates, which no file can hold."""

    def clean(text: str) -> str:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    error = row.error and replace(row.error, message=clean(row.error.message))
    return replace(row, text=clean(row.text), reasoning=clean(row.reasoning), error=error)


@given(row=ROWS)
def test_any_row_is_read_as_it_was_added(row: Row, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rows") / "page.rows.jsonl"
    store = RowStore(path)
    store.add(row)
    assert store.find(row.key) == whole(row)
    store.close()
    again = RowStore(path, warn=pytest.fail)
    assert again.find(row.key) == whole(row)
    again.close()
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("written", [True, False])
def test_an_error_hides_no_answer_and_an_answer_replaces_all(opened: Open, written: bool) -> None:
    store = opened()
    for row in (failure(1), answer(1), answer(2), failure(2), answer(3), answer(3, "fresh"), failure(4)):
        store.add(row)
        if written and row.error is None:
            store.flush()
    expected = {1: "answer 1", 2: "answer 2", 3: "fresh", 4: "failed"}
    assert texts(store) == expected
    store.flush()
    assert texts(store) == texts(opened()) == expected
    assert len(store) == len(opened()) == 4


def test_without_a_file_the_newest_are_kept(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_places, "_MOST", 5)
    store = opened(None)
    for number in range(8):
        store.add(answer(number))
    store.add(answer(3, "newer"))
    store.add(answer(8))
    assert list(texts(store)) == [3, 5, 6, 7, 8]
    assert texts(store)[3] == "newer"
    monkeypatch.setattr(row_places, "_MOST_BYTES", 1_000)
    store = opened(None)
    for number in range(8):
        store.add(answer(number, "x" * 300))
    assert list(texts(store)) == [6, 7]


def test_what_must_never_be_written_is_not(path: Path) -> None:
    store = RowStore(path, hide=lambda text: text.replace("sesame", "…"))
    failed = Row(key(2), "sesame", error=RowError("a", "b", "open sesame"))
    for row in (Row(key(1), "it is sesame", reasoning="sesame?"), failed):
        store.add(row)
        assert "sesame" not in str(store.find(row.key))
    store.close()
    assert b"sesame" not in path.read_bytes()


def test_what_could_not_be_read_again_is_kept_in_memory_alone(opened: Open, path: Path) -> None:
    store = opened()
    store.add(replace(answer(1), seconds=-1.0))
    store.add(answer(2))
    store.flush()
    assert texts(opened()) == {2: "answer 2"}
    assert path.read_bytes().count(b"\n") == 2


def test_the_sums_are_by_model_and_price(opened: Open) -> None:
    store = opened()
    for row in (
        answer(1),
        answer(1, "fresh"),
        replace(answer(2), usage=(200, 20, 150)),
        replace(answer(3), batch=True),
        replace(failure(4), model="glm-4.7", usage=(5, 5, 0)),
        Row(key(5), "free", model="other"),
    ):
        store.add(row)
    found = summary_of(store)
    assert (found.answers, found.errors) == (4, 1)
    assert found.models == {
        ("glm-4.7", False): ModelSums(rows=3, prompt_tokens=305, completion_tokens=35, cached_tokens=150),
        ("glm-4.7", True): ModelSums(rows=1, prompt_tokens=100, completion_tokens=10),
        ("other", False): ModelSums(rows=1, uncounted=1),
    }
    size = store.size
    store.flush()
    assert store.size == size + len(HEADER)


# Several kernels, and torn lines


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "fail", "flush", "refresh", "reopen", "forget", "move"]),
        st.integers(0, 1),
        st.integers(0, 4),
    ),
    max_size=30,
)


def is_newest(path: Path, upto: int | None = None) -> dict[int, str]:
    """What the whole lines of a file say, read in the plainest way."""
    answers, errors = {}, {}
    for line in path.read_bytes()[:upto].split(b"\n")[1:-1]:
        members = json.loads(line)
        number = int.from_bytes(base64.urlsafe_b64decode(members["key"] + "=="), "big")
        (errors if "error" in members else answers)[number] = "failed" if "error" in members else members["text"]
    return {**errors, **answers}


@given(steps=STEPS, cut=st.integers(0, 400))
def test_two_kernels_with_one_file_find_the_newest_of_both(
    steps: list[tuple[str, int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("rows") / "page.rows.jsonl"
    stores = [RowStore(path, warn=pytest.fail) for _ in range(2)]
    added: list[set[int]] = [set(), set()]
    for count, (step, which, number) in enumerate(steps):
        store = stores[which]
        if step == "add":
            store.add(answer(number, f"answer {number}, {count}"))
            assert texts(store)[number] == f"answer {number}, {count}"
            added[which].add(number)
        elif step == "fail":
            store.add(failure(number))
            assert number in texts(store)
            added[which].add(number)
        elif step == "flush":
            store.flush()
        elif step == "refresh":
            store.refresh()
        elif step == "forget":
            assert store.forget(lambda row: False) == 0
        elif step == "move":
            before = texts(store)
            store.move(path.with_name("elsewhere.rows.jsonl"))
            assert texts(store).keys() >= before.keys()
            store.move(path)
        else:
            store.close()
            stores[which] = RowStore(path, warn=pytest.fail)
        assert added[which] <= texts(stores[which]).keys()
    for store in stores:
        store.close()
    for store in stores:
        store.refresh()
    both = [texts(store) for store in stores]
    if path.exists():
        assert both == [is_newest(path)] * 2
        for store in stores:
            store.close()
        torn_anywhere(path, cut)
    assert both[0].keys() == added[0] | added[1]


def torn_anywhere(path: Path, cut: int) -> None:
    """A file that was cut at any byte answers what its whole lines do, and is written on."""
    data = path.read_bytes()[: min(cut, path.stat().st_size)]
    path.write_bytes(data)
    left = is_newest(path)
    store = RowStore(path, warn=pytest.fail)
    assert texts(store) == left
    store.add(answer(9))
    store.close()
    assert is_newest(path) == {**left, 9: "answer 9"}
    assert texts(RowStore(path, warn=pytest.fail)) == {**left, 9: "answer 9"}
    torn = data[data.rfind(b"\n") + 1 :]
    assert torn_file(path).exists() is bool(torn)
    assert not torn or torn_file(path).read_bytes() == torn + b"\n"


def test_what_another_kernel_has_added_is_found_after_a_refresh(opened: Open) -> None:
    one, other = opened(), opened()
    assert other.find(key(1)) is None
    one.add(answer(1))
    one.flush()
    other.refresh()
    assert other.find(key(1)) == answer(1)
    other.add(answer(2))
    other.flush()
    one.add(answer(3))
    one.flush()  # takes in what came before
    assert texts(one) == {1: "answer 1", 2: "answer 2", 3: "answer 3"}


def test_a_line_that_is_longer_than_a_block_is_found(opened: Open) -> None:
    store = opened()
    for number in range(4):
        store.add(answer(number, "好" * 150_000))
    store.add(answer(5))
    store.flush()
    assert [len(text) for text in texts(opened()).values()] == [150_000] * 4 + [8]


# A file that changes meanwhile


def test_a_file_that_was_deleted_is_forgotten_and_begun_anew(opened: Open, path: Path) -> None:
    store = opened()
    store.add(answer(1))
    store.flush()
    path.unlink()
    store.refresh()
    assert store.find(key(1)) is None
    store.add(answer(2))
    store.flush()
    assert texts(store) == texts(opened()) == {2: "answer 2"}


def test_a_file_that_was_replaced_or_cut_is_read_again(opened: Open, path: Path) -> None:
    store, other = opened(), opened(path.with_name("other.rows.jsonl"))
    for number in range(3):
        store.add(answer(number))
    store.flush()
    other.add(answer(5))
    other.flush()
    before = path.read_bytes()
    os.replace(path.with_name("other.rows.jsonl"), path)
    store.refresh()
    assert texts(store) == {5: "answer 5"}
    path.write_bytes(before[: before.rindex(b'{"key')])
    store.refresh()
    assert texts(store) == {0: "answer 0", 1: "answer 1"}


def test_a_file_that_was_changed_in_place_gives_no_wrong_answer(opened: Open, path: Path) -> None:
    store = opened()
    for number in range(3):
        store.add(answer(number))
    store.flush()
    path.write_bytes(path.read_bytes().replace(HEADER, HEADER + b" " * 7 + b"\n"))
    assert texts(store) == {0: "answer 0", 1: "answer 1", 2: "answer 2"}
    path.write_bytes(b" " * path.stat().st_size)
    assert texts(store) == {}


def test_what_has_a_rows_key_in_its_place_and_is_no_row_is_no_answer(opened: Open, path: Path) -> None:
    store = opened()
    store.add(answer(1))
    store.flush()
    line = f'["abc","{key(1)}"]'.encode()
    assert line.index(key(1).encode()) == len('{"key":"')
    path.write_bytes(HEADER + line.ljust(path.stat().st_size - len(HEADER) - 1) + b"\n")
    assert texts(store) == {}


def test_what_cannot_be_written_waits_and_is_told_once(opened: Open, path: Path, told: list[str]) -> None:
    path.parent.write_text("no folder")
    store = opened()
    for number in range(3):
        store.add(answer(number))
        store.flush()
    assert texts(store) == {0: "answer 0", 1: "answer 1", 2: "answer 2"}
    (said,) = told
    assert said.startswith("page.rows.jsonl cannot be used (")
    store.close()
    assert told[1:] == ["page.rows.jsonl cannot be written: 3 answers will be lost when Python ends."]
    path.parent.unlink()
    store.flush()
    assert texts(opened()) == texts(store)


def test_a_full_disk_loses_nothing(opened: Open, path: Path, told: list[str]) -> None:
    resource = pytest.importorskip("resource")
    store = opened()
    store.add(answer(1))
    store.flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 200, limits[1]))
    try:
        for number in range(2, 8):
            store.add(answer(number))
        store.flush()
        assert len(told) == 1
        assert len(texts(store)) == 7
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    store.flush()
    assert len(texts(opened())) == 7


def test_a_file_that_another_program_has_locked_is_written_later(opened: Open, path: Path, told: list[str]) -> None:
    store = opened()
    store.add(answer(1))
    store.flush()
    with path.open("r+b") as file, locked(file.fileno()):
        store.add(answer(2))
        store.flush(patience=0)
        assert [said for said in told if "another program has locked it" in said] == told != []
        assert texts(store) == {1: "answer 1", 2: "answer 2"}
    store.flush()
    assert texts(opened()) == texts(store)


def test_without_locks_a_torn_line_is_closed_off(opened: Open, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhipu_magic.history.journal.file.CAN_LOCK", False)
    path.parent.mkdir()
    path.write_bytes(HEADER + b'{"key":"torn')
    store = opened()
    store.add(answer(1))
    store.flush()
    assert texts(opened()) == {1: "answer 1"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_finds_what_waits_and_does_not_write_it(opened: Open, path: Path) -> None:
    store = opened()
    store.add(answer(1))
    store.flush()
    store.add(answer(2))
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            store.add(answer(3))
            found = texts(store)
            store.flush()
            os._exit(0 if list(found) == [1, 2, 3] else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    store.add(answer(4))  # so that it writes, and takes in what others have written, however slow the child was
    store.flush()
    assert texts(store) == texts(opened()) == {number: f"answer {number}" for number in (1, 2, 3, 4)}
    assert path.read_bytes().count(b"answer 2") == 1


def test_many_threads_add_and_find(opened: Open) -> None:
    store, missing = opened(), []

    def work(first: int) -> None:
        for number in range(first, first + 200):
            store.add(answer(number))
            missing.extend(one for one in range(first, number + 1, 17) if store.find(key(one)) is None)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 1600, 200)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        store.flush()
    for thread in threads:
        thread.join()
    store.flush()
    assert missing == []
    assert len(texts(opened(), 1600)) == 1600


# Written anew, and elsewhere


def test_what_is_forgotten_is_gone_for_all_kernels(opened: Open, path: Path) -> None:
    store, other = opened(), opened()
    for row in (failure(1), answer(2), answer(3, "stale"), answer(3), failure(4), failure(2)):
        store.add(row)
        store.flush()
    assert len(texts(other)) == 4
    store.add(failure(5))
    assert store.forget(lambda row: row.error is not None) == 3
    other.refresh()
    assert texts(store) == texts(other) == texts(opened()) == {2: "answer 2", 3: "answer 3"}
    assert path.read_bytes().count(b"\n") == 5  # with what came before


def test_without_a_file_it_is_gone_from_memory(opened: Open) -> None:
    store = opened(None)
    for row in (failure(1), answer(2), failure(2), answer(3)):
        store.add(row)
    assert store.forget(lambda row: row.error is not None) == 1
    assert texts(store) == {2: "answer 2", 3: "answer 3"}
    assert [row.error is None for row in store.rows(key(2))] == [True, False], "with what came before"


def test_what_comes_of_a_key_while_that_is_written_is_written_too(opened: Open, path: Path) -> None:
    store = opened()
    store.add(answer(1))
    store.flush()
    with path.open("r+b") as file, locked(file.fileno()):
        store.add(answer(2, "first"))
        writing = threading.Thread(target=store.flush)
        writing.start()
        time.sleep(0.1)  # it waits for the lock, and knows what it will write
        store.add(answer(2, "second"))
    writing.join()
    store.flush()
    other = opened()
    assert texts(other) == texts(store) == {1: "answer 1", 2: "second"}
    assert [row.text for row in other.rows(key(2))] == ["first", "second"]
    assert store.is_written


def test_saved_where_it_is_it_is_written_anew_and_nothing_is_lost(opened: Open, path: Path) -> None:
    store = opened()
    for row in (answer(1, "older"), answer(1), failure(2)):
        store.add(row)
    store.save(path)
    assert texts(opened()) == texts(store) == {1: "answer 1", 2: "failed"}


def test_what_comes_while_the_file_is_written_anew_is_not_lost(opened: Open, path: Path) -> None:
    first = opened()
    first.add(answer(0))
    first.flush()
    added = 300

    def write() -> None:
        store = RowStore(path)
        for number in range(1, added):
            store.add(answer(number))
            store.flush(patience=30)
        store.close()

    writing = threading.Thread(target=write)
    writing.start()
    while writing.is_alive():
        with suppress(JournalError):  # it was locked for too long
            first.forget(lambda row: False)
    writing.join()
    first.refresh()
    assert len(texts(first, added)) == len(texts(opened(), added)) == added


def test_moved_it_goes_on_with_all_rows_in_the_other_file(opened: Open, path: Path, tmp_path: Path) -> None:
    store, there = opened(), opened(tmp_path / "there.rows.jsonl")
    for row in (answer(2, "older"), answer(3)):
        there.add(row)
    there.close()
    for row in (answer(1), answer(2), failure(3)):
        store.add(row)
    store.move(tmp_path / "there.rows.jsonl")
    store.add(answer(4))
    store.flush()
    expected = {1: "answer 1", 2: "answer 2", 3: "answer 3", 4: "answer 4"}
    assert texts(store) == texts(opened(tmp_path / "there.rows.jsonl")) == expected
    assert texts(opened()) == {1: "answer 1", 2: "answer 2", 3: "failed"}
    size = (tmp_path / "there.rows.jsonl").stat().st_size
    store.move(path)
    store.move(tmp_path / "there.rows.jsonl")
    store.flush()
    assert (tmp_path / "there.rows.jsonl").stat().st_size == size


def test_rows_go_from_memory_to_a_file_and_stay_known_where_none_is_kept(opened: Open, path: Path) -> None:
    store = opened(None)
    store.add(answer(1))
    store.move(path)
    store.flush()
    assert texts(opened()) == {1: "answer 1"}
    store.move(None)
    store.add(answer(2))
    assert texts(store) == {1: "answer 1", 2: "answer 2"}
    store.flush()
    assert texts(opened()) == {1: "answer 1"}


def test_rows_of_another_file_are_known_and_written_to_our_own(opened: Open, path: Path, tmp_path: Path) -> None:
    other = opened(tmp_path / "other.rows.jsonl")
    for row in (answer(1, "theirs"), answer(2, "theirs")):
        other.add(row)
    other.close()
    before = (tmp_path / "other.rows.jsonl").read_bytes()
    store, memory = opened(), opened(None)
    for one in (store, memory):
        one.add(answer(1, "ours"))
        one.bring(tmp_path / "other.rows.jsonl")
        one.bring(tmp_path / "missing.rows.jsonl")
        assert texts(one) == {1: "ours", 2: "theirs"}
    store.flush()
    assert texts(opened()) == {1: "ours", 2: "theirs"}
    memory.save(tmp_path / "saved.rows.jsonl")
    assert texts(opened(tmp_path / "saved.rows.jsonl")) == {1: "ours", 2: "theirs"}
    assert (tmp_path / "other.rows.jsonl").read_bytes() == before


def test_a_file_of_another_kind_that_was_to_be_brought_is_told_once(
    opened: Open, path: Path, tmp_path: Path, told: list[str]
) -> None:
    other = tmp_path / "thesis.rows.jsonl"
    other.write_text("Chapter 1\n")
    store = opened()
    store.add(answer(1))
    store.bring(other)
    store.refresh()
    assert texts(store) == {1: "answer 1"}
    (said,) = told
    assert "thesis.rows.jsonl is a file of another kind and was left unchanged." in said
    assert "No answers to rows are read from it or written to it." in said
    store.flush()
    assert texts(opened()) == {1: "answer 1"} and other.read_text() == "Chapter 1\n"


def test_renamed_it_leaves_no_old_file_and_takes_no_other_ones_place(opened: Open, path: Path) -> None:
    store, taken = opened(), opened(path.with_name("taken.rows.jsonl"))
    store.add(answer(1))
    store.rename(path.with_name("new.rows.jsonl"))
    store.add(answer(2))
    store.flush()
    assert [file.name for file in path.parent.iterdir()] == ["new.rows.jsonl"]
    taken.add(answer(3))
    taken.close()
    store.rename(path.with_name("taken.rows.jsonl"))
    store.flush()
    assert texts(opened(path.with_name("taken.rows.jsonl"))) == {1: "answer 1", 2: "answer 2", 3: "answer 3"}
    assert texts(opened(path.with_name("new.rows.jsonl"))) == {1: "answer 1", 2: "answer 2"}


def test_read_only_nothing_is_written_until_it_is_not(opened: Open, path: Path, tmp_path: Path) -> None:
    store, other = opened(), opened(tmp_path / "other.rows.jsonl")
    store.add(answer(1))
    other.add(answer(3))
    other.close()
    store.flush()
    before = path.read_bytes()
    store.read_only = True
    store.add(answer(2))
    store.bring(tmp_path / "other.rows.jsonl")
    assert texts(store) == {1: "answer 1", 2: "answer 2", 3: "answer 3"}
    store.forget(lambda row: row.key == key(1))
    store.close()
    assert path.read_bytes() == before
    store.read_only = False
    store.flush()
    assert texts(opened()) == {1: "answer 1", 2: "answer 2"}
