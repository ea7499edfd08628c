"""The lines of a prompt as an editor numbers them: from the first line of the cell on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..text.errors import GLMError
from ..text.languages.notice import Notice
from ..text.markdown import LINE_END
from .glm_cell import find


@contextmanager
def as_in_the_editor(source: str, prompt: str) -> Iterator[None]:
    """Errors that name lines of the prompt name those of the cell, if it is the prompt of the cell with this source."""
    try:
        yield
    except GLMError as error:
        above = _lines_above(source, prompt)
        if above:
            for one in (error, *error.also):
                one.context = [_moved(said, above) for said in one.context]
        raise


def _lines_above(source: str, prompt: str) -> int:
    """How many lines of the cell stand above the prompt; 0 if it is not the prompt of this cell."""
    cell = find(source)
    if cell is None or cell.prompt.rstrip("\r\n") != prompt.rstrip("\r\n"):
        return 0
    return len(LINE_END.findall(source[: cell.below]))


def _moved(said: str, above: int) -> str:
    lines = said.facts.get("lines") if isinstance(said, Notice) else None
    if not isinstance(lines, tuple):
        return said
    *most, last = (int(line) + above for line in lines)
    if not most:
        return Notice("Line {line}:", reason="cell.line", line=last)
    return Notice("Lines {most} and {last}:", reason="cell.lines", most=", ".join(map(str, most)), last=last)
