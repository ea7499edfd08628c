"""What all rows of a map share."""

from __future__ import annotations

from dataclasses import dataclass

from ...text.errors import NOTHING_SENT, InvalidRequest
from ...values.frames.answers import AnswerColumns
from ...values.row_template import RowTemplate
from ..request import Request
from .requests import RowRequests


@dataclass(frozen=True)
class MapOptions:
    """How a table is asked, beyond what each row's request says.

    `first` asks so many rows only. `in_flight` is the most requests at once; without it, as many as the service takes.
    `retry` asks rows again whose answer was not of the type. Without `ask`, rows that have no answer fail.
    """

    first: int | None = None
    in_flight: int | None = None
    retry: bool = False
    ask: bool = True

    def __post_init__(self) -> None:
        for name, value in (("first", self.first), ("in_flight", self.in_flight)):
            if value is not None and (type(value) is not int or value < 1):
                raise InvalidRequest(
                    "{name} must be a whole number of at least 1, not {value!r}.",
                    reason="rows.count",
                    outcomes=[NOTHING_SENT],
                    name=name,
                    value=value,
                )


@dataclass(frozen=True)
class MapRequest:
    """What all rows of a map share: a request like theirs, the template that was `written` for these columns, and the
    `columns` of the answers.
    """

    request: Request
    table_columns: tuple[str, ...]
    requests: RowRequests
    template: RowTemplate
    written: str
    options: MapOptions
    columns: AnswerColumns
