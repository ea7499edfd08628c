"""What a terminal, or a notebook's output, shows in the end of a text with escapes in it.

Colours are gone. A carriage return, a backspace or a moved cursor has what follows written over what stood there, so
that of a progress bar its last state is left.
"""

from __future__ import annotations

import re
from typing import Final

from .characters import without_controls

#: Escapes that neither move the cursor nor erase: colours, links and titles (OSC), character sets.
_INVISIBLE: Final = re.compile(
    r"\x1b\[(?!\d{0,4}[ABCDGJK])[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]{0,5000}(?:\x07|\x1b\\)"
    r"|\x1b[()*+][ -~]"
    r"|\x1b[@-Z\\^_=>78c]"
)
_MOVES: Final = re.compile(r"\x1b\[(?P<count>\d{0,4})(?P<how>[ABCDGJK])|(?P<sign>[\r\n\b])|[^\x1b\r\n\b]+|\x1b")
_WIDEST: Final = 500
"""Columns that a moved cursor reaches: beyond them nothing is written in earnest."""


def as_shown(text: str) -> str:
    """The text as a terminal shows it when all has been written; with no control characters but tabs and line ends."""
    text = text.replace("\r\n", "\n")
    if "\x1b" in text:
        text = _INVISIBLE.sub("", text)
    if "\r" in text or "\b" in text or "\x1b" in text:
        text = _written_over(text)
    return without_controls(text)


def _written_over(text: str) -> str:
    screen = _Screen()
    for found in _MOVES.finditer(text):
        if found["sign"]:
            screen.sign(found["sign"])
        elif found["how"]:
            screen.move(found["how"], found["count"])
        elif found[0] != "\x1b":
            screen.write(found[0])
    return "\n".join("".join(row).rstrip() if row else "" for row in screen.rows)


class _Screen:
    """Rows of characters, and where the next is written."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        self._row = self._column = 0

    def write(self, text: str) -> None:
        row = self.rows[self._row]
        if self._column > len(row):  # the cursor was moved, or what stood before it erased
            self._column = max(len(row), min(self._column, _WIDEST))
            row += " " * (self._column - len(row))
        row[self._column : self._column + len(text)] = text
        self._column += len(text)

    def sign(self, sign: str) -> None:
        if sign == "\n":
            self._row += 1
            if self._row == len(self.rows):
                self.rows.append([])
        self._column = max(0, self._column - 1) if sign == "\b" else 0

    def move(self, how: str, count: str) -> None:
        steps, row = max(1, int(count or 1)), self.rows[self._row]
        match how:
            case "A":
                self._row = max(0, self._row - steps)
            case "B":
                self._row = min(len(self.rows) - 1, self._row + steps)
            case "C":
                self._column = max(self._column, min(_WIDEST, self._column + steps))
            case "D":
                self._column = max(0, self._column - steps)
            case "G":
                self._column = min(_WIDEST, steps - 1)
            case "K" | "J" if count in ("", "0"):
                del row[self._column :]
                if how == "J":
                    del self.rows[self._row + 1 :]
            case _:
                self._erase(above=how == "J")

    def _erase(self, *, above: bool) -> None:
        if above:
            self.rows, self._row = [[]], 0
        else:
            self.rows[self._row] = []
