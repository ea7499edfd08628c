"""Recognises a `%%glm` cell, and finds its options and its prompt.

Above the `%%glm` line may stand what no reader means for the model: blank lines, comments, and magics that run the cell
below them, such as `%%time`. A line of options that ends with a backslash goes on in the next one. Comments of the form
`#| label: x` directly below the options are for Quarto or nbdev; a bare `#|` ends them, for a prompt that begins so
itself. All the rest is the prompt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..text.cell_options import CELL_OPTIONS

_END = r"(?:\r\n?|\n|\Z)"
_TEXT = r"[^\r\n]*"
#: Blanks within a line, the wide one of a Chinese keyboard among them.
_BLANK = r"[^\S\r\n]"
_ABOVE = re.compile(rf"(?:{_BLANK}*(?:#{_TEXT})?(?:\r\n?|\n))*")
#: With a question mark behind it, it asks for help, as everywhere in IPython.
_GLM = re.compile(rf"({_BLANK}*)[%％]{{2}}glm(?={_BLANK}|[\r\n]|\Z|[?？]{{1,2}}{_BLANK}*(?:[\r\n]|\Z))")
#: The first line of a magic that runs the cell below it.
_AROUND = re.compile(rf"%%(\w[\w.]*)(?:[ \t]+({_TEXT}))?{_END}")
_LINE = re.compile(rf"({_TEXT}){_END}")
#: What ends a line that goes on: an odd number of backslashes. Blanks behind them cannot be seen, and mean nothing.
_GOES_ON = re.compile(rf"(?<![\\＼])(?:\\\\)*([\\＼]{_BLANK}*)\Z")


@dataclass(frozen=True)
class GlmCell:
    """A cell whose text is for the model. The numbers are positions in its `source`."""

    source: str
    #: Where the `%%` of the outermost magic is, and of `%%glm`.
    outermost: int
    start: int
    #: Where the options begin, right behind `%%glm`, and where the prompt begins.
    options: int
    below: int
    #: The names of the magics around it, the outermost first.
    around: tuple[str, ...] = ()
    indent: str = ""

    @property
    def outer(self) -> tuple[str, str, str] | None:
        """The outermost magic around it: its name, its line, and the cell that it runs."""
        magic = _AROUND.match(self.source, self.outermost) if self.around else None
        return None if magic is None else (magic[1], magic[2] or "", self.source[magic.end() :])

    @property
    def line(self) -> str:
        """The options, in one line."""
        return in_one_line(self.source[self.options : _end_of_options(self.source, self.options)]).strip()

    def is_in_options(self, position: int) -> bool:
        """Whether what is written at this position is an option."""
        return _end_of_options(f"{self.source[:position]}x", self.options) > position

    @property
    def prompt(self) -> str:
        """The text for the model; without the indentation of the whole cell, if it has one."""
        text = self.source[self.below :]
        lines = text.splitlines(keepends=True)
        if self.indent and all(line.startswith(self.indent) for line in lines if line.strip()):
            return "".join(line.removeprefix(self.indent) for line in lines)
        return text


def find(source: str) -> GlmCell | None:
    """The `%%glm` cell that this source is, or that the magics on its first lines run; None if it is something else."""
    around: list[str] = []
    outermost, place = None, 0
    while True:
        place = _after(_ABOVE, source, place)
        if glm := _GLM.match(source, place):
            start = glm.end(1)
            below = _after(CELL_OPTIONS, source, _end_of_options(source, glm.end()))
            first = start if outermost is None else outermost
            return GlmCell(
                source,
                outermost=first,
                start=start,
                options=glm.end(),
                below=below,
                around=tuple(around),
                indent=glm[1],
            )
        magic = _AROUND.match(source, place)
        if magic is None or magic.end() == place:
            return None
        outermost = place if outermost is None else outermost
        around.append(magic[1])
        place = magic.end()


def in_one_line(options: str) -> str:
    """Lines of options as one, without the backslashes at their ends."""
    lines = re.split(r"\r\n?|\n", options)
    return " ".join(_GOES_ON.sub(lambda match: match[0].removesuffix(match[1]), line) for line in lines)


def _end_of_options(source: str, place: int) -> int:
    """The end of the line at this place, or of the last one that it goes on in."""
    while place < len(source):
        line = _LINE.match(source, place)
        assert line is not None
        place = line.end()
        if not _GOES_ON.search(line[1]):
            break
    return place


def _after(pattern: re.Pattern[str], source: str, place: int) -> int:
    match = pattern.match(source, place)
    return match.end() if match else place
