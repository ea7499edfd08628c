"""Lists of texts or of records, and dicts of lists."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from ..types.fields import field_values
from .answers import Answers
from .table import Reader, Source

#: The column of values that have no name.
TEXT = "text"


class Values:
    """A list of values without names, such as texts."""

    labels: Sequence[Any] = (TEXT,)

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self.size = len(values)

    def reader(self, place: int) -> Reader:
        return lambda start, end: self._values[start:end]

    def first(self, count: int) -> Values:
        return Values(self._values[:count])

    def label(self, name: str) -> str:
        return name

    def joined(self, kept: Sequence[int], answers: Answers) -> list[dict[str, Any]]:
        before = ({TEXT: value} if kept else {} for value in self._values)
        return [{**row, **cells} for row, cells in zip(before, _cells(answers, self.size), strict=True)]


class Records:
    """A list of dicts, or of other records. One that lacks a member has nothing in that column."""

    def __init__(self, records: Sequence[Any], labels: Sequence[Any] | None = None) -> None:
        self._records = records
        found = chain.from_iterable(map(_members, records)) if labels is None else labels
        self.labels: Sequence[Any] = [*dict.fromkeys(found)]
        self.size = len(records)

    def reader(self, place: int) -> Reader:
        label = self.labels[place]
        return lambda start, end: [_members(record).get(label) for record in self._records[start:end]]

    def first(self, count: int) -> Records:
        return Records(self._records[:count], self.labels)

    def label(self, name: str) -> str:
        return name

    def joined(self, kept: Sequence[int], answers: Answers) -> list[dict[Any, Any]]:
        replaced = {*self.labels} - {self.labels[place] for place in kept}
        before = ({name: each for name, each in _members(one).items() if name not in replaced} for one in self._records)
        return [{**row, **cells} for row, cells in zip(before, _cells(answers, self.size), strict=True)]


class Columns:
    """A dict of lists, or of other columns. `sources` are the same ones, opened."""

    def __init__(self, columns: Mapping[Any, Any], sources: Mapping[Any, Source]) -> None:
        self._columns = columns
        self._sources = sources
        self.labels: Sequence[Any] = [*columns]
        self.size = next((source.size for source in sources.values()), 0)

    def reader(self, place: int) -> Reader:
        return self._sources[self.labels[place]].reader(0)

    def first(self, count: int) -> Columns:
        columns = {name: getattr(each, "iloc", each)[:count] for name, each in self._columns.items()}
        return Columns(columns, {name: source.first(count) for name, source in self._sources.items()})

    def label(self, name: str) -> str:
        return name

    def joined(self, kept: Sequence[int], answers: Answers) -> dict[Any, Any]:
        names = [self.labels[place] for place in kept]
        return {name: copy.copy(self._columns[name]) for name in names} | {
            column.name: [*answers.values[column.name]] for column in answers.columns
        }


def _members(record: Any) -> Mapping[Any, Any]:
    if isinstance(record, Mapping):
        return record
    if record is None:
        return {}
    fields = field_values(record)
    return dict(record) if fields is None else fields


def _cells(answers: Answers, size: int) -> list[dict[str, Any]]:
    """The answers' cells, row by row."""
    names = [column.name for column in answers.columns]
    return [{name: answers.values[name][row] for name in names} for row in range(size)]
