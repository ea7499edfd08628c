"""A picture of any size that says that it is practice: the same for the same prompt, and made without a library."""

from __future__ import annotations

import hashlib
import struct
import zlib

#: Seven rows of five dots for each letter, a row in five bits.
_LETTERS = {
    "P": (30, 17, 17, 30, 16, 16, 16),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "E": (31, 16, 16, 30, 16, 16, 31),
}
_WORD = "PRACTICE"
_COLUMNS, _ROWS = 6 * len(_WORD) - 1, 7


def picture(prompt: str, width: int, height: int) -> bytes:
    """A PNG of this size in two colours that the prompt decides."""
    red, green, blue = hashlib.sha256(prompt.encode("utf-8", "replace")).digest()[:3]
    palette = bytes((red // 2, green // 2, blue // 2, 128 + red // 2, 128 + green // 2, 128 + blue // 2))
    dot = max(1, min(width // (_COLUMNS + 6), height // (_ROWS + 6)))
    left, top = (width - dot * _COLUMNS) // 2, (height - dot * _ROWS) // 2
    blank = b"\0" + bytes(width)  # each row begins with its filter: none
    lines = [_line(row, dot, max(0, left), width) for row in range(_ROWS)]
    rows = [lines[(y - top) // dot] if 0 <= y - top < dot * _ROWS else blank for y in range(height)]
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(b"".join(rows), 1)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _line(row: int, dot: int, left: int, width: int) -> bytes:
    """One line of dots of the word, as bytes of a row of the picture."""
    dots = "0".join(f"{_LETTERS[letter][row]:05b}" for letter in _WORD)
    line = bytes(left) + b"".join(bytes([int(one)]) * dot for one in dots)
    return b"\0" + (line + bytes(width))[:width]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
