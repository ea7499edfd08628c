"""A table of any kind: its columns, its rows as Python's own values, and the answers beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Final, Protocol, runtime_checkable

from ...text.characters import shortened, without_addresses
from ...text.errors import InvalidRequest
from ...text.suggestions import nearest
from .answers import Answers
from .python_values import python_values

#: Rows that are read together: many enough to be quick, and few enough for long texts.
BATCH = 256
_LONGEST_NAME = 60
#: Seconds between two looks for rows that are not there yet.
LOOK = 0.01


class _NotYet:
    def __repr__(self) -> str:
        return "<not there yet>"


NOT_YET: Final = _NotYet()
"""What comes in the place of a row that other processes have not sent yet: it is to be looked for again."""

#: Returns a column's cells from one row up to another.
Reader = Callable[[int, int], Sequence[Any]]


class _AnySource(Protocol):
    """What a library's table must tell. Columns are known by their places, because their names may be the same."""

    @property
    def labels(self) -> Sequence[Any]:
        """The columns' names as the library has them, which need not be texts."""

    @property
    def size(self) -> int:
        """The number of rows."""

    def label(self, name: str) -> Any:
        """What a column of this name is called among the labels."""

    def joined(self, kept: Sequence[int], answers: Answers) -> Any:
        """A new table of the same kind: the columns at these places, and the answers after them."""


class Source(_AnySource, Protocol):
    """A table in this process."""

    def first(self, count: int) -> Source:
        """The first rows."""

    def reader(self, place: int) -> Reader:
        """What reads a column."""


@runtime_checkable
class Elsewhere(_AnySource, Protocol):
    """A table whose rows are in other processes, and stay there."""

    def first(self, count: int) -> Elsewhere:
        """The first rows, where they are."""

    def made(self, places: Sequence[int], make: Callable[[Sequence[Any]], Any]) -> Iterator[Any]:
        """What `make` returns for the values of each row in these columns, or the `InvalidRequest` that it raises.

        It is called where the rows are, so that it must pickle. Never waits: `NOT_YET` comes, as often as it is asked
        for, where the next row is not there. Raises `InvalidRequest` where rows cannot be had.
        """

    def here(self, count: int, seconds: float) -> Source | None:
        """The first rows, brought into this process; None if they are not there in so many seconds."""

    @property
    def waits_for(self) -> str:
        """What has been waited for a while, in words; empty where nothing is."""


def _as_it_is(made: Any) -> Any:
    return made


class Table:
    """A table as it was when it was opened, of any library or of lists and dicts.

    `finished` makes what the user gets from the source's own kind of table.
    """

    def __init__(self, source: Source | Elsewhere, finished: Callable[[Any], Any] = _as_it_is) -> None:
        self._source = source
        self._finished = finished
        self.columns: tuple[str, ...] = tuple(map(_written, source.labels))
        self.size = source.size

    def first(self, count: int) -> Table:
        """The first rows, as a table of the same kind."""
        return Table(self._source.first(count), self._finished)

    def head(self, count: int, seconds: float) -> Table | None:
        """The first rows in this process, so that they can be shown; None if they are not there in so many seconds."""
        source = self._source
        first = source.here(count, seconds) if isinstance(source, Elsewhere) else source.first(count)
        return None if first is None else Table(first, self._finished)

    @property
    def waits_for(self) -> str:
        """What has been waited for a while before rows come, in words; empty where nothing is."""
        return self._source.waits_for if isinstance(self._source, Elsewhere) else ""

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The values of these columns, row by row, read a few rows at a time.

        Raises `InvalidRequest` at once for a column that is not there, or not the only one of its name.
        """
        places = [*map(self._place, columns)]
        source = self._source
        return _awaited(source.made(places, tuple)) if isinstance(source, Elsewhere) else values_of(source, places)

    def each(self, columns: Sequence[str], make: Callable[[Sequence[Any]], Any]) -> Iterator[Any]:
        """For each row, what returns `make` of its values in these columns, or raises the `InvalidRequest` of it; or
        `NOT_YET`, where the next row is not there.

        `make` is called where the rows are, so that it must pickle: in this process when it is wanted, elsewhere some
        rows ahead. Going through them raises `InvalidRequest` where they cannot be had.
        """
        places = [*map(self._place, columns)]
        source = self._source
        if isinstance(source, Elsewhere):
            return (made if made is NOT_YET else partial(_made, made) for made in source.made(places, make))
        return (partial(make, row) for row in values_of(source, places))

    def replaced_by(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Which of these answers' columns stand in the place of a column of the table that has the same name."""
        labels = {*self._source.labels}
        return tuple(name for name in columns if self._source.label(name) in labels)

    def joined(self, answers: Answers) -> Any:
        """A new table of the kind that was given: its index and columns, and the answers' columns after them.

        A column that has the name of an answer's is left out: the answer stands in its place.
        """
        replaced = {self._source.label(column.name) for column in answers.columns}
        kept = [place for place, label in enumerate(self._source.labels) if label not in replaced]
        return self._finished(self._source.joined(kept, answers))

    def _place(self, name: str) -> int:
        places = [place for place, each in enumerate(self.columns) if each == name]
        if len(places) > 1:
            raise InvalidRequest(
                "{count} columns are named {name}.",
                hint="Rename one of them, so that it is clear which is meant.",
                reason="rows.same_name",
                name=shortened(name, _LONGEST_NAME),
                count=len(places),
            )
        if not places:
            raise InvalidRequest(
                "The table has no column {name}.",
                near=nearest(name, self.columns),
                reason="rows.no_column",
                name=shortened(name, _LONGEST_NAME),
            )
        return places[0]


def values_of(source: Source, places: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """The values of the columns at these places, row by row."""
    readers = [source.reader(place) for place in places]
    for start in range(0, source.size, BATCH):
        end = min(start + BATCH, source.size)
        if readers:
            yield from zip(*(python_values(read(start, end)) for read in readers), strict=True)
        else:
            yield from repeat((), end - start)


def _awaited(rows: Iterator[Any]) -> Iterator[Any]:
    for row in rows:
        if row is NOT_YET:
            time.sleep(LOOK)
        else:
            yield row


def _made(made: Any) -> Any:
    if isinstance(made, InvalidRequest):
        raise made
    return made


def _written(label: Any) -> str:
    """A column's name as text. Of the levels of pandas' names, only the first counts if the others are empty."""
    if isinstance(label, tuple) and label and all(isinstance(each, str) and not each for each in label[1:]):
        label = label[0]
    return str(label) if isinstance(label, str) else without_addresses(str(label))
