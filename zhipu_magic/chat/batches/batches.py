"""The batches of a chat: begun, sent, looked at, collected, cancelled.

batches = Batches(chat.service, chat.history.journal.path)
begun = batches.begin(requests, model="glm-4.7", note={…})   nothing is sent; what is meant is on the disk
batches.resume(id)                                           sends it, or goes on where a crash has broken it off
batches.progress(id)                                         what the service says
with batches.outcomes(id) as outcomes: …                     each row, once
batches.close(id)                                            when what came is kept elsewhere
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ...service.connection import Service
from ...text.addresses import origin_of
from ...text.errors import InvalidRequest, SettingsError
from .intent import Intent, Part, digest_of
from .intent_file import HeldFile, IntentFile, data_folder, file_beside, now
from .offer import check_offer
from .progress import Progress, progress_of
from .spool import Requests, Spool

if TYPE_CHECKING:
    from ...service.batches.endpoints import BatchEndpoints
    from .outcomes import Outcomes
    from .submission import Submission


@dataclass(frozen=True)
class Begun:
    """What asking for rows has come to: a `new` intent of those that nobody has asked for yet, if there are any, and
    the `earlier` ones that are under way and have the others.
    """

    new: Intent | None
    earlier: tuple[Intent, ...]


class Batches:
    """The batches that are written down beside a journal; without one, with the user's data.

    All of it raises GLMError. What sends or cancels holds the file, and so does not go on beside another kernel's.
    """

    def __init__(self, service: Service, journal: Path | None) -> None:
        self._service = service
        self._file = IntentFile(file_beside(journal), service.hide)
        self._spool = Spool(data_folder() / "batches")

    def begin(self, requests: Requests, *, model: str, note: Mapping[str, Any]) -> Begun:
        """Write down that these requests are to be asked, each by its row's key, and with the body of a plain one.

        Rows that are under way are left out: they are paid already. `note` is what the caller needs to go on later,
        perhaps in another process. Nothing is sent.
        """
        endpoint = self._service.endpoint()
        check_offer(endpoint)
        origin, id = origin_of(endpoint.base_url), token_hex(8)
        with self._file.held() as held:
            self._give_up_lost(held)
            known = {key: one.id for one in _open(held.intents) for key in _under_way(one) if one.service == origin}
            earlier: defaultdict[str, int] = defaultdict(int)

            def new() -> Iterator[tuple[str, Mapping[str, Any]]]:
                for key, body in requests:
                    if key in known:
                        earlier[known[key]] += 1
                    else:
                        yield key, body

            written = self._spool.write(id, new())
            if written.parts or written.too_large:
                parts = tuple(Part(number, tuple(keys)) for number, keys in enumerate(written.parts))
                digest = digest_of(key for part in parts for key in part.keys)
                intent = Intent(
                    id=id,
                    begun=now(),
                    service=origin,
                    model=model,
                    digest=digest,
                    parts=parts,
                    note=note,
                    too_large=written.too_large,
                )
                held.begin(intent)
            return Begun(held.intents.get(id), tuple(held.intents[one] for one in earlier))

    def open(self) -> list[Intent]:
        """The intents that are not closed, the newest first."""
        return _open(self._file.read())[::-1]

    def intent(self, id: str) -> Intent:
        """An intent as it stands. Raises InvalidRequest if there is none."""
        return _found(self._file.read(), id)

    def resume(self, id: str) -> Intent:
        """Send what was not sent yet, wherever it was broken off. May wait some 20 seconds for the service's list."""
        with self._submission(id) as submission:
            return submission.send()

    def progress(self, id: str) -> Progress:
        """What the service tells of an intent."""
        intent = self.intent(id)
        with self._endpoints(intent) as endpoints:
            return progress_of(intent, endpoints)

    @contextmanager
    def outcomes(self, id: str) -> Iterator[Outcomes]:
        """What became of the rows, as far as that is known: see `Outcomes`."""
        intent = self.intent(id)
        with self._endpoints(intent) as endpoints:
            from ...service.batches.results import Asked
            from .outcomes import Outcomes

            asked = Asked(self._service.base_url, intent.model, self._service.hiding())
            yield Outcomes(progress_of(intent, endpoints), endpoints, asked)

    def cancel(self, id: str) -> Progress:
        """End the batches of an intent early, and send no more of it. What was answered until then is kept."""
        with self._submission(id) as submission:
            submission.cancel()
        return self.progress(id)

    def close(self, id: str) -> None:
        """Want nothing more of an intent: its outcomes are kept elsewhere, and its rows may be asked again."""
        with self._file.held() as held:
            intent = _found(held.intents, id)
            for part in intent.parts:
                self._spool.remove(id, part.number)
            if not intent.closed:
                held.close(id)

    def _give_up_lost(self, held: HeldFile) -> None:
        """Give up parts that were never sent, and whose requests are not on this machine, so that they can be asked."""
        for intent in _open(held.intents):
            for part in intent.parts:
                if part.state in ("waiting", "uploading") and not self._spool.has(intent.id, part.number):
                    held.state(intent.id, part.number, "cancelled")

    @contextmanager
    def _submission(self, id: str) -> Iterator[Submission]:
        with self._file.held() as held, self._endpoints(_found(held.intents, id, closed=False)) as endpoints:
            from .submission import Submission

            yield Submission(held, id, endpoints, self._spool)

    @contextmanager
    def _endpoints(self, intent: Intent) -> Iterator[BatchEndpoints]:
        endpoint = self._service.endpoint()
        origin = origin_of(endpoint.base_url)
        if intent.service != origin:
            raise SettingsError(
                "This batch was given to {service}; {origin} knows nothing of it.",
                hint="Set base_url to that service again.",
                reason="batch.elsewhere",
                service=intent.service,
                origin=origin,
            )
        check_offer(endpoint)
        with self._service.client(endpoint) as client:
            from ...service.batches.endpoints import BatchEndpoints

            yield BatchEndpoints(client)


def _open(intents: Mapping[str, Intent]) -> list[Intent]:
    return [intent for intent in intents.values() if not intent.closed]


def _under_way(intent: Intent) -> Iterator[str]:
    return (key for part in intent.parts if part.state != "cancelled" for key in part.keys)


def _found(intents: Mapping[str, Intent], id: str, *, closed: bool = True) -> Intent:
    """The intent; one that is closed only if it may be."""
    if id not in intents or (intents[id].closed and not closed):
        raise InvalidRequest("There is no batch {id} here.", reason="batch.not_there", id=id)
    return intents[id]
