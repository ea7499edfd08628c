"""A file with rows in it, written anew: the lines of each key together, and without the rows that are not wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...text import regular_files
from ...text.errors import JournalError
from ...text.languages.system_words import why
from ..journal.file import held
from ..journal.lock import PATIENCE
from .index import HEADER
from .row import Row, line_of, newest_of
from .row_file import RowFile


def rewrite(file: RowFile, unwanted: Callable[[Row], bool]) -> None:
    """Replace the file, completely or not at all. All lines of a key go whose newest row is `unwanted`.

    Other kernels see that it is another. Raises JournalError.
    """
    try:
        if not file.size:
            return
        with held(file.path, PATIENCE):
            file.refresh()
            regular_files.replace(file.path, _lines(file, unwanted))
        file.refresh()
    except OSError as error:
        raise JournalError(
            "{file} cannot be written anew: {why}.", reason="rows.unwritable", file=file.path.name, why=why(error)
        ) from None


def _lines(file: RowFile, unwanted: Callable[[Row], bool]) -> Iterator[bytes]:
    yield HEADER
    for key in file:
        rows = file.rows(key)
        newest = newest_of(rows)
        if newest is not None and not unwanted(newest):
            yield from map(line_of, rows)
