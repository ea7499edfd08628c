"""Statistics of a column: missing values, minimum, mean and maximum, distinct values.

The data is never copied: it is read in slices and strides, which are views. How much is read depends on the size alone,
so that the text is the same in every run; the text says so if only a sample was read.
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...text.languages.joined import comma, distinct_notes
from ...text.languages.messages import N_, for_model, sent
from .sampling import step
from .table_rows import cell, day, is_day

if TYPE_CHECKING:
    import narwhals as nw

HEADS: Final = (N_("min"), N_("mean"), N_("max"), N_("distinct"), N_("most frequent"))
"""The statistics that `measured` returns, as far as a column has them."""

_SLICE: Final = 1_000_000
"""Rows that are read together, so that a library's temporary copies stay small."""
_MOST_CELLS: Final = 40_000_000
_MOST_OBJECTS: Final = 5_000_000
"""Missing values are counted in all cells up to the first number; up to the second where each cell is an object."""
_MOST_MEASURED: Final = 4_000_000
_MOST_RANKED: Final = 500_000
"""Numbers are measured up to the first number, and sorted or compared up to the second."""
_SAMPLED: Final = 100_000
_MOST_SAMPLED: Final = 1_000_000
_FEWEST_SAMPLED: Final = 1_000
"""Otherwise a sample is read: at most so many values of a column, so many of all columns, and at least so many."""
_MOST_FREQUENT: Final = 3
_LONGEST_VALUE: Final = 30
_QUARTERS: Final = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Measured:
    """A column's statistics by HEADS, and the size of the sample that they were taken from; 0 if from all values."""

    texts: dict[str, str]
    sampled: int = 0


def missing(columns: list[nw.Series[Any]]) -> list[str]:
    """The number of missing values in each column, as text: counted, or from a sample."""
    ways = [_way_to_count(series) for series in columns]
    counts = []
    for series, way in zip(columns, ways, strict=True):
        if way == _AT_ONCE:
            counts.append(f"{series.null_count():,}")
        elif ways.count(way) * len(series) <= (_MOST_OBJECTS if way == _BY_OBJECT else _MOST_CELLS):
            counts.append(f"{sum(part.null_count() for part in _slices(series)):,}")
        else:
            some = _some(series, _share(len(columns), _MOST_SAMPLED))
            counts.append(for_model(_IN_SAMPLE, count=some.null_count(), sampled=len(some)))
    return counts


def longest_missing(rows: int) -> str:
    """The longest text that `missing` may return for so many rows."""
    return for_model(_IN_SAMPLE, count=1_000, sampled=100_000) if rows > _MOST_OBJECTS else "1,000"


_IN_SAMPLE: Final = N_("{count:,} in {sampled:,} sampled")


def measured(series: nw.Series[Any], columns: int) -> Measured:
    """The statistics of a column in a table with so many columns."""
    if _has_order(series):
        most = _share(columns, _MOST_SAMPLED) if len(series) * columns > _MOST_MEASURED else len(series)
        seen = _some(series, most)
        texts = _range(seen)
    else:
        seen = _some(series, _share(columns, _MOST_SAMPLED // 2))
        counts = _counts(seen)
        texts = {"distinct": f"{len(counts):,}"} if counts else {}
        for value, count in counts.most_common(1):
            texts |= {"most frequent": f"{cell(value, _LONGEST_VALUE)} ({count:,})"} if count > 1 else {}
    return Measured(texts, len(seen) if texts and len(seen) < len(series) else 0)


def summary(series: nw.Series[Any]) -> str:
    """A column on its own: minimum, mean, maximum and quartiles, or the most frequent values."""
    import narwhals as nw

    if series.dtype == nw.Boolean:
        true = sum(int(part.sum()) for part in _slices(series))
        return f"True: {true:,}, False: {len(series) - series.null_count() - true:,}"
    if not _has_order(series):
        return _most_frequent(series)
    seen = series if len(series) <= _MOST_CELLS else _some(series, _MOST_SAMPLED)
    texts = _range(seen)
    if not texts:
        return ""
    measures = sent(comma(f"{for_model(head)} {text}" for head, text in texts.items()))
    text = f"{measures}{_of_how_many(seen, series)}"
    ranked = series if len(series) <= _MOST_RANKED else _some(series, _SAMPLED)
    ranks = _ranks(ranked)
    return sent(distinct_notes([text, f"{ranks}{_of_how_many(ranked, series)}"])) if ranks else text


_AT_ONCE, _BY_CELL, _BY_OBJECT = range(3)


def _way_to_count(series: nw.Series[Any]) -> int:
    """How costly it is to count missing values: objects are scattered in memory."""
    import narwhals as nw

    dtype = getattr(series.to_native(), "dtype", None)
    in_arrow = getattr(dtype, "storage", "") == "pyarrow" or type(dtype).__name__ == "ArrowDtype"
    if in_arrow or not series.implementation.is_pandas_like():
        return _AT_ONCE  # these libraries keep the count
    together = (nw.Boolean, nw.Categorical, nw.Enum, nw.Datetime, nw.Date, nw.Duration)
    return _BY_CELL if series.dtype.is_numeric() or isinstance(series.dtype, together) else _BY_OBJECT


def _has_order(series: nw.Series[Any]) -> bool:
    import narwhals as nw

    return series.dtype.is_numeric() or isinstance(series.dtype, (nw.Datetime, nw.Date, nw.Duration))


def _share(columns: int, most: int) -> int:
    """How many values of a column are read if `most` are read of all columns."""
    return max(_FEWEST_SAMPLED, min(_SAMPLED, most // max(1, columns)))


def _slices(series: nw.Series[Any]) -> list[nw.Series[Any]]:
    return [series[start : start + _SLICE] for start in range(0, len(series), _SLICE)]


def _some(series: nw.Series[Any], most: int) -> nw.Series[Any]:
    """At most so many values, at a constant stride."""
    return series.gather_every(step(len(series), most)) if len(series) > most else series


def _range(series: nw.Series[Any]) -> dict[str, str]:
    """Minimum, mean and maximum; empty if there are no values."""
    with _quiet():
        parts = [(part, count) for part in _slices(series) if (count := int(part.count()))]
        if not parts:
            return {}
        least, greatest = min(part.min() for part, _ in parts), max(part.max() for part, _ in parts)
        if not series.dtype.is_numeric():
            shown = day if is_day(least) and is_day(greatest) else cell
            return {"min": shown(least), "max": shown(greatest)}
        # Not by sums: those of integers may overflow 64 bits.
        means = [(part.mean(), count) for part, count in parts]
    texts = {"min": cell(least), "mean": "", "max": cell(greatest)}
    has_mean = all(mean is not None for mean, _ in means)
    if has_mean:  # pragma: no branch  # early versions of polars had none for decimals
        texts["mean"] = cell(sum(float(mean) * count for mean, count in means) / sum(count for _, count in means))
    return texts


def _ranks(series: nw.Series[Any]) -> str:
    """Quartiles of numbers, and the number of distinct values, as far as a library can compute them."""
    ranks = []
    with _quiet():
        present = series.drop_nulls()
        if series.dtype.is_numeric():
            with suppress(Exception):  # polars 1.0, of decimals
                quartiles = [cell(float(present.quantile(part, interpolation="linear"))) for part in _QUARTERS]
                ranks.append(for_model("quartiles {quartiles}", quartiles=", ".join(quartiles)))
        with suppress(Exception):  # the same
            ranks.append(_distinct(present.n_unique()))
    return sent(distinct_notes(ranks))


def _most_frequent(series: nw.Series[Any]) -> str:
    """The values that occur more than once, perhaps counted in a sample."""
    seen = _some(series, _SAMPLED)
    counts = _counts(seen)
    if not counts:
        return ""
    often = [f"{cell(value)} ({count:,})" for value, count in counts.most_common(_MOST_FREQUENT) if count > 1]
    text = for_model("most frequent: {values}; ", values=", ".join(often)) if often else ""
    return f"{text}{_distinct(len(counts))}{_of_how_many(seen, series)}"


def _distinct(count: int) -> str:
    return for_model("{count:,} distinct", count=count)


def _counts(series: nw.Series[Any]) -> Counter[Any]:
    """How often each value occurs; empty if they cannot be compared."""
    try:
        return Counter(series.drop_nulls().to_list())
    except Exception:  # lists and the like, and whatever the cells' own code raises
        return Counter()


def _of_how_many(seen: nw.Series[Any], series: nw.Series[Any]) -> str:
    return for_model(" (of {count:,} sampled values)", count=len(seen)) if len(seen) < len(series) else ""


def _quiet() -> contextlib.AbstractContextManager[Any]:
    """Silences numpy's warnings about numbers that are not finite."""
    numpy = sys.modules.get("numpy")
    return contextlib.nullcontext() if numpy is None else numpy.errstate(all="ignore")
