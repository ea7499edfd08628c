"""The measurements as a table that is also legible in a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal, get_args

Column = Literal["%%glm", "bare SDK", "SDK + display", "raw httpx", "semaphore", "openai", "chatlas"]
COLUMNS: tuple[Column, ...] = get_args(Column)

Values = Sequence[float]


@dataclass(frozen=True)
class Row:
    """One line: what was measured, the values of every round by contender, and the targets."""

    what: str
    unit: str
    values: dict[Column, Values]
    remarks: list[str] = field(default_factory=list)


def at_most(limit: float, values: Values, unit: str = "") -> str:
    """A target: the median is at most `limit`."""
    return f"{_mark(median(values) <= limit)} ≤ {_number(limit)} {unit}".rstrip()


def at_least(limit: float, values: Values, unit: str = "") -> str:
    """A target: the median is at least `limit`."""
    return f"{_mark(median(values) >= limit)} ≥ {_number(limit)} {unit}".rstrip()


def at_most_above(limit: float, ours: Values, theirs: Values, unit: str, name: str) -> str:
    """A target: we take at most `limit` more than another contender."""
    above = differences(ours, theirs)
    return f"{_mark(median(above) <= limit)} ≤ {_number(limit)} {unit} above {name} ({spread(above)})"


def at_most_times(factor: float, ours: Values, theirs: Values, name: str) -> str:
    """A target: we take at most `factor` times as much as another contender."""
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return f"{_mark(median(ratios) <= factor)} ≤ {_number(factor)} × {name} ({spread(ratios)})"


def above(ours: Values, theirs: Values, unit: str, name: str) -> str:
    """A remark, not a target: how much more we take than another contender."""
    return f"{spread(differences(ours, theirs))} {unit} above {name}"


def differences(ours: Values, theirs: Values) -> list[float]:
    """The differences round by round, so that a drift over the rounds cancels out."""
    return [our - their for our, their in zip(ours, theirs, strict=True)]


def spread(values: Values) -> str:
    """Median (lowest–highest)."""
    middle = _number(median(values))
    low, high = _number(min(values)), _number(max(values))
    dash = "–" if min(values) >= 0 else " to "
    return middle if low == high else f"{middle} ({low}{dash}{high})"


def as_markdown(rows: Sequence[Row]) -> str:
    """The table, its columns padded so that it reads as plain text. A column that no row has is left out."""
    columns = [column for column in COLUMNS if any(column in row.values for row in rows)]
    lines = [["", *columns, "target"]]
    for row in rows:
        cells = [spread(row.values[column]) if column in row.values else "" for column in columns]
        lines.append([f"{row.what}, {row.unit}" if row.unit else row.what, *cells, " · ".join(row.remarks)])
    widths = [max(_width(line[column]) for line in lines) for column in range(len(lines[0]) - 1)]
    rule = ["---", *("--:" for _ in columns), "---"]
    return "\n".join(_line(line, widths) for line in [lines[0], rule, *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [cell + " " * (width - _width(cell)) for cell, width in zip(cells, [*widths, 0], strict=True)]
    return f"| {' | '.join([first, *others])} |"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _number(value: float) -> str:
    size = abs(value)
    if value == int(value) or size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def _mark(met: bool) -> str:
    return "✓" if met else "✗"
