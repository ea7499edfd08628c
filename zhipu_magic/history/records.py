"""What a chat keeps on the disk: the journal, and beside it the answers to rows. Where one goes, the other follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..service.forks import importing
from .conversation import Thread
from .journal.checks import rows_of
from .journal.journal import Journal

if TYPE_CHECKING:
    from .rows.store import RowStore


class Records:
    """The journal and the rows of one chat. While they are `read_only`, nothing is written."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._rows: RowStore | None = None

    @property
    def rows(self) -> RowStore:
        """The answers to rows, made when they are first needed: most chats ask over no table."""
        if self._rows is None:
            from .rows.store import RowStore

            with importing:  # several threads may need it at once
                if self._rows is None:
                    rows = RowStore(self._rows_path, hide=self.journal.hide, warn=self.journal.warn)
                    rows.read_only = self.read_only
                    self._rows = rows
        return self._rows

    @property
    def _rows_path(self) -> Path | None:
        path = self.journal.path
        return None if path is None else rows_of(path)

    @property
    def read_only(self) -> bool:
        return self.journal.read_only

    @read_only.setter
    def read_only(self, value: bool) -> None:
        self.journal.read_only = value
        if self._rows is not None:
            self._rows.read_only = value

    def move(self, path: Path | None) -> None:
        """Write elsewhere from now on, beginning with all that there is; the old files stay."""
        rows = self.rows
        self.journal.move(path)
        rows.move(self._rows_path)

    def rename(self, name: str) -> None:
        """Give the journal another name in its folder, and the rows with it. Raises OSError."""
        rows = self.rows
        self.journal.rename(name)
        if (path := self._rows_path) is not None:
            rows.rename(path)

    def bring(self, lines: Mapping[str, bytes], journal: Path) -> None:
        """Have these lines of another journal, which the session builds on, written before what comes next.

        The rows that stand beside that journal are known from now on.
        """
        self.journal.bring(lines, journal)
        self.rows.bring(rows_of(journal))

    def save(self, threads: Iterable[Thread], journal: Path) -> None:
        """Write everything to another journal, and to the rows beside that. Raises JournalError."""
        from .journal import resuming

        resuming.save(self.journal, threads, journal)
        self.rows.save(rows_of(journal))

    def close(self) -> None:
        """Write what could not be written before; more can be written afterwards."""
        self.journal.close()
        if self._rows is not None:
            self._rows.close()
