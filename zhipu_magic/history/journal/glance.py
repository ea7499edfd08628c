"""A glance at a journal, which takes a millisecond: which cells have asked in it, and what; and in which language."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from ...text import regular_files
from .checks import size_of

#: Bytes at the beginning of a journal that are looked at, and again at its end; and those of the longest text.
_CLOSE_LOOK, _LONGEST = 1 << 16, 10_000
#: The same, where there are many to look at.
BRIEFLY = 1 << 14
#: How the line of a turn begins.
_TURN = re.compile(rb'^\{"id": ?"[^"\n]*", ?"event": ?"(?:turn|partial|replayed)"', re.MULTILINE)
_CELL = re.compile(rb'"cell": ?("[^"\\\n]{1,4000}")')
#: How a line begins, and the first line of a session after its id, as far as its language.
_LINE = b'{"id": "'
_WRITTEN_BY = re.compile(rb'\{"id": "([^"\\\n]{1,200})-\d+"')
_SPOKEN = re.compile(
    rb'", "event": "session"(?:, "version": \d+)?(?:, "time": "[^"\n]{1,99}")?, "language": "([a-z]{1,20})"'
)
#: Bytes that are looked at together, and those of a line's beginning.
_BLOCK, _BEGINNING = 1 << 20, 1 << 10
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


def language_in(journal: Path) -> str:
    """The language in which the newest session of a journal has shown things; empty if it does not say, as in English.

    The newest is the one that has written the last line. Its own first one may be far from that.
    """
    with suppress(OSError), regular_files.opened(regular_files.absolute(journal)) as file:
        written_by = _WRITTEN_BY.match(_last_line(file, _LINE))
        if written_by is not None:
            begins = _LINE + written_by[1] + b"-0"
            spoken = _SPOKEN.match(_last_line(file, begins + b'", "event": "session"'), len(begins))
            return spoken[1].decode() if spoken is not None else ""
    return ""


def _last_line(file: IO[bytes], begins: bytes) -> bytes:
    """The beginning of the last line that begins with this; empty if there is none."""
    end = size_of(file)
    while end > 0:
        begin = file.seek(max(0, end - _BLOCK))
        block = file.read(end - begin + _BEGINNING)
        block = block if begin else b"\n" + block
        found = block.rfind(b"\n" + begins)
        if found >= 0:
            return block[found + 1 : found + 1 + _BEGINNING]
        end = begin
    return b""
