"""Lines on a terminal: those that stay, and below them those that are drawn again in place.

The cursor stands at the end of the last of these lines, and is never hidden or sent anywhere else: whatever happens,
the next output begins there. Each frame is one write, and leaves the lines alone that are the same as before.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Sequence
from itertools import takewhile
from math import ceil

from rich.color import ColorSystem
from rich.console import Console
from rich.text import Text

from ...text.characters import without_controls
from ...text.wrapping import width

#: Columns that stay free, for the ^C that a terminal shows where the cursor stands.
_MARGIN = 3
#: A terminal that knows them shows a frame at once; one that does not ignores them.
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
#: A line that is wider than we think is cut off, rather than taking a row that we do not know of.
_CUT, _WRAP = "\x1b[?7l", "\x1b[?7h"
_ERASE_BELOW = "\x1b[J"


class Screen:
    """Writes to the terminal; `coloured` says whether in colours, `styled` whether it obeys any command at all.

    Without styles, only lines that stay are shown. All text passes `_encoded`, so that nothing from outside reaches
    the terminal as a command.
    """

    def __init__(self, *, coloured: bool, styled: bool = True) -> None:
        self._styled = styled
        self._coloured = coloured and not os.environ.get("NO_COLOR")
        self._console = Console(file=io.StringIO(), legacy_windows=False)
        self._drawn: list[str] = []
        self._widths: list[int] = []

    @property
    def columns(self) -> int:
        """The columns that a line may take."""
        return max(_MARGIN, shutil.get_terminal_size().columns - _MARGIN)

    def show(self, staying: Sequence[Text], changing: Sequence[Text] = ()) -> None:
        """Print the lines that stay, and below them the last of those that may change, as many as there is room for."""
        if not self._styled:
            _write("".join(f"{without_controls(line.plain)}\n" for line in staying))
            return
        size = shutil.get_terminal_size()
        changing = changing[-max(1, size.lines - 2) :]
        lines = [self._encoded(line) for line in changing]
        if not staying and lines == self._drawn:
            return
        same = (
            0
            if staying
            else sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(lines, self._drawn, strict=False)))
        )
        if same < len(self._drawn):
            same = min(same, max(0, len(lines) - 1))
        frame = self._back_to(same, size.columns)
        frame += "".join(f"{self._encoded(line)}\n" for line in staying)
        if lines:
            frame += f"{_CUT}{chr(10).join(lines[same:])}{_WRAP}"
        self._drawn, self._widths = lines, [width(line.plain) for line in changing]
        _write(f"{_BEGIN}{frame}{_END}")

    def _back_to(self, place: int, columns: int) -> str:
        """The control sequence that moves the cursor to where this line begins, and clears all from there on."""
        if place == len(self._drawn):
            return "\n" if place else ""
        # A line that is wider than the window has become takes several rows by now.
        rows = sum(max(1, ceil(size / max(1, columns))) for size in self._widths[place:]) - 1
        return "\r" + (f"\x1b[{rows}A" if rows else "") + _ERASE_BELOW

    def _encoded(self, line: Text) -> str:
        colours = ColorSystem.STANDARD
        pieces: list[str] = []
        for text, style, _ in line.render(self._console):
            if style is not None and not self._coloured:
                style = style.without_color
            shown = without_controls(text)
            pieces.append(style.render(shown, color_system=colours) if style is not None else shown)
        return "".join(pieces)


def _write(text: str) -> None:
    out, encoding = sys.stdout, getattr(sys.stdout, "encoding", None) or "utf-8"
    unknown = {ord(sign): spelt for sign, spelt in _SPELT.items() if not _is_in(encoding, sign)}
    out.write(text.translate(unknown).encode(encoding, "replace").decode(encoding))
    out.flush()


def _is_in(encoding: str, sign: str) -> bool:
    return sign.encode(encoding, "replace").decode(encoding) == sign


#: Signs that we put in, where the terminal's encoding does not have them; the longer ones fit into the margin.
_SPELT = {
    "☐": "[ ]",
    "☑": "[x]",
    "•": "*",
    "◦": "-",
    "▪": "+",
    "│": "|",
    "─": "-",
    "┼": "+",
    "·": "-",
    "…": "...",
    "→": "->",
}
