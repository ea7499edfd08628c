"""A file with rows in it, written anew: each key once, and without the rows that are not wanted any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...text import regular_files
from ...text.errors import JournalError
from ..journal.file import held
from ..journal.lock import PATIENCE
from .index import HEADER
from .row import Row, line_of
from .row_file import RowFile


def rewrite(file: RowFile, unwanted: Callable[[Row], bool]) -> None:
    """Replace the file, completely or not at all. Other kernels see that it is another. Raises JournalError."""
    try:
        if not file.size:
            return
        with held(file.path, PATIENCE):
            file.refresh()
            regular_files.replace(file.path, _lines(file, unwanted))
        file.refresh()
    except OSError as error:
        raise JournalError(
            "{file} cannot be written anew: {why}.", reason="rows.unwritable", file=file.path.name, why=error.strerror
        ) from None


def _lines(file: RowFile, unwanted: Callable[[Row], bool]) -> Iterator[bytes]:
    yield HEADER
    for row in map(file.get, file):
        if row is not None and not unwanted(row):
            yield line_of(row)
