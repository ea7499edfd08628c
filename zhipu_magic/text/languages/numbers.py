"""Numbers as text: counts, round figures, money."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from .facts import as_number
from .language import Language
from .messages import Counted, Tellable, _, as_english, in_language

_NOISE: Final = 1e-14


class Figure(Tellable):
    """A number as each language writes it: `write` does so from the value."""

    write: Callable[[float, Language], object]
    value: float

    def __new__(cls, write: Callable[[float, Language], object], value: float) -> Figure:
        figure = super().__new__(cls, as_english(write(value, "en")))
        figure.write, figure.value = write, as_number(value)
        return figure

    def in_language(self, language: Language) -> str:
        return str(in_language(self.write(self.value, language), language))


def plural(count: int, what: str) -> str:
    """`1 row`, `2,000 rows`; `what` is a literal, since the whole is translated."""
    return Counted(f"{{count:,}} {what}", f"{{count:,}} {what}s", count)


def in_short(number: float) -> str:
    """A number to six digits, but never without any of those before its point, nor the first two after it.

    1234567.891 is `1234567.89`, and 0.333333333 is `0.333333`.
    """
    size = abs(number)
    digits = len(f"{size:.0f}") + 2 if 1 <= size < 1e15 else 6
    return format(number, f".{max(6, digits)}g")


def estimated(number: float) -> str:
    """A statistic in short, marked if that rounds it: `2.5`, `≈ 0.333333`."""
    return f"≈ {in_short(number)}" if is_rounded(number) else in_short(number)


def is_rounded(number: float) -> bool:
    """Whether `in_short` leaves out any of a number's digits, but for the last ones of sums such as 0.1 + 0.2."""
    return math.isfinite(number) and abs(float(in_short(number)) - number) > _NOISE * abs(number)


def about(number: float) -> str:
    """A number to two digits: 25,000; in Chinese 2.5 万."""
    digits = max(0, len(str(int(number))) - 2)
    return Figure(_about, round(number / 10**digits) * 10**digits)


def _about(number: float, language: Language) -> str:
    return f"{number:,}" if language == "en" or number < _TEN_THOUSAND else _in_ten_thousands(number)


#: Chinese counts in these, and in their squares.
_TEN_THOUSAND: Final = 10_000


def _in_ten_thousands(number: float) -> str:
    """1.2 万, 123 万, 1.2 亿."""
    share, unit = number / _TEN_THOUSAND, "万"
    if round(share) >= _TEN_THOUSAND:
        share, unit = share / _TEN_THOUSAND, "亿"
    return f"{share:,.0f} {unit}" if share >= 100 else f"{share:.1f} {unit}".replace(".0 ", " ")


def duration(seconds: float) -> str:
    """A length of time in a round unit: 90 seconds, 5 minutes, 3 hours, 2 days."""
    units: tuple[tuple[int, Callable[[int], str]], ...] = (
        (86_400, lambda count: plural(count, "day")),
        (3_600, lambda count: plural(count, "hour")),
        (60, lambda count: plural(count, "minute")),
    )
    for length, counted in units:
        if seconds >= 2 * length or seconds == length:
            return counted(round(seconds / length))
    return plural(round(seconds), "second")


def money(yuan: float) -> str:
    """An amount in yuan, marked as an estimate."""
    if yuan == 0:
        return _("free")
    return f"≈ ¥{yuan:,.2f}" if yuan >= 1 else f"≈ ¥{yuan:.4f}" if yuan >= 0.0001 else "≈ ¥0.0001"


def rough_money(yuan: float) -> str:
    """An expected amount in yuan, to two digits: `≈ ¥0.0031`, `≈ ¥2.6`, `≈ ¥130`."""
    if yuan < 0.0001:
        return money(yuan)
    exact = Decimal(yuan)
    rounded = round(exact, 1 - exact.adjusted())
    return f"≈ ¥{rounded:,.{max(0, 1 - rounded.adjusted())}f}"


def compact(count: int) -> str:
    """A count in few characters: 870, 12.3k, 1.2M; in Chinese 870, 1.2 万, 120 万."""
    return Figure(_compact, count)


def _compact(count: float, language: Language) -> str:
    if language == "zh" and count >= _TEN_THOUSAND:
        return _in_ten_thousands(count)
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= 0.9995 * size and count >= 10_000:  # what would be rounded to 1000 of the next smaller unit
            number = count / size
            return f"{number:.0f}{unit}" if number >= 99.95 else f"{number:.1f}{unit}"
    return f"{count:,}"


def short_time(seconds: float) -> str:
    """A length of time as a clock shows it: 0:52, 12:05, 3:07:30."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
