"""The lines of a journal: bytes to lines, and lines to JSON values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from secrets import randbits
from typing import IO, Any

from ...text.untrusted_json import MOST_LEVELS, cleaned, is_deep
from ..events.members import BYTES_A_CONTAINER

LINE_END = ord("\n")
#: Bytes that are read and parsed at once. Less than this, and each line takes longer; more, and a processor's cache
#: no longer holds them.
BLOCK = 1 << 17
#: Bytes of the longest line; a longer one counts as damaged, and is not kept.
LONGEST = 1 << 26
_TOO_LONG = b"too long"
#: Bytes above which a line is checked for holding more values than memory has room for.
_LONG = 20_000
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
#: Separates lines that are parsed together; no journal can foresee it.
_MARK = randbits(32)
_BETWEEN = b",%d," % _MARK
_DECODER = json.JSONDecoder(parse_constant=lambda name: None)


def blocks_of(file: IO[bytes], left: int) -> Iterator[list[bytes]]:
    """The lines of the next `left` bytes, in blocks; `_TOO_LONG` replaces a line that is too long."""
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
    """The value of each line, None for a damaged one. They are parsed together, so that they share their keys."""
    joined = b"[%b]" % _BETWEEN.join(lines)
    if not _HALVES.search(joined) and not any(len(line) > _LONG and _is_dense(line) for line in lines):
        with suppress(ValueError, RecursionError):
            found: list[Any] = _DECODER.decode(joined.decode())
            values = found[::2]
            # Two damaged lines can make one value, and one line can hold two.
            if len(values) == len(lines) and found[1::2] == [_MARK] * (len(lines) - 1):
                for place, value in enumerate(values):
                    # Nothing that lies so deep is used in any other member.
                    if type(value) is dict and "members" in value and _may_be_deep(lines[place]) and is_deep(value):
                        values[place] = cleaned(value)
                return values
    return [*map(_value, lines)]


def _value(line: bytes) -> Any:
    with suppress(ValueError):
        return value_of(line)


def value_of(line: bytes) -> Any:
    """The value of one line, the same as `values_of` finds. Raises ValueError if it is damaged."""
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
    """Whether its values would take far more memory than the line itself, which is true of no line of ours."""
    return _weight(line) > len(line) and _weight(_TEXT.sub(b"", line)) > len(line)


def _weight(line: bytes) -> int:
    """The fewest bytes of an honest line with as many values: a list or object takes more memory than its letters."""
    return (line.count(b"[") + line.count(b"{")) * BYTES_A_CONTAINER + line.count(b",")
