"""Where the prompts of a table's rows come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from ...values.frames.table import Table
from ...values.row_prompt import RowPrompt
from ...values.row_template import RowTemplate


class Rows(Protocol):
    """Where the prompts of a table come from. It can be gone through several times."""

    @property
    def size(self) -> int:
        """How many rows there are."""

    def __iter__(self) -> Iterator[Any]:
        """The rows, in order; `NOT_YET` where the next is not there. Raises GLMError where none can be had any more."""

    def prompt(self, row: Any) -> RowPrompt:
        """The prompt of a row. Raises InvalidRequest for one that has none."""


class TableRows(NamedTuple):
    """The rows of a table, whose prompts a template makes."""

    table: Table
    template: RowTemplate

    @property
    def size(self) -> int:
        return self.table.size

    def __iter__(self) -> Iterator[Any]:
        return self.table.each(self.template.columns, self.template.own)

    def prompt(self, row: Any) -> RowPrompt:
        return self.template.whole(row())
