"""A glance at a journal: which cells have asked in it, and what. It takes a millisecond for a journal of any length."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ...text import regular_files

#: Bytes at the beginning of a journal that are looked at, and again at its end; and those of the longest text.
_CLOSE_LOOK, _LONGEST = 1 << 16, 10_000
#: The same, where there are many to look at.
BRIEFLY = 1 << 14
#: How the line of a turn begins.
_TURN = re.compile(rb'^\{"id": ?"[^"\n]*", ?"event": ?"(?:turn|partial|replayed)"', re.MULTILINE)
_CELL = re.compile(rb'"cell": ?("[^"\\\n]{1,4000}")')
_TEXT = re.compile(rb'"(?:written|prompt)": ?("(?:[^"\\\n]|\\.)*")')


class Asked(NamedTuple):
    """The cells that have asked in a conversation, and what they asked: perhaps not all, and the newest last."""

    cells: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.cells or self.texts)


def asked_in(journal: Path, most: int = _CLOSE_LOOK) -> Asked:
    """What a glance shows of a journal's turns, in `most` bytes at either end; nothing if it cannot be read."""
    with suppress(OSError), regular_files.opened(regular_files.absolute(journal)) as file:
        lines = file.read(most)
        if len(lines) == most:
            file.seek(max(most, file.seek(0, os.SEEK_END) - most))
            lines += b"\n" + file.read(most)
        return _asked(lines)
    return Asked()


def _asked(lines: bytes) -> Asked:
    cells, texts = dict[str, None](), dict[str, None]()
    for line in _TURN.finditer(lines):
        end = lines.find(b"\n", line.end())
        end = len(lines) if end < 0 else end
        for pattern, found in ((_CELL, cells), (_TEXT, texts)):
            match = pattern.search(lines, line.end(), end)
            if match is not None and len(match[1]) <= _LONGEST:
                with suppress(ValueError):
                    found[json.loads(match[1])] = None
    return Asked(frozenset(cells), tuple(texts))
