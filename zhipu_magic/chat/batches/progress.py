"""How far an intent has come: what is written down of it, and what the service tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...service.batches.batch import Batch
from ...text.errors import ServiceError
from .intent import KNOWN_SECONDS, Intent, Part
from .intent_file import now

if TYPE_CHECKING:
    from ...service.batches.endpoints import BatchEndpoints

#: The state of a part whose batch the service no longer has: it keeps them for 30 days.
GONE: Final = "gone"
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class PartProgress:
    """A part, and its batch, if there is one."""

    part: Part
    batch: Batch | None = None

    @property
    def state(self) -> str:
        """The service's, once there is a batch: that may be any word. Before, our own (see `intent.State`)."""
        if self.batch is not None:
            return self.batch.status
        return GONE if self.part.state == "created" else self.part.state

    @property
    def is_over(self) -> bool:
        return self.batch.is_over if self.batch is not None else self.part.is_settled


@dataclass(frozen=True, repr=False)
class Progress:
    """An intent and its parts. Times are in seconds since 1970. What the service does not tell is None."""

    intent: Intent
    parts: tuple[PartProgress, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come: all that there is can be taken."""
        return all(part.is_over for part in self.parts)

    @property
    def total(self) -> int:
        """The number of rows that were or will be sent."""
        return sum(len(part.part.keys) for part in self.parts if part.part.state != "cancelled")

    @property
    def completed(self) -> int | None:
        return _sum(batch.completed for batch in self._batches)

    @property
    def failed(self) -> int | None:
        return _sum(batch.failed for batch in self._batches)

    @property
    def created_at(self) -> float | None:
        """When the first batch was created."""
        return min((batch.created_at for batch in self._batches if batch.created_at is not None), default=None)

    @property
    def expires_at(self) -> float | None:
        """When the last batch ends, at the latest."""
        return max((batch.expires_at for batch in self._batches if batch.expires_at is not None), default=None)

    @property
    def states(self) -> tuple[str, ...]:
        """The different states of its parts."""
        return tuple(dict.fromkeys(part.state.replace("_", " ") for part in self.parts))

    def __repr__(self) -> str:
        done = "" if self.completed is None else f", {self.completed:,} done"
        return f"<Progress, {self.total:,} rows, {', '.join(self.states)}{done}>"

    @property
    def _batches(self) -> list[Batch]:
        return [part.batch for part in self.parts if part.batch is not None]


def progress_of(intent: Intent, endpoints: BatchEndpoints) -> Progress:
    """Ask about each batch of an intent. Raises GLMError."""
    return Progress(intent, tuple(PartProgress(part, _batch_of(part, endpoints)) for part in intent.parts))


def _batch_of(part: Part, endpoints: BatchEndpoints) -> Batch | None:
    if part.batch_id is None:
        return None
    try:
        return endpoints.retrieve(part.batch_id)
    except ServiceError as error:
        if error.status != _NOT_FOUND:
            raise
        if now() - part.since > KNOWN_SECONDS:
            return None
        raise ServiceError(
            "The service has no batch {batch} for this key.",
            hint="Set the key with which it was asked. If there is none any more, cancelling gives the batch up.",
            reason="batch.of_another_key",
            detail=error.detail,
            batch=part.batch_id,
        ) from None


def _sum(counts: Iterable[int | None]) -> int | None:
    """The sum of what is told; None if nothing is."""
    told = [count for count in counts if count is not None]
    return sum(told) if told else None
