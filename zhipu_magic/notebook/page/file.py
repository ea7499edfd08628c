"""Searches a notebook's file for cells and texts without parsing it: it may be large, and come from anyone."""

from __future__ import annotations

import json
import re
from collections.abc import Set
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from ...history.journal.glance import Asked
from ...text import regular_files
from .identity import is_position

#: Bytes at its beginning that are looked at.
_MOST = 1 << 20
_ID = re.compile(rb'"id": ?"([^"\\\n]{1,64})"')
#: How many of a conversation's texts are looked for, and bytes of a line that two notebooks hardly share.
_MOST_TEXTS, _TELLING = 4, 12


class NotebookFile:
    """A notebook's file, as it is on the disk."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.cells: Set[str] = frozenset(found.decode("utf-8", "replace") for found in _ID.findall(data))

    @classmethod
    def read(cls, path: Path, *, of_the_page: bool = False) -> NotebookFile | None:
        """The file, if it can be read. That `of_the_page` may be a link: the user has opened it."""
        with suppress(OSError), (regular_files.handed_over if of_the_page else regular_files.opened)(path) as file:
            return cls(file.read(_MOST))
        return None

    def has_asked(self, asked: Asked, ran: Set[str] = frozenset()) -> bool:
        """Whether this notebook has had the conversation: by its cells, `ran` among them; by its texts if their names
        are positions, or unknown."""
        named = [cell for cell in asked.cells if not is_position(cell)]
        if named:
            return any(cell in self.cells or cell in ran for cell in named)
        lines = [_longest_piece(text) for text in asked.texts[-_MOST_TEXTS:]]
        found = [line for line in lines if line in self._lines]
        return bool(found) and (len(found) == len(lines) or any(len(line) >= _TELLING for line in found))

    @cached_property
    def _lines(self) -> Set[bytes]:
        """The lines of all texts in it, without those that are blank."""
        return set(_pieces(self._data)) - {b""}


def _pieces(data: bytes) -> list[bytes]:
    """JSON cut where a text begins or ends, at the ends of its lines, and at quotation marks in it."""
    return data.replace(rb"\n", b'"').replace(rb"\"", b'"').split(b'"')


def _longest_piece(text: str) -> bytes:
    """The longest piece of a text that has the same characters in the file, by which the text can be found there."""
    return max(_pieces(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")), key=len)
