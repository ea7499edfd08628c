"""Sends an intent, part by part, each step written down before it is done.

Uploading a file costs nothing, and is done again where its end is not known. Creating a batch of it costs. So it is
tried once, and where its answer was lost, or a kernel was killed before it wrote the answer down, the batch is looked
for in the service's list, by its metadata or by its file. Only once that does not have it, and some time after the
try, may another be made. It would be of the same file, which is gone as soon as a first batch has read it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ...service.batches.batch import OVER
from ...text.errors import GLMError, ServiceError
from .intent import KNOWN_SECONDS, Intent, Part
from .intent_file import HeldFile, now
from .offer import is_not_offered, not_offered
from .spool import Spool

if TYPE_CHECKING:
    from ...service.batches.batch import Batch
    from ...service.batches.endpoints import BatchEndpoints

#: The names of a batch's metadata.
_INTENT, _PART = "zhipu_magic", "part"
#: Seconds after a try in which a batch may still appear in the service's list, and between two looks.
SETTLE, _BETWEEN_LOOKS = 20.0, 2.0
#: Statuses of a refusal after which the same request can have been carried out all the same.
_UNCERTAIN: Final = frozenset({408, 409, 425})
#: Statuses that may be about the file, and a code that is about the same request, sent before.
_OF_THE_FILE: Final = frozenset({400, 404, 422})
_SENT_BEFORE: Final = "1231"
#: The status for a batch that the service no longer has, and states in which none can be cancelled.
_GONE: Final = 404
_ENDING: Final = OVER | {"finalizing", "cancelling"}


class Submission:
    """What is sent of one intent. Its file is held meanwhile."""

    def __init__(self, held: HeldFile, id: str, endpoints: BatchEndpoints, spool: Spool) -> None:
        self._held = held
        self._id = id
        self._endpoints = endpoints
        self._spool = spool

    @property
    def intent(self) -> Intent:
        return self._held.intents[self._id]

    def send(self) -> Intent:
        """Send what was not sent yet. Raises GLMError, and can be called again."""
        self.find()
        for part in self.intent.parts:
            if part.is_settled:
                self._spool.remove(self._id, part.number)  # if it was not removed in time
            else:
                self._create(part, file_id=part.file_id or self._uploaded(part))
        return self.intent

    def find(self) -> None:
        """Find batches that were created, though it was never written down."""
        if not self.intent.damaged and all(part.state == "waiting" or part.is_settled for part in self.intent.parts):
            return
        until = min(max((part.since for part in self._tried), default=0.0), now()) + SETTLE
        while True:
            self._look()
            left = until - now()
            if not self._tried or left <= 0:
                return
            time.sleep(min(left, _BETWEEN_LOOKS))

    def cancel(self) -> None:
        """End what was created, and give up the rest."""
        self.find()
        for part in self.intent.parts:
            if part.batch_id is not None:
                self._cancel(part, part.batch_id)
            elif not part.is_settled:
                self._write(part, "cancelled")
                self._forget(part)

    @property
    def _tried(self) -> list[Part]:
        """The parts of which a batch may have been created."""
        return [part for part in self.intent.parts if part.state == "creating"]

    def _look(self) -> None:
        missing = [part for part in self.intent.parts if not part.is_settled]
        for batch in self._endpoints.batches():
            part = next((part for part in missing if self._is_of(batch, part)), None)
            if part is not None:
                missing.remove(part)
                self._created(part, batch)
            if not missing:
                return

    def _is_of(self, batch: Batch, part: Part) -> bool:
        told = batch.metadata or {}
        by_name = (told.get(_INTENT), told.get(_PART)) == (self._id, str(part.number))
        return by_name or (part.file_id is not None and batch.input_file_id == part.file_id)

    def _uploaded(self, part: Part) -> str:
        """Upload the requests of a part. Returns the id of their file."""
        with self._spool.opened(self._id, part.number) as file:
            self._write(part, "uploading")
            try:
                file_id = self._endpoints.upload(file, f"{self._id}-{part.number}.jsonl")
            except ServiceError as error:
                raise not_offered(self.intent.service) if is_not_offered(error) else error from None
        self._write(part, "uploaded", file=file_id)
        return file_id

    def _create(self, part: Part, *, file_id: str) -> None:
        again = part.state == "creating"
        if again and now() - part.since > KNOWN_SECONDS:
            raise self._unknown(part)
        self._write(part, "creating", file=file_id)
        try:
            batch = self._endpoints.create(file_id, {_INTENT: self._id, _PART: str(part.number)})
        except GLMError as error:
            if _is_refusal(error):
                self._refused(part, file_id, error, again=again)
            else:
                with suppress(GLMError):
                    self.find()
            if not self.intent.parts[part.number].is_settled:
                raise
        else:
            self._created(part, batch)

    def _refused(self, part: Part, file_id: str, error: GLMError, *, again: bool) -> None:
        """No batch was created. What was tried before may have been, and has taken the file with it."""
        of_the_file = isinstance(error, ServiceError) and error.status in _OF_THE_FILE
        if again and of_the_file:
            raise self._unknown(part) from None
        if not again and of_the_file:
            with suppress(GLMError):
                self._endpoints.delete_file(file_id)
            self._write(part, "waiting")
        elif not again:
            self._write(part, "uploaded", file=file_id)

    def _unknown(self, part: Part) -> ServiceError:
        return ServiceError(
            "It is not known whether part {part} of the batch has begun: the service does not list it, and its file is "
            "gone. It is not begun a second time.",
            hint="Look whether the service's own page shows it. Cancelling the batch gives the part up.",
            reason="batch.unknown",
            part=part.number + 1,
        )

    def _created(self, part: Part, batch: Batch) -> None:
        self._write(part, "created", batch=batch.id)
        self._spool.remove(self._id, part.number)

    def _cancel(self, part: Part, batch_id: str) -> None:
        try:
            self._endpoints.cancel(batch_id)
        except ServiceError as error:
            if error.status == _GONE:
                self._write(part, "cancelled")
            # It is refused for what has ended, or is about to.
            elif self._endpoints.retrieve(batch_id).status not in _ENDING:
                raise

    def _forget(self, part: Part) -> None:
        """Delete the requests of a part that is given up, here and at the service."""
        self._spool.remove(self._id, part.number)
        if part.file_id is not None:
            with suppress(GLMError):
                self._endpoints.delete_file(part.file_id)

    def _write(self, part: Part, state: str, **more: str) -> None:
        self._held.state(self._id, part.number, state, **more)


def _is_refusal(error: GLMError) -> bool:
    """Whether the service has certainly not done what it was asked for."""
    return (
        isinstance(error, ServiceError)
        and 400 <= error.status < 500
        and error.status not in _UNCERTAIN
        and error.code != _SENT_BEFORE
    )
