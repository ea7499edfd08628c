"""What came of one row, and how its failure is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ...history.rounds import is_full
from ...history.rows.row import Row, RowError
from ...service.wire import Usage
from ...text.errors import GLMError, InvalidRequest, ServiceError
from ...text.languages.joined import sentences


class RoundEnded(Protocol):
    """Is called when a round of a row has ended."""

    def __call__(self, usage: Usage | None, written: Callable[[], float], requests: int) -> None:
        """It took so many requests; `written` estimates the tokens of its answer, where the service did not count."""


@dataclass(frozen=True)
class Answered:
    """What came of a row: its line for the store, its value or the error that it ended with, and the requests sent.

    `stops` is what every other row would meet as well.
    """

    row: Row
    value: Any = None
    error: GLMError | None = None
    requests: int = 1
    stops: GLMError | None = None

    @property
    def tries(self) -> int:
        """How many requests it took, as a replay tells it too: of an answer of the wrong type, the rounds alone."""
        return self.requests if self.row.error is not None else self.row.rounds

    @property
    def is_cut_off(self) -> bool:
        """Whether the answer has reached its maximum length."""
        return is_full(self.row.finish)


@dataclass(frozen=True)
class FailedRow:
    """A row without an answer: its place in the table from 0 on, the service's `code` if there is one, the `message`
    and the `reason` of the error (see `GLMError`), and how many requests it took: none if it was never sent, and of an
    answer of the wrong type those that were answered.
    """

    row: int
    code: str
    message: str
    tries: int
    reason: str


def failed_row(index: int, error: GLMError, tries: int) -> FailedRow:
    """The failure of the row at this place."""
    return FailedRow(row=index, code=_code(error), message=_message(error), tries=tries, reason=error.reason)


def kept_failure(key: str, error: GLMError, tries: int) -> Row:
    """The line of a row without an answer: a replay shows the same."""
    kept = RowError(reason=error.reason, code=_code(error), message=_message(error))
    return Row(key=key, text="", usage=None, rounds=max(1, tries), error=kept)


def fault_of(error: BaseException) -> GLMError:
    """The error of a row for which some code has failed: ours, or that of the type of its answer."""
    return GLMError(
        "Something failed for this row, in zhipu_magic or in the type of the answer.",
        hint="If it is not the type's own code, please report it.",
        detail=f"({type(error).__name__}: {error})",
        reason="row.fault",
    )


def faulty(key: str, error: BaseException) -> Answered:
    """What came of a row for which some code has failed (see `fault_of`)."""
    fault = fault_of(error)
    return Answered(kept_failure(key, fault, 1), None, fault)


def is_interrupt(error: BaseException) -> bool:
    """Whether the user has interrupted this. Only the main thread is: in another, some code has raised it itself."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def unreadable(error: BaseException) -> InvalidRequest:
    """The error of a row that can no longer be read."""
    return InvalidRequest(
        "This row can no longer be read: {error}.",
        hint="Do not change the table while it is asked.",
        reason="row.unreadable",
        error=f"{type(error).__name__}: {error}".removesuffix(": "),
    )


def _code(error: GLMError) -> str:
    return (error.code or "") if isinstance(error, ServiceError) else ""


def _message(error: GLMError) -> str:
    """What happened, with the service's own words."""
    detail = error.detail  # a message, if it is one line
    return sentences(error.happened, detail.partition("\n")[0] if "\n" in detail else detail)
