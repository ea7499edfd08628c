"""The lines of a journal: bytes to lines, and lines to JSON values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from secrets import randbits
from typing import IO, Any

from ..text.untrusted_json import MOST_LEVELS, cleaned, is_deep
from .event_members import BYTES_A_CONTAINER

LINE_END = ord("\n")
#: Bytes that are read and parsed at once: what a processor's cache holds.
BLOCK = 1 << 17
#: Bytes of one line; a longer one counts as damaged, and is not held.
LONGEST = 1 << 26
_TOO_LONG = b"too long"
#: Bytes of a line from which on it may be denser than memory has room for.
_LONG = 20_000
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
#: What stands between lines that are parsed together: no journal can foresee it.
_MARK = randbits(32)
_BETWEEN = b",%d," % _MARK
_DECODER = json.JSONDecoder(parse_constant=lambda name: None)


def blocks_of(file: IO[bytes], left: int) -> Iterator[list[bytes]]:
    """The lines of the next `left` bytes, a block of them at once; for one that is too long stands `_TOO_LONG`."""
    begun: list[bytes] = []
    length = 0
    while block := file.read(min(BLOCK, left)):
        left -= len(block)
        if cut := block.rfind(b"\n") + 1:
            first = block.find(b"\n") if length > LONGEST else 0
            yield BytesIO(b"".join([*begun, block[first:cut]])).readlines()
            begun, length, block = [], 0, block[cut:]
        length += len(block)
        if length > LONGEST:
            begun = [_TOO_LONG]
        else:
            begun.append(block)
    if length:
        yield [b"".join(begun)]


def values_of(lines: list[bytes]) -> list[Any]:
    """The value of each line, None for one that is damaged. They are parsed together: that shares their keys."""
    joined = b"[%b]" % _BETWEEN.join(lines)
    if not _HALVES.search(joined) and not any(len(line) > _LONG and _is_dense(line) for line in lines):
        with suppress(ValueError, RecursionError):
            found: list[Any] = _DECODER.decode(joined.decode())
            values = found[::2]
            # Two damaged lines can make one value, and one line can hold two.
            if len(values) == len(lines) and found[1::2] == [_MARK] * (len(lines) - 1):
                for place, value in enumerate(values):
                    # Of no other member is anything used that lies so deep.
                    if type(value) is dict and "members" in value and _may_be_deep(lines[place]) and is_deep(value):
                        values[place] = cleaned(value)
                return values
    return [*map(_value, lines)]


def _value(line: bytes) -> Any:
    with suppress(ValueError):
        return value_of(line)


def value_of(line: bytes) -> Any:
    """The value of one line, the same whatever stands beside it. Raises ValueError where it is none."""
    if len(line) > _LONG and _is_dense(line):
        raise ValueError("more values than such a line can hold")
    try:
        value = _DECODER.decode(line.decode())
    except RecursionError:
        raise ValueError("nested too deep") from None
    return cleaned(value) if _HALVES.search(line) or (_may_be_deep(line) and is_deep(value)) else value


def _may_be_deep(line: bytes) -> bool:
    return line.count(b"[") + line.count(b"{") > MOST_LEVELS


def _is_dense(line: bytes) -> bool:
    """Whether a line holds so many values that they would take far more memory than it: no line of ours does."""
    return _weight(line) > len(line) and _weight(_TEXT.sub(b"", line)) > len(line)


def _weight(line: bytes) -> int:
    """Bytes that a line of as many values has at least: a list or an object takes more room than its letters do."""
    return (line.count(b"[") + line.count(b"{")) * BYTES_A_CONTAINER + line.count(b",")
