"""Strides for a sample of data that is too large to be read whole."""

from __future__ import annotations

from itertools import count


def step(length: int, most: int) -> int:
    """Stride that samples at most `most` of `length` elements.

    A prime number, so that it does not coincide with a period in the data: every 100th row of data that repeats
    every 4 rows would be the same row again and again.
    """
    least = -(-length // max(1, most))
    return 1 if least <= 1 else next(number for number in count(least) if _is_prime(number))


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))
