"""What a notebook's file shows of its cells, without being parsed: it may be large, and it may be anyone's."""

from __future__ import annotations

import json
import re
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from ..history.journal.glance import Asked
from ..text import regular_files
from .cell_identity import is_position

#: Bytes at its beginning that are looked at.
_MOST = 1 << 21
_ID = re.compile(rb'"id": ?"([^"\\\n]{1,64})"')
#: How many of a conversation's texts are looked for, and bytes of a line that two notebooks hardly share by chance.
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
        lines = [line for text in asked.texts[-_MOST_TEXTS:] if (line := _longest_line(text))]
        found = [line for line in lines if self._holds_line(line)]
        return bool(found) and (len(found) == len(lines) or any(len(line) >= _TELLING for line in found))

    def _holds_line(self, line: bytes) -> bool:
        """Whether a line of its source, or of another text in it, is this one."""
        place = self._data.find(line)
        while place >= 0:
            before, after = self._data[max(0, place - 2) : place], self._data[place + len(line) :][:2]
            if (before.endswith(b'"') or before == rb"\n") and (after.startswith(b'"') or after == rb"\n"):
                return True
            place = self._data.find(line, place + 1)
        return False


def _longest_line(text: str) -> bytes:
    """The longest line of a text, as a JSON file has it."""
    line = max(text.splitlines() or [""], key=len).strip()
    return json.dumps(line, ensure_ascii=False)[1:-1].encode("utf-8", "replace")
