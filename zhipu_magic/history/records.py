"""What a chat keeps on the disk: the journal, and beside it rows and vectors. Where one goes, the others follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from ..service.forks import importing
from .conversation import Thread
from .journal.checks import rows_of, vectors_of
from .journal.journal import Journal

if TYPE_CHECKING:
    from .rows.store import RowStore

#: Where a store's file is, by where the journal is.
_Beside: TypeAlias = Callable[[Path], Path]
_STORES: Final[tuple[_Beside, ...]] = (rows_of, vectors_of)


class Records:
    """The journal of one chat, the rows and the vectors. While they are `read_only`, nothing is written."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._stores: dict[_Beside, RowStore] = {}

    @property
    def rows(self) -> RowStore:
        """The answers to rows, made when they are first needed: most chats ask over no table."""
        return self._store(rows_of)

    @property
    def vectors(self) -> RowStore:
        """The vectors of texts, rankings and counts of tokens, each as the text of a row, in a file of their own."""
        return self._store(vectors_of)

    def _store(self, beside: _Beside) -> RowStore:
        if beside not in self._stores:
            with importing:
                from .rows.store import RowStore
            store = RowStore(self._path(beside), hide=self.journal.hide, warn=self.journal.warn)
            store.read_only = self.read_only
            self._stores.setdefault(beside, store)  # several threads may need it at once
        return self._stores[beside]

    def _path(self, beside: _Beside) -> Path | None:
        path = self.journal.path
        return None if path is None else beside(path)

    @property
    def read_only(self) -> bool:
        return self.journal.read_only

    @read_only.setter
    def read_only(self, value: bool) -> None:
        self.journal.read_only = value
        for store in self._stores.values():
            store.read_only = value

    def move(self, path: Path | None) -> None:
        """Write elsewhere from now on, beginning with all that there is; the old files stay."""
        stores = [(self._store(beside), beside) for beside in _STORES]
        self.journal.move(path)
        for store, beside in stores:
            store.move(self._path(beside))

    def rename(self, name: str) -> None:
        """Give the journal, which is in a file, another name in its folder, and the others with it. Raises OSError."""
        stores = [(self._store(beside), beside) for beside in _STORES]
        path = self.journal.rename(name)
        for store, beside in stores:
            store.rename(beside(path))

    def bring(self, lines: Mapping[str, bytes], journal: Path) -> None:
        """Have these lines of another journal, which the session builds on, written before what comes next.

        The rows and vectors that stand beside that journal are known from now on.
        """
        self.journal.bring(lines, journal)
        for beside in _STORES:
            self._store(beside).bring(beside(journal))

    def save(self, threads: Iterable[Thread], journal: Path) -> None:
        """Write everything to another journal, and to the files beside that. Raises JournalError."""
        from .journal import resuming

        resuming.save(self.journal, threads, journal)
        for beside in _STORES:
            self._store(beside).save(beside(journal))

    def close(self) -> None:
        """Write what could not be written before; more can be written afterwards."""
        self.journal.close()
        for store in self._stores.values():
            store.close()
