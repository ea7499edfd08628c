"""What came of a row earlier is kept beside its newest answer, wherever the rows go."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.history.rows import places as row_places
from zhipu_magic.history.rows.index import HEADER
from zhipu_magic.history.rows.row import Row, RowError, answer_until, came_between, line_of, newest_of
from zhipu_magic.history.rows.store import RowStore

FAILED = RowError("service.rate", "1302", "too many")


def key(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(16, "big"))[:22].decode()


def came(store: RowStore, number: int) -> list[str]:
    """What came of this row, in words."""
    return [row.text or "failed" for row in store.rows(key(number))]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["answer", "fail", "flush", "refresh", "reopen", "forget", "move", "rename", "save", "bring"]),
        st.integers(0, 2),
    ),
    max_size=25,
)


@given(steps=STEPS, has_file=st.booleans())
def test_all_that_came_is_found_wherever_it_goes(
    steps: list[tuple[str, int]], has_file: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The plainest model: a list of rows, in the order in which they came."""
    folder = tmp_path_factory.mktemp("rows")
    store = RowStore(folder / "0.rows.jsonl" if has_file else None, warn=pytest.fail)
    model: list[Row] = []

    def same(found: RowStore) -> None:
        for number in range(3):
            mine = [row for row in model if row.key == key(number)]
            rows = found.rows(key(number))
            assert sorted((row.at or 0, row.text) for row in rows) == sorted((row.at or 0, row.text) for row in mine)
            assert found.find(key(number)) == newest_of(mine) == newest_of(rows)

    for count, (step, number) in enumerate(steps, 1):
        if step in ("answer", "fail"):
            error = FAILED if step == "fail" else None
            row = Row(key(number), f"{step} {count}", error=error, at=count)
            store.add(row)
            model.append(row)
        elif step == "flush":
            store.flush()
        elif step == "refresh":
            store.refresh()
        elif step == "forget":
            store.forget(lambda row: False)
        elif step == "move":
            store.move(folder / f"{number}.rows.jsonl")
        elif step == "rename" and store.path is not None:
            store.rename(folder / f"{count}.rows.jsonl")
        elif step == "save":
            store.save(folder / "saved.rows.jsonl")
            if model:
                same(saved := RowStore(folder / "saved.rows.jsonl", warn=pytest.fail))
                saved.close()
        elif step == "bring":
            store.save(folder / "brought.rows.jsonl")
            store.bring(folder / "brought.rows.jsonl")
        elif step == "reopen" and store.path is not None:
            store.close()
            store = RowStore(store.path, warn=pytest.fail)
        same(store)
    store.close()


TIMES = st.integers(0, 8)


@given(
    lines=st.lists(st.tuples(TIMES, st.integers(0, 2), st.booleans()), max_size=15),
    since=TIMES,
    until=TIMES,
    moved=st.booleans(),
)
def test_what_a_row_was_at_a_moment_is_what_the_lines_until_then_say(
    lines: list[tuple[int, int, bool]], since: int, until: int, moved: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The plainest model: the lines in the order of their times, read until the moment."""
    folder = tmp_path_factory.mktemp("rows")
    (folder / "page.rows.jsonl").write_bytes(
        HEADER
        + b"".join(
            line_of(Row(key(number), f"{place}", error=FAILED if failed else None, at=at))
            for place, (at, number, failed) in enumerate(lines)
        )
    )
    store = RowStore(folder / "page.rows.jsonl", warn=pytest.fail)
    if moved:
        store.move(folder / "moved.rows.jsonl")
        store.flush()
    for number in range(3):
        answers, between = {}, {}
        for place, (at, _, failed) in sorted(enumerate(lines), key=lambda line: line[1][0]):
            if lines[place][1] == number and at <= until:
                answers.update({} if failed else {"last": f"{place}"})
                between.update({"last": f"{place}"} if at > since else {})
        rows = store.rows(key(number))
        found, came = answer_until(rows, until), came_between(rows, since, until)
        assert (found and found.text) == answers.get("last")
        assert (came and came.text) == between.get("last")
    store.close()


def test_rows_of_two_files_are_put_together_and_our_newest_answer_stays_the_newest(tmp_path: Path) -> None:
    paths = [tmp_path / "ours.rows.jsonl", tmp_path / "theirs.rows.jsonl"]
    for path, texts in zip(paths, (("a", "b"), ("c", "d")), strict=True):
        one = RowStore(path)
        for text in texts:
            one.add(Row(key(1), text))
        one.close()
    store = RowStore(paths[0])
    store.bring(paths[1])
    store.flush()
    again = RowStore(paths[0])
    assert again.find(key(1)) == Row(key(1), "b")
    assert set(came(again, 1)) == {"a", "b", "c", "d"}
    size = paths[0].stat().st_size
    store.bring(paths[1])
    store.flush()
    assert paths[0].stat().st_size == size
    store.move(paths[1])  # from now on ours is theirs: what we have stands
    assert store.find(key(1)) == Row(key(1), "b")
    assert set(came(store, 1)) == {"a", "b", "c", "d"}
    store.close()
    again.close()


def test_a_row_has_the_time_at_which_it_came_and_keeps_it(tmp_path: Path) -> None:
    before = time.time_ns() // 1_000_000
    store = RowStore(tmp_path / "page.rows.jsonl")
    store.add(Row(key(1), "now"))
    store.add(Row(key(2), "then", at=5))
    store.close()
    [now], [then] = store.rows(key(1)), store.rows(key(2))
    assert before <= (now.at or 0) <= time.time_ns() // 1_000_000 + 1
    assert then.at == 5
    store.close()


def test_a_mark_parts_what_came_before_it_from_what_comes_after(tmp_path: Path) -> None:
    store = RowStore(tmp_path / "page.rows.jsonl")
    marks = []
    for number in range(50):  # many within a millisecond
        store.add(Row(key(1), str(number)))
        marks.append(store.mark())
    times = [row.at or 0 for row in store.rows(key(1))]
    assert all(at <= mark for at, mark in zip(times, marks, strict=True))
    assert all(mark < at for mark, at in zip(marks, times[1:], strict=False))
    store.close()


def test_an_older_file_without_times_has_been_there_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "page.rows.jsonl"
    old = line_of(replace(Row(key(1), "old"), at=0))
    assert b'"at"' not in old
    path.write_bytes(HEADER + old)
    store = RowStore(path)
    store.add(Row(key(1), "new"))
    assert came(store, 1) == ["old", "new"]
    assert store.rows(key(1))[0].at == 0
    store.move(tmp_path / "moved.rows.jsonl")
    store.flush()
    assert old in (tmp_path / "moved.rows.jsonl").read_bytes()
    store.close()


def test_without_a_file_earlier_rows_count_within_the_same_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_places, "_MOST_BYTES", 1_500)
    store = RowStore(None)
    for number in range(3):
        store.add(Row(key(0), f"{number}" * 200))
    assert len(came(store, 0)) == 3
    store.add(Row(key(1), "x" * 300))
    store.add(Row(key(2), "x" * 300))
    store.add(Row(key(3), "x" * 300))
    assert [len(came(store, number)) for number in range(4)] == [0, 1, 1, 1]
    assert store.size <= 1_500


def test_a_damaged_line_among_several_counts_as_if_it_were_not_there(tmp_path: Path) -> None:
    path = tmp_path / "page.rows.jsonl"
    lines = [line_of(Row(key(1), text, at=at)) for at, text in enumerate("abc", 1)]
    lines[1] = lines[1].replace(b'"at":2', b'"at":-2')
    path.write_bytes(HEADER + b"".join(lines))
    told: list[str] = []
    store = RowStore(path, warn=told.append)
    assert came(store, 1) == ["a", "c"]
    assert len(told) == 1
    store.close()
