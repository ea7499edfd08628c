"""The stride for a sample of data that is too large to read in full."""

from __future__ import annotations

from itertools import count


def step(length: int, most: int) -> int:
    """Stride that samples at most `most` of `length` elements.

    A prime number, so that it does not coincide with a period in the data: of rows that repeat every 4 rows, each
    100th one would be the same.
    """
    least = -(-length // max(1, most))
    return 1 if least <= 1 else next(number for number in count(least) if _is_prime(number))


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))
