"""The file of a notebook's intents, beside its journal: `NAME.jsonl` has `NAME.batches.jsonl`.

Lines are only ever added to it, and are on the disk before what they say is done. It is locked, as a journal is, while
anything is sent: so no two kernels send the same, and the lock of one that was killed is free. It is read without the
lock. A file of which all is closed begins anew, since nobody needs it any more.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from ...history.journal.lock import locked
from ...text import regular_files
from ...text.characters import each_text, printable, shortened
from ...text.errors import JournalError
from ...text.languages.messages import _
from ...text.languages.system_words import why
from ...text.untrusted_json import loads
from .intent import Intent, NewerVersion, fold

_ENDING = ".batches.jsonl"
#: Bytes of the largest file: some ten million rows that are under way.
_LARGEST: Final = 1 << 28
#: Seconds to wait for another kernel that sends.
_PATIENCE = 5.0


def file_beside(journal: Path | None) -> Path:
    """The file of the intents of a chat with this journal. Without one, it is kept with the user's data: a batch that
    is nowhere written down is paid, and lost.
    """
    return data_folder() / "batches.jsonl" if journal is None else journal.with_name(journal.stem + _ENDING)


def data_folder() -> Path:
    """The folder of the user's own files."""
    from platformdirs import user_data_path

    return user_data_path("zhipu_magic", appauthor=False)


class IntentFile:
    """The intents in a file. `hide` removes from a line what must never be written. All of it raises JournalError."""

    def __init__(self, path: Path, hide: Callable[[str], str]) -> None:
        self.path = path
        self._hide = hide

    def read(self) -> dict[str, Intent]:
        """The intents by their ids, the oldest first, also those that are closed."""
        with told(self.path):
            try:
                with regular_files.opened(self.path) as file:
                    return self._intents_in(file)
            except FileNotFoundError:
                return {}

    @contextmanager
    def held(self) -> Iterator[HeldFile]:
        """Hold the file, so that nobody else sends what is in it."""
        with ExitStack() as held:
            with told(self.path):
                file = held.enter_context(regular_files.appended(self.path))
                try:
                    held.enter_context(locked(file.fileno(), patience=_PATIENCE))
                except BlockingIOError:
                    raise JournalError(
                        "Another notebook or program is sending what {file} has.",
                        hint="Try again when it has finished.",
                        reason="batch.in_use",
                        file=self.path.name,
                    ) from None
                intents = self._intents_in(file)
            yield HeldFile(self.path, file, intents, self._hide)

    def _intents_in(self, file: IO[bytes]) -> dict[str, Intent]:
        file.seek(0)
        if os.fstat(file.fileno()).st_size > _LARGEST:
            raise OSError(0, _("it is larger than {size} MiB", size=_LARGEST >> 20))
        return self._folded(file.read().split(b"\n"))

    def _folded(self, lines: list[bytes]) -> dict[str, Intent]:
        intents: dict[str, Intent] = {}
        changed: set[str] = set()
        damaged = False
        for line in filter(None, lines[:-1]):  # the last one has no end: what it says was not done yet
            try:
                record = loads(line)
                damaged |= not fold(intents, record)
                if isinstance(record, Mapping) and isinstance(record.get("state"), str):
                    changed.add(str(record.get("intent")))
            except NewerVersion as error:
                raise JournalError(
                    "{file} was written by a newer zhipu_magic (format version {found}) and was left unchanged.",
                    hint="Upgrade zhipu_magic.",
                    reason="batch.newer",
                    file=self.path.name,
                    found=shortened(str(error), 20),
                ) from None
            except ValueError:
                damaged = True
        return self._usable(intents, changed, damaged)

    def _usable(self, intents: dict[str, Intent], changed: set[str], damaged: bool) -> dict[str, Intent]:
        """The intents that are whole. Of one that is not, nothing was sent, or else the file is broken."""
        usable = {
            id: replace(intent, damaged=damaged) for id, intent in intents.items() if intent.closed or intent.is_whole
        }
        if lost := changed - usable.keys():
            raise JournalError(
                "{file} is damaged: the rows of the batch {batch} cannot be read.",
                hint="Put back an earlier copy of it, or move it away; the service's own page lists the batches.",
                reason="batch.damaged",
                file=self.path.name,
                batch=printable(shortened(min(lost), 20)),
            )
        return usable


class HeldFile:
    """A file that nobody else writes to, and its intents as they are now."""

    def __init__(self, path: Path, file: IO[bytes], intents: dict[str, Intent], hide: Callable[[str], str]) -> None:
        self.intents = intents
        self._path = path
        self._file = file
        self._hide = hide

    def begin(self, intent: Intent) -> None:
        """Write an intent down, in one go."""
        if self.intents and all(earlier.closed for earlier in self.intents.values()):
            with told(self._path):
                os.ftruncate(self._file.fileno(), 0)
            self.intents.clear()
        # Of all that it holds, only the note is the user's own, and may have a key in it.
        self._add(*replace(intent, note=each_text(intent.note, self._hide)).as_records())

    def state(self, id: str, part: int, state: str, **more: str | None) -> None:
        """Write down how far a part has come."""
        known = {name: value for name, value in more.items() if value is not None}
        self._add({"intent": id, "part": part, "state": state, "time": now(), **known})

    def close(self, id: str) -> None:
        """Write down that nothing more is wanted of an intent."""
        self._add({"intent": id, "closed": True, "time": now()})

    def _add(self, *records: Mapping[str, Any]) -> None:
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        with told(self._path):
            end = self._file.seek(0, os.SEEK_END)
            self._file.seek(max(0, end - 1))
            # A torn line stays, and ends here.
            begin = b"\n" if end and self._file.read(1) != b"\n" else b""
            regular_files.write(self._file, begin + text.encode("utf-8", "replace"))
            os.fsync(self._file.fileno())
        for record in records:
            fold(self.intents, record)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What the disk refuses as an error for the user."""
    try:
        yield
    except OSError as error:
        raise JournalError(
            "The file of batches, {file}, cannot be used: {why}.",
            hint="A batch is sent only once it is written down there.",
            reason="batch.no_file",
            file=path.name,
            why=why(error) or type(error).__name__,
        ) from None


def now() -> float:
    """The time in seconds since 1970, to the millisecond."""
    return round(time.time(), 3)
