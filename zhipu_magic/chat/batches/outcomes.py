"""What became of the rows of an intent, from its batches' files of results.

A batch that is completed may have only errors; one that has expired or was cancelled has what was done until then; one
that has failed tells only of lines that are wrong. So all that there is of each is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from ...service.batches import requests
from ...service.batches.results import Asked, Result, lines_of, mistake_of, result_of
from ...text.errors import GLMError, InvalidRequest, ServiceError
from .intent import Intent
from .progress import PartProgress, Progress

if TYPE_CHECKING:
    from ...service.batches.endpoints import BatchEndpoints

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: the `body` of its reply, as a live one has it, or the `error`."""

    key: str
    body: Mapping[str, Any] | None = None
    error: GLMError | None = None


class Outcomes:
    """The outcomes of the batches that are over, each row once. Iterate over it once; what it counts is known then.

    `missing` are rows of which nothing came, though nothing more will; they can be asked live, or by another batch.
    `pending` are those of batches that are not over. `unknown` and `repeated` are how many results were about other
    rows, or about a row once more; `damaged` are lines that cannot be read. `refusals` say what the service had against
    whole batches.
    """

    def __init__(self, progress: Progress, endpoints: BatchEndpoints, asked: Asked) -> None:
        self.missing: list[str] = []
        self.pending: list[str] = []
        self.refusals: list[GLMError] = []
        self.unknown = self.repeated = self.damaged = 0
        self._progress = progress
        self._endpoints = endpoints
        self._asked = asked

    def __iter__(self) -> Iterator[Outcome]:
        yield from _too_large(self._progress.intent)
        for part in self._progress.parts:
            if part.is_over:
                yield from self._of_part(part)
            else:
                self.pending += part.part.keys

    def _of_part(self, part: PartProgress) -> Iterator[Outcome]:
        asked = frozenset(part.part.keys)
        left = set(asked)
        for outcome in self._told(part):
            if outcome.key in left:
                left.remove(outcome.key)
                yield outcome
            elif outcome.key in asked:
                self.repeated += 1
            else:
                self.unknown += 1
        self.missing += (key for key in part.part.keys if key in left)
        told = 0 if part.batch is None else part.batch.completed or 0
        if len(asked) - len(left) < told:
            self.refusals.append(_incomplete(told, len(asked) - len(left)))

    def _told(self, part: PartProgress) -> Iterator[Outcome]:
        """All that a batch tells, answers first."""
        if part.batch is None:
            return
        for file_id in (part.batch.output_file_id, part.batch.error_file_id):
            if file_id is not None:
                for result in self._results(file_id):
                    yield Outcome(result.custom_id, result.body, result.error)
        for mistake in part.batch.mistakes:
            error = mistake_of(mistake.code, mistake.message, self._asked)
            if mistake.line is not None and 0 < mistake.line <= len(part.part.keys):
                yield Outcome(part.part.keys[mistake.line - 1], error=error)
            else:
                self.refusals.append(error)

    def _results(self, file_id: str) -> Iterator[Result]:
        # Whole on the disk first, so that a lost connection costs another try, and no rows.
        with closing(TemporaryFile()) as file:
            try:
                self._endpoints.content(file_id, file)
            except ServiceError as error:
                if error.status != _NOT_FOUND:
                    raise
                self.refusals.append(_gone())
                return
            for line in lines_of(file):
                result = None if line is None else result_of(line, self._asked)
                if result is None:
                    self.damaged += 1
                else:
                    yield result


def _too_large(intent: Intent) -> Iterator[Outcome]:
    for key, size in intent.too_large.items():
        error = InvalidRequest(
            "This row is too long for a batch: {size:,} bytes, where {most:,} are the most.",
            hint="Shorten it, or send smaller images.",
            reason="batch.row_too_large",
            size=size,
            most=requests.MOST_BYTES,
        )
        yield Outcome(key, error=error)


def _incomplete(told: int, came: int) -> ServiceError:
    return ServiceError(
        "The service says that {told:,} rows of a batch are answered, and its files have {came:,}.",
        hint="Collect it again in a while, before you ask the missing rows again: they may be paid already.",
        reason="batch.incomplete",
        told=told,
        came=came,
    )


def _gone() -> ServiceError:
    return ServiceError(
        "The service no longer has a file of results: it keeps them for 30 days.",
        hint="Ask the rows that are missing again.",
        reason="batch.results_gone",
    )
