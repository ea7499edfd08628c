"""What is wrong with the references of one text: all of it is told at once, each with its lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.joined import comma
from ..text.languages.notice import Notice

#: Problems that are told; more are counted.
_MOST = 10


@contextmanager
def before_sending() -> Iterator[None]:
    """What is wrong in this block is found before anything is sent, and says so."""
    try:
        yield
    except InvalidRequest as error:
        if not any(one.outcomes for one in (error, *error.also)):
            error.outcomes.append(NOTHING_SENT)
        raise


class Problems:
    """Collects what `looking_at` a line brings, and tells it in the end."""

    def __init__(self) -> None:
        self._found: list[InvalidRequest] = []
        self._lines: dict[tuple[str, str], list[int]] = {}

    @contextmanager
    def looking_at(self, line: int | None) -> Iterator[None]:
        """Whatever is wrong on this line, counted from 1 in the text, is kept for later; None is beside the text."""
        try:
            yield
        except InvalidRequest as error:
            if (error.reason, error.happened) not in self._lines:
                self._found.append(error)
            lines = self._lines.setdefault((error.reason, error.happened), [])
            if line is not None and line not in lines:
                lines.append(line)

    def check(self) -> None:
        """Raise the first error if there is any, with the others as what is `also` wrong."""
        if not self._found:
            return
        first, *others = self._found
        for error, lines in zip(self._found, self._lines.values(), strict=True):
            if lines:
                error.context.insert(0, told_lines(lines))
        first.also = list(others[: _MOST - 1])
        if more := len(others) - len(first.also):
            first.outcomes.insert(
                0, Notice("{count:,} more cannot be resolved.", reason="reference.more_problems", count=more)
            )
        raise first


def told_lines(lines: list[int]) -> Notice:
    """On which lines of a prompt something is."""
    if len(lines) == 1:
        return Notice("Line {line} of the prompt:", reason="reference.line", line=lines[0], lines=tuple(lines))
    *most, last = lines
    return Notice(
        "Lines {most} and {last} of the prompt:",
        reason="reference.lines",
        most=comma(map(str, most)),
        last=last,
        lines=tuple(lines),
    )
