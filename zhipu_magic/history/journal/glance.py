"""A glance at a journal, which takes a millisecond: which cells have asked in it, and what; and in which language."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ...text import regular_files
from .checks import size_of

#: Bytes at the beginning of a journal that are looked at, and again at its end; and those of the longest text.
_CLOSE_LOOK, _LONGEST = 1 << 16, 10_000
#: The same, where there are many to look at.
BRIEFLY = 1 << 14
#: How the line of a turn begins.
_TURN = re.compile(rb'^\{"id": ?"[^"\n]*", ?"event": ?"(?:turn|partial|replayed)"', re.MULTILINE)
_CELL = re.compile(rb'"cell": ?("[^"\\\n]{1,4000}")')
#: What stands in the first line of a session, and how that begins, as far as its language.
_SESSION = b'"event": "session"'
_SPOKEN = re.compile(
    rb'\{"id": "[^"\n]{1,200}", "event": "session"(?:, "version": \d+)?(?:, "time": "[^"\n]{1,99}")?'
    rb'(?:, "language": "([a-z]{1,20})")?'
)
#: Bytes that are looked at together, and the most before a line's language.
_BLOCK, _BEFORE = 1 << 20, 1 << 10
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

    It is looked for from the end, where it may be far from: the session may have many turns.
    """
    with suppress(OSError), regular_files.opened(regular_files.absolute(journal)) as file:
        end = size_of(file)
        while end > 0:
            begin = max(0, end - _BLOCK)
            file.seek(begin)
            lines = file.read(end - begin + _BEFORE)
            found = lines.rfind(_SESSION)
            while found >= 0:
                start = lines.rfind(b"\n", 0, found) + 1
                spoken = _SPOKEN.match(lines, start) if start or begin == 0 else None
                if spoken is not None:
                    return (spoken[1] or b"").decode()
                found = lines.rfind(_SESSION, 0, found)
            end = begin
    return ""
