"""The requests of an intent until they are sent: one file a part, with the user's own data.

They do not lie beside the notebook, where they would be committed and shared, and where a cloned repository could put
requests of its own for the user to pay.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ...service.batches import requests
from ...text import regular_files
from ...text.errors import NOTHING_SENT, InvalidRequest, JournalError
from ...text.languages.system_words import why
from .intent import KEY_LENGTH, MOST_PARTS

#: Seconds after which requests that were never sent are deleted.
_KEPT = 31 * 86_400.0
_MOST_SWEPT = 1_000
_A_KEY = re.compile(rf"[A-Za-z0-9_-]{{{KEY_LENGTH}}}")

Requests = Iterable[tuple[str, Mapping[str, Any]]]


@dataclass
class Spooled:
    """What was written: the keys of each part, and the bytes of rows that fit in none."""

    parts: list[list[str]] = field(default_factory=list)
    too_large: dict[str, int] = field(default_factory=dict)


class Spool:
    """The requests that wait in a folder. All of it raises JournalError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, id: str, asked: Requests) -> Spooled:
        """Write the requests of an intent, in parts of at most 50,000 lines and 100 MB; each key once."""
        written, lines = Spooled(), _Lines(asked)
        self._sweep()
        try:
            while lines.next_line() is not None:
                if len(written.parts) == MOST_PARTS:
                    raise InvalidRequest(
                        "These are too many rows for batches at once: the most are {most:,} files of them.",
                        hint="Ask for a part of the rows at a time.",
                        reason="batch.too_many_rows",
                        most=MOST_PARTS,
                    )
                keys: list[str] = []
                written.parts.append(keys)
                regular_files.replace(self._path(id, len(written.parts) - 1), lines.part(keys), make=True)
        except BaseException as error:
            for number in range(len(written.parts)):
                self.remove(id, number)
            if isinstance(error, OSError) and error is not lines.failure:
                raise self._no_room(error) from None
            raise
        written.too_large = lines.too_large
        return written

    def has(self, id: str, part: int) -> bool:
        """Whether a part waits to be sent from this machine."""
        try:
            return regular_files.status(self._path(id, part)) is not None
        except OSError:
            return False

    @contextmanager
    def opened(self, id: str, part: int) -> Iterator[IO[bytes]]:
        """A part's file, to be uploaded. Raises InvalidRequest if it is not there."""
        with ExitStack() as opened:
            try:
                file = opened.enter_context(regular_files.opened(self._path(id, part)))
            except OSError:
                raise InvalidRequest(
                    "The requests of this batch that were not sent yet are no longer on this machine.",
                    hint="Ask for the same rows again: those that were sent are not sent twice.",
                    reason="batch.requests_gone",
                ) from None
            yield file

    def remove(self, id: str, part: int) -> None:
        with suppress(OSError):  # it is swept later
            regular_files.remove(self._path(id, part))

    def _sweep(self) -> None:
        """Delete what a program has left behind that was killed before it could send it."""
        for path in regular_files.newest(self._folder, _ENDING, _MOST_SWEPT):
            with suppress(OSError):
                status = regular_files.status(path)
                if status is not None and status.st_mtime < time.time() - _KEPT:
                    regular_files.remove(path)

    def _path(self, id: str, part: int) -> Path:
        return self._folder / f"{id}-{part}{_ENDING}"

    def _no_room(self, error: OSError) -> JournalError:
        return JournalError(
            "The requests of the batch cannot be written to {folder}: {why}.",
            hint="Make room there, then ask again.",
            outcomes=[NOTHING_SENT],
            reason="batch.no_room",
            folder=str(self._folder),
            why=why(error) or type(error).__name__,
        )


_ENDING = ".requests.jsonl"


class _Lines:
    """The lines of requests, one after the other, cut into parts."""

    def __init__(self, asked: Requests) -> None:
        self._asked = iter(asked)
        self._seen: set[str] = set()
        self._next: tuple[str, bytes] | None = None
        self.too_large: dict[str, int] = {}
        self.failure: BaseException | None = None
        """What the caller's own requests have raised."""

    def next_line(self) -> tuple[str, bytes] | None:
        """The next line with its key; it stays the next until `part` takes it."""
        while self._next is None:
            found = self._asked_next()
            if found is None:
                return None
            key, body = found
            if not _A_KEY.fullmatch(key):
                raise ValueError(f"not a row's key: {key!r}")
            if key in self._seen:
                continue
            self._seen.add(key)
            line = requests.line_of(key, body)
            if len(line) > requests.MOST_BYTES:
                self.too_large[key] = len(line)
            else:
                self._next = key, line
        return self._next

    def _asked_next(self) -> tuple[str, Mapping[str, Any]] | None:
        try:
            return next(self._asked, None)
        except BaseException as error:
            self.failure = error
            raise

    def part(self, keys: list[str]) -> Iterator[bytes]:
        """The lines of the next part, whose keys are added to the list."""
        left = requests.MOST_BYTES
        while len(keys) < requests.MOST_LINES and (found := self.next_line()) is not None:
            key, line = found
            if len(line) > left:
                return
            left -= len(line)
            self._next = None
            keys.append(key)
            yield line
