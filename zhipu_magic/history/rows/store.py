"""The store of rows' answers: found by key, and on the disk a quarter of a second after they came.

What is on the disk is not kept in memory. A kernel that is killed loses only what waits to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from ...service.forks import register_at_fork
from ...text import regular_files
from ...text.errors import JournalError
from ...text.languages.notice import Notice
from ...text.languages.numbers import plural
from ..events.members import SENSELESS
from ..journal.file import append, write
from ..journal.lines import LONGEST
from ..journal.lock import PATIENCE
from .index import HEADER, refuse_other
from .moments import Moments
from .places import Places
from .rewriting import rewrite
from .row import Row, line_of, newest_of, row_of
from .row_file import RowFile
from .waiting import Waiting

#: Seconds that the last lines wait at the end for another program that has locked the file.
_LAST_PATIENCE = 5.0


class RowStore:
    """The newest answer of each key; an error counts only where there is no answer. What came before it is kept, too.

    Without a `path`, the rows of the newest keys are kept in memory. `hide` removes from a line what must never be
    written. A disk that is full or read-only, or a file that another program keeps locked, is reported once, through
    `warn`, and tried again. While the store is `read_only`, nothing is written. All may be called from any thread.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        hide: Callable[[str], str] = lambda text: text,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.read_only = False
        self._hide = hide
        self._warn = warn
        self._moments = Moments()
        self._waiting = Waiting(self._append)
        self._places = Places(self._waiting, warn)
        self._places.use(path)
        register_at_fork(self)

    @property
    def path(self) -> Path | None:
        """The file that is written to; None if there is none."""
        file = self._places.file
        return None if file is None else file.path

    # Looking

    def find(self, key: str) -> Row | None:
        """The newest answer of this key, else its newest error."""
        places, name = self._places, key.encode("ascii", "replace")
        row = places.newest(name, places.own)
        if row is not None and row.error is None:
            return row
        brought = places.newest(name, places.brought)
        if brought is not None and brought.error is None:
            if not self.read_only:
                self.add(brought)
            return brought
        return row or brought

    def rows(self, key: str) -> list[Row]:
        """All that came of this key, also in files that were brought along; what was added last is at the end."""
        return self._places.rows(key.encode("ascii", "replace"), self._places.everywhere)

    def mark(self) -> int:
        """This moment, as rows have it in `at`. What has been added is not later, and all that will be is."""
        return self._moments.mark()

    def __len__(self) -> int:
        """How many keys are known."""
        return len(self._places.keys(self._places.own))

    def __iter__(self) -> Iterator[Row]:
        """The rows, those that came last at the end."""
        places = self._places
        rows = (places.newest(name, places.own) for name in places.keys(places.own))
        return (row for row in rows if row is not None)

    @property
    def size(self) -> int:
        """Bytes of the file, and of what is in memory."""
        size, file = self._places.bytes_in_memory, self._places.file
        with suppress(OSError):
            size += 0 if file is None else file.size
        return size

    def refresh(self) -> None:
        """Take in what other kernels have appended to the file."""
        self._places.refresh()

    # Adding

    def add(self, row: Row) -> None:
        """Add a row, which comes now if it has no time of its own. It is found at once, and written soon."""
        name, line = row.key.encode(), line_of(row, self._hide, at=self._moments.now())
        if self._places.file is not None and _can_be_read(line):
            self._waiting.add(name, line)
        else:
            self._places.remember({name: (line,)})

    def flush(self, patience: float = PATIENCE) -> None:
        """Write what waits, and sync it; wait up to `patience` seconds for another program that has locked the file."""
        self._waiting.flush(patience)

    @property
    def is_written(self) -> bool:
        """Whether no row waits to be written, as after a `flush` that the disk has not refused."""
        return len(self._waiting.lines) == 0

    def _append(self, lines: bytes, patience: float) -> bool:
        """Write lines that have waited. Returns whether they are written."""
        file = self._places.file
        if file is None or self.read_only:
            return False
        try:
            file.refresh()  # is it still ours?
            append(file.path, lines, patience, head=HEADER)
            file.refresh()
        except (JournalError, OSError) as error:
            self._places.report(file, error)
            return False
        self._places.is_written()
        return True

    def close(self) -> None:
        """Write what waits, and close the files. More can be found and added afterwards."""
        self.flush(_LAST_PATIENCE)
        waiting, path = len(self._waiting.lines), self.path
        if waiting and path is not None and not self.read_only:
            self._warn(
                Notice(
                    "{file} cannot be written: {count} will be lost when Python ends.",
                    reason="rows.lost",
                    file=path.name,
                    count=plural(waiting, "answer"),
                )
            )
        self._places.close()

    def after_fork(self, *, in_child: bool) -> None:
        """A forked child finds what waits; the parent writes it."""
        if in_child:
            self._moments = Moments()  # another thread may have held its lock
            self._places.after_fork()

    # Elsewhere

    def move(self, path: Path | None) -> None:
        """Write to another file from now on, beginning with all rows; the old file stays."""
        if path == self.path:
            return
        with self._waiting.writing:
            self.flush()
            old = self._places.use(path)
        if path is None:
            self._places.remember(self._waiting.take())
        else:
            for line in chain.from_iterable(self._places.take_remembered().values()):
                self.add(row_of(line))
        if old is not None:
            self._bring(old, newer=True)

    def bring(self, path: Path) -> None:
        """Know the rows of another file, too, and write them to our own."""
        if path != self.path:
            self._bring(RowFile(path, self._warn), newer=False)

    def _bring(self, file: RowFile, *, newer: bool) -> None:
        """Copy the rows of a file to our own, if there is one; of two answers, the `newer` one stands."""
        places = self._places
        places.bring(file)  # first of all: an interrupt loses nothing
        if places.file is None or self.read_only:
            return
        try:
            for name in file:
                self._bring_rows(places.rows(name, places.own), file.rows(name), newer=newer)
        except (JournalError, OSError) as error:
            places.report(file, error)
            return
        places.leave(file)
        file.close()

    def _bring_rows(self, own: list[Row], brought: list[Row], *, newer: bool) -> None:
        """Add the rows of one key to our own, and see that the newest answer stays the newest in the file."""
        known = {(row, row.at) for row in own}
        added = [row for row in brought if (row, row.at) not in known]
        first, second = (own, brought) if newer else (brought, own)
        newest, last = newest_of([*first, *second]), newest_of([*own, *added])
        for row in added:
            self.add(row)
        if newest is not None and newest != last:
            self.add(newest)

    def rename(self, path: Path) -> None:
        """Rename the file within its folder. If there is one of that name, the rows are copied to it instead."""
        with self._waiting.writing, suppress(OSError):
            self.flush()
            file = self._places.file
            if file is not None and regular_files.status(path) is None:
                file.close()
                if file.size:
                    regular_files.rename(file.path, path.name)
                self._places.use(path)
        self.move(path)

    def save(self, path: Path) -> None:
        """Write all rows to another file, which is replaced. Raises JournalError."""
        places = self._places
        if path == self.path:
            self.forget(lambda row: False)
        elif keys := places.keys(places.everywhere):
            rows = chain.from_iterable(places.rows(name, places.everywhere) for name in keys)
            write(path, chain([HEADER], map(line_of, rows)), refuse_other)

    def forget(self, unwanted: Callable[[Row], bool]) -> int:
        """Forget the keys of which these are the newest rows, and what stands in the file for nothing.

        Returns how many keys. Raises JournalError.
        """
        keys = set[str]()

        def is_unwanted(newest: Row) -> bool:
            if unwanted(newest):
                keys.add(newest.key)
            return newest.key in keys

        with self._waiting.writing:
            self.flush()
            for lines in [*self._waiting.take().values(), *self._places.take_remembered().values()]:
                rows = list(map(row_of, lines))
                if (newest := newest_of(rows)) is not None and not is_unwanted(newest):
                    for row in rows:
                        self.add(row)
            file = self._places.file
            if file is not None and not self.read_only:
                rewrite(file, is_unwanted)
        return len(keys)


def _can_be_read(line: bytes) -> bool:
    """Whether a line will be found again, once it is on the disk."""
    try:
        return len(line) <= LONGEST and row_of(line) is not None
    except SENSELESS:
        return False
