"""The columns of a table, one per line: name, type, missing values, and statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...text.languages.joined import comma, distinct_notes, sentences
from ...text.languages.messages import Message, _, for_model, sent
from ...text.languages.numbers import plural
from ...text.left_out import note_cut
from ...text.tables import row, rule
from ...text.tokens import weight
from .column_statistics import HEADS, Measured, longest_missing, measured, missing
from .table_rows import escaped

if TYPE_CHECKING:
    import narwhals as nw

_MOST_TYPES: Final = 5
_AROUND_MEASURES: Final = 50
"""Tokens that are reserved for the headers of the statistics, and for the notes below them."""


@dataclass(frozen=True)
class Columns:
    """Names and types; if values may be read, also their number and a function that returns a column."""

    labels: Sequence[str]
    dtypes: Sequence[str]
    rows: int = 0
    series: Callable[[int], nw.Series[Any]] | None = None


def column_list(columns: Columns, tokens: float) -> str:
    """As many columns as fit, the types of the others, and statistics of as many columns as there is room for."""
    heads = [for_model("column"), "dtype", *([for_model("missing")] if columns.series else [])]
    left = tokens - weight(f"{row(heads)}\n{rule(len(heads))}\n")
    lines, left = _names(columns, left)
    others = _others(columns, len(lines))
    if not columns.labels or (not lines and weight(row(others)) > left):
        return ""
    note = ""
    if columns.series:
        series = [columns.series(place) for place in range(len(lines))]
        known = _measured(series, left) if columns.rows > 1 else []
        used = [head for head in HEADS if any(head in one.texts for one in known)]
        statistics = [[one.texts.get(head, "") for head in used] for one in known]
        statistics += [[""] * len(used)] * (len(lines) - len(known))
        lines = [[*line, *more] for line, *more in zip(lines, missing(series), strict=True)]
        lines = [[*line, *more] for line, more in zip(lines, statistics, strict=True)]
        heads, note = [*heads, *map(for_model, used)], _coverage(known, used, len(lines))
    if others and not columns.series:
        note_cut(_("{items}, {sent:,} sent", items=plural(len(columns.labels), "column"), sent=len(lines)))
    lines += [others] if others else []
    table = [row([*line, *[""] * (len(heads) - len(line))]) for line in [heads, ["---"] * len(heads), *lines]]
    return "\n".join([*table, "", note] if note else table)


def _names(columns: Columns, left: float) -> tuple[list[list[str]], float]:
    """Names and types of as many columns as fit, and the tokens that are left."""
    widest, lines = [longest_missing(columns.rows)] if columns.series else [], []
    for label, dtype in zip(columns.labels, columns.dtypes, strict=True):
        line = [escaped(label), escaped(dtype)]
        taken = weight(f"{row([*line, *widest])}\n")
        if taken > left:
            break
        left -= taken
        lines.append(line)
    return lines, left


def _others(columns: Columns, shown: int) -> list[str]:
    """The number and types of the columns that are not shown."""
    count = len(columns.labels) - shown
    often = Counter(columns.dtypes[shown:]).most_common(_MOST_TYPES)
    types = ", ".join(f"{number:,} {escaped(dtype)}" for dtype, number in often)
    return [for_model("… and {items}", items=plural(count, "more column")), types] if count else []


def _measured(series: list[nw.Series[Any]], left: float) -> list[Measured]:
    """Statistics of as many of the first columns as fit."""
    known: list[Measured] = []
    left -= _AROUND_MEASURES
    for column in series if left > 0 else []:
        one = measured(column, len(series))
        left -= weight(row([one.texts.get(head, "") for head in HEADS]))
        if left < 0:
            break
        known.append(one)
    return known


def _coverage(known: list[Measured], used: list[str], shown: int) -> str:
    """A note about the columns and rows that the statistics cover, if not all."""
    is_part = used and len(known) < shown
    measured = (
        _("Measured: the first {known:,} of these {shown:,} columns.", known=len(known), shown=shown) if is_part else ""
    )
    by_count: dict[int, list[str]] = {}
    for head in used:
        for count in sorted({one.sampled for one in known if one.sampled and head in one.texts}):
            by_count.setdefault(count, []).append(head)
    sampled = distinct_notes(
        _("{statistics} of {rows}", statistics=comma(map(Message, heads)), rows=plural(count, "row"))
        for count, heads in by_count.items()
    )
    return sent(sentences(measured, _("Sampled: {sampled}.", sampled=sampled) if sampled else ""))
