"""A file with rows in it, to look up: it grows, and may be replaced, truncated or deleted meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from ...text import regular_files
from ...text.languages.notice import Notice
from ...text.languages.numbers import plural
from ..events.members import SENSELESS
from .index import Index
from .row import Row

Found = TypeVar("Found")


class RowFile:
    """Looks rows up, from any thread. The file is opened when it is first needed; one that is not there is empty.

    A damaged line counts as if it were not there, and is reported once, through `warn`. All raise OSError if the file
    cannot be read, and JournalError if it is of another kind or a newer version has written it.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self.path = path
        self._warn = warn
        self._lock = threading.RLock()
        self._index: Index | None = None
        self._was_read = False
        self._careful = False
        self._reported = False

    def refresh(self) -> None:
        """Take in what other kernels have appended, and our own lines."""
        with self._lock:
            self._was_read = True  # before it may fail: then it is tried again at the next refresh, not for each row
            if self._index is not None and not self._index.is_current():
                self._drop_index()
            if self._index is None and regular_files.status(self.path) is not None:
                self._index = Index(self.path, careful=self._careful)
            if self._index is not None:
                self._index.take_in()
        self._report()

    def get(self, key: bytes) -> Row | None:
        """The newest answer of this key, else its newest error."""
        return self._looked_up(lambda index: index.row(key), None)

    def rows(self, key: bytes) -> list[Row]:
        """All that came of this key, the oldest first."""
        return self._looked_up(lambda index: index.rows(key), [])

    def _looked_up(self, look_up: Callable[[Index], Found], nothing: Found) -> Found:
        with self._lock:
            if not self._was_read:
                self.refresh()
            try:
                return nothing if self._index is None else look_up(self._index)
            except SENSELESS:
                return self._looked_up_carefully(look_up, nothing)

    def _looked_up_carefully(self, look_up: Callable[[Index], Found], nothing: Found) -> Found:
        """The same where a line is damaged: it counts as if it were not there, so each line is read from now on."""
        if not self._careful:
            self._careful = True
            self._drop_index()
            self.refresh()
        try:
            return nothing if self._index is None else look_up(self._index)
        except SENSELESS:
            return nothing  # it was changed in place since

    def __len__(self) -> int:
        with self._lock:
            return 0 if self._index is None else len(self._index)

    def __iter__(self) -> Iterator[bytes]:
        """The keys, as of now."""
        with self._lock:
            if not self._was_read:
                self.refresh()
            return iter(()) if self._index is None else iter(tuple(self._index))

    def __contains__(self, key: bytes) -> bool:
        with self._lock:
            return self._index is not None and key in self._index

    @property
    def size(self) -> int:
        """Bytes of the file."""
        found = regular_files.status(self.path)
        return 0 if found is None else found.st_size

    def close(self) -> None:
        """Close the file; it is opened and read again when it is needed."""
        with self._lock:
            self._drop_index()
            self._was_read = False

    def _drop_index(self) -> None:
        index, self._index = self._index, None
        if index is not None:
            index.close()

    def after_fork(self) -> None:
        """In a forked child: another thread may have held the lock. The open file can be read by both."""
        self._lock = threading.RLock()

    def _report(self) -> None:
        index = self._index
        if index is not None and index.damaged and not self._reported:
            self._reported = True
            self._warn(
                Notice(
                    "{file}: {count} left out because of damage; all others are used.",
                    reason="rows.damaged",
                    file=self.path.name,
                    count=plural(index.damaged, "line"),
                )
            )
