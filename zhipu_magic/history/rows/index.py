"""Where in a file the lines of each key are."""

from __future__ import annotations

import os
import re
import weakref
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...text import regular_files
from ...text.errors import JournalError
from ..events.members import SENSELESS
from ..journal.checks import check_version, size_of
from ..journal.lines import BLOCK, LONGEST
from .row import BEGINNING, Row, key_in, row_of

#: The version of the format, and the file's first line, which says it.
VERSION: Final = 1
HEADER: Final = b'{"rows":%d}\n' % VERSION

_LINE: Final = re.compile(rb"^" + BEGINNING, re.MULTILINE)
_A_HEADER: Final = re.compile(rb'^\{"rows":(\d{1,9})\}\r?$', re.MULTILINE)
#: Bytes at the head of a file in which a line of ours begins, and those that are read to find a line's end.
_HEAD, _SHORT = 1 << 16, 1 << 10


class Index:
    """An open file's lines by their keys, as far as it was read.

    The lines are not read, but only how they begin; a careful index also reads each one, and leaves out those that it
    cannot use. Nothing here is locked, for nothing is looked at before its line has ended, and whole lines are never
    changed but by putting another file in this one's place. An interrupt at any point leaves an index that goes on.
    """

    def __init__(self, path: Path, *, careful: bool) -> None:
        """Begin an index of this file. Raises OSError if it cannot be opened, JournalError if it is of another kind."""
        self._path = path
        self._file = regular_files.kept_open(path)
        self._closing = weakref.finalize(self, self._file.close)  # also where nobody closes the chat
        self._careful = careful
        self._end = 0
        self._tail = b""
        """The last bytes before the end: elsewhere in a file that was changed in place."""
        self._in_long = False
        self._answers: dict[bytes, int] = {}
        self._errors: dict[bytes, int] = {}
        self._earlier: dict[bytes, array[int]] = {}
        """Where lines are that later ones of the same key and kind have replaced: few keys have any."""
        self.damaged = 0
        """Lines that were left out."""
        _refuse_head(regular_files.read_at(self._file, 0, _HEAD), path)

    def __len__(self) -> int:
        return len(self._answers) + sum(key not in self._answers for key in self._errors)

    def __iter__(self) -> Iterator[bytes]:
        yield from tuple(self._answers)
        yield from (key for key in tuple(self._errors) if key not in self._answers)

    def __contains__(self, key: bytes) -> bool:
        return key in self._answers or key in self._errors

    def close(self) -> None:
        self._closing()

    def is_current(self) -> bool:
        """Whether its file still has its name, and holds what was read."""
        if self._file.closed:  # an interrupt came while it was let go
            return False
        if not regular_files.has_name(self._file, self._path) or os.fstat(self._file.fileno()).st_size < self._end:
            return False
        tail = self._tail
        return regular_files.read_at(self._file, self._end - len(tail), len(tail)) == tail

    def take_in(self) -> None:
        """Read what has been appended, up to the last whole line. Raises as `check_version` does, and OSError."""
        size_of(self._file)
        most = BLOCK
        while block := regular_files.read_at(self._file, self._end, most):
            if self._in_long:
                self._skip(block)
            elif cut := block.rfind(b"\n") + 1:
                self._note(block[:cut])
                self._end, self._tail = self._end + cut, block[max(0, cut - _SHORT) : cut]
                most = BLOCK
            elif len(block) > LONGEST:
                self._in_long = True
                self._end, self._tail = self._end + len(block), b""
            elif len(block) < most:
                break
            else:
                most = min(4 * most, LONGEST + 1)

    def _skip(self, block: bytes) -> None:
        """Go on behind a line that is too long, once it ends."""
        if cut := block.find(b"\n") + 1:
            self._in_long = False
            self.damaged += 1
        self._end, self._tail = self._end + (cut or len(block)), b""

    def _note(self, lines: bytes) -> None:
        count = lines.count(b"\n")
        for found in _LINE.finditer(lines):
            if not self._careful or _can_be_read(lines[found.start() : lines.find(b"\n", found.end())]):
                places = self._answers if found[2] == b"text" else self._errors
                self._place(places, found[1], self._end + found.start())
                count -= 1
        if count:
            for header in _A_HEADER.finditer(lines):
                check_version(int(header[1]), self._path, VERSION)
                count -= 1
        self.damaged += count

    def _place(self, places: dict[bytes, int], key: bytes, place: int) -> None:
        before = places.get(key)
        if before is not None and before != place:  # the same one again: an interrupt came while lines were noted
            self._earlier.setdefault(key, array("Q")).append(before)
        places[key] = place

    def row(self, key: bytes) -> Row | None:
        """The newest answer of this key, else its newest error. Raises one of `SENSELESS` if its line is damaged."""
        place = self._answers.get(key)
        if place is None:
            place = self._errors.get(key)
        return None if place is None else self._row_at(place, key)

    def rows(self, key: bytes) -> list[Row]:
        """All that came of this key, the oldest first. Raises one of `SENSELESS` if a line is damaged."""
        newest = (places.get(key) for places in (self._answers, self._errors))
        places = {*self._earlier.get(key, ()), *(place for place in newest if place is not None)}
        return [self._row_at(place, key) for place in sorted(places)]

    def _row_at(self, place: int, key: bytes) -> Row:
        line = self._line_at(place)
        if key_in(line) != key:
            raise ValueError("another line")
        return row_of(line)

    def _line_at(self, place: int) -> bytes:
        most = _SHORT
        while True:
            line = regular_files.read_at(self._file, place, most)
            if end := line.find(b"\n") + 1:
                return line[:end]
            if len(line) < most or most > LONGEST:
                raise ValueError("no whole line")
            most *= 4


def refuse_other(path: Path) -> None:
    """Raise JournalError for a file that holds no rows, or that a newer version has written. Raises OSError."""
    with suppress(FileNotFoundError):
        index = Index(path, careful=False)
        index.take_in()
        index.close()


def _refuse_head(head: bytes, path: Path) -> None:
    """Raise JournalError for a file that begins like this, if it is not ours or a newer version has written it."""
    for header in _A_HEADER.finditer(head):
        check_version(int(header[1]), path, VERSION)
    if head and not _LINE.search(head) and not _A_HEADER.search(head) and not HEADER.startswith(head):
        raise JournalError(
            "{file} is a file of another kind and was left unchanged.",
            hint="Rename it: the answers to rows are kept under this name.",
            reason="rows.other_file",
            file=path.name,
        )


def _can_be_read(line: bytes) -> bool:
    try:
        row_of(line)
    except SENSELESS:
        return False
    return True
