"""Where a store's rows are: waiting to be written, in memory, in the file, and in files that were brought along."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from ...text.errors import JournalError
from ...text.languages.notice import Notice
from ...text.languages.system_words import why
from .kept_lines import KeptLines, Lines
from .row import Row
from .row_file import RowFile
from .waiting import Waiting

#: What is kept in memory where there is no file: rows, and bytes.
_MOST: Final = 100_000
_MOST_BYTES: Final = 64_000_000

Place = KeptLines | RowFile


class Places:
    """Looks rows up in all places. A file that cannot be used is reported once, through `warn`, and counts as empty."""

    def __init__(self, waiting: Waiting, warn: Callable[[str], None]) -> None:
        self.file: RowFile | None = None
        """The file that is written to."""
        self.brought: tuple[RowFile, ...] = ()
        """The files that are only read, since the rows that they hold are not in our own."""
        self._waiting = waiting
        self._memory = KeptLines(_MOST, _MOST_BYTES)
        self._remembering = threading.Lock()
        self._warn = warn
        self._reported = False

    @property
    def own(self) -> tuple[Place, ...]:
        """All but those that were brought along, in the order in which a line goes on.

        So a line that is written meanwhile is found in the next one.
        """
        file = self.file
        return (self._waiting.lines, self._memory, *(() if file is None else (file,)))

    @property
    def everywhere(self) -> tuple[Place, ...]:
        return (*self.own, *self.brought)

    def newest(self, key: bytes, places: Iterable[Place]) -> Row | None:
        """The first answer of this key, else its first error."""
        failed = None
        for place in places:
            row = None
            try:
                row = place.get(key)
            except (JournalError, OSError) as error:
                self._report(place, error)
            if row is not None and row.error is None:
                return row
            failed = failed or row
        return failed

    def rows(self, key: bytes, places: Iterable[Place]) -> list[Row]:
        """All that came of this key, each once, the oldest first."""
        found: list[Row] = []
        for place in places:
            try:
                found = [*place.rows(key), *found]
            except (JournalError, OSError) as error:
                self._report(place, error)
        if len(found) < 2:
            return found
        last = {(row, row.at): None for row in reversed(found)}  # where one stands twice, the last is its place
        return [row for row, _ in reversed(last)]

    def keys(self, places: Iterable[Place]) -> dict[bytes, None]:
        """The keys that are known, those that wait to be written last."""
        keys: dict[bytes, None] = {}
        for place in reversed(tuple(places)):
            try:
                keys |= dict.fromkeys(place)
            except (JournalError, OSError) as error:
                self._report(place, error)
        return keys

    def remember(self, lines: Mapping[bytes, Lines]) -> None:
        """Keep these lines in memory."""
        with self._remembering:
            for key, some in lines.items():
                self._memory.add(key, *some)

    def take_remembered(self) -> dict[bytes, Lines]:
        """Take out what is in memory."""
        with self._remembering:
            lines = self._memory.lines()
            self._memory.drop(lines)
        return lines

    @property
    def bytes_in_memory(self) -> int:
        return self._waiting.lines.bytes + self._memory.bytes

    def use(self, path: Path | None) -> RowFile | None:
        """Have another file written to. Returns the one until now."""
        before, self.file = self.file, None if path is None else RowFile(path, self._warn)
        self._reported = False
        return before

    def bring(self, file: RowFile) -> None:
        self.brought = (*self.brought, file)

    def leave(self, file: RowFile) -> None:
        """Look a file up no longer that was brought along."""
        self.brought = tuple(one for one in self.brought if one is not file)

    def refresh(self) -> None:
        """Take in what other kernels have appended."""
        for file in self._files:
            try:
                file.refresh()
            except (JournalError, OSError) as error:
                self._report(file, error)

    def close(self) -> None:
        for file in self._files:
            file.close()

    def after_fork(self) -> None:
        """In a forked child: it finds what waits, which the parent writes."""
        self._remembering = threading.Lock()
        self.remember(self._waiting.lines.lines())
        self._waiting.after_fork()
        for file in self._files:
            file.after_fork()

    @property
    def _files(self) -> tuple[RowFile, ...]:
        return self.brought if self.file is None else (self.file, *self.brought)

    def is_written(self) -> None:
        """Note that the file can be written; if that changes, it is reported again."""
        self._reported = False

    def _report(self, place: Place, error: JournalError | OSError) -> None:
        assert isinstance(place, RowFile)  # nothing else raises these
        self.report(place, error)

    def report(self, file: RowFile, error: JournalError | OSError) -> None:
        """Report once that a file cannot be used for now; one that is not ours is given up."""
        if isinstance(error, JournalError):
            self._give_up(file, error)
        elif not self._reported:
            self._reported = True
            self._warn(
                Notice(
                    "{file} cannot be used ({why}). The answers to rows are kept in memory, and written as soon as "
                    "possible.",
                    reason="rows.waits",
                    file=file.path.name,
                    why=why(error),
                )
            )

    def _give_up(self, file: RowFile, error: JournalError) -> None:
        if file is self.file:
            self.file = None
            self.remember(self._waiting.lines.lines())  # before they are taken out: so they can always be found
            self.remember(self._waiting.take())
        elif file in self.brought:
            self.leave(file)
        else:
            return  # another thread has done it
        self._warn(
            Notice(
                "{problem} No answers to rows are read from it or written to it.",
                reason="rows.not_kept",
                problem=error.happened,
            )
        )
