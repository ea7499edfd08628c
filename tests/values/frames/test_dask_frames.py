"""DataFrames of dask as tables, whose rows stay with the workers: of a cluster, or none but this process."""

from __future__ import annotations

import enum
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

import dask
import dask.dataframe as dd
import dask_cluster
import narwhals as nw
import pandas as pd
import pytest
from distributed import Client
from reviews import GOOD, Review, answered, rows_of

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.frames import dask_workers
from zhipu_magic.values.frames.answers import answer_columns
from zhipu_magic.values.frames.dask_interrupts import Undisturbed
from zhipu_magic.values.frames.kinds import table_of
from zhipu_magic.values.frames.table import NOT_YET


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Inner:
    x: int
    y: str


@dataclass
class Everything:
    count: int
    yes: bool
    share: float
    text: str
    day: date
    moment: datetime
    lasts: timedelta
    color: Color
    label: Literal["good", "bad"]
    number: Literal[1, 2]
    tags: list[str]
    inner: Inner
    maybe: int | None


def everything(count: int) -> Everything:
    return Everything(
        count=count,
        yes=True,
        share=count / 2,
        text="text",
        day=date(2024, 1, 1 + count),
        moment=datetime(2024, 1, 1, count),
        lasts=timedelta(hours=count),
        color=Color.RED,
        label="good",
        number=1,
        tags=["a", "b"],
        inner=Inner(count, "y"),
        maybe=count,
    )


@pytest.fixture(scope="module", params=["cluster", "here"])
def client(request: pytest.FixtureRequest) -> Iterator[Client | None]:
    """The workers: of a cluster, or no cluster at all."""
    if request.param == "here":
        yield None
        return
    with dask_cluster.running() as found:
        yield found


@pytest.fixture
def reviews() -> pd.DataFrame:
    return pd.DataFrame({"text": [*"abcdefg"], "n": range(7)}, index=[1, 2, 2, 4, 5, 7, 7])


@pytest.fixture
def lazy(client: Client | None, reviews: pd.DataFrame) -> Any:
    return dd.from_pandas(reviews, npartitions=3)


def made_of(rows: Iterator[Any]) -> list[Any]:
    """Those that have come, once all have."""
    return [row for row in rows if row is not NOT_YET]


def same(found: Any, expected: pd.DataFrame) -> None:
    """The frame of dask holds this, and each of its partitions has the types that it says."""
    pd.testing.assert_frame_equal(found.compute(), expected, check_dtype=False)
    for partition in found.partitions:
        pd.testing.assert_series_equal(partition.compute().dtypes, found.dtypes)


def test_its_rows_are_those_of_its_partitions_in_order(lazy: Any, reviews: pd.DataFrame) -> None:
    table = table_of(lazy)
    assert (table.columns, table.size) == (("text", "n"), 7)
    assert rows_of(lazy) == rows_of(reviews)
    assert rows_of(lazy, "n") == [(n,) for n in range(7)]
    assert len([*table.rows([])]) == 7
    with pytest.raises(InvalidRequest, match="no column txet"):
        table.rows(["txet"])


def test_the_answers_come_to_the_partitions_with_the_index_and_the_divisions(lazy: Any, reviews: pd.DataFrame) -> None:
    found = answered(lazy, [*"ABCDEFG"])
    assert isinstance(found, dd.DataFrame)
    assert found.divisions == lazy.divisions
    same(found, reviews.assign(answer=[*"ABCDEFG"]))
    assert [len(part.compute()) for part in found.partitions] == [len(part.compute()) for part in lazy.partitions]


def test_an_answer_stands_in_the_place_of_a_column_of_its_name(lazy: Any, reviews: pd.DataFrame) -> None:
    found = answered(lazy.assign(label="old"), [GOOD] * 7, Review)
    assert list(found.columns) == ["text", "n", "label", "stars", "sure", "spam"]
    same(found, answered(reviews.assign(label="old"), [GOOD] * 7, Review))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"moment": datetime(2024, 1, 1, tzinfo=timezone.utc)},
        {"moment": datetime(2024, 1, 1, 0, 0, 0, 1), "lasts": timedelta(microseconds=1)},
        {"day": date(9999, 12, 31), "count": 2**80},
    ],
)
@pytest.mark.parametrize("without", [(), (0,), (0, 1, 2), range(7)])
def test_every_partition_has_the_types_that_the_frame_says(
    lazy: Any, reviews: pd.DataFrame, without: Any, more: dict[str, Any]
) -> None:
    answers = [None if row in without else replace(everything(row), **(more if row > 4 else {})) for row in range(7)]
    if "moment" in more and more["moment"].tzinfo:
        answers = [each and replace(each, **more) for each in answers]
    found = answered(lazy[lazy.n != 5], answers[:5] + answers[6:], Everything)
    assert str(found.dtypes["tags"]) == "object"
    same(found, answered(reviews[reviews.n != 5], answers[:5] + answers[6:], Everything))
    some = found.compute().dropna(subset=["text"])
    for tags, inner in zip(some["tags"], some["inner"], strict=True):
        assert (tags, type(inner)) in [(["a", "b"], dict), (None, type(None))]


def test_a_partition_may_be_empty_and_the_divisions_unknown(lazy: Any, reviews: pd.DataFrame) -> None:
    some = lazy[lazy.n > 3].reset_index(drop=True)
    assert not some.known_divisions
    found = answered(some, [GOOD, None, GOOD], Review)
    assert len(found.partitions[0]) == 0
    assert not found.known_divisions
    same(
        found, pd.concat([answered(reviews[reviews.n > 3], [GOOD, None, GOOD], Review)]).set_axis(found.index.compute())
    )
    none = answered(lazy[lazy.n > 7], [], Review)
    assert len(none) == 0
    same(none, answered(reviews[:0], [], Review))


def test_the_first_rows_may_be_of_several_partitions(lazy: Any, reviews: pd.DataFrame) -> None:
    table = table_of(lazy)
    for count in (1, 3, 4, 7, 9):
        some = table.first(count)
        assert some.size == min(count, 7)
        assert [*some.rows(["n"])] == [(n,) for n in range(some.size)]
        found = some.joined(answer_columns(None).of(["x"] * some.size))
        same(found, reviews[:count].assign(answer="x"))
        assert found.divisions == lazy.divisions[: found.npartitions + 1]


def test_what_is_shown_is_in_this_process(lazy: Any, reviews: pd.DataFrame) -> None:
    head = table_of(lazy).head(4, 60)
    assert head is not None
    shown = head.joined(answer_columns(None).of(["x"] * 4))
    assert isinstance(shown, pd.DataFrame)
    assert shown.to_dict("list") == reviews[:4].assign(answer="x").to_dict("list")


def test_a_series_is_a_table_of_one_column(lazy: Any) -> None:
    found = answered(lazy.n, [*"ABCDEFG"])
    assert isinstance(found, dd.DataFrame)
    assert list(found.columns) == ["n", "answer"]
    assert list(table_of(lazy.text.rename(7)).columns) == ["text"]


@pytest.mark.filterwarnings("ignore:Dask support is moving out of Narwhals:FutureWarning")
def test_narwhals_gets_its_own_kind_back(lazy: Any, reviews: pd.DataFrame) -> None:
    found = answered(nw.from_native(lazy), [*"ABCDEFG"])
    assert isinstance(found, nw.LazyFrame)
    same(found.to_native(), reviews.assign(answer=[*"ABCDEFG"]))


def test_the_rows_are_computed_once(client: Client | None, tmp_path: Any) -> None:
    path = tmp_path / "computed"

    def load(n: int) -> pd.DataFrame:
        with open(path, "a") as file:
            file.write(f"{n}\n")
        return pd.DataFrame({"n": [n]})

    table = table_of(dd.from_map(load, range(3), meta=pd.DataFrame({"n": [0]})))
    for _ in range(2):
        assert [*table.rows(["n"])] == [(0,), (1,), (2,)]
    table.joined(answer_columns(None).of("ABC")).compute()
    assert sorted(path.read_text().split()) == ["0", "1", "2"]


def test_it_is_used_in_any_thread(lazy: Any) -> None:
    table = table_of(lazy)
    found: list[Any] = []

    def use() -> None:
        found.extend(table.rows(["n"]))
        found.append(table.joined(answer_columns(None).of([*"ABCDEFG"])))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found[:7] == [(n,) for n in range(7)]
    assert len(found[7].compute()) == 7


def test_a_function_is_called_where_the_rows_are_and_its_refusals_come_back(client: Client | None, lazy: Any) -> None:
    def make(row: Any) -> int:
        if row[0] == 2:
            raise InvalidRequest("This is {n}.", reason="test", n=row[0])
        return os.getpid()

    made = made_of(table_of(lazy).each(["n"], make))
    with pytest.raises(InvalidRequest, match=r"This is 2\.") as refused:
        made[2]()
    assert refused.value.reason == "test"
    processes = {each() for index, each in enumerate(made) if index != 2}
    assert (os.getpid() in processes) == (client is None)


def test_many_rows_are_made_a_few_at_a_time(client: Client | None) -> None:
    many = dd.from_pandas(pd.DataFrame({"n": range(2_000)}), npartitions=3)
    assert [each() for each in made_of(table_of(many).each(["n"], sum))] == [*range(2_000)]


def test_what_the_users_own_graph_raises_is_told(client: Client | None, lazy: Any) -> None:
    def fail(rows: Any) -> Any:
        raise OSError("no such file")

    with pytest.raises(InvalidRequest, match="rows: OSError: no such file") as refused:
        table_of(lazy.map_partitions(fail, meta=lazy._meta))
    assert refused.value.reason == "rows.dask"


def test_a_value_whose_own_code_fails_is_told(lazy: Any) -> None:
    def fail(row: Any) -> Any:
        raise KeyError("gone")

    with pytest.raises(InvalidRequest, match="KeyError"):
        made_of(table_of(lazy).each(["n"], fail))[0]()


def test_the_settings_of_dask_are_as_they_were(lazy: Any) -> None:
    before = dask.config.get("dataframe.convert-string")
    answered(lazy, [*"ABCDEFG"])
    assert dask.config.get("dataframe.convert-string") == before


def test_an_error_of_a_row_can_travel() -> None:
    error = InvalidRequest("A {b}.", hint="Do {b}.", reason="a.b", near="c", b="d")
    back = pickle.loads(pickle.dumps(error))
    assert (str(back), back.reason, back.facts, back.hint) == (str(error), "a.b", {"b": "d"}, "Do d.")


def _set_version(version: str) -> str:
    before, dask_workers._VERSION = dask_workers._VERSION, version
    return before


def test_workers_with_another_version_are_refused(client: Client | None, lazy: Any) -> None:
    if client is None:
        pytest.skip("this process has one version")
    before = client.run(_set_version, "0.0.0")
    try:
        with pytest.raises(InvalidRequest, match=r"version 0\.0\.0 of zhipu_magic"):
            table_of(lazy)
    finally:
        client.run(_set_version, next(iter(before.values())))
    assert table_of(lazy).size == 7


def test_workers_that_somebody_else_has_started_are_left_alone(client: Client | None, reviews: pd.DataFrame) -> None:
    if client is None:
        pytest.skip("there are no workers")
    before = client.run(signal.getsignal, signal.SIGINT)
    with Client(client.cluster.scheduler_address, set_as_default=True):
        assert len(made_of(table_of(dd.from_pandas(reviews, npartitions=2)).rows(["n"]))) == 7
    assert client.run(signal.getsignal, signal.SIGINT) == before


def test_a_worker_in_this_process_takes_no_interrupts_away() -> None:
    before = signal.getsignal(signal.SIGINT)
    Undisturbed().setup(None)
    assert signal.getsignal(signal.SIGINT) is before
