"""Rows of a table as Markdown: as many columns and rows as fit, and as much of their cells.

If cells are long, a handful of rows comes first; then each cell gets the same share of the room that is left.
"""

from __future__ import annotations

import datetime
import reprlib
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any, Final

from ...text.characters import shortened, without_addresses
from ...text.languages.joined import comma
from ...text.languages.messages import N_, _, for_model
from ...text.languages.numbers import in_short, is_rounded, plural
from ...text.left_out import note_cut
from ...text.tables import row, rule
from ...text.tokens import weight
from .reprs import repr_of, without_places

_SHORT: Final = 60
"""Characters of a cell that are always shown, and of a column's name at most."""
_LONGER: Final = 1.5
"""The factor between the lengths of cells that are tried."""
_TRIES: Final = 5
"""Steps of the bisection between two of those lengths."""
_HANDFUL: Final = 8
"""Rows that are shown before cells get longer."""
_CHARACTERS_A_TOKEN: Final = 4
_LEAST_A_CELL: Final = 0.75
"""The fewest tokens that a cell takes, with its separator."""
_WIDTH_BY_ROWS: Final = 5
"""Rows that decide how many columns fit."""
_MOST_ROWS: Final = 2_000
_NO_ROOM: Final = N_("No room for rows.")
_GAP: Final = "| … |"

_MIDNIGHT: Final = datetime.time()
_DEEPEST: Final = 6


@dataclass(frozen=True)
class Rows:
    """A source of rows. `index` are the columns before the `labels`. Values are read in slices."""

    count: int
    index: Sequence[str]
    labels: Sequence[str]
    read: Callable[[int, slice], list[Any]]
    """Values of a column, by its place among index and labels together."""
    first: int = _MOST_ROWS
    last: int = 3
    """The most rows that are shown at each end, if not all are."""


def sample(rows: Rows, tokens: float) -> str:
    """The first rows, and the last few if not all fit, below a line that says which they are."""
    if not rows.count or not (rows.labels or rows.index):
        return ""
    columns = _columns_that_fit(rows, tokens)
    head = [row([*map(escaped, [*rows.index, *rows.labels][:columns])]), rule(columns)]
    left = tokens - sum(weight(f"{line}\n") for line in head) - weight(_longest_title(rows))
    last = min(rows.last, rows.count - 1)
    first = min(rows.count - last, _MOST_ROWS, max(1, int(left / _LEAST_A_CELL / columns)))
    longest = int(tokens * _CHARACTERS_A_TOKEN)
    texts, rounded = _texts(rows, columns, (first, last), longest)
    lines = _Lines(rows, texts, first)
    shown = _longest_cells(lines, left)
    if what := _left_out(lines, shown, columns):
        note_cut(what)
    if not shown.first:
        no_room = for_model(_NO_ROOM)
        return "" if tokens < weight(no_room) else no_room
    gap = [_GAP] if shown.first + shown.last < rows.count and shown.last else []
    ends = lines.at(range(first, first + shown.last), shown.length)
    cut = _cells_are_cut(shown.length) if lines.are_cut(shown) else ""
    numbers = for_model(", numbers rounded") if rounded else ""
    title = _title(rows, columns, (shown.first, shown.last), f"{numbers}{cut}")
    return "\n".join([title, *head, *lines.at(range(shown.first), shown.length), *gap, *ends])


def _left_out(lines: _Lines, shown: _Shown, columns: int) -> str:
    """What of the rows is sent, where it is not all of them: `406 × 9, 60 rows sent`."""
    rows, count = lines.rows, shown.first + shown.last
    total, places = len(rows.labels), columns - len(rows.index)
    size = f"{rows.count:,} × {total:,}" if total > 1 else plural(rows.count, "value")
    if not shown.first:
        return _("{size}, no rows sent", size=size)
    parts: list[str] = []
    if count < rows.count or places < total:
        if places < total:
            sent = _("{rows} of {columns} sent", rows=plural(count, "row"), columns=plural(places, "column"))
        else:
            sent = _("{rows} sent", rows=plural(count, "row")) if total > 1 else _("{count:,} sent", count=count)
        parts.append(sent)
    if lines.are_cut(shown):
        parts.append(_("cells cut to {length:,} characters", length=shown.length))
    return comma([size, *parts]) if parts else ""


def label_of(name: Any) -> str:
    """A column's name; its `repr` if it is neither text nor an integer."""
    return name if isinstance(name, str) else str(name) if type(name) is int else repr_of(name)


def escaped(text: str, length: int = _SHORT) -> str:
    """The text for a cell, on one line and cut to so many characters."""
    return shortened(text, length).replace("|", "\\|").replace("\r", "").replace("\n", "\\n")


def cell(value: Any, length: int = _SHORT) -> str:
    """A value in short; a float as `in_short` has it."""
    return escaped(_text(value, length), length)


def is_day(value: Any) -> bool:
    """Whether a time is midnight or missing: a column of such times needs only dates."""
    return value is None or (isinstance(value, datetime.datetime) and (value != value or value.time() == _MIDNIGHT))


def day(value: Any) -> str:
    """Such a time as a date."""
    return cell(value).removesuffix(" 00:00:00")


def _columns_that_fit(rows: Rows, tokens: float) -> int:
    """How many columns fit with a few rows: at least the index and the first other column."""
    left, seen = tokens - weight(_longest_title(rows)), slice(0, min(rows.count, _WIDTH_BY_ROWS))
    least = len(rows.index) + min(1, len(rows.labels))
    for place, label in enumerate([*rows.index, *rows.labels]):
        left -= sum(weight(f"{text} | ") for text in [escaped(label), "---", *map(cell, rows.read(place, seen))])
        if left < 0 and place >= least:
            return place
    return len(rows.index) + len(rows.labels)


def _title(rows: Rows, columns: int, ends: tuple[int, int], cut: str = "") -> str:
    first, last = ends
    count, counted = rows.count, plural(first, "row")
    if first == count:
        title = for_model("All {count:,} rows", count=count) if first > 1 else for_model("The only row")
    elif last:
        title = for_model("The first {rows} and the last {last:,} of {count:,}", rows=counted, last=last, count=count)
    else:
        title = for_model("The first {rows} of {count:,}", rows=counted, count=count)
    shown, total = columns - len(rows.index), len(rows.labels)
    which = for_model(", the first {shown:,} of {total:,} columns", shown=shown, total=total) if shown < total else ""
    return f"{title}{which}{cut}{for_model(':')}"


def _cells_are_cut(length: int) -> str:
    return for_model(". Cells are cut to {length:,} characters", length=length)


def _longest_title(rows: Rows) -> str:
    return _title(Rows(rows.count + 1, (), rows.labels, rows.read), 0, (rows.count, rows.last))


def _texts(rows: Rows, columns: int, ends: tuple[int, int], longest: int) -> tuple[list[tuple[str, ...]], bool]:
    """The cells of the first and last rows, each cut to what could ever fit, and whether any number is rounded."""
    first, last = ends
    read = []
    rounded = False
    for place in range(columns):
        values = rows.read(place, slice(0, first)) + rows.read(place, slice(rows.count - last, rows.count))
        days = all(map(is_day, values))
        rounded = rounded or any(isinstance(value, float) and is_rounded(value) for value in values)
        read.append([day(value) if days else _text(value, max(_SHORT, longest) + 1) for value in values])
    return [*zip(*read, strict=True)], rounded


@dataclass(frozen=True)
class _Shown:
    """How many rows to show at each end, and how many characters of their cells."""

    first: int
    last: int
    length: int


@dataclass
class _Lines:
    """The lines of rows, with cells cut to a given length."""

    rows: Rows
    texts: list[tuple[str, ...]]
    first: int
    """How many of the texts are first rows; the others are last rows."""
    known: dict[tuple[int, int], tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.widths = [max(map(len, texts)) for texts in self.texts]

    def at(self, places: Iterable[int], length: int) -> list[str]:
        return [self._line(place, length)[0] for place in places]

    def fitting(self, length: int, left: float) -> _Shown:
        """As many rows as fit; the last ones only if they take at most half of the room."""
        if max(self.widths) > _SHORT:
            left -= weight(_cells_are_cut(length))
        count = len(self.texts)
        if count == self.rows.count and self._how_many(range(count), length, left) == count:
            return _Shown(count, 0, length)
        last = count - self.first
        taken = sum(self._line(place, length)[1] for place in range(self.first, count))
        last, taken = (last, taken) if taken <= left / 2 else (0, 0)
        most = min(self.first, self.rows.first)
        return _Shown(self._how_many(range(most), length, left - weight(f"{_GAP}\n") - taken), last, length)

    def worth(self, shown: _Shown) -> float:
        """The sum over these rows of the share of the longest cell that is shown."""
        return sum(min(1.0, shown.length / max(1, self.widths[place])) for place in self._places(shown))

    def are_cut(self, shown: _Shown) -> bool:
        return any(self.widths[place] > shown.length for place in self._places(shown))

    def _places(self, shown: _Shown) -> list[int]:
        return [*range(shown.first), *range(self.first, self.first + shown.last)]

    def _how_many(self, places: Iterable[int], length: int, left: float) -> int:
        count = 0
        for place in places:
            left -= self._line(place, length)[1]
            if left < 0:
                break
            count += 1
        return count

    def _line(self, place: int, length: int) -> tuple[str, float]:
        """A row, and its tokens."""
        key = place, min(length, self.widths[place])
        if key not in self.known:
            line = row([escaped(text, length) for text in self.texts[place]])
            self.known[key] = line, weight(f"{line}\n")
        return self.known[key]


def _longest_cells(lines: _Lines, left: float) -> _Shown:
    """The cell length at which the rows that fit are worth most, but with at least a handful of rows if they fit."""
    best = lines.fitting(_SHORT, left)
    longest = max(lines.widths)
    if longest <= _SHORT or not best.first:
        return best
    whole = lines.fitting(longest, left)
    if whole.first == lines.rows.count:
        return whole
    lengths = [_SHORT]
    while lengths[-1] < longest:
        lengths.append(min(longest, _to_two_digits(lengths[-1] * _LONGER)))
    fewest = min(_HANDFUL, best.first + best.last)
    for length in lengths[1:]:
        shown = lines.fitting(length, left)
        if shown.first + shown.last < fewest:
            break
        best = shown if lines.worth(shown) >= lines.worth(best) else best
    longer = next((length for length in lengths if length > best.length), best.length)
    return _stretched(lines, best, longer, left)


def _stretched(lines: _Lines, shown: _Shown, longer: int, left: float) -> _Shown:
    """The same rows with the longest cells that fit, of a round length below `longer`."""
    low, high = shown.length, longer
    for _try in range(_TRIES):
        middle = (low + high) // 2
        tried = lines.fitting(middle, left)
        low, high = (middle, high) if (tried.first, tried.last) == (shown.first, shown.last) else (low, middle)
    return _Shown(shown.first, shown.last, max(shown.length, _to_two_digits(low)))


def _to_two_digits(number: float) -> int:
    """The number rounded down to two digits: 1,538 becomes 1,500."""
    digits: int = 10 ** max(0, len(str(int(number))) - 2)
    return int(number) // digits * digits


def _text(value: Any, longest: int) -> str:
    """The first characters of a value as text."""
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, float):
        return "NaN" if value != value else in_short(value)
    is_container = isinstance(value, Sized) and not isinstance(value, str)
    if is_container:
        return shortened(without_addresses(_Bounded(longest).repr(value)), longest)
    text = str(value)[: 2 * longest]
    return shortened(text if isinstance(value, str) else without_places(value, text), longest)


class _Bounded(reprlib.Repr):
    """A container's repr that stops after about so many characters."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.maxlevel = _DEEPEST
        self.maxtuple = self.maxlist = self.maxarray = self.maxdict = longest
        self.maxset = self.maxfrozenset = self.maxdeque = longest
        self.maxstring = self.maxlong = self.maxother = longest
        self._left = longest

    def repr1(self, x: Any, level: int) -> str:
        left = self._left
        if left <= 0:
            return "…"
        text = super().repr1(x, level)
        self._left = left - len(text) - 2
        return text
