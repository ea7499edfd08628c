"""The answers to the rows of a table as columns: one for each field of a record, else one named `answer`."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from ...text.errors import InvalidRequest
from ..columns.column import Column
from ..types.columns import cell, cells_of, field_columns, whole_column
from ..types.data_frames import DataFrame, FrameType, library_of
from ..types.names import type_name
from ..types.schema import JsonType

#: The column of answers that have no fields.
ANSWER = "answer"


@dataclass(frozen=True)
class Answers:
    """The cells of each column by its name, one for each row of the table; None where a row has no answer."""

    columns: Sequence[Column]
    values: Mapping[str, list[Any]]


@dataclass(frozen=True)
class AnswerColumns:
    """The columns that answers of one type make. `fields` are those of a record, and empty for other types."""

    columns: tuple[Column, ...]
    fields: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called, in order."""
        return tuple(column.name for column in self.columns)

    def of(self, values: Iterable[Any]) -> Answers:
        """The columns of these values, one for each row, and None where a row has none."""
        cells: dict[str, list[Any]] = {name: [] for name in self.names}
        into = [*cells.values()]
        for value in values:
            row = cells_of({} if value is None else value, self.fields) if self.fields else (cell(value),)
            for column, each in zip(into, row, strict=True):
                column.append(each)
        return Answers(self.columns, cells)


def answer_columns(as_type: Any | None) -> AnswerColumns:
    """The columns for answers of a type; of texts, if there is none. Raises `InvalidRequest`."""
    if as_type is None:
        return AnswerColumns((Column(ANSWER, "string", True),))
    if as_type is DataFrame or isinstance(as_type, FrameType) or library_of(as_type):
        row = type_name(as_type.record) if isinstance(as_type, FrameType) else "Review"
        raise InvalidRequest(
            "The answer to a row is one record or one value, not a DataFrame.",
            hint="Use {record}, or list[{record}] if a row may have several.",
            reason="rows.answer_frame",
            record=row,
        )
    record = JsonType(_without_null(as_type))
    if record.fields:
        return AnswerColumns(field_columns(record), record.fields)
    return AnswerColumns((whole_column(ANSWER, JsonType(as_type)),))


def _without_null(as_type: Any) -> Any:
    """The record in `Review | None`, in an alias or under a new name of it; any other type is returned as it is."""
    if isinstance(as_type, typing.NewType):
        return _without_null(as_type.__supertype__)
    if type(as_type).__name__ == "TypeAliasType":
        return _without_null(as_type.__value__)
    if get_origin(as_type) is Annotated:
        return _without_null(get_args(as_type)[0])
    if get_origin(as_type) in (Union, types.UnionType):
        choices = [each for each in get_args(as_type) if each is not type(None)]
        return _without_null(choices[0]) if len(choices) == 1 else as_type
    return as_type
